//! The document that describes the API, and whether the server keeps to it.

use std::{collections::BTreeSet, fs, path::Path};

use finbrain::routes::docs::openapi;
use serde_json::{Value, json};

use crate::app::spawn_app;

/// Every documented (method, path), with a value in place of each parameter.
fn documented() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000001");
        assert!(!path.contains('{'), "{path} has a parameter that nobody fills in");
        routes
            .extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    routes
}

#[test]
fn the_document_is_the_one_that_was_agreed_on() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend/openapi.json");
    let document = openapi() + "\n";
    if std::env::var_os("FINBRAIN_WRITE_SNAPSHOTS").is_some_and(|write| write == "1") {
        fs::write(&path, &document).unwrap();
    }

    let agreed = fs::read_to_string(&path).unwrap_or_default();

    let differs = agreed.lines().zip(document.lines()).position(|(agreed, now)| agreed != now);
    assert!(
        agreed == document,
        "the API has changed (line {differs:?}): run the tests with FINBRAIN_WRITE_SNAPSHOTS=1 and look at the difference"
    );
}

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let app = spawn_app();

    let served = app.stranger().get("/openapi.json").is(200).await;

    assert_eq!(served.text(), openapi());
    assert_eq!(served["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
}

#[tokio::test]
async fn every_documented_method_is_answered_and_no_other_is_allowed() {
    let app = spawn_app();
    let stranger = app.stranger();
    let routes = documented();
    assert!(routes.len() >= 38, "{}", routes.len());

    for (method, path) in &routes {
        let answer = stranger.request(method.parse().unwrap(), &format!("/{path}")).json(&json!({})).await;

        assert!(![404, 405].contains(&answer.status), "{method} {path}: {}", answer.text());
    }
    for path in routes.iter().map(|(_, path)| path).collect::<BTreeSet<_>>() {
        let refused = stranger.request("OPTIONS".parse().unwrap(), &format!("/{path}")).is(405).await;
        let allowed: BTreeSet<&str> = refused.header("allow").unwrap().split(", ").collect();
        let mut methods: BTreeSet<&str> =
            routes.iter().filter(|(_, other)| other == path).map(|(method, _)| method.as_str()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD");
        }
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn a_head_has_the_headers_of_its_get() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for path in ["/me", "/dashboard", "/transactions", "/currencies"] {
        let get = dana.get(path).is(200).await;

        let head = dana.request("HEAD".parse().unwrap(), path).is(200).await;

        for name in ["content-type", "content-length", "etag", "ledger-version"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}
