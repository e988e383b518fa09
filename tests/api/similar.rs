//! `/transactions/{id}/similar`: after a correction, past rows of the same merchant are offered the same change.

use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Person, transaction},
};

/// A merchant of whom no model has heard, under two of the names that a card gives it.
const NAMES: [&str; 2] = ["zzxqv 4711", "ZZXQV 0815"];

async fn category(person: &Person, id: &str) -> Value {
    person.get(&format!("/transactions/{id}")).await["category_id"].clone()
}

#[tokio::test]
async fn a_correction_is_offered_to_past_rows_of_the_merchant_and_undone_as_one() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let mut past = Vec::new();
    for name in [NAMES[0], NAMES[1], NAMES[0]] {
        past.push(dana.recorded(transaction(name, "-5")).await);
    }
    dana.recorded(transaction(NAMES[0], "500")).await;
    let other = dana.recorded(transaction("another one", "-5")).await;
    let id = past.pop().unwrap();
    let path = format!("/transactions/{id}");

    let corrected = dana.patch(&path, json!({"category_id": "leisure-gifts"})).is(200).await;
    let renamed = dana.patch(&path, json!({"note": "no choice"})).is(200).await;
    let similar = dana.get(&format!("{path}/similar")).await;

    assert_eq!((&corrected["similar"], &renamed["similar"]), (&json!(2), &json!(0)));
    assert_eq!((&similar["count"], &similar["category_id"]), (&json!(2), &json!("leisure-gifts")));
    let offered: Vec<&str> =
        similar["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(offered.len(), 2);
    assert!(past.iter().all(|id| offered.contains(&id.as_str())), "{offered:?}");

    let applied = dana.post(&format!("{path}/similar"), json!({"ids": [past[0], past[1], past[0], id]}));
    let applied = applied.is(200).await;

    assert_eq!(applied["changed"], 2, "those that have it already are left alone");
    assert_eq!(category(&dana, &past[0]).await, "leisure-gifts");
    assert_eq!(category(&dana, &other).await, "other");
    assert_eq!(dana.get(&format!("{path}/similar")).await["count"], 0);
    dana.post("/undo", json!({"entry_id": applied["entry_id"]})).is(200).await;
    for id in &past {
        assert_eq!(category(&dana, id).await, "other");
    }
    assert_eq!(category(&dana, &id).await, "leisure-gifts", "the correction itself stays");
}

#[tokio::test]
async fn rows_of_somebody_else_are_neither_offered_nor_changed() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let mine = dana.recorded(transaction(NAMES[0], "-5")).await;
    let theirs = omer.recorded(transaction(NAMES[0], "-5")).await;
    dana.patch(&format!("/transactions/{mine}"), json!({"category_id": "leisure-gifts"})).is(200).await;
    let path = format!("/transactions/{mine}/similar");

    assert_eq!(dana.get(&path).await["count"], 0);
    dana.post(&path, json!({"ids": [theirs]})).is(404).await;
    omer.get(&path).is(404).await;
    let many: Vec<&str> = vec![mine.as_str(); 501];
    dana.post(&path, json!({"ids": many})).is(422).await;
    dana.post(&path, json!({"ids": ["no id"]})).is(422).await;
    assert_eq!(category(&omer, &theirs).await, "other");
}
