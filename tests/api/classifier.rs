//! `/transactions/suggest` and `/classifier`: what it guesses, and what it learns from whom.

use serde_json::{Value, json};

use crate::{
    app::{eventually, spawn_app},
    client::{Answer, Person, transaction},
};

/// A merchant of whom no model has heard.
const UNKNOWN: &str = "zzxqv 4711";

async fn suggest(person: &Person, description: &str) -> Answer {
    person.post("/transactions/suggest", json!({"description": description})).is(200).await
}

#[tokio::test]
async fn a_suggestion_says_how_sure_it_is_and_why() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let coffee = suggest(&dana, "coffee with friends").await;
    let unsure = suggest(&dana, UNKNOWN).await;
    let income = json!({"description": UNKNOWN, "amount": "100", "currency": "ILS"});
    let income = dana.post("/transactions/suggest", income).is(200).await;

    assert_eq!((&coffee["category_id"], &coffee["source"]), (&json!("food-drinks"), &json!("model")));
    assert!(coffee["confidence"].as_f64().unwrap() > 0.45);
    assert!(!coffee["why"].as_array().unwrap().is_empty());
    assert!((1..=3).contains(&coffee["alternatives"].as_array().unwrap().len()));
    assert_eq!((&unsure["category_id"], &unsure["source"]), (&json!("other"), &json!("unsure")));
    assert_eq!((&income["category_id"], &income["source"]), (&json!("income"), &json!("sign")));
    assert_eq!(dana.version().await, 1, "asking writes nothing");
}

#[tokio::test]
async fn a_correction_teaches_the_next_suggestion_of_that_merchant_for_that_person() {
    let mut app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let id = dana.recorded(transaction(UNKNOWN, "-5")).await;
    let path = format!("/transactions/{id}");
    assert_eq!(dana.get(&path).await["review"], true);

    let corrected = dana.patch(&path, json!({"category_id": "health-essentials"})).is(200).await;

    assert_eq!((&corrected["learned"], &corrected["transaction"]["review"]), (&json!(true), &json!(false)));
    let next = suggest(&dana, UNKNOWN).await;
    assert_eq!((&next["category_id"], &next["source"]), (&json!("health-essentials"), &json!("memory")));
    let recorded = dana.record(UNKNOWN, "-7").await;
    assert_eq!(recorded["transaction"]["category_id"], "health-essentials");
    assert_eq!(suggest(&omer, UNKNOWN).await["source"], "unsure");

    app.restart();

    assert_eq!(suggest(&dana, UNKNOWN).await["source"], "memory");
    assert_eq!(suggest(&omer, UNKNOWN).await["source"], "unsure");
    // What was learnt is no figure of the book: undo leaves it.
    dana.post("/undo", json!({"entry_id": corrected.entry()})).is(200).await;
    assert_eq!(dana.get(&path).await["category_id"], "other");
    assert_eq!(suggest(&dana, UNKNOWN).await["source"], "memory");
}

#[tokio::test]
async fn a_category_given_with_a_new_transaction_teaches_too() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let body = crate::client::with(transaction(UNKNOWN, "-5"), json!({"category_id": "education-growth"}));

    dana.recorded(body).await;

    assert_eq!(suggest(&dana, UNKNOWN).await["category_id"], "education-growth");
}

#[tokio::test]
async fn a_category_that_is_gone_is_suggested_no_more() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let boats = dana.post("/categories", json!({"name": "Boats"})).is(201).await["id"].clone();
    let path = format!("/categories/{}", boats.as_str().unwrap());
    let body = crate::client::with(transaction(UNKNOWN, "-5"), json!({"category_id": boats}));
    dana.recorded(body).await;
    assert_eq!(suggest(&dana, UNKNOWN).await["category_id"], boats);

    dana.patch(&path, json!({"archived": true})).is(200).await;
    assert_ne!(suggest(&dana, UNKNOWN).await["category_id"], boats);
    dana.record(UNKNOWN, "-6").await;

    dana.delete(&format!("{path}?move_to=other")).is(204).await;
    assert_ne!(suggest(&dana, UNKNOWN).await["category_id"], boats);
    dana.record(UNKNOWN, "-6").await;
}

#[tokio::test]
async fn the_classifier_tells_what_it_is_and_only_administrators_train_it() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);

    let before = omer.get("/classifier").is(200).await;
    let refused = omer.request(reqwest::Method::POST, "/classifier/retrain").is(403).await;

    assert_eq!(
        (&before["status"], &before["trained_at"], &before["last_training"]),
        (&json!("serving"), &Value::Null, &Value::Null)
    );
    assert!(before["samples"].as_u64().unwrap() > 100);
    assert!((0.5..=1.0).contains(&before["accuracy"].as_f64().unwrap()));
    assert_eq!(refused.code(), "forbidden");

    dana.request(reqwest::Method::POST, "/classifier/retrain").is(202).await;
    eventually(async || dana.get("/classifier").await["last_training"] != Value::Null).await;

    let after = dana.get("/classifier").is(200).await;
    assert_eq!(
        (&after["status"], &after["last_training"]["at"]),
        (&json!("serving"), &json!("2026-11-24T08:00:00Z"))
    );
    let outcome = after["last_training"]["outcome"].as_str().unwrap();
    assert!(["promoted", "rejected"].contains(&outcome), "{}", after.text());
    assert_eq!(suggest(&omer, "coffee with friends").await["category_id"], "food-drinks");
}

#[tokio::test]
async fn a_correction_speaks_for_other_branches_for_that_person_alone_also_after_a_restart() {
    let mut app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let own = json!({"name": "Work lunches", "kind": "expense"});
    let own = dana.post("/categories", own).is(201).await["id"].clone();
    let id = dana.recorded(transaction("Cafe Noir Haifa", "-50")).await;

    dana.patch(&format!("/transactions/{id}"), json!({"category_id": own})).is(200).await;

    let other = suggest(&dana, "Cafe Noir Tel Aviv").await;
    assert_eq!((&other["category_id"], &other["source"]), (&own, &json!("corrections")));
    assert_eq!(other["why"], json!(["cafe noir tel aviv"]));
    assert_eq!(suggest(&dana, "Cafe Greg Eilat").await["source"], "model");
    assert_eq!(suggest(&omer, "Cafe Noir Tel Aviv").await["source"], "model");

    app.restart();

    assert_eq!(suggest(&dana, "Cafe Noir Tel Aviv").await["category_id"], own);
    assert_eq!(suggest(&omer, "Cafe Noir Tel Aviv").await["source"], "model");
}

#[tokio::test]
async fn corrections_are_listed_and_forgotten_one_by_one() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for merchant in ["zzxqv", "abqqx"] {
        let id = dana.recorded(transaction(merchant, "-5")).await;
        dana.patch(&format!("/transactions/{id}"), json!({"category_id": "health-essentials"})).is(200).await;
    }
    let row = |merchant: &str| json!({"merchant": merchant, "category_id": "health-essentials"});

    let all = dana.get("/classifier/corrections").is(200).await;
    let first = dana.get("/classifier/corrections?limit=1").is(200).await;
    assert_eq!(all["data"], json!([row("abqqx"), row("zzxqv")]));
    assert_eq!(first["data"], json!([row("abqqx")]));
    let classifier = dana.get("/classifier").is(200).await;
    assert_eq!(
        (&classifier["corrections"], &classifier["sharing"]["state"]),
        (&json!(2), &json!("household"))
    );

    dana.delete("/classifier/corrections?merchant=abqqx").is(204).await;

    assert_eq!(dana.get("/classifier/corrections").await["data"], json!([row("zzxqv")]));
    assert_eq!(suggest(&dana, "abqqx").await["source"], "unsure");
    dana.delete("/classifier/corrections?merchant=abqqx").is(404).await;
}

#[tokio::test]
async fn an_administrator_rolls_back_to_the_built_in_model() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let before = dana.get("/classifier").is(200).await;
    assert_eq!(
        (&before["history"][0]["number"], &before["history"][0]["serving"]),
        (&json!(0), &json!(true))
    );

    let same = dana.post("/classifier/roll-back", json!({"number": 0})).is(200).await;

    assert_eq!((&same["version"], &same["history"]), (&before["version"], &before["history"]));
    dana.post("/classifier/roll-back", json!({"number": 7})).is(404).await;
    omer.post("/classifier/roll-back", json!({"number": 0})).is(403).await;
}

#[tokio::test]
async fn an_administrator_evaluates_labelled_rows() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let rows = "description,category\ncoffee,food-drinks\nbus ticket,food-drinks\n";
    let path = "/classifier/evaluate";

    let figures = dana.post(path, json!({})).raw(rows, "text/csv").is(200).await;

    assert_eq!((&figures["rows"], &figures["accuracy"]), (&json!(2), &json!(0.5)));
    assert_eq!(figures["by_category"], json!([{"category_id": "food-drinks", "rows": 2, "right": 1}]));
    omer.post(path, json!({})).raw(rows, "text/csv").is(403).await;
    dana.post(path, json!({})).raw(rows, "application/json").is(415).await;
    let refused =
        dana.post(path, json!({})).raw("description,category\nsecret,Food\n", "text/csv").is(422).await;
    assert!(!refused.text().contains("secret"));
}
