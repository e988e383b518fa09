//! `/analytics/anomalies`, `/recurring`, `/forecast` and `/health`, and what the answer to a write says of it.

use serde_json::{Value, json};

use crate::{
    app::{App, spawn_app},
    client::{Answer, Person},
};

/// A row as `POST /transactions` takes it.
fn row(date: &str, description: &str, amount: &str, category: &str) -> Value {
    json!({"date": date, "description": description, "amount": amount, "currency": "ILS", "category_id": category})
}

/// The days of the last `months` complete months before November 2026, oldest first.
fn months(months: i32) -> impl Iterator<Item = String> {
    (-months..0).map(|back| {
        let index = 2026 * 12 + 10 + back;
        format!("{}-{:02}", index / 12, index % 12 + 1)
    })
}

async fn import(dana: &Person, rows: Vec<Value>) {
    dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await;
}

/// A household: salary, rent, a subscription, groceries that vary a little.
fn household(count: i32) -> Vec<Value> {
    let mut rows = Vec::new();
    for (at, month) in months(count).enumerate() {
        rows.push(row(&format!("{month}-01"), "Salary", "12000.00", "income"));
        rows.push(row(&format!("{month}-02"), "Rent", "-4000.00", "housing-bills"));
        rows.push(row(&format!("{month}-12"), "Streamflix", "-40.00", "leisure-gifts"));
        for (day, part) in [("05", 0), ("13", 3), ("22", 6), ("27", 1)] {
            let amount = format!("-{}.50", 190 + (at * 7 + part) % 11 * 4);
            rows.push(row(&format!("{month}-{day}"), "Supermarket", &amount, "food-drinks"));
        }
    }
    rows
}

async fn with_household(app: &App, count: i32) -> Person {
    let dana = app.register("Dana").await;
    import(&dana, household(count)).await;
    dana
}

fn kinds(answer: &Answer) -> Vec<(&str, &str)> {
    answer
        .data()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["merchant"].as_str().unwrap()))
        .collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_unusual_amount_is_in_the_answer_and_in_the_list_until_it_is_called_fine() {
    let app = spawn_app();
    let dana = with_household(&app, 8).await;

    let recorded =
        dana.post("/transactions", row("2026-11-20", "Supermarket", "-2900.00", "food-drinks")).is(201).await;

    let anomaly = &recorded["anomalies"][0];
    assert_eq!(anomaly["kind"], "amount", "{}", recorded.text());
    assert_eq!(anomaly["transaction_id"], recorded["transaction"]["id"]);
    assert_eq!((&anomaly["amount"], &anomaly["currency"]), (&json!("-2900.00"), &json!("ILS")));
    assert_eq!(anomaly["against"], "merchant");
    assert!(anomaly["deviations"].as_f64().unwrap() > 3.0 && number(&anomaly["usual"]) < -180.0);
    assert!(
        anomaly["reason"].as_str().unwrap().starts_with("2900.00 ILS at supermarket is far from the usual")
    );
    let listed = dana.get("/analytics/anomalies").is(200).await;
    assert!(listed.data().contains(anomaly), "{}", listed.text());
    assert_eq!(listed["silenced"], json!([]));

    let body = json!({"kind": "amount", "merchant": "supermarket", "silent": true});
    let silenced = dana.post("/analytics/anomalies/silence", body.clone()).key("fine").is(200).await;
    let again = dana.post("/analytics/anomalies/silence", body.clone()).key("fine").is(200).await;

    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(silenced["entry_id"], again["entry_id"]);
    let quiet = dana.get("/analytics/anomalies").is(200).await;
    assert!(!kinds(&quiet).contains(&("amount", "supermarket")), "{}", quiet.text());
    assert_eq!(quiet["silenced"], json!([{"kind": "amount", "merchant": "supermarket"}]));
    let unheard =
        dana.post("/transactions", row("2026-11-21", "Supermarket", "-3900.00", "food-drinks")).is(201).await;
    assert_eq!(unheard["anomalies"], json!([]));
    let unchanged = dana.post("/analytics/anomalies/silence", body).is(200).await;
    assert_eq!(unchanged["entry_id"], Value::Null);

    dana.post("/undo", json!({"entry_id": silenced["entry_id"]})).is(200).await;

    let back = dana.get("/analytics/anomalies").is(200).await;
    assert!(kinds(&back).contains(&("amount", "supermarket")));
    let history = dana.get("/history?limit=3").is(200).await;
    let change = &history.data()[0]["changes"][0];
    assert_eq!((&change["kind"], &change["id"]), (&json!("silence"), &json!("amount:supermarket")));
    assert_eq!((&change["from"], &change["to"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn the_same_charge_twice_names_its_twin() {
    let app = spawn_app();
    let dana = with_household(&app, 4).await;
    let first = dana.recorded(row("2026-11-18", "Garage Cohen", "-350.00", "transportation")).await;

    let second = dana
        .post("/transactions", row("2026-11-19", "Garage Cohen", "-350.00", "transportation"))
        .is(201)
        .await;

    let twice =
        second["anomalies"].as_array().unwrap().iter().find(|one| one["kind"] == "duplicate").unwrap();
    assert_eq!((&twice["twin_id"], &twice["days"]), (&json!(first), &json!(1)));
    assert!(twice["reason"].as_str().unwrap().contains("350.00 ILS a day before"));
    let income = dana.post("/transactions", row("2026-11-19", "Bonus", "99999.00", "income")).is(201).await;
    assert_eq!(income["anomalies"], json!([]), "only money out is judged");
}

#[tokio::test]
async fn a_recurring_payment_that_costs_more_or_does_not_come_is_told() {
    let app = spawn_app();
    // Today is the 24th of November, and the rent of the 2nd did not come.
    let dana = with_household(&app, 9).await;

    let dearer =
        dana.post("/transactions", row("2026-11-12", "Streamflix", "-52.00", "leisure-gifts")).is(201).await;

    let rise =
        dearer["anomalies"].as_array().unwrap().iter().find(|one| one["kind"] == "price_rise").unwrap();
    assert_eq!((&rise["usual"], &rise["percent"]), (&json!("-40.00"), &json!(30.0)));
    let recurring = dana.get("/analytics/recurring").is(200).await;
    let find = |merchant: &str| recurring.data().iter().find(|item| item["merchant"] == merchant).cloned();
    let stream = find("streamflix").unwrap();
    assert_eq!((&stream["cadence"], &stream["amount"]), (&json!("monthly"), &json!("-52.00")));
    assert_eq!((&stream["last_date"], &stream["next_date"]), (&json!("2026-11-12"), &json!("2026-12-12")));
    assert_eq!(
        stream["price_rise"],
        json!({"from": "-40.00", "to": "-52.00", "percent": 30.0, "since": "2026-11-12"})
    );
    let rent = find("rent").unwrap();
    assert_eq!((&rent["missed"], &rent["next_date"]), (&json!(true), &json!("2026-11-02")));
    assert_eq!(
        (&recurring["currency"], rent["category_id"].as_str()),
        (&json!("ILS"), Some("housing-bills"))
    );
    assert!(number(&recurring["monthly"]) <= -4052.0);
    let listed = dana.get("/analytics/anomalies?from=2026-11").is(200).await;
    let missing = listed.data().iter().find(|one| one["kind"] == "missing").unwrap();
    assert_eq!((&missing["merchant"], &missing["date"]), (&json!("rent"), &json!("2026-11-02")));
    assert_eq!(missing["transaction_id"], Value::Null);
}

#[tokio::test]
async fn two_months_are_too_few_for_a_forecast_and_say_so() {
    let app = spawn_app();
    let dana = with_household(&app, 2).await;

    let forecast = dana.get("/analytics/forecast").is(200).await;
    let health = dana.get("/analytics/health").is(200).await;

    assert_eq!(forecast["missing"], json!({"needed": 3, "present": 2}));
    assert_eq!((&forecast["months"], &forecast["method"]), (&json!([]), &Value::Null));
    assert_eq!(forecast["history"].as_array().unwrap().len(), 2);
    assert_eq!((&health["score"], &health["action"]), (&Value::Null, &Value::Null));
    assert_eq!(health["missing"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn fourteen_months_give_quantiles_in_order_overall_and_by_category() {
    let app = spawn_app();
    let dana = with_household(&app, 14).await;

    let forecast = dana.get("/analytics/forecast?months=6").is(200).await;

    assert_eq!((&forecast["flow"], &forecast["currency"]), (&json!("expenses"), &json!("ILS")));
    assert_eq!(forecast["missing"], Value::Null);
    assert!(forecast["method"].is_string() && forecast["error"].as_f64().unwrap() < 0.2);
    let history = forecast["history"].as_array().unwrap();
    assert_eq!((history.len(), &history[13]["month"]), (14, &json!("2026-10")));
    let spent = dana.get("/analytics/monthly?months=2026-10").is(200).await;
    assert_eq!(number(&history[13]["amount"]), -number(&spent["total"]));
    let categories = forecast["categories"].as_array().unwrap();
    assert_eq!(categories.len(), 3);
    for months in categories.iter().map(|one| &one["months"]).chain([&forecast["months"]]) {
        let months = months.as_array().unwrap();
        assert_eq!((months.len(), &months[0]["month"]), (6, &json!("2026-11")));
        for month in months {
            assert!(
                number(&month["p10"]) <= number(&month["p50"])
                    && number(&month["p50"]) <= number(&month["p90"])
            );
        }
    }
    let rent = categories.iter().find(|one| one["category_id"] == "housing-bills").unwrap();
    assert_eq!(rent["months"][1]["p50"], "4000.00", "a recurring payment is known");
    assert!((4700.0..5000.0).contains(&number(&forecast["months"][1]["p50"])), "{}", forecast["months"]);
    for (query, code) in [
        ("months=0", "period_too_long"),
        ("months=37", "period_too_long"),
        ("currency=X", "currency_unknown"),
    ] {
        assert_eq!(dana.get(&format!("/analytics/forecast?{query}")).is(422).await.code(), code);
    }
}

#[tokio::test]
async fn health_is_a_score_of_parts_whose_weights_are_the_whole() {
    let app = spawn_app();
    let dana = with_household(&app, 14).await;

    let health = dana.get("/analytics/health").is(200).await;

    let parts = health["parts"].as_array().unwrap();
    let sum = |field: fn(&Value) -> f64| parts.iter().map(field).sum::<f64>();
    assert!((sum(|part| part["weight"].as_f64().unwrap()) - 1.0).abs() < 1e-9);
    let points = sum(|part| part["weight"].as_f64().unwrap() * part["points"].as_f64().unwrap_or(0.0));
    assert!((points - health["score"].as_f64().unwrap()).abs() <= 0.5);
    assert_eq!(health["missing"], json!([]));
    let savings = parts.iter().find(|part| part["name"] == "savings_rate").unwrap();
    assert!((50.0..70.0).contains(&savings["value"].as_f64().unwrap()), "{savings}");
    assert_eq!((&savings["target"], &savings["unit"]), (&json!(20.0), &json!("percent")));
}

#[tokio::test]
async fn a_demo_has_a_forecast_a_score_and_things_that_recur() {
    let app = spawn_app();
    let demo = app.stranger();
    demo.post("/auth/demo", json!({})).is(201).await;

    let forecast = demo.get("/analytics/forecast").is(200).await;
    let health = demo.get("/analytics/health").is(200).await;
    let recurring = demo.get("/analytics/recurring").is(200).await;
    demo.get("/analytics/anomalies?from=2025-10&to=2026-11").is(200).await;

    assert_eq!(forecast["months"].as_array().unwrap().len(), 12);
    assert!(health["score"].is_u64(), "{}", health.text());
    let merchants = recurring.column("merchant");
    for merchant in ["rent", "streaming", "gym membership"] {
        assert!(merchants.contains(&merchant), "{merchants:?}");
    }
}

#[tokio::test]
async fn a_demo_has_something_unusual_of_four_kinds_in_its_default_list() {
    let app = spawn_app();
    for (locale, expected) in [
        (
            "en",
            [
                ("amount", "supermarket"),
                ("duplicate", "harbour fish restaurant"),
                ("price_rise", "streaming"),
                ("missing", "gym membership"),
            ],
        ),
        (
            "he",
            [
                ("amount", "סופרמרקט"),
                ("duplicate", "מסעדת הדגים בנמל"),
                ("price_rise", "שירות סטרימינג"),
                ("missing", "מנוי לחדר כושר"),
            ],
        ),
    ] {
        let demo = app.stranger();
        demo.post("/auth/demo", json!({"base_currency": "ILS", "locale": locale})).is(201).await;

        let listed = demo.get("/analytics/anomalies").is(200).await;

        let found = kinds(&listed);
        for one in expected {
            assert!(found.contains(&one), "{one:?} in {}", listed.text());
        }
        let twice = listed.data().iter().find(|one| one["kind"] == "duplicate").unwrap();
        assert_eq!((&twice["days"], &twice["amount"]), (&json!(1), &json!("-186.00")));
    }
}

#[tokio::test]
async fn what_followed_the_book_entry_by_entry_says_what_a_fresh_reading_says() {
    let mut app = spawn_app();
    let dana = with_household(&app, 6).await;
    dana.get("/analytics/anomalies").is(200).await;
    let wrong = dana.recorded(row("2026-11-03", "Supermarket", "-9000.00", "food-drinks")).await;
    let moved = dana.recorded(row("2026-11-04", "Supermarket", "-4000.00", "food-drinks")).await;
    dana.recorded(row("2026-11-18", "Garage Cohen", "-350.00", "transportation")).await;
    dana.recorded(row("2026-11-19", "Garage Cohen", "-350.00", "transportation")).await;
    dana.delete(&format!("/transactions/{wrong}")).is(204).await;
    let patch = json!({"date": "2026-10-30", "description": "SUPERMARKET 0042", "category_id": "other"});
    dana.patch(&format!("/transactions/{moved}"), patch).is(200).await;
    dana.post("/undo", json!({})).is(200).await;
    dana.post("/redo", json!({})).is(200).await;
    let paths = ["anomalies", "recurring", "forecast", "health"].map(|what| format!("/analytics/{what}"));
    let mut before = Vec::new();
    for path in &paths {
        before.push(dana.get(path).is(200).await);
    }
    assert!(before[0].data().len() >= 2, "{}", before[0].text());

    app.restart();

    for (path, before) in paths.iter().zip(&before) {
        assert_eq!(dana.get(path).is(200).await.json, before.json, "{path}");
    }
}

#[tokio::test]
async fn insights_are_reports_with_a_tag_that_a_write_changes() {
    let app = spawn_app();
    let dana = with_household(&app, 6).await;
    for path in ["anomalies", "recurring", "forecast", "health"].map(|what| format!("/analytics/{what}")) {
        let first = dana.get(&path).is(200).await;
        dana.get(&path).header("If-None-Match", first.etag()).is(304).await;

        dana.record("Kiosk", "-8.00").await;

        assert_ne!(dana.get(&path).header("If-None-Match", first.etag()).is(200).await.etag(), first.etag());
    }
    for body in [
        json!({"kind": "amount", "merchant": "", "silent": true}),
        json!({"kind": "odd", "merchant": "x", "silent": true}),
    ] {
        dana.post("/analytics/anomalies/silence", body).is(422).await;
    }
    assert_eq!(
        dana.get("/analytics/anomalies?from=2026-11&to=2026-01").is(422).await.code(),
        "period_reversed"
    );
}
