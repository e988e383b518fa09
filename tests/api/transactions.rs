//! `/transactions`: recorded, found, changed and removed.

use std::future::IntoFuture as _;

use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Client, Person, transaction, with},
};

#[tokio::test]
async fn a_transaction_comes_back_with_the_names_and_texts_of_its_post() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = uuid::Uuid::now_v7().to_string();
    let sent = json!({
        "id": id, "date": "2026-11-20", "description": "קפה zanzibar ☕ עם חברים", "amount": "-52.90",
        "currency": "ILS", "category_id": "food-drinks", "tags": ["work", "עבודה"], "note": "two cups",
        "payee": "Café", "external_id": "bank-1",
    });

    let answer = dana.post("/transactions", sent.clone()).is(201).await;

    let got = &answer["transaction"];
    for (field, value) in sent.as_object().unwrap() {
        assert_eq!(&got[field], value, "{field}");
    }
    assert_eq!(
        (&got["review"], &got["splits"], &got["converted"]),
        (&json!(false), &json!([]), &Value::Null)
    );
    assert_eq!((&answer["anomalies"], &answer["budgets"]), (&json!([]), &json!([])));
    assert_eq!(answer["suggestions"].as_array().unwrap().len(), 1);
    assert_eq!(answer.version(), 2);
    assert_eq!(answer.etag(), "\"2\"");
    assert!(!answer.entry().is_empty());
    let read = dana.get(&format!("/transactions/{id}")).is(200).await;
    assert_eq!(&read.json, got);
    assert_eq!((read.etag(), read.version()), ("\"2\"", 2));
}

#[tokio::test]
async fn a_transaction_without_category_gets_one_from_the_classifier() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let coffee = dana.record("coffee with friends", "-18").await;
    let salary = dana.record("zanzibar employer", "12000").await;
    let unsure = dana.record("zzxqv", "-3").await;

    assert_eq!(coffee["transaction"]["category_id"], "food-drinks");
    assert_eq!(salary["transaction"]["category_id"], "income");
    assert_eq!(salary["suggestions"][0]["source"], "sign");
    assert_eq!(unsure["transaction"]["category_id"], "other");
    assert_eq!(
        (&unsure["transaction"]["review"], &unsure["suggestions"][0]["source"]),
        (&json!(true), &json!("unsure"))
    );
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_removes() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let body = with(
        transaction("zanzibar", "-10.00"),
        json!({"note": "n", "payee": "p", "external_id": "x", "tags": ["a"], "category_id": "other"}),
    );
    let id = dana.recorded(body).await;
    let path = format!("/transactions/{id}");

    let patch = json!({"amount": "-11.5", "note": null, "tags": ["b", "c"], "date": "2026-11-01"});
    let answer = dana.patch(&path, patch).is(200).await;

    let got = &answer["transaction"];
    assert_eq!(got["amount"], "-11.50");
    assert_eq!((&got["note"], &got["payee"], &got["external_id"]), (&Value::Null, &json!("p"), &json!("x")));
    assert_eq!((&got["tags"], &got["date"]), (&json!(["b", "c"]), &json!("2026-11-01")));
    assert_eq!(answer.etag(), format!("\"{}\"", answer.version()));
    let currency = dana.patch(&path, json!({"currency": "JPY", "amount": "-7"})).is(200).await;
    assert_eq!(currency["transaction"]["amount"], "-7");
    let digits = dana.patch(&path, json!({"amount": "-7.5"})).is(422).await;
    assert_eq!(digits.code(), "amount_too_precise");
    let nothing = dana.patch(&path, json!({"amount": "-7"})).is(200).await;
    assert_eq!((nothing.version(), nothing.header("entry-id")), (currency.version(), None));
}

#[tokio::test]
async fn a_deleted_transaction_is_gone_and_its_entry_can_be_undone() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = dana.recorded(transaction("zanzibar", "-10.00")).await;
    let path = format!("/transactions/{id}");

    let deleted = dana.delete(&path).is(204).await;

    assert_eq!(deleted.version(), 3);
    assert_eq!(dana.get(&path).is(404).await.code(), "not_found");
    dana.delete(&path).is(404).await;
    dana.patch(&path, json!({"note": "x"})).is(404).await;
    dana.post("/undo", json!({"entry_id": deleted.entry()})).is(200).await;
    dana.get(&path).is(200).await;
}

#[tokio::test]
async fn somebody_elses_transaction_is_unknown() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let omer = app.register("Omer").await;
    let id = dana.recorded(transaction("zanzibar", "-10.00")).await;
    let path = format!("/transactions/{id}");

    let unknown = omer.get(&format!("/transactions/{}", uuid::Uuid::now_v7())).is(404).await;
    let foreign = omer.get(&path).is(404).await;

    assert_eq!((foreign.code(), &foreign["detail"]), (unknown.code(), &unknown["detail"]));
    omer.patch(&path, json!({"note": "x"})).is(404).await;
    omer.delete(&path).is(404).await;
    assert_eq!(dana.get(&path).await["note"], Value::Null);
}

#[tokio::test]
async fn if_match_protects_what_somebody_else_has_changed() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let id = dana.recorded(transaction("zanzibar", "-10.00")).await;
    let path = format!("/transactions/{id}");
    let seen = dana.get(&path).await.etag().to_owned();
    dana.record("something else", "-1").await;

    let first = dana.patch(&path, json!({"note": "mine"})).header("if-match", &seen).is(200).await;
    let late = dana.patch(&path, json!({"note": "late"})).header("if-match", &seen).is(412).await;
    let foreign = dana.delete(&path).header("if-match", "\"abc\"").is(412).await;

    assert_eq!((late.code(), foreign.code()), ("changed_since", "changed_since"));
    let now = first.etag().to_owned();
    assert_eq!(dana.get(&path).await.etag(), now);
    dana.patch(&path, json!({"note": "any"})).header("if-match", "*").is(200).await;
    dana.delete(&path).header("if-match", &now).is(412).await;
    let now = dana.get(&path).await.etag().to_owned();
    dana.delete(&path).header("if-match", &now).is(204).await;
}

#[tokio::test]
async fn a_split_transaction_lists_its_lines_and_has_no_category() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let splits = json!([
        {"category_id": "food-drinks", "amount": "-30.10", "note": "bread"},
        {"category_id": "leisure-gifts", "amount": "-19.90", "note": null},
    ]);

    let body = with(transaction("zanzibar market", "-50"), json!({"splits": splits}));
    let id = dana.recorded(body.clone()).await;
    let wrong = with(body.clone(), json!({"amount": "-51"}));
    let wrong = dana.post("/transactions", wrong).is(422).await;

    let got = dana.get(&format!("/transactions/{id}")).await;
    assert_eq!((&got["splits"], &got["category_id"]), (&splits, &Value::Null));
    assert_eq!(wrong.code(), "splits_unbalanced");
    let by_category = dana.get("/transactions?category=leisure-gifts").await;
    assert_eq!(by_category["totals"]["count"], 1);
    let breakdown = dana.get("/analytics/breakdown").await;
    let amounts: Vec<_> = breakdown.data().iter().map(|row| (&row["category_id"], &row["amount"])).collect();
    assert_eq!(
        amounts,
        [(&json!("food-drinks"), &json!("-30.10")), (&json!("leisure-gifts"), &json!("-19.90"))]
    );
    let one = dana.patch(&format!("/transactions/{id}"), json!({"category_id": "other"})).is(200).await;
    assert_eq!(
        (&one["transaction"]["splits"], &one["transaction"]["category_id"]),
        (&json!([]), &json!("other"))
    );
}

#[tokio::test]
async fn the_same_external_id_is_recorded_once() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let body = with(transaction("zanzibar", "-1"), json!({"external_id": "bank-7"}));
    dana.recorded(body.clone()).await;

    let answer = dana.post("/transactions", body.clone()).is(409).await;

    assert_eq!(answer.code(), "external_id_taken");
    app.register("Omer").await.recorded(body).await;
}

/// Rows on several days, categories and currencies; every filter finds some of them.
async fn fill(dana: &Person) {
    let rows = [
        ("2026-09-30", "zanzibar bread", "-10.00", "ILS", "food-drinks", json!(["home"]), Value::Null),
        ("2026-10-01", "bus", "-5.90", "ILS", "transportation", json!(["work"]), json!("ZANZIBAR line")),
        ("2026-10-01", "taxi", "-40", "ILS", "transportation", json!([]), Value::Null),
        ("2026-10-15", "hotel", "-100.00", "EUR", "leisure-gifts", json!(["trip"]), Value::Null),
        ("2026-11-01", "salary", "9000", "ILS", "income", json!(["work"]), Value::Null),
        ("2026-11-02", "dinar dinner", "-1.234", "KWD", "food-drinks", json!(["trip"]), Value::Null),
    ];
    for (date, description, amount, currency, category, tags, note) in rows {
        let body = json!({"date": date, "description": description, "amount": amount, "currency": currency,
            "category_id": category, "tags": tags, "note": note});
        dana.recorded(body).await;
    }
    dana.recorded(json!({"date": "2026-11-03", "description": "zzxqv", "amount": "-2", "currency": "ILS"}))
        .await;
}

async fn found(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("/transactions?{query}")).is(200).await;
    let rows: Vec<String> = answer.column("description").into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(answer["totals"]["count"], rows.len(), "{query}");
    rows
}

#[tokio::test]
async fn every_filter_finds_its_rows_newest_first() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    fill(&dana).await;
    let account = dana.get("/accounts").await.data()[0]["id"].as_str().unwrap().to_owned();

    for (query, expected) in [
        ("", &["zzxqv", "dinar dinner", "salary", "hotel", "taxi", "bus", "zanzibar bread"][..]),
        ("from=2026-10-02&to=2026-11-01", &["salary", "hotel"]),
        ("to=2026-09-30", &["zanzibar bread"]),
        ("category=transportation", &["taxi", "bus"]),
        ("category=transportation,income", &["salary", "taxi", "bus"]),
        ("tag=work", &["salary", "bus"]),
        ("tag=Work", &[]),
        ("q=zanzibar", &["bus", "zanzibar bread"]),
        ("q=DIN", &["dinar dinner"]),
        ("q=", &["zzxqv", "dinar dinner", "salary", "hotel", "taxi", "bus", "zanzibar bread"]),
        ("min=40", &["salary", "hotel", "taxi"]),
        ("max=5.9", &["zzxqv", "dinar dinner", "bus"]),
        ("min=5.90&max=10.00", &["bus", "zanzibar bread"]),
        ("type=income", &["salary"]),
        ("type=expense&currency=ILS", &["zzxqv", "taxi", "bus", "zanzibar bread"]),
        ("currency=KWD", &["dinar dinner"]),
        ("currency=USD", &[]),
        ("review=true", &["zzxqv"]),
        ("review=false&from=2026-11-01", &["dinar dinner", "salary"]),
        (&format!("account={account}&from=2026-11-03"), &["zzxqv"]),
        (&format!("account={}", uuid::Uuid::now_v7()), &[]),
        (&format!("category={}", uuid::Uuid::now_v7()), &[]),
        ("from=2026-10-01&category=transportation&q=bus&max=6", &["bus"]),
    ] {
        assert_eq!(found(&dana, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn totals_convert_and_say_what_they_could_not_convert() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    fill(&dana).await;

    let all = dana.get("/transactions?limit=1").is(200).await;
    let rate = dana.get("/rates?date=2026-10-15&base=EUR&symbols=ILS").is(200).await;

    assert_eq!(all.data().len(), 1);
    let totals = &all["totals"];
    assert_eq!(
        (&totals["count"], &totals["in"], &totals["currency"]),
        (&json!(7), &json!("9000.00"), &json!("ILS"))
    );
    assert_eq!(totals["unconverted"], json!([{"currency": "KWD", "amount": "-1.234", "count": 1}]));
    let rate: rust_decimal::Decimal = rate["rates"]["ILS"].as_str().unwrap().parse().unwrap();
    let hotel = (rate * rust_decimal::Decimal::from(-100)).round_dp(2);
    let rest: rust_decimal::Decimal = "-57.90".parse().unwrap();
    assert_eq!(totals["out"], (hotel + rest).to_string());
    let shown = dana.get("/transactions?display_currency=EUR&from=2026-10-15&to=2026-11-01").await;
    let [salary, hotel] = shown.data() else { panic!("{}", shown.text()) };
    assert_eq!(hotel["converted"], Value::Null, "it is in euro already");
    assert_eq!(salary["converted"]["currency"], "EUR");
    assert_eq!(salary["converted"]["rate_date"], "2026-10-30", "the last day before a Sunday with rates");
    assert_eq!(salary["converted"]["source"], "ecb");
    assert_eq!(shown["totals"]["currency"], "EUR");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_double() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let row = |number: u32| {
        let day = 1 + number % 3;
        let date = format!("2026-11-{day:02}");
        with(transaction(&format!("row {number}"), "-1"), json!({"date": date, "category_id": "other"}))
    };
    let rows: Vec<Value> = (0..25).map(row).collect();
    dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await;
    let whole = found(&dana, "limit=500").await;
    assert_eq!(whole.len(), 25);

    let mut paged = Vec::new();
    let mut path = "/transactions?limit=7".to_owned();
    let mut pages = 0;
    loop {
        let page = dana.get(&path).is(200).await;
        assert_eq!(page["totals"]["count"], 25 + pages, "the totals are of the whole filter");
        paged.extend(page.column("description").into_iter().map(ToOwned::to_owned));
        let Some(next) = page["page"]["next"].as_str() else { break };
        path = format!("/transactions?limit=7&cursor={next}");
        // A row that comes meanwhile on a day that was passed disturbs nobody.
        let new = with(row(0), json!({"date": "2026-11-20", "description": "new"}));
        dana.recorded(new).await;
        pages += 1;
    }

    assert_eq!(paged, whole);
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn twenty_thousand_rows_are_one_entry_and_one_undo() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let row = |number: u32| {
        let date = format!("20{:02}-{:02}-{:02}", 20 + number % 6, 1 + number % 12, 1 + number % 28);
        json!({"date": date, "description": format!("zanzibar shop {}", number % 50), "amount": "-12.34",
            "currency": "ILS", "category_id": "food-drinks", "external_id": format!("bank-{number}")})
    };
    let rows: Vec<Value> = (0..20_000).map(row).collect();

    let answer = dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await;

    assert_eq!((&answer["count"], answer.version()), (&json!(20_000), 2));
    assert_eq!(answer["entry_id"], answer.entry());
    let totals = dana.get("/transactions?limit=1").await["totals"].clone();
    assert_eq!((&totals["count"], &totals["out"]), (&json!(20_000), &json!("-246800.00")));
    let undone = dana.post("/undo", json!({})).is(200).await;
    assert_eq!(undone.version(), 3);
    assert_eq!(dana.get("/transactions").await["totals"]["count"], 0);
    let redone = dana.post("/redo", json!({})).is(200).await;
    assert_eq!(redone.version(), 4);
    assert_eq!(dana.get("/transactions").await["totals"], totals);
}

#[tokio::test]
async fn a_bulk_write_records_all_or_none() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let good = transaction("zanzibar", "-1");

    let mixed = json!({"transactions": [good, with(good.clone(), json!({"amount": "0"})), with(good.clone(), json!({"date": "x"}))]});
    let mixed = dana.post("/transactions/bulk", mixed).is(422).await;
    let twice = with(good.clone(), json!({"external_id": "same"}));
    let twice = dana.post("/transactions/bulk", json!({"transactions": [twice, twice]})).is(409).await;
    let none = dana.post("/transactions/bulk", json!({"transactions": []})).is(422).await;
    let many = json!({"transactions": vec![good.clone(); 20_001]});
    let many = dana.post("/transactions/bulk", many).is(413).await;

    let places: Vec<_> = mixed["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(places, ["/transactions/1/amount", "/transactions/2/date"]);
    assert_eq!(
        (twice.code(), none.code(), many.code()),
        ("external_id_taken", "text_empty", "entry_too_large")
    );
    assert_eq!(dana.version().await, 1);
}

#[tokio::test]
async fn a_client_that_has_seen_more_gets_no_older_answer() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-1").await;

    for path in
        ["/transactions", "/dashboard", "/categories", "/me", "/history", "/changes?since=0", "/accounts"]
    {
        dana.get(path).header("ledger-min", "2").is(200).await;
        let ahead = dana.get(path).header("ledger-min", "3").is(503).await;
        assert_eq!(ahead.code(), "unavailable", "{path}");
        dana.get(path).header("ledger-min", "x").is(400).await;
    }
}

#[tokio::test]
async fn a_hundred_first_requests_at_once_open_the_book_together() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let requests = (0..100).map(|_| dana.get("/transactions").is(200).into_future());
    let answers = futures_util::future::join_all(requests).await;

    assert!(answers.iter().all(|answer| answer.version() == 1));
}

#[tokio::test]
async fn a_lesson_alone_leaves_the_tag_of_the_row() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let other = with(transaction("zanzibar", "-1"), json!({"category_id": "other"}));
    let id = dana.recorded(other).await;
    dana.recorded(with(transaction("zanzibar", "-1"), json!({"category_id": "leisure-gifts"}))).await;
    let path = format!("/transactions/{id}");
    let body = json!({"category_id": "other"});

    let taught = dana.patch(&path, body.clone()).key("k").is(200).await;
    let again = dana.patch(&path, body).key("k").is(200).await;

    assert_eq!((&taught["learned"], taught.version()), (&json!(true), 4));
    assert_eq!([taught.etag(), again.etag()], ["\"2\""; 2]);
    assert_eq!(again.json, taught.json);
    dana.patch(&path, json!({"note": "n"})).header("if-match", taught.etag()).is(200).await;
}

/// The only place that a refusal names.
async fn place(request: crate::client::Request<'_>, status: u16) -> (String, String) {
    let answer = request.is(status).await;
    let [error] = answer["errors"].as_array().unwrap().as_slice() else { panic!("{}", answer.text()) };
    (error["pointer"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_the_book_refuses_is_named_by_row_and_field() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let unknown = uuid::Uuid::now_v7();
    let boats = dana.post("/categories", json!({"name": "Boats"})).is(201).await["id"].clone();
    let archived = format!("/categories/{}", boats.as_str().unwrap());
    dana.patch(&archived, json!({"archived": true})).is(200).await;
    let taken = with(transaction("zanzibar", "-1"), json!({"external_id": "taken"}));
    let id = dana.recorded(taken).await;
    let split = |category: Value| json!([{"category_id": category, "amount": "-1"}]);

    for (field, value, status, at, code) in [
        ("category_id", json!(unknown), 422, "category_id", "not_found"),
        ("category_id", boats.clone(), 422, "category_id", "category_archived"),
        ("splits", split(json!(unknown)), 422, "splits", "not_found"),
        ("splits", split(boats), 422, "splits", "category_archived"),
        ("account_id", json!(unknown), 422, "account_id", "not_found"),
        ("date", json!("1899-12-31"), 422, "date", "date_too_early"),
        ("date", json!("2027-11-25"), 422, "date", "date_too_late"),
        ("id", json!(id), 409, "id", "exists"),
        ("external_id", json!("taken"), 409, "external_id", "external_id_taken"),
    ] {
        let body = with(transaction("zanzibar", "-1"), json!({field: value}));
        let rows = json!({"transactions": [transaction("a", "-1"), body, transaction("b", "-1")]});

        let single = place(dana.post("/transactions", body), status).await;
        let bulk = place(dana.post("/transactions/bulk", rows), status).await;

        assert_eq!(single, (format!("/{at}"), code.to_owned()));
        assert_eq!(bulk, (format!("/transactions/1/{at}"), code.to_owned()));
    }
    let twice = with(transaction("zanzibar", "-1"), json!({"id": unknown}));
    let twice = json!({"transactions": [twice, twice]});
    assert_eq!(place(dana.post("/transactions/bulk", twice), 409).await.0, "/transactions/1/id");
    let twice = with(transaction("zanzibar", "-1"), json!({"external_id": "new"}));
    let twice = json!({"transactions": [twice, twice]});
    assert_eq!(place(dana.post("/transactions/bulk", twice), 409).await.0, "/transactions/1/external_id");
}

#[tokio::test]
async fn a_change_that_is_refused_names_its_field() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let path = format!("/transactions/{}", dana.recorded(transaction("zanzibar", "-1")).await);

    for (field, value, code) in [
        ("category_id", json!(uuid::Uuid::now_v7()), "not_found"),
        ("amount", json!("x"), "amount_malformed"),
        ("amount", json!("0"), "amount_zero"),
        ("amount", json!("1.001"), "amount_too_precise"),
        ("date", json!("2027-11-25"), "date_too_late"),
    ] {
        let refused = place(dana.patch(&path, json!({field: value})), 422).await;

        assert_eq!(refused, (format!("/{field}"), code.to_owned()));
    }
}

#[tokio::test]
async fn what_a_transaction_must_have_is_not_removed() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let path = format!("/transactions/{}", dana.recorded(transaction("zanzibar", "-1")).await);

    for field in ["date", "description", "amount", "currency", "category_id", "tags", "review"] {
        let (pointer, _) = place(dana.patch(&path, json!({field: null})), 422).await;

        assert_eq!(pointer, format!("/{field}"));
    }
    for field in ["name", "archived"] {
        let (pointer, _) = place(dana.patch("/categories/other", json!({field: null})), 422).await;

        assert_eq!(pointer, format!("/{field}"));
    }
    for field in ["note", "payee", "external_id"] {
        dana.patch(&path, json!({field: null})).is(200).await;
    }
}
