//! `/categories`: the defaults and a person's own.

use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Person, transaction, with},
};

async fn create(dana: &Person, body: Value) -> String {
    dana.post("/categories", body).is(201).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_book_has_the_eight_defaults() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let categories = dana.get("/categories").is(200).await;

    let ids = [
        "food-drinks",
        "housing-bills",
        "transportation",
        "education-growth",
        "health-essentials",
        "leisure-gifts",
        "other",
        "income",
    ];
    assert_eq!(categories.column("id"), ids);
    for category in categories.data() {
        let kind = if category["id"] == "income" { "income" } else { "expense" };
        assert_eq!((&category["kind"], &category["builtin"]), (&json!(kind), &json!(true)));
        assert_eq!((&category["archived"], &category["count"]), (&json!(false), &json!(0)));
    }
    assert_eq!(dana.get("/categories/other").is(200).await["name"], "Other");
    dana.get("/categories/nonsense").is(404).await;
}

#[tokio::test]
async fn a_category_is_made_renamed_coloured_archived_and_removed() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let made = dana.post("/categories", json!({"name": "סירות", "color": "#2F855A"})).is(201).await;
    let path = format!("/categories/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["kind"], &made["color"], made.etag()), (&json!("expense"), &json!("#2f855a"), "\"2\""));
    let changed = dana.patch(&path, json!({"name": "Boats", "color": null})).is(200).await;
    assert_eq!((&changed["name"], &changed["color"]), (&json!("Boats"), &Value::Null));
    let stale = dana.patch(&path, json!({"name": "Ships"})).header("if-match", "\"2\"").is(412).await;
    assert_eq!(stale.code(), "changed_since");
    assert_eq!(dana.get(&path).await.etag(), "\"3\"");

    dana.patch(&path, json!({"archived": true})).is(200).await;
    let body = with(transaction("zanzibar", "-1"), json!({"category_id": made["id"]}));
    assert_eq!(dana.post("/transactions", body).is(422).await.code(), "category_archived");
    dana.delete(&path).is(204).await;

    dana.get(&path).is(404).await;
    dana.delete(&path).is(404).await;
    dana.patch(&path, json!({"name": "x"})).is(404).await;
    assert_eq!(dana.get("/categories").await.data().len(), 8);
}

#[tokio::test]
async fn a_category_in_use_goes_only_when_its_rows_move() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let boats = create(&dana, json!({"name": "Boats"})).await;
    let row = dana.recorded(with(transaction("zanzibar", "-1"), json!({"category_id": boats}))).await;
    let path = format!("/categories/{boats}");
    assert_eq!(dana.get(&path).await["count"], 1);

    let used = dana.delete(&path).is(409).await;
    let itself = dana.delete(&format!("{path}?move_to={boats}")).is(404).await;
    let nowhere = dana.delete(&format!("{path}?move_to={}", uuid::Uuid::now_v7())).is(404).await;
    let removed = dana.delete(&format!("{path}?move_to=leisure-gifts")).is(204).await;

    assert_eq!([used.code(), itself.code(), nowhere.code()], ["category_in_use", "not_found", "not_found"]);
    let row_path = format!("/transactions/{row}");
    assert_eq!(dana.get(&row_path).await["category_id"], "leisure-gifts");
    dana.post("/undo", json!({"entry_id": removed.entry()})).is(200).await;
    assert_eq!(dana.get(&row_path).await["category_id"], boats.as_str());
    assert_eq!(dana.get(&path).await["count"], 1);
}

#[tokio::test]
async fn the_defaults_can_be_renamed_and_archived_but_not_removed() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let refused = dana.delete("/categories/other?move_to=income").is(409).await;
    dana.patch("/categories/other", json!({"name": "Sundries", "archived": true})).is(200).await;

    assert_eq!(refused.code(), "category_builtin");
    assert_eq!(dana.get("/categories/other").await["name"], "Sundries");
}

#[tokio::test]
async fn a_name_or_id_is_taken_once() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let boats = create(&dana, json!({"name": "Boats"})).await;

    let name = dana.post("/categories", json!({"name": "bOATS"})).is(409).await;
    let id = dana.post("/categories", json!({"name": "Ships", "id": boats})).is(409).await;
    let renamed = dana.patch("/categories/other", json!({"name": "boats"})).is(409).await;

    assert_eq!(
        [name.code(), id.code(), renamed.code()],
        ["category_name_taken", "exists", "category_name_taken"]
    );
    dana.patch(&format!("/categories/{boats}"), json!({"archived": true})).is(200).await;
    create(&dana, json!({"name": "Boats"})).await;
}

#[tokio::test]
async fn somebody_elses_category_is_unknown() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let boats = create(&dana, json!({"name": "Boats"})).await;
    let path = format!("/categories/{boats}");

    omer.get(&path).is(404).await;
    omer.patch(&path, json!({"name": "x"})).is(404).await;
    omer.delete(&path).is(404).await;
    let body = with(transaction("zanzibar", "-1"), json!({"category_id": boats}));
    omer.post("/transactions", body).is(422).await;
    omer.delete(&format!("/categories/{}?move_to=other", uuid::Uuid::now_v7())).is(404).await;
    assert_eq!(omer.version().await, 1);
}

#[tokio::test]
async fn the_tag_of_a_changed_category_fits_the_next_change() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = create(&dana, json!({"name": "Boats"})).await;
    dana.recorded(with(transaction("zanzibar", "-1"), json!({"category_id": id}))).await;
    let path = format!("/categories/{id}");

    let changed = dana.patch(&path, json!({"name": "Ships"})).is(200).await;
    let same = dana.patch(&path, json!({"name": "Ships"})).header("if-match", changed.etag()).is(200).await;

    assert_eq!((changed.etag(), same.etag()), ("\"4\"", "\"4\""));
    assert_eq!((&changed["count"], &same["count"]), (&json!(1), &json!(1)));
    dana.patch(&path, json!({"name": "Boats"})).header("if-match", same.etag()).is(200).await;
}
