//! Queries that make no sense, and paths and methods that lead nowhere.

use reqwest::Method;

use super::{Case, Stage};

const QUERY: &str = "invalid_query";

#[tokio::test]
async fn queries_paths_and_methods_that_make_no_sense_are_refused() {
    let stage = Stage::set().await;
    stage.refuses(&cases(&stage)).await;
}

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    let mut cases = queries();
    cases.extend(everywhere(stage));
    cases.extend(nowhere());
    cases
}

fn queries() -> Vec<Case> {
    let many = format!("months={}", "2026-01,".repeat(1201));
    let long = format!("q={}", "z".repeat(501));
    let huge = format!("q={}", "z".repeat(9000));
    [
        ("/transactions", "from=zanzibar", 422, "date_malformed"),
        ("/transactions", "to=2026-02-30", 422, "date_malformed"),
        ("/transactions", "from=", 422, "date_malformed"),
        ("/transactions", "from=2026-02-02&to=2026-02-01", 422, "period_reversed"),
        ("/transactions", "account=zanzibar", 422, "id_malformed"),
        ("/transactions", "category=zanzibar", 422, "id_malformed"),
        ("/transactions", "category=other,zanzibar", 422, "id_malformed"),
        ("/transactions", "tag=", 422, "text_empty"),
        ("/transactions", "tag=%0A", 422, "text_empty"),
        ("/transactions", "tag=a%0Ab", 422, "text_control"),
        ("/transactions", "q=zanzibar%07", 422, "text_control"),
        ("/transactions", &long, 422, "text_too_long"),
        ("/transactions", &huge, 414, "query_too_long"),
        ("/transactions", "min=-1", 422, "amount_malformed"),
        ("/transactions", "min=zanzibar", 422, "amount_malformed"),
        ("/transactions", "max=1e9", 422, "amount_malformed"),
        ("/transactions", "max=", 422, "amount_malformed"),
        ("/transactions", "min=.", 422, "amount_malformed"),
        ("/transactions", "max=99999999999999999999999999999999999999", 422, "amount_malformed"),
        ("/transactions", "currency=zanzibar", 422, "currency_unknown"),
        ("/transactions", "display_currency=XXX", 422, "currency_unknown"),
        ("/transactions", "type=transfer", 422, QUERY),
        ("/transactions", "review=maybe", 422, QUERY),
        ("/transactions", "limit=0", 422, QUERY),
        ("/transactions", "limit=501", 422, QUERY),
        ("/transactions", "limit=-1", 422, QUERY),
        ("/transactions", "limit=1.5", 422, QUERY),
        ("/transactions", "limit=99999999999999999999999", 422, QUERY),
        ("/transactions", "limit=zanzibar", 422, QUERY),
        ("/transactions", "cursor=zanzibar!", 422, QUERY),
        ("/transactions", "cursor=", 422, QUERY),
        ("/transactions", "cursor=MjAyNi0xMS0wMQ", 422, QUERY),
        ("/transactions", "cursor=_w", 422, QUERY),
        ("/history", "limit=0", 422, QUERY),
        ("/history", "limit=501", 422, QUERY),
        ("/history", "limit=-5", 422, QUERY),
        ("/history", "cursor=zanzibar!", 422, QUERY),
        ("/history", "cursor=LTE", 422, QUERY),
        ("/changes", "", 422, QUERY),
        ("/changes", "since=", 422, QUERY),
        ("/changes", "since=-1", 422, QUERY),
        ("/changes", "since=zanzibar", 422, QUERY),
        ("/changes", "since=18446744073709551616", 422, QUERY),
        ("/changes", "since=0&limit=0", 422, QUERY),
        ("/events", "since=-1", 422, QUERY),
        ("/events", "since=zanzibar", 422, QUERY),
        ("/dashboard", "from=2026-13", 422, "month_malformed"),
        ("/dashboard", "to=zanzibar", 422, "month_malformed"),
        ("/dashboard", "from=2026-11-01", 422, "month_malformed"),
        ("/dashboard", "from=1899-12", 422, "month_malformed"),
        ("/dashboard", "from=2026-10&to=2026-09", 422, "period_reversed"),
        ("/dashboard", "from=1900-01&to=2999-12", 422, "period_too_long"),
        ("/dashboard", "currency=ZZZ", 422, "currency_unknown"),
        ("/analytics/breakdown", "months=2026-00", 422, "month_malformed"),
        ("/analytics/breakdown", "months=2026-01,zanzibar", 422, "month_malformed"),
        ("/analytics/breakdown", "currency=zz", 422, "currency_unknown"),
        ("/analytics/monthly", &many, 414, "query_too_long"),
        ("/analytics/monthly", "months=zanzibar", 422, "month_malformed"),
        ("/analytics/monthly", "categories=zanzibar", 422, "id_malformed"),
        ("/rates", "date=zanzibar", 422, "date_malformed"),
        ("/rates", "date=2026-11-25", 422, QUERY),
        ("/rates", "date=9999-12-31", 422, QUERY),
        ("/rates", "base=zanzibar", 422, "currency_unknown"),
        ("/rates", "symbols=EUR,zanzibar", 422, "currency_unknown"),
    ]
    .into_iter()
    .map(|(path, query, status, code)| Case::new(Method::GET, format!("{path}?{query}"), status, code))
    .collect()
}

/// What is wrong whatever the query is about.
fn everywhere(stage: &Stage) -> Vec<Case> {
    let mut cases = Vec::new();
    for path in [
        "/transactions",
        "/history",
        "/changes",
        "/events",
        "/dashboard",
        "/analytics/breakdown",
        "/analytics/monthly",
        "/rates",
    ] {
        for (query, status, code) in [
            ("zanzibar=1", 422, QUERY),
            ("limit=%", 400, "malformed_query"),
            ("limit=%FF", 400, "malformed_query"),
            ("since=%00", 400, "malformed_query"),
            ("from=2026-01&from=2026-01", 422, QUERY),
        ] {
            cases.push(Case::new(Method::GET, format!("{path}?{query}"), status, code));
        }
    }
    let path = format!("/categories/{}", stage.category);
    for (query, code) in
        [("move_to=zanzibar", "id_malformed"), ("to=other", QUERY), ("move_to=other&move_to=other", QUERY)]
    {
        cases.push(Case::new(Method::DELETE, format!("{path}?{query}"), 422, code));
    }
    for (name, value) in
        [("ledger-min", "zanzibar"), ("ledger-min", "-1"), ("ledger-min", "18446744073709551616")]
    {
        cases.push(Case::new(Method::GET, "/me", 400, "bad_request").header(name, Some(value)));
    }
    cases
}

fn nowhere() -> Vec<Case> {
    let mut cases = Vec::new();
    for path in [
        "",
        "/",
        "/zanzibar",
        "/me/zanzibar",
        "/transactions/",
        "//api/zanzibar",
        "//api/v2/me",
        "/Me",
        "/transactions/a/b",
        "/.env",
        "/admin",
        "/auth",
        "/auth/password/forgot",
    ] {
        cases.push(Case::new(Method::GET, path, 404, "unknown_route"));
    }
    for (method, path) in [
        (Method::PUT, "/me"),
        (Method::POST, "/me"),
        (Method::GET, "/auth/login"),
        (Method::GET, "/auth/logout"),
        (Method::DELETE, "/transactions"),
        (Method::PUT, "/transactions/x"),
        (Method::POST, "/dashboard"),
        (Method::PATCH, "/categories"),
        (Method::GET, "/undo"),
        (Method::POST, "/history"),
        (Method::DELETE, "/events"),
        (Method::OPTIONS, "/me"),
        (Method::TRACE, "/me"),
        (Method::GET, "/classifier/retrain"),
    ] {
        cases.push(Case::new(method, path, 405, "method_not_allowed"));
    }
    cases
}
