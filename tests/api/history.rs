//! `/undo`, `/redo`, `/history` and `/changes`: what was written, and taking it back.

use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Person, transaction, with},
};

async fn undo(dana: &Person, entry: &str) -> crate::client::Answer {
    dana.post("/undo", json!({"entry_id": entry})).await
}

#[tokio::test]
async fn the_newest_entry_is_undone_and_redone() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("first", "-1").await;
    let recorded = dana.record("zanzibar", "-2").await;
    let id = recorded["transaction"]["id"].as_str().unwrap();

    let undone = dana.post("/undo", json!({})).is(200).await;
    assert_eq!(undone["version"], undone.version());
    assert_eq!(undone["entry_id"], undone.entry());
    let change = &undone["changes"][0];
    assert_eq!(
        (&change["kind"], &change["id"], &change["to"]),
        (&json!("transaction"), &json!(id), &Value::Null)
    );
    assert_eq!(change["from"], recorded["transaction"]);
    dana.get(&format!("/transactions/{id}")).is(404).await;

    let redone = dana.post("/redo", json!({})).is(200).await;
    assert_eq!(redone["changes"][0]["to"], recorded["transaction"]);
    assert_eq!(dana.get(&format!("/transactions/{id}")).is(200).await.json, recorded["transaction"]);

    // All the way back, and no further.
    dana.post("/undo", json!({})).is(200).await;
    dana.post("/undo", json!({})).is(200).await;
    assert_eq!(dana.post("/undo", json!({})).is(409).await.code(), "nothing_to_undo");
    dana.post("/redo", json!({})).is(200).await;
    assert_eq!(dana.get("/transactions").await.column("description"), ["first"]);
}

#[tokio::test]
async fn a_new_command_clears_redo() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    assert_eq!(dana.post("/redo", json!({})).is(409).await.code(), "nothing_to_redo");
    dana.record("first", "-1").await;
    dana.post("/undo", json!({})).is(200).await;

    dana.record("second", "-1").await;

    assert_eq!(dana.post("/redo", json!({})).is(409).await.code(), "nothing_to_redo");
}

#[tokio::test]
async fn an_older_entry_is_undone_by_its_name_as_long_as_nothing_is_in_the_way() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = dana.recorded(transaction("zanzibar", "-1")).await;
    let path = format!("/transactions/{id}");
    let note = dana.patch(&path, json!({"note": "one"})).is(200).await.entry();
    let date = dana.patch(&path, json!({"date": "2026-11-01"})).is(200).await.entry();
    dana.patch(&path, json!({"date": "2026-11-02"})).is(200).await;
    let version = dana.version().await;

    let conflict = undo(&dana, &date).await;

    assert_eq!((conflict.status, conflict.code()), (409, "undo_conflict"));
    let rows = conflict["errors"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["pointer"], &rows[0]["code"]), (1, &json!(id), &json!("changed_later")));
    assert_eq!(dana.version().await, version, "nothing is done");
    assert_eq!(undo(&dana, &note).await.status, 200);
    let now = dana.get(&path).await;
    assert_eq!((&now["note"], &now["date"]), (&Value::Null, &json!("2026-11-02")));
}

#[tokio::test]
async fn an_undo_of_many_rows_names_those_that_changed_later_and_does_nothing() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let rows: Vec<Value> = (0..10)
        .map(|number| with(transaction(&format!("row {number}"), "-1"), json!({"id": uuid::Uuid::now_v7()})))
        .collect();
    let bulk = dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await.entry();
    for row in &rows[3..5] {
        let path = format!("/transactions/{}", row["id"].as_str().unwrap());
        dana.patch(&path, json!({"amount": "-2"})).is(200).await;
    }

    let conflict = undo(&dana, &bulk).await;

    assert_eq!(conflict.code(), "undo_conflict");
    let mut named: Vec<_> =
        conflict["errors"].as_array().unwrap().iter().map(|row| &row["pointer"]).collect();
    named.sort_by_key(|id| id.as_str());
    assert_eq!(named, [&rows[3]["id"], &rows[4]["id"]]);
    assert_eq!(dana.get("/transactions").await["totals"]["count"], 10);
}

#[tokio::test]
async fn what_is_not_ones_own_entry_or_no_entry_cannot_be_undone() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let entry = dana.record("zanzibar", "-1").await.entry();

    assert_eq!(undo(&omer, &entry).await.status, 404);
    assert_eq!(undo(&omer, &uuid::Uuid::now_v7().to_string()).await.status, 404);
    let malformed = undo(&omer, "x").await;
    assert_eq!((malformed.status, malformed.code()), (422, "id_malformed"));
    assert_eq!(omer.post("/undo", json!({})).is(409).await.code(), "nothing_to_undo");
    undo(&dana, &entry).await;
    assert_eq!(undo(&dana, &entry).await.status, 409);
}

#[tokio::test]
async fn undo_and_redo_survive_a_restart() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("first", "-1").await;
    dana.record("zanzibar", "-2").await;
    dana.post("/undo", json!({})).is(200).await;

    app.restart();
    dana.post("/redo", json!({})).is(200).await;
    app.restart();
    dana.post("/undo", json!({})).is(200).await;
    dana.post("/undo", json!({})).is(200).await;

    assert_eq!(dana.get("/transactions").await["totals"]["count"], 0);
}

#[tokio::test]
async fn settings_and_categories_are_undone_too_and_sessions_are_not() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.patch("/me", json!({"base_currency": "EUR"})).is(200).await;
    dana.login().await;
    dana.delete("/sessions").is(204).await;

    dana.post("/undo", json!({})).is(200).await;

    assert_eq!(dana.get("/me").await["base_currency"], "ILS");
    assert_eq!(dana.get("/sessions").await.data().len(), 1);
    assert_eq!(dana.post("/undo", json!({})).is(409).await.code(), "nothing_to_undo");
}

#[tokio::test]
async fn history_tells_what_was_done_newest_first_without_access_facts() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("first", "-1").await;
    dana.login().await;
    dana.delete("/sessions").is(204).await;
    let second = dana.record("zanzibar", "-2").await;
    let undone = dana.post("/undo", json!({})).is(200).await;

    let history = dana.get("/history").is(200).await;

    let versions: Vec<_> = history.data().iter().map(|entry| entry["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [5, 4, 2, 1], "slot 3 ended a session");
    let [undo, record, first, opening] = history.data() else { panic!("{}", history.text()) };
    assert_eq!((&undo["undoes"], &undo["entry_id"]), (&json!(second.entry()), &json!(undone.entry())));
    assert_eq!((&record["undoable"], &first["undoable"]), (&json!(false), &json!(true)));
    assert_eq!(first["author"], json!({"kind": "user", "id": dana.id}));
    assert_eq!(opening["author"], json!({"kind": "system", "id": null}));
    assert_eq!(record["changes"][0]["to"], second["transaction"]);
    assert_eq!(record["at"], "2026-11-24T08:00:00Z");
}

#[tokio::test]
async fn history_is_read_in_pages() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for number in 0..11 {
        dana.record(&format!("row {number}"), "-1").await;
    }

    let mut versions = Vec::new();
    let mut path = "/history?limit=5".to_owned();
    loop {
        let page = dana.get(&path).is(200).await;
        versions.extend(page.data().iter().map(|entry| entry["version"].as_u64().unwrap()));
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("/history?limit=5&cursor={next}");
    }

    assert_eq!(versions, (1..=12).rev().collect::<Vec<u64>>());
}

#[tokio::test]
async fn changes_give_every_slot_once_and_hide_access_facts() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for number in 0..6 {
        dana.record(&format!("row {number}"), "-1").await;
    }
    dana.login().await;
    dana.delete("/sessions").is(204).await;
    dana.post("/undo", json!({})).is(200).await;

    let mut slots: Vec<Value> = Vec::new();
    let mut since = "0".to_owned();
    loop {
        let page = dana.get(&format!("/changes?since={since}&limit=4")).is(200).await;
        assert_eq!(page.version(), 9);
        slots.extend(page.data().iter().cloned());
        let Some(next) = page["page"]["next"].as_str() else { break };
        since = next.to_owned();
    }

    let versions: Vec<_> = slots.iter().map(|slot| slot["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=9).collect::<Vec<u64>>());
    assert_eq!(slots[7]["changes"], json!([]), "slot 8 ended a session");
    assert_eq!(slots.iter().filter(|slot| slot["changes"] == json!([])).count(), 1);
    let up_to_date = dana.get("/changes?since=9").is(200).await;
    assert_eq!((up_to_date.data().len(), &up_to_date["page"]["next"]), (0, &Value::Null));
    assert_eq!(dana.get("/changes?since=99").is(200).await.data().len(), 0);
    assert!(!serde_json::to_string(&slots).unwrap().contains("token"));
}

/// Rows with texts of about so many bytes.
fn rows(count: usize, bytes: usize) -> Value {
    let row = |number: usize| transaction(&format!("row {number} {}", "z".repeat(bytes)), "-1");
    json!({"transactions": (0..count).map(row).collect::<Vec<_>>()})
}

#[tokio::test]
async fn an_entry_of_many_rows_shows_the_first_of_them() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.post("/transactions/bulk", rows(150, 1)).is(201).await;
    let large = dana.post("/transactions/bulk", rows(1100, 1)).is(201).await.entry();

    let history = dana.get("/history").is(200).await;
    let [newer, older, _] = history.data() else { panic!("three entries") };
    for (entry, total) in [(newer, 1100), (older, 150)] {
        assert_eq!(entry["changes"].as_array().unwrap().len(), 100);
        assert_eq!((&entry["changes_total"], &entry["undoable"]), (&json!(total), &json!(true)));
    }

    dana.post("/undo", json!({"entry_id": large})).is(200).await;
    let history = dana.get("/history").is(200).await;
    assert_eq!((&history.data()[1]["version"], &history.data()[1]["undoable"]), (&json!(3), &json!(false)));
}

#[tokio::test]
async fn a_page_of_history_is_bounded_by_its_bytes() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for _ in 0..4 {
        dana.post("/transactions/bulk", rows(900, 400)).is(201).await;
    }

    let mut pages = Vec::new();
    let mut path = "/history?limit=500".to_owned();
    loop {
        let page = dana.get(&path).is(200).await;
        pages.push(page.data().iter().map(|entry| entry["version"].as_u64().unwrap()).collect::<Vec<_>>());
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("/history?limit=500&cursor={next}");
    }

    assert!(pages.len() > 1, "{pages:?}");
    assert_eq!(pages.concat(), [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn no_answer_shows_more_than_the_version_that_it_names() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let writes = async {
        for _ in 0..40 {
            dana.record("zanzibar", "-1").await;
        }
    };
    let reads = async {
        for turn in 0..40 {
            let path = if turn % 2 == 0 { "/changes?since=0" } else { "/history" };
            let answer = dana.get(path).is(200).await;
            let newest = answer.data().iter().filter_map(|entry| entry["version"].as_u64()).max();
            assert!(newest.unwrap() <= answer.version(), "{path}");
        }
    };

    futures_util::future::join(writes, reads).await;
}
