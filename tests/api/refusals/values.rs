//! Values of a body that make no sense, one at a time.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Case, Stage};
use crate::client::{PASSWORD, transaction, with};

const TYPE: &str = "invalid_body";

#[tokio::test]
async fn values_that_make_no_sense_are_refused() {
    let stage = Stage::set().await;
    stage.refuses(&cases(&stage)).await;
}

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    let mut cases = transactions(stage);
    cases.extend(categories(stage));
    cases.extend(people());
    cases.extend(others(stage));
    cases
}

type Wrong = (&'static str, Value, u16, &'static str);

/// What is wrong in a transaction whatever the method is.
fn fields() -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> = Vec::new();
    let mut add = |field: &'static str, values: &[Value], code: &'static str| {
        wrong.extend(values.iter().map(|value| (field, value.clone(), 422, code)));
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let types = [json!(77123), json!(-7.5), json!(true), json!([]), json!({"zanzibar": 1})];

    add(
        "date",
        &texts(&[
            "",
            "zanzibar",
            "2026-2-3",
            "2026-02-30",
            "20260203",
            "2026-02-03T00:00",
            "2026-13-01",
            "0000-00-00",
            " 2026-01-01",
            "2026-01-01 ",
            "２０２６-01-01",
            "2026/01/01",
            "-026-01-01",
        ]),
        "date_malformed",
    );
    add("date", &texts(&["1899-12-31", "0001-01-01"]), "date_too_early");
    add("date", &texts(&["2027-11-25", "9999-12-31"]), "date_too_late");
    add("date", &types, TYPE);
    add(
        "amount",
        &texts(&[
            "", "-", "+77123", "77123.", ".5", "1e3", "1,00", " 1", "1 ", "0x1", "٣", "--1", "1.2.3", "NaN",
            "Infinity", "zanzibar", "1\n", "−5",
        ]),
        "amount_malformed",
    );
    add("amount", &texts(&["0", "-0", "0.00"]), "amount_zero");
    add("amount", &texts(&["77123.456", "-0.001", "1.000"]), "amount_too_precise");
    add(
        "amount",
        &texts(&[
            "10000000000000.01",
            "-10000000000000.01",
            "99999999999999999999999",
            "9223372036854775807",
            "-9223372036854775809",
        ]),
        "amount_too_large",
    );
    add("amount", &types, TYPE);
    add(
        "currency",
        &texts(&["", "ils", "XXX", "XAU", "XTS", "ZZZ", "US", "USDX", "₪", "zanzibar"]),
        "currency_unknown",
    );
    add("currency", &types, TYPE);
    add("description", &[json!(""), json!(" "), json!("\u{a0}")], "text_empty");
    add("description", &[json!("z".repeat(501)), json!("שּׁ".repeat(501))], "text_too_long");
    add(
        "description",
        &texts(&["zanzibar\nferry", "zanzibar\u{7f}", "zanzibar\u{85}", "\tzanzibar", "zanzibar\u{1b}[0m"]),
        "text_control",
    );
    add("description", &[json!("zanzibar\0")], TYPE);
    add("description", &types, TYPE);
    add("note", &[json!(""), json!("  ")], "text_empty");
    add("note", &[json!("z".repeat(4001))], "text_too_long");
    add("note", &[json!("zanzibar\r\n")], "text_control");
    add("note", &types, TYPE);
    add("payee", &[json!("z".repeat(101))], "text_too_long");
    add("payee", &[json!("\u{2}")], "text_control");
    add("external_id", &[json!("z".repeat(201))], "text_too_long");
    add("external_id", &[json!("")], "text_empty");
    add("tags", &[json!(["a", "a"])], "tag_twice");
    add("tags", &[json!(vec!["zanzibar"; 21])], "too_many");
    add("tags", &[json!(["a", ""])], "text_empty");
    add("tags", &[json!(["z".repeat(65)])], "text_too_long");
    add("tags", &[json!(["zanzibar\n"])], "text_control");
    add("tags", &[json!("zanzibar"), json!([1]), json!([null]), json!({}), json!([["a"]])], TYPE);
    add(
        "category_id",
        &texts(&["", "nonsense", "FOOD-DRINKS", "food drinks", "00000000-0000-0000-0000-000000000000"]),
        "id_malformed",
    );
    add("category_id", &types, TYPE);
    add("colour", &[json!("zanzibar")], TYPE);
    wrong
}

fn transactions(stage: &Stage) -> Vec<Case> {
    let whole = with(transaction("zanzibar", "-77123.45"), json!({"category_id": "other"}));
    let row = format!("/transactions/{}", stage.transaction);
    let post = |body: &Value, status, code| Case::new(Method::POST, "/transactions", status, code).json(body);
    let patch = |body: &Value, status, code| Case::new(Method::PATCH, row.clone(), status, code).json(body);
    let mut cases = Vec::new();
    for (field, value, status, code) in fields() {
        cases.push(post(&with(whole.clone(), json!({field: value})), status, code));
        cases.push(patch(&json!({field: value}), status, code));
    }
    let unknown = uuid::Uuid::now_v7().to_string();
    for (field, value, status, code) in [
        ("id", json!("zanzibar"), 422, "id_malformed"),
        ("id", json!("00000000-0000-0000-0000-000000000000"), 422, "id_malformed"),
        ("id", json!(stage.transaction), 409, "exists"),
        ("account_id", json!("zanzibar"), 422, "id_malformed"),
        ("account_id", json!(unknown), 422, TYPE),
        ("account_id", json!(stage.foreign_account), 422, TYPE),
        ("category_id", json!(unknown), 422, TYPE),
        ("category_id", json!(stage.foreign_category), 422, TYPE),
        ("external_id", json!("taken"), 409, "external_id_taken"),
        ("date", Value::Null, 422, TYPE),
        ("amount", Value::Null, 422, TYPE),
        ("currency", Value::Null, 422, TYPE),
        ("description", Value::Null, 422, TYPE),
        ("review", json!(true), 422, TYPE),
        ("splits", json!([{"category_id": "other", "amount": "-1"}]), 422, "splits_unbalanced"),
        ("splits", json!([{"category_id": "other", "amount": "-77123.455"}]), 422, "amount_too_precise"),
        ("splits", json!([{"category_id": "zanzibar", "amount": "-77123.45"}]), 422, "id_malformed"),
        ("splits", json!([{"category_id": unknown, "amount": "-77123.45"}]), 422, TYPE),
        ("splits", json!([{"category_id": "other"}]), 422, TYPE),
        ("splits", json!([{"category_id": "other", "amount": "-77123.45", "zanzibar": 1}]), 422, TYPE),
        (
            "splits",
            json!([{"category_id": "other", "amount": "9223372036854775807"}]),
            422,
            "amount_too_large",
        ),
        ("splits", json!(vec![json!({"category_id": "other", "amount": "-1"}); 51]), 422, "too_many"),
        ("splits", json!({}), 422, TYPE),
    ] {
        cases.push(post(&with(whole.clone(), json!({field: value})), status, code));
    }
    cases.push(patch(&json!({"category_id": stage.foreign_category}), 422, TYPE));
    cases.push(patch(&json!({"review": "zanzibar"}), 422, TYPE));
    for field in ["date", "description", "amount", "currency"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(field);
        cases.push(post(&body, 422, TYPE));
        let bulk = json!({"transactions": [whole, body]});
        cases.push(Case::new(Method::POST, "/transactions/bulk", 422, TYPE).json(&bulk));
    }
    cases
}

fn categories(stage: &Stage) -> Vec<Case> {
    let path = format!("/categories/{}", stage.category);
    let mut cases = Vec::new();
    for (field, value, code) in [
        ("name", json!(""), "text_empty"),
        ("name", json!("z".repeat(101)), "text_too_long"),
        ("name", json!("zanzibar\n"), "text_control"),
        ("name", json!(1), TYPE),
        ("name", json!(["zanzibar"]), TYPE),
        ("color", json!("red"), "color_malformed"),
        ("color", json!("#12345"), "color_malformed"),
        ("color", json!("#12345g"), "color_malformed"),
        ("color", json!("#1234567"), "color_malformed"),
        ("color", json!(""), "color_malformed"),
        ("color", json!(0x0012_3456), TYPE),
        ("zanzibar", json!(1), TYPE),
    ] {
        let body = with(json!({"name": "Zanzibar"}), json!({field: value}));
        cases.push(Case::new(Method::POST, "/categories", 422, code).json(&body));
        cases.push(Case::new(Method::PATCH, &*path, 422, code).json(&json!({field: value})));
    }
    for (body, status, code) in [
        (json!({}), 422, TYPE),
        (json!({"name": "Zanzibar", "kind": "savings"}), 422, TYPE),
        (json!({"name": "Zanzibar", "kind": null, "id": "zanzibar"}), 422, "id_malformed"),
        (json!({"name": "Zanzibar", "id": "food-drinks"}), 409, "exists"),
        (json!({"name": "BOATS"}), 409, "category_name_taken"),
    ] {
        cases.push(Case::new(Method::POST, "/categories", status, code).json(&body));
    }
    cases.push(Case::new(Method::PATCH, &*path, 422, TYPE).json(&json!({"archived": "yes"})));
    cases.push(Case::new(Method::PATCH, &*path, 422, TYPE).json(&json!({"kind": "income"})));
    cases
}

fn people() -> Vec<Case> {
    let mut cases = Vec::new();
    let register = json!({"email": "noa@private.example", "password": PASSWORD, "name": "Zanzibar"});
    for (field, value, code) in [
        ("base_currency", json!("XXX"), "currency_unknown"),
        ("base_currency", json!(1), TYPE),
        ("locale", json!("EN"), "locale_malformed"),
        ("locale", json!("en_US"), "locale_malformed"),
        ("locale", json!("zanzibar"), "locale_malformed"),
        ("locale", json!(format!("en{}", "-latn".repeat(10))), "locale_malformed"),
        ("time_zone", json!("Zanzibar"), "time_zone_unknown"),
        ("time_zone", json!("../../etc/passwd"), "time_zone_unknown"),
        ("time_zone", json!(""), "time_zone_unknown"),
        ("week_start", json!("friday"), TYPE),
        ("week_start", json!(0), TYPE),
        ("zanzibar", json!(1), TYPE),
    ] {
        cases.push(Case::new(Method::PATCH, "/me", 422, code).json(&json!({field: value})));
        cases.push(Case::new(Method::POST, "/auth/demo", 422, code).json(&json!({field: value})));
        let body = with(register.clone(), json!({field: value}));
        cases.push(Case::new(Method::POST, "/auth/register", 422, code).json(&body));
    }
    for (email, code) in [
        (json!(""), "email_malformed"),
        (json!("zanzibar"), "email_malformed"),
        (json!("@private.example"), "email_malformed"),
        (json!("a@"), "email_malformed"),
        (json!("a b@private.example"), "email_malformed"),
        (json!("a@b@private.example"), "email_malformed"),
        (json!(format!("{}@private.example", "z".repeat(300))), "email_malformed"),
        (json!("a\n@private.example"), "email_malformed"),
        (json!(null), TYPE),
        (json!(["a@private.example"]), TYPE),
    ] {
        for (path, base) in [
            ("/auth/register", &register),
            ("/auth/login", &json!({"password": PASSWORD})),
            ("/auth/demo/keep", &json!({"password": PASSWORD})),
        ] {
            let body = with(base.clone(), json!({"email": email}));
            cases.push(Case::new(Method::POST, path, 422, code).json(&body));
        }
    }
    for (password, code) in [
        (json!("short"), "password_length"),
        (json!("z".repeat(257)), "password_length"),
        (json!(""), "password_length"),
        (json!(12_345_678), TYPE),
    ] {
        let email = "noa@private.example";
        let login = json!({"email": email, "password": password});
        let change = json!({"current_password": PASSWORD, "new_password": password});
        let back = json!({"current_password": password, "new_password": PASSWORD});
        cases.push(Case::new(Method::POST, "/auth/login", 422, code).json(&login));
        cases.push(
            Case::new(Method::POST, "/auth/register", 422, code).json(&with(login, json!({"name": "Noa"}))),
        );
        cases.push(Case::new(Method::POST, "/me/password", 422, code).json(&change));
        cases.push(Case::new(Method::POST, "/me/password", 422, code).json(&back));
        cases.push(Case::new(Method::DELETE, "/me", 422, code).json(&json!({"password": password})));
    }
    let kept = json!({"email": "noa@private.example", "password": PASSWORD});
    cases.push(Case::new(Method::POST, "/auth/demo/keep", 409, "not_a_demo").json(&kept));
    cases
}

/// Other people's ids, and bodies of the small endpoints.
fn others(stage: &Stage) -> Vec<Case> {
    let mut cases = Vec::new();
    let unknown = uuid::Uuid::now_v7().to_string();
    for id in [
        &*stage.foreign_transaction,
        &*unknown,
        "zanzibar",
        "1",
        "..%2F..",
        "%00",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let path = format!("/transactions/{id}");
        cases.push(Case::new(Method::GET, &*path, 404, "not_found"));
        cases.push(Case::new(Method::DELETE, &*path, 404, "not_found"));
        cases.push(Case::new(Method::PATCH, &*path, 404, "not_found").json(&json!({"note": "zanzibar"})));
    }
    for id in [&*stage.foreign_category, &*unknown, "zanzibar", "OTHER"] {
        let path = format!("/categories/{id}");
        cases.push(Case::new(Method::GET, &*path, 404, "not_found"));
        cases.push(Case::new(Method::DELETE, &*path, 404, "not_found"));
        cases.push(Case::new(Method::PATCH, &*path, 404, "not_found").json(&json!({"name": "zanzibar"})));
    }
    for id in [&*stage.foreign_session, &*unknown, "zanzibar"] {
        cases.push(Case::new(Method::DELETE, format!("/sessions/{id}"), 404, "not_found"));
    }
    for path in ["/undo", "/redo"] {
        for (body, status, code) in [
            (json!({"entry_id": stage.foreign_entry}), 404, "not_found"),
            (json!({"entry_id": unknown}), 404, "not_found"),
            (json!({"entry_id": "zanzibar"}), 422, "id_malformed"),
            (json!({"entry_id": 5}), 422, TYPE),
            (json!({"zanzibar": 5}), 422, TYPE),
        ] {
            cases.push(Case::new(Method::POST, path, status, code).json(&body));
        }
    }
    for (body, code) in [
        (json!({"description": ""}), "text_empty"),
        (json!({"description": "zanzibar", "amount": "x"}), "amount_malformed"),
        (json!({"description": "zanzibar", "amount": "77123.001"}), "amount_too_precise"),
        (json!({"description": "zanzibar", "currency": "ZZZ"}), "currency_unknown"),
        (json!({"amount": "1"}), TYPE),
    ] {
        cases.push(Case::new(Method::POST, "/transactions/suggest", 422, code).json(&body));
    }
    for body in [json!({"active": 1}), json!({"active": null}), json!({"active": true, "x": 1})] {
        cases.push(Case::new(Method::POST, "/session/heartbeat", 422, TYPE).json(&body));
    }
    cases
}
