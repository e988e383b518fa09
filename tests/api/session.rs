//! `/session` and `/sessions`: how long somebody stays, and who else is there.

use serde_json::{Value, json};

use crate::{app::spawn_app, client::Client};

const HEARTBEAT: &str = "/session/heartbeat";

/// Asserts that the session is over, and why.
async fn is_over(client: &Client, why: &str) {
    let answer = client.get("/me").is(401).await;
    assert_eq!(answer.code(), "session_expired");
    assert!(answer["detail"].as_str().unwrap().contains(why), "{}", answer.text());
}

#[tokio::test]
async fn a_session_says_how_long_it_lives() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let session = dana.get("/session").header("user-agent", "x").is(200).await;

    assert_eq!(session["created_at"], "2026-11-24T08:00:00Z");
    assert_eq!(session["idle_expires_at"], "2026-11-24T08:01:30Z");
    assert_eq!(session["inactive_expires_at"], "2026-11-24T08:05:00Z");
    assert_eq!(session["absolute_expires_at"], "2026-11-24T20:00:00Z");
    let times = ["heartbeat_seconds", "idle_seconds", "warning_seconds", "inactive_seconds"];
    assert_eq!(times.map(|name| session[name].as_i64().unwrap()), [30, 90, 240, 300]);
    assert_eq!(session["address"], "127.0.0.0/24");
}

#[tokio::test]
async fn ninety_seconds_without_a_request_end_a_session() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    app.clock.advance(89);
    dana.get("/me").is(200).await;
    app.clock.advance(90);

    is_over(&dana, "closed for too long").await;
    is_over(&dana, "closed for too long").await;
}

#[tokio::test]
async fn reading_keeps_a_session_open_but_is_no_activity() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for _ in 0..4 {
        app.clock.advance(60);
        dana.get("/me").is(200).await;
        dana.post(HEARTBEAT, json!({"active": false})).is(200).await;
    }

    app.clock.advance(59);
    dana.get("/me").is(200).await;
    app.clock.advance(1);

    is_over(&dana, "Nothing was done").await;
}

#[tokio::test]
async fn a_write_and_an_active_heartbeat_are_activity() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for round in 0..20 {
        app.clock.advance(80);
        if round % 2 == 0 {
            dana.post(HEARTBEAT, json!({"active": true})).is(200).await;
        } else {
            dana.record("zanzibar", "-1").await;
        }
    }

    let beat = dana.post(HEARTBEAT, json!({"active": true})).is(200).await;

    // 1600 seconds after the start.
    assert_eq!(beat["idle_expires_at"], "2026-11-24T08:28:10Z");
    assert_eq!(beat["inactive_expires_at"], "2026-11-24T08:31:40Z");
    assert_eq!(beat["absolute_expires_at"], "2026-11-24T20:00:00Z");
    assert_eq!(beat["ledger_version"], 11);
    assert_eq!(beat.version(), 11);
}

#[tokio::test]
async fn twelve_hours_end_every_session() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for _ in 0..(12 * 60 - 1) {
        app.clock.advance(60);
        dana.post(HEARTBEAT, json!({"active": true})).is(200).await;
    }

    app.clock.advance(60);

    is_over(&dana, "longest life").await;
}

#[tokio::test]
async fn the_sessions_of_a_person_are_listed_newest_first() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let stranger = app.stranger();
    app.clock.advance(10);
    let login = json!({"email": dana.email, "password": crate::client::PASSWORD});
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    stranger.post("/auth/login", login).header("user-agent", browser).is(200).await;
    app.register("Omer").await;

    let sessions = dana.get("/sessions").is(200).await;

    assert_eq!(sessions.column("device"), ["Firefox on Linux", "Unknown device"]);
    let current: Vec<_> = sessions.data().iter().map(|session| &session["current"]).collect();
    assert_eq!(current, [false, true]);
}

#[tokio::test]
async fn one_session_is_ended_from_another() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let phone = dana.login().await;
    let omer = app.register("Omer").await;
    let id = phone.get("/session").await["id"].as_str().unwrap().to_owned();

    omer.delete(&format!("/sessions/{id}")).is(404).await;
    dana.delete("/sessions/nonsense").is(404).await;
    phone.get("/me").is(200).await;
    let answer = dana.delete(&format!("/sessions/{id}")).is(204).await;

    assert_eq!(answer.version(), 2);
    phone.get("/me").is(401).await;
    dana.get("/me").is(200).await;
    dana.delete(&format!("/sessions/{id}")).is(404).await;
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let others = [dana.login().await, dana.login().await];

    dana.delete("/sessions").is(204).await;

    for other in &others {
        other.get("/me").is(401).await;
        other.post("/transactions", crate::client::transaction("zanzibar", "-1")).is(401).await;
    }
    assert_eq!(dana.get("/sessions").await.data().len(), 1);
    let version = dana.version().await;
    assert_eq!(dana.delete("/sessions").is(204).await.version(), version, "there were no others");
}

#[tokio::test]
async fn the_eleventh_session_ends_the_oldest() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let mut others = Vec::new();
    for _ in 0..9 {
        app.clock.advance(1);
        others.push(dana.login().await);
    }
    dana.get("/me").is(200).await;
    app.clock.advance(1);

    others.push(dana.login().await);

    dana.get("/me").is(401).await;
    for other in &others {
        other.get("/me").is(200).await;
    }
    assert_eq!(others[0].get("/sessions").await.data().len(), 10);
}

#[tokio::test]
async fn a_restart_logs_nobody_out_who_was_seen_lately() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    let omer = app.register("Omer").await;
    let noa = app.register("Noa").await;
    noa.post("/auth/logout", json!({})).is(204).await;
    app.clock.advance(20);
    dana.get("/me").is(200).await;

    app.restart();
    app.clock.advance(100);

    dana.get("/me").is(200).await;
    is_over(&omer, "closed for too long").await;
    noa.get("/me").is(401).await;
    // The session goes on by the usual rules.
    app.clock.advance(89);
    dana.get("/me").is(200).await;
    app.clock.advance(90);
    is_over(&dana, "closed for too long").await;
}

#[tokio::test]
async fn a_session_that_asks_too_often_has_to_wait() {
    let app = crate::app::spawn_app_with(&["--session-rate=1", "--session-burst=5"]);
    let dana = app.register("Dana").await;
    let omer = app.register("Omer").await;
    for _ in 0..5 {
        dana.get("/session").is(200).await;
    }

    let refused = dana.get("/session").is(429).await;

    assert_eq!(refused.header("retry-after"), Some("1"));
    omer.get("/session").is(200).await;
    app.clock.advance(1);
    dana.get("/session").is(200).await;
}

#[tokio::test]
async fn a_heartbeat_needs_to_know_whether_somebody_is_there() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let answer = dana.post(HEARTBEAT, json!({})).is(422).await;

    assert_eq!(answer["errors"][0]["pointer"], "/active");
    assert_eq!(
        app.stranger().post(HEARTBEAT, json!({"active": true})).is(401).await.json["errors"],
        json!([])
    );
    assert_eq!(dana.get("/session").await["id"].as_str().map(str::len), Some(36));
    assert_ne!(dana.get("/session").await["id"], Value::Null);
}

#[tokio::test]
async fn a_heartbeat_of_a_stranger_is_refused_whatever_it_says() {
    let app = spawn_app();

    app.stranger().post(HEARTBEAT, json!({"zanzibar": 1})).is(401).await;
}

#[tokio::test]
async fn a_header_that_stands_twice_is_refused() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    for (name, value) in [("idempotency-key", "k"), ("if-match", "\"2\""), ("ledger-min", "1")] {
        let body = crate::client::transaction("zanzibar", "-1");
        let twice = dana.post("/transactions", body).also(name, value).also(name, value);

        assert_eq!(twice.is(400).await.code(), "bad_request", "{name}");
    }
}
