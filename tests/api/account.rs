//! `/auth/…` and `/me`: becoming known, coming in, and leaving for good.

use std::process::ExitCode;

use finbrain::check::check;
use finbrain_domain::ids::UserId;
use serde_json::{Value, json};

use crate::{
    app::{App, spawn_app, spawn_app_with},
    client::PASSWORD,
};

#[tokio::test]
async fn a_person_registers_and_is_signed_in() {
    let app = spawn_app();
    let stranger = app.stranger();

    let body = json!({
        "email": "Dana@Private.Example", "password": PASSWORD, "name": "דנה", "base_currency": "ILS",
        "locale": "he", "time_zone": "Asia/Jerusalem", "week_start": "sunday",
    });
    let answer = stranger.post("/auth/register", body).is(201).await;

    let user = &answer["user"];
    assert_eq!(user["name"], "דנה");
    assert_eq!(user["base_currency"], "ILS");
    assert_eq!(user["week_start"], "sunday");
    assert_eq!((&user["demo"], &user["demo_expires_at"]), (&json!(false), &Value::Null));
    assert_eq!(answer["session"]["current"], true);
    let me = stranger.get("/me").is(200).await;
    assert_eq!(&me.json, user);
    assert_eq!(me.version(), 1);
}

#[tokio::test]
async fn the_first_account_of_a_machine_is_its_administrator() {
    let app = spawn_app();

    let first = app.register("Dana").await;
    let second = app.register("Omer").await;

    assert_eq!(first.get("/me").await["role"], "admin");
    assert_eq!(second.get("/me").await["role"], "member");
}

#[tokio::test]
async fn an_address_is_registered_once_in_any_case() {
    let app = spawn_app();
    app.register("Dana").await;

    let body = json!({"email": "DANA@private.example", "password": PASSWORD, "name": "Other"});
    let answer = app.stranger().post("/auth/register", body).is(409).await;

    assert_eq!(answer.code(), "email_taken");
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused() {
    let app = spawn_app();
    for (password, code) in [
        ("short", "password_length"),
        ("password1", "password_weak"),
        ("dana@private.example", "password_weak"),
        (&*"x".repeat(257), "password_length"),
    ] {
        let body = json!({"email": "dana@private.example", "password": password, "name": "Dana"});

        let answer = app.stranger().post("/auth/register", body).is(422).await;

        assert_eq!(answer.code(), code);
    }
}

#[tokio::test]
async fn registration_can_be_closed_but_for_the_named_administrator() {
    let app = spawn_app_with(&["--registration=closed", "--demo=off", "--admin-email=dana@private.example"]);
    let body = json!({"email": "omer@private.example", "password": PASSWORD, "name": "Omer"});

    let refused = app.stranger().post("/auth/register", body).is(403).await;
    let demo = app.stranger().post("/auth/demo", json!({})).is(403).await;
    let dana = app.register("Dana").await;

    assert_eq!((refused.code(), demo.code()), ("registration_closed", "demo_closed"));
    assert_eq!(dana.get("/me").await["role"], "admin");
}

#[tokio::test]
async fn a_demo_is_kept_where_registration_is_closed_by_the_named_administrator_alone() {
    let app = spawn_app_with(&["--registration=closed", "--demo=on", "--admin-email=dana@private.example"]);
    let demo = app.stranger();
    demo.post("/auth/demo", json!({})).is(201).await;
    let keep = async |email: &str| {
        let body = json!({"email": email, "password": PASSWORD, "name": "Dana"});
        demo.post("/auth/demo/keep", body).await
    };

    let refused = keep("omer@private.example").await;
    let kept = keep("dana@private.example").await;

    assert_eq!((refused.status, refused.code()), (403, "registration_closed"));
    assert_eq!(kept["user"]["role"], "admin");
}

#[tokio::test]
async fn sessions_that_are_long_over_leave_the_store() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    let user = dana.id.parse::<UserId>().unwrap();
    app.clock.advance(12 * 3600 + 121);
    dana.login().await;
    let sessions = async |app: &App| app.stores().await.users.sessions(user).await.unwrap().len();
    assert_eq!(sessions(&app).await, 2);

    app.restart();

    crate::app::eventually(async || sessions(&app).await == 1).await;
}

#[tokio::test]
async fn too_many_registrations_from_one_network_have_to_wait() {
    let app = spawn_app();
    let register = async |number: u32| {
        let email = format!("n{number}@private.example");
        let body = json!({"email": email, "password": "password", "name": "N"});
        app.stranger().post("/auth/register", body).await
    };
    for number in 0..20 {
        assert_eq!(register(number).await.code(), "password_weak");
    }

    let refused = register(20).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_requests"));

    app.clock.advance(refused.header("retry-after").unwrap().parse().unwrap());
    assert_eq!(register(21).await.code(), "password_weak");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let app = spawn_app();
    app.register("Dana").await;
    let login = async |email: &str| {
        let body = json!({"email": email, "password": "not the zanzibar password"});
        let mut answer = app.stranger().post("/auth/login", body).is(401).await;
        answer.json["request_id"] = Value::Null;
        answer.json
    };

    let (known, unknown) = (login("dana@private.example").await, login("nobody@private.example").await);

    assert_eq!(known, unknown);
    assert_eq!(known["code"], "bad_credentials");
}

#[tokio::test]
async fn the_right_password_of_another_session_comes_in_again() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let again = dana.login().await;

    assert_eq!(again.get("/me").await["id"], dana.id);
    assert_ne!(again.cookie(), dana.cookie());
}

#[tokio::test]
async fn too_many_attempts_on_one_account_have_to_wait() {
    let app = spawn_app();
    app.register("Dana").await;
    let attempt = async || {
        let body = json!({"email": "dana@private.example", "password": "not the zanzibar password"});
        app.stranger().post("/auth/login", body).await
    };
    for _ in 0..10 {
        assert_eq!(attempt().await.status, 401);
    }

    let refused = attempt().await;

    assert_eq!(refused.status, 429);
    app.clock.advance(refused.header("retry-after").unwrap().parse().unwrap());
    assert_eq!(attempt().await.status, 401);
}

#[tokio::test]
async fn a_logout_ends_the_session_with_the_next_request() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let thief = dana.copy();

    dana.post("/auth/logout", json!({})).is(204).await;

    assert_eq!(dana.cookie(), None);
    for path in ["/me", "/session", "/transactions", "/events", "/currencies"] {
        assert_eq!(thief.get(path).is(401).await.code(), "no_session", "{path}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let cookie = dana.cookie().unwrap();

    for cookie in [None, Some("x"), Some(""), Some(&cookie[1..]), Some(&*format!("{cookie}A"))] {
        let stranger = app.stranger();
        let request = stranger.get("/me").is(401);
        let request = match cookie {
            Some(cookie) => request.header("cookie", &format!("finbrain_dev={cookie}")),
            None => request,
        };
        assert_eq!(request.await.code(), "no_session");
    }
    let twice = format!("finbrain_dev={cookie}; finbrain_dev={cookie}");
    assert_eq!(dana.get("/me").header("cookie", &twice).is(400).await.code(), "bad_request");
    assert_eq!(dana.get("/me").header("authorization", "Bearer fbp_x").is(400).await.code(), "bad_request");
}

#[tokio::test]
async fn a_demo_has_fourteen_months_and_can_be_written() {
    let app = spawn_app();
    let demo = app.stranger();

    let body = json!({"base_currency": "ILS", "locale": "he", "time_zone": "Asia/Jerusalem"});
    let answer = demo.post("/auth/demo", body).is(201).await;

    assert_eq!(answer["user"]["demo"], true);
    assert_eq!(answer["user"]["email"], Value::Null);
    assert_eq!(answer["user"]["demo_expires_at"], "2026-11-24T10:00:00Z");
    assert_eq!(answer["user"]["role"], "member");
    let dashboard = demo.get("/dashboard?from=2025-10&to=2026-11").is(200).await;
    let months = dashboard["months"].as_array().unwrap();
    assert_eq!(months.len(), 14);
    assert!(months.iter().all(|month| month["out"] != "0.00" && month["in"] != "0.00"));
    assert_eq!(demo.get("/transactions?to=2025-09-30").await["totals"]["count"], 0);
    let body = json!({"date": "2026-11-24", "description": "zanzibar", "amount": "-5", "currency": "ILS"});
    demo.post("/transactions", body).is(201).await;
}

#[tokio::test]
async fn too_many_demos_from_one_network_have_to_wait() {
    let app = spawn_app();
    for _ in 0..10 {
        app.stranger().post("/auth/demo", json!({})).is(201).await;
    }

    let refused = app.stranger().post("/auth/demo", json!({})).is(429).await;

    app.clock.advance(refused.header("retry-after").unwrap().parse().unwrap());
    app.stranger().post("/auth/demo", json!({})).is(201).await;
}

#[tokio::test]
async fn a_demo_that_is_kept_stays_with_all_that_is_in_it() {
    let app = spawn_app();
    let demo = app.stranger();
    demo.post("/auth/demo", json!({})).is(201).await;
    let count = demo.get("/transactions").await["totals"]["count"].clone();

    let body = json!({"email": "dana@private.example", "password": PASSWORD, "name": "Dana"});
    let kept = demo.post("/auth/demo/keep", body.clone()).is(200).await;

    assert_eq!((&kept["user"]["demo"], &kept["user"]["name"]), (&json!(false), &json!("Dana")));
    assert_eq!(kept["user"]["role"], "admin");
    assert_eq!(demo.post("/auth/demo/keep", body.clone()).is(409).await.code(), "not_a_demo");
    app.clock.advance(3 * 3600);
    let login = json!({"email": "dana@private.example", "password": PASSWORD});
    demo.post("/auth/login", login).is(200).await;
    assert_eq!(demo.get("/transactions").await["totals"]["count"], count);
}

#[tokio::test]
async fn a_demo_is_not_kept_under_an_address_that_is_taken_or_with_a_weak_password() {
    let app = spawn_app();
    app.register("Dana").await;
    let demo = app.stranger();
    demo.post("/auth/demo", json!({})).is(201).await;

    let taken = json!({"email": "dana@private.example", "password": PASSWORD});
    let weak = json!({"email": "omer@private.example", "password": "password1"});

    assert_eq!(demo.post("/auth/demo/keep", taken).is(409).await.code(), "email_taken");
    assert_eq!(demo.post("/auth/demo/keep", weak).is(422).await.code(), "password_weak");
    assert_eq!(demo.get("/me").await["demo"], true);
}

#[tokio::test]
async fn a_demo_that_nobody_kept_is_erased_after_two_hours() {
    let app = spawn_app();
    let demo = app.stranger();
    demo.post("/auth/demo", json!({})).is(201).await;
    app.clock.advance(2 * 3600 + 1);

    // A write wakes the worker, which does what is due.
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-1").await;
    crate::app::eventually(async || {
        let report = crate::app::books(&app).await;
        report.iter().filter(|(_, reduced)| *reduced).count() == 1
    })
    .await;

    demo.get("/me").is(401).await;
}

#[tokio::test]
async fn settings_change_and_show_in_the_next_answer() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let patch = json!({"name": "Dana L.", "base_currency": "EUR", "locale": "he-IL",
        "time_zone": "Pacific/Kiritimati", "week_start": "saturday", "share_corrections": true});
    let answer = dana.patch("/me", patch.clone()).is(200).await;

    for (field, value) in patch.as_object().unwrap() {
        assert_eq!(&answer[field], value);
    }
    assert_eq!(answer.version(), 2);
    let dashboard = dana.get("/dashboard").await;
    assert_eq!((&dashboard["currency"], &dashboard["today"]), (&json!("EUR"), &json!("2026-11-24")));
    app.clock.advance(0);
    let same = dana.patch("/me", json!({"name": "Dana L."})).is(200).await;
    assert_eq!(same.version(), 2, "nothing changed, nothing is written");
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_keeps_this_one() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let phone = dana.login().await;
    let thief = dana.copy();
    let change = |current: &str| json!({"current_password": current, "new_password": "mombasa bridge 99"});

    let wrong = dana.post("/me/password", change("not the zanzibar one")).is(401).await;
    let weak = json!({"current_password": PASSWORD, "new_password": "12345678"});
    let weak = dana.post("/me/password", weak).is(422).await;
    let old_cookie = dana.cookie();
    dana.post("/me/password", change(PASSWORD)).is(204).await;

    assert_eq!((wrong.code(), weak.code()), ("bad_credentials", "password_weak"));
    assert_ne!(dana.cookie(), old_cookie);
    dana.get("/me").is(200).await;
    phone.get("/me").is(401).await;
    thief.get("/me").is(401).await;
    let login = |password: &str| json!({"email": dana.email, "password": password});
    app.stranger().post("/auth/login", login(PASSWORD)).is(401).await;
    app.stranger().post("/auth/login", login("mombasa bridge 99")).is(200).await;
}

#[tokio::test]
async fn a_closed_account_is_gone_at_once_and_its_address_is_free() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-12.50").await;
    let phone = dana.login().await;

    let wrong = dana.delete("/me").json(&json!({"password": "not the zanzibar one"})).is(401).await;
    let none = dana.delete("/me").json(&json!({})).is(422).await;
    dana.delete("/me").json(&json!({"password": PASSWORD})).is(204).await;

    assert_eq!((wrong.code(), none.code()), ("bad_credentials", "password_length"));
    assert_eq!(dana.cookie(), None);
    phone.get("/transactions").is(401).await;
    phone.get("/me").is(401).await;
    let login = json!({"email": dana.email, "password": PASSWORD});
    app.stranger().post("/auth/login", login).is(401).await;
    let next = app.register("Dana").await;
    assert_ne!(next.id, dana.id);
    assert_eq!(next.get("/transactions").await["totals"]["count"], 0);
    assert_eq!(crate::app::books(&app).await.iter().filter(|(_, reduced)| *reduced).count(), 1);
    assert_eq!(checked(&app).await, ExitCode::SUCCESS);
    app.stop();
    assert_eq!(checked(&app).await, ExitCode::SUCCESS);
}

async fn checked(app: &App) -> ExitCode {
    check(&*app.stores().await.journal, "the test's folder").await.unwrap()
}
