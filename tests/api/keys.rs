//! Idempotency keys: a request that is repeated is done once.

use std::future::IntoFuture as _;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{App, spawn_app},
    client::{Answer, Person, transaction, with},
};

/// Asserts that `again` is the replay of `first`, as far as a replay promises to be.
fn assert_replay(first: &Answer, again: &Answer) {
    assert_eq!(again.status, first.status);
    assert_eq!(again.version(), first.version());
    assert_eq!(again.header("entry-id"), first.header("entry-id"));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
}

#[tokio::test]
async fn a_repeated_write_is_replayed_with_status_version_and_resource() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let body = transaction("zanzibar", "-1");

    let first = dana.post("/transactions", body.clone()).key("k-1").is(201).await;
    dana.record("meanwhile", "-2").await;
    let id = first["transaction"]["id"].as_str().unwrap();
    dana.patch(&format!("/transactions/{id}"), json!({"note": "changed since"})).is(200).await;
    let again = dana.post("/transactions", body).key("k-1").await;

    assert_replay(&first, &again);
    assert_eq!(again["transaction"], first["transaction"], "as it was written, not as it is now");
    assert_eq!(dana.get("/transactions").await["totals"]["count"], 2);
}

#[tokio::test]
async fn every_write_can_be_repeated() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = dana.recorded(transaction("zanzibar", "-1")).await;
    let path = format!("/transactions/{id}");
    let category = json!({"name": "Boats", "id": uuid::Uuid::now_v7()});
    let category_path = format!("/categories/{}", category["id"].as_str().unwrap());
    let rows = json!({"transactions": [transaction("a", "-1"), transaction("b", "-2")]});

    let writes: [(&str, &str, Option<Value>); 9] = [
        ("PATCH", &path, Some(json!({"note": "n"}))),
        ("DELETE", &path, None),
        ("POST", "/transactions/bulk", Some(rows)),
        ("POST", "/categories", Some(category)),
        ("PATCH", &category_path, Some(json!({"name": "Ships"}))),
        ("DELETE", &category_path, None),
        ("PATCH", "/me", Some(json!({"locale": "he"}))),
        ("POST", "/undo", Some(json!({}))),
        ("POST", "/redo", Some(json!({}))),
    ];
    for (number, (method, path, body)) in writes.into_iter().enumerate() {
        let send = async || {
            let request = dana.request(method.parse().unwrap(), path).key(&format!("key-{number}"));
            match &body {
                Some(body) => request.json(body).await,
                None => request.await,
            }
        };

        let (first, again) = (send().await, send().await);

        assert!(first.status < 300, "{method} {path}: {}", first.text());
        assert_replay(&first, &again);
        assert_eq!(again.json, first.json, "{method} {path}");
    }
}

#[tokio::test]
async fn a_key_stands_for_one_request_only() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let body = transaction("zanzibar", "-1");
    dana.post("/transactions", body.clone()).key("k").is(201).await;
    let version = dana.version().await;

    let other =
        dana.post("/transactions", with(body.clone(), json!({"amount": "-2"}))).key("k").is(422).await;
    let elsewhere = dana.post("/transactions/bulk", json!({"transactions": [body]})).key("k").is(422).await;
    let undo = dana.post("/undo", json!({})).key("k").is(422).await;

    assert_eq!([other.code(), elsewhere.code(), undo.code()], ["key_reused"; 3]);
    assert_eq!(dana.version().await, version);
}

#[tokio::test]
async fn a_key_is_a_persons_own_and_refusals_are_not_kept() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let body =
        with(transaction("zanzibar", "-1"), json!({"category_id": "00000000-0000-7000-8000-000000000001"}));

    dana.post("/transactions", body).key("k").is(422).await;
    dana.post("/transactions", transaction("zanzibar", "-1")).key("k").is(201).await;
    omer.post("/transactions", transaction("other", "-2")).key("k").is(201).await;

    for key in ["", " ", "a b", "ä", &"x".repeat(201)] {
        dana.post("/transactions", transaction("zanzibar", "-1")).key(key).is(400).await;
    }
}

#[tokio::test]
async fn twenty_equal_requests_at_once_are_applied_once() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let requests = (0..20)
        .map(|_| dana.post("/transactions", transaction("zanzibar", "-1")).key("same").is(201).into_future());
    let answers = join_all(requests).await;

    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_some()).count();
    assert_eq!(replayed, 19);
    let versions: Vec<u64> = answers.iter().map(Answer::version).collect();
    assert_eq!(versions, [2; 20]);
    assert!(answers.iter().all(|answer| answer["transaction"] == answers[0]["transaction"]));
    assert_eq!(dana.get("/transactions").await["totals"]["count"], 1);
}

#[tokio::test]
async fn a_key_is_remembered_over_a_restart_and_for_days() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    let body = transaction("zanzibar", "-1");
    let first = dana.post("/transactions", body.clone()).key("k").is(201).await;

    app.restart();
    assert_replay(&first, &dana.post("/transactions", body.clone()).key("k").await);

    // Longer than the ledger remembers: the store's index knows it still.
    let later = days_later(&app, &dana, 4).await;
    later.record("another", "-2").await;
    assert_replay(&first, &later.post("/transactions", body).key("k").await);
}

async fn days_later(app: &App, person: &Person, days: i64) -> Person {
    app.clock.advance(days * 86_400);
    person.login().await
}

#[tokio::test]
async fn to_remove_a_value_is_another_request_than_to_leave_it() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = dana.recorded(with(transaction("zanzibar", "-1"), json!({"note": "n", "payee": "p"}))).await;
    let made = dana.post("/categories", json!({"name": "Boats", "color": "#2f855a"})).is(201).await;
    let category = format!("/categories/{}", made["id"].as_str().unwrap());
    let row = format!("/transactions/{id}");

    for (path, name, rest) in
        [(&row, "note", json!({"review": true})), (&category, "color", json!({"name": "Ships"}))]
    {
        let body = with(rest.clone(), json!({name: null}));
        dana.patch(path, body).key(name).is(200).await;

        assert_eq!(dana.patch(path, rest).key(name).is(422).await.code(), "key_reused");
    }
}
