//! Requests from elsewhere: pages of others, other hosts, nobody at all.

use reqwest::Method;

use super::{Case, Stage};

#[tokio::test]
async fn requests_from_elsewhere_are_refused() {
    let stage = Stage::set().await;
    stage.refuses(&cases(&stage)).await;
}

#[tokio::test]
async fn our_own_pages_and_names_are_accepted() {
    let stage = Stage::set().await;
    let port = stage.app.places().public.port();
    let beat = || stage.dana.post("/session/heartbeat", serde_json::json!({"active": true})).is(200);

    for origin in [
        format!("http://localhost:{port}"),
        format!("http://127.0.0.1:{port}"),
        format!("http://[::1]:{port}"),
    ] {
        beat().header("origin", &origin).await;
        stage.dana.get("/me").header("host", origin.strip_prefix("http://").unwrap()).is(200).await;
    }
    beat().without("origin").header("sec-fetch-site", "same-origin").await;
}

#[tokio::test]
async fn nobody_is_let_in_anywhere_without_a_session() {
    let stage = Stage::set().await;
    let stranger = stage.app.stranger();
    let open = ["/auth/register", "/auth/login", "/auth/demo"];
    for (method, path, body) in stage.writes() {
        if !open.contains(&&*path) {
            Case::new(method, path, 401, "no_session").json(&body).is_refused(&stranger).await;
        }
    }
    for (method, path) in stage.bare_writes() {
        Case::new(method, path, 401, "no_session").is_refused(&stranger).await;
    }
    for path in [
        "/me",
        "/session",
        "/sessions",
        "/transactions",
        "/categories",
        "/accounts",
        "/history",
        "/changes?since=0",
        "/events",
        "/dashboard",
        "/analytics/breakdown",
        "/analytics/monthly",
        "/currencies",
        "/rates",
        "/classifier",
    ] {
        Case::new(Method::GET, path, 401, "no_session").is_refused(&stranger).await;
    }
}

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    let mut cases = Vec::new();
    let writes = stage
        .writes()
        .into_iter()
        .map(|(method, path, body)| Case::new(method, path, 403, "origin_refused").json(&body));
    let bare =
        stage.bare_writes().into_iter().map(|(method, path)| Case::new(method, path, 403, "origin_refused"));
    for case in writes.chain(bare) {
        cases.push(case.clone().header("origin", None));
        cases.push(case.clone().header("origin", Some("http://evil.example")));
        cases.push(case.clone().header("origin", Some("null")));
        cases.push(case.clone().header("origin", Some("http://localhost:1")));
        cases.push(case.header("origin", None).header("sec-fetch-site", Some("cross-site")));
    }
    let port = stage.app.places().public.port();
    for host in [
        "evil.example".to_owned(),
        "localhost".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("localhost.evil.example:{port}"),
        "localhost:1".to_owned(),
    ] {
        for path in ["/me", "/openapi.json", "/zanzibar"] {
            cases.push(Case::new(Method::GET, path, 421, "misdirected").header("host", Some(&host)));
        }
        let login = serde_json::json!({"email": "dana@private.example", "password": crate::client::PASSWORD});
        cases.push(
            Case::new(Method::POST, "/auth/login", 421, "misdirected")
                .json(&login)
                .header("host", Some(&host)),
        );
    }
    cases
}
