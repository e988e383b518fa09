use std::time::Duration;

use actix_web::{FromRequest as _, dev::Payload, http::header::CONTENT_TYPE, test::TestRequest};
use futures_util::stream;

use super::*;

fn post(body: impl Into<actix_web::web::Bytes>) -> TestRequest {
    TestRequest::post()
        .uri("/api/v1/payments")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body)
}

#[actix_web::test]
async fn a_good_body_passes() {
    let app = server(Transport::Http).await;
    let body =
        r#"{"amount":"-52.90","tags":["a","שלום"],"splits":[{"note":"x"}],"extra":{},"kind":"income"}"#;

    assert_eq!(call(&app, post(body)).await.status, 201);
    let with_charset = TestRequest::post().uri("/api/v1/payments").set_payload(body);
    let with_charset = with_charset.insert_header((CONTENT_TYPE, "Application/JSON; charset=UTF-8"));
    assert_eq!(call(&app, with_charset).await.status, 201);
}

#[actix_web::test]
async fn a_bad_body_gets_the_right_status_and_a_problem() {
    let app = server(Transport::Http).await;
    let deep = format!(r#"{{"amount":"1","extra":{}{}}}"#, "[".repeat(50_000 / 8), "]".repeat(50_000 / 8));
    let large = format!(r#"{{"amount":"{}"}}"#, "x".repeat(64 * 1024));
    let table: Vec<(&[u8], u16, &str, &str, &str)> = vec![
        // body, status, code, pointer of the first error, its code
        (b"", 400, "malformed_json", "", ""),
        (b"{", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"1\"", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"1\",}", 400, "malformed_json", "", ""),
        (b"{'amount':'1'}", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"1\"} {}", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"a\nb\"}", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"\x00\"}", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"\\ud800\"}", 400, "malformed_json", "", ""),
        (b"{\"extra\":1e999}", 400, "malformed_json", "", ""),
        (b"{\"extra\":NaN}", 400, "malformed_json", "", ""),
        (b"\xef\xbb\xbf{}", 400, "malformed_json", "", ""),
        (b"{\"amount\":\"\xff\"}", 400, "invalid_utf8", "", ""),
        (b"\xff\xfe{\x00}\x00", 400, "invalid_utf8", "", ""),
        (b"[]", 422, "invalid_body", "", "wrong_type"),
        (b" [\"1\",[],[],{},null]", 422, "invalid_body", "", "wrong_type"),
        (b"7", 422, "invalid_body", "", "wrong_type"),
        (b"\"x\"", 422, "invalid_body", "", "wrong_type"),
        (b"null", 422, "invalid_body", "", "wrong_type"),
        (b"{}", 422, "invalid_body", "/amount", "missing_field"),
        (b"{\"amount\":-52.9}", 422, "invalid_body", "/amount", "wrong_type"),
        (b"{\"amount\":null}", 422, "invalid_body", "/amount", "wrong_type"),
        (b"{\"amount\":\"1\",\"tags\":\"a\"}", 422, "invalid_body", "/tags", "wrong_type"),
        (b"{\"amount\":\"1\",\"tags\":[\"a\",7]}", 422, "invalid_body", "/tags/1", "wrong_type"),
        (b"{\"amount\":\"1\",\"color\":\"x\"}", 422, "invalid_body", "/color", "unknown_field"),
        (b"{\"amount\":\"1\",\"Amount\":\"1\"}", 422, "invalid_body", "/Amount", "unknown_field"),
        (b"{\"amount\":\"1\",\"splits\":[{}]}", 422, "invalid_body", "/splits/0/note", "missing_field"),
        (
            b"{\"amount\":\"1\",\"splits\":[{\"note\":\"\",\"x\":1}]}",
            422,
            "invalid_body",
            "/splits/0/x",
            "unknown_field",
        ),
        (b"{\"amount\":\"1\",\"kind\":\"gift\"}", 422, "invalid_body", "/kind", "unknown_variant"),
        (b"{\"amount\":\"1\",\"amount\":\"2\"}", 422, "invalid_body", "/amount", "duplicate_key"),
        (
            b"{\"amount\":\"1\",\"extra\":{\"a\":{\"b\":1,\"b\":2}}}",
            422,
            "invalid_body",
            "/extra/a/b",
            "duplicate_key",
        ),
        (b"{\"amount\":\"1\",\"am\\u006funt\":\"2\"}", 422, "invalid_body", "/amount", "duplicate_key"),
        (b"{\"amount\":\"1\\u0000\"}", 422, "invalid_body", "/amount", "nul_character"),
        (
            b"{\"amount\":\"1\",\"extra\":{\"a\\u0000\":1}}",
            422,
            "invalid_body",
            "/extra/a\0",
            "nul_character",
        ),
        (deep.as_bytes(), 422, "invalid_body", "/extra/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "too_deep"),
        (large.as_bytes(), 413, "body_too_large", "", ""),
    ];

    for (body, status, code, pointer, error) in table {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = call(&app, post(body.to_vec())).await;

        let problem = answer.problem();
        assert_eq!((answer.status, problem["code"].as_str().unwrap()), (status, code), "{shown}");
        let first = &problem["errors"][0];
        assert_eq!(first["pointer"].as_str().unwrap_or_default(), pointer, "{shown}");
        assert_eq!(first["code"].as_str().unwrap_or_default(), error, "{shown}");
    }
}

#[actix_web::test]
async fn values_of_a_bad_body_are_not_repeated() {
    let app = server(Transport::Http).await;
    let bodies = [
        r#"{"amount":"hunter2","amount":"hunter2"}"#,
        r#"{"amount":["hunter2"]}"#,
        r#"{"amount":"1","kind":"hunter2"}"#,
        r#"{"amount":"1","tags":"hunter2"}"#,
        r#"{"amount":"hunter2", ?}"#,
        r#""hunter2""#,
    ];

    for body in bodies {
        let answer = call(&app, post(body)).await;

        assert!(answer.status >= 400);
        assert!(!String::from_utf8(answer.body).unwrap().contains("hunter2"), "{body}");
    }
}

#[actix_web::test]
async fn only_json_that_is_not_compressed_is_read() {
    let app = server(Transport::Http).await;
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json-seq",
        "application/json; charset=utf-16",
    ];

    for media_type in types {
        let request = TestRequest::post().uri("/api/v1/payments").set_payload(r#"{"amount":"1"}"#);
        let answer = call(&app, request.insert_header((CONTENT_TYPE, media_type))).await;

        assert_eq!(answer.problem()["code"], "unsupported_media_type", "{media_type}");
    }
    let untyped = TestRequest::post().uri("/api/v1/payments").set_payload(r#"{"amount":"1"}"#);
    assert_eq!(call(&app, untyped).await.status, 415);
    let packed = post(r#"{"amount":"1"}"#).insert_header(("content-encoding", "gzip"));
    assert_eq!(call(&app, packed).await.status, 415);
}

#[actix_web::test]
async fn a_bulk_path_reads_more_and_still_not_everything() {
    let app = server(Transport::Http).await;
    let bulk = |bytes: usize| {
        let body = format!(r#"{{"amount":"{}"}}"#, "x".repeat(bytes));
        post(body).uri("/api/v1/payments/bulk")
    };

    assert_eq!(call(&app, bulk(1024 * 1024)).await.status, 201);
    assert_eq!(call(&app, bulk(20 * 1024 * 1024)).await.status, 413);
    let nul =
        post(format!(r#"{{"amount":"{}\u0000"}}"#, "x".repeat(512 * 1024))).uri("/api/v1/payments/bulk");
    assert_eq!(call(&app, nul).await.problem()["errors"][0]["code"], "nul_character");
}

/// A body whose first byte never comes.
fn endless() -> Payload {
    Payload::Stream { payload: Box::pin(stream::pending()) }
}

#[actix_web::test]
async fn a_body_that_never_ends_is_given_up() {
    let rules = BodyRules { bytes: 1024, within: Duration::from_millis(20) };
    let request = TestRequest::post().insert_header((CONTENT_TYPE, "application/json")).app_data(rules);
    let mut payload = endless();

    let problem = Body::<Value>::from_request(&request.to_http_request(), &mut payload).await.unwrap_err();

    assert_eq!(problem.code(), Code::RequestTimeout);
}

#[actix_web::test]
async fn an_announced_length_is_believed_when_it_is_too_large() {
    let request = TestRequest::post()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(("content-length", "99999999"));
    let mut payload = endless();

    let problem = Body::<Value>::from_request(&request.to_http_request(), &mut payload).await.unwrap_err();

    assert_eq!(problem.code(), Code::BodyTooLarge);
}

#[actix_web::test]
async fn bad_queries_are_problems_too() {
    let app = server(Transport::Http).await;
    let table = [
        ("?q=x&colour=red", 422, "invalid_query"),
        ("?q=x&q=y", 422, "invalid_query"),
        ("?q=%ff", 400, "malformed_query"),
        ("?q=%0", 400, "malformed_query"),
    ];

    for (query, status, code) in table {
        let answer = call(&app, TestRequest::get().uri(&format!("/api/v1/payments{query}"))).await;

        assert_eq!((answer.status, answer.problem()["code"].as_str()), (status, Some(code)), "{query}");
    }
}
