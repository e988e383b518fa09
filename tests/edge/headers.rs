use actix_web::{
    http::{
        Method,
        header::{
            ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
            CROSS_ORIGIN_OPENER_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    test::TestRequest,
};

use super::*;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[actix_web::test]
async fn every_answer_carries_the_security_headers() {
    let app = server(Transport::Http).await;

    for path in
        ["/", "/api/v1/payments", "/api/v1/nowhere", "/nowhere", "/api/v1/collapse", "/api/v1/payments?x=1"]
    {
        let answer = call(&app, TestRequest::get().uri(path)).await;

        let policy = answer.header(CONTENT_SECURITY_POLICY).unwrap();
        assert!(
            policy.starts_with(
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src"
            )
        );
        assert!(policy.ends_with("base-uri 'none'; form-action 'self'; frame-ancestors 'none'"));
        assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), Some("nosniff"), "{path}");
        assert_eq!(answer.header(REFERRER_POLICY), Some("no-referrer"), "{path}");
        assert_eq!(answer.header(CROSS_ORIGIN_OPENER_POLICY), Some("same-origin"), "{path}");
        assert_eq!(answer.header(STRICT_TRANSPORT_SECURITY), None, "{path}");
        let caching = path.starts_with("/api/").then_some("no-store");
        assert_eq!(answer.header(CACHE_CONTROL), caching, "{path}");
    }
}

#[actix_web::test]
async fn https_is_remembered_for_a_year() {
    let app = server(Transport::Https).await;

    let answer = call(&app, TestRequest::get().uri("/")).await;

    assert_eq!(answer.header(STRICT_TRANSPORT_SECURITY), Some("max-age=31536000"));
}

#[actix_web::test]
async fn every_request_has_an_id_of_our_own() {
    let app = server(Transport::Http).await;
    let ask = || TestRequest::get().uri("/").insert_header((REQUEST_ID, "chosen-by-the-client"));

    let (first, second) = (call(&app, ask()).await, call(&app, ask()).await);

    let (first, second) = (first.header(REQUEST_ID).unwrap(), second.header(REQUEST_ID).unwrap());
    assert_ne!(first, second);
    assert_eq!(uuid::Uuid::try_parse(first).unwrap().get_version_num(), 7);
}

#[actix_web::test]
async fn unknown_paths_and_methods_are_problems() {
    let app = server(Transport::Http).await;

    let unknown = call(&app, TestRequest::get().uri("/api/v1/nowhere")).await;
    let method = call(&app, TestRequest::default().method(Method::PUT).uri("/api/v1/payments")).await;

    assert_eq!((unknown.status, &unknown.problem()["code"]), (404, &"unknown_route".into()));
    assert_eq!((method.status, &method.problem()["code"]), (405, &"method_not_allowed".into()));
    assert_eq!(method.header(ALLOW), Some("POST, GET, HEAD"));
}

#[actix_web::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let app = server(Transport::Http).await;

    let answer = call(&app, TestRequest::get().uri("/api/v1/collapse")).await;

    assert_eq!((answer.status, &answer.problem()["code"]), (500, &"internal".into()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("Dana"));
    assert_eq!(call(&app, TestRequest::get().uri("/")).await.status, 200);
}

#[actix_web::test]
async fn the_browser_app_is_read_only_and_says_so() {
    let app = test::init_service(App::new().configure(finbrain::routes::configure)).await;

    for path in ["/", "/login", "/assets/app.js"] {
        let answer = call(&app, TestRequest::post().uri(path)).await;

        assert_eq!((answer.status, answer.header(ALLOW)), (405, Some("GET, HEAD")), "{path}");
    }
}

#[actix_web::test]
async fn the_api_is_never_compressed() {
    let app = App::new()
        .wrap(Edge::new(Transport::Http, finbrain::routes::ops::Readiness::new()))
        .configure(finbrain::routes::configure);
    let app = test::init_service(app).await;

    for path in ["/api/v1/openapi.json", "/api/v1/nowhere", "/api/nowhere"] {
        let answer = call(&app, TestRequest::get().uri(path).insert_header((ACCEPT_ENCODING, "gzip"))).await;

        assert_eq!(answer.header(CONTENT_ENCODING), None, "{path}");
        serde_json::from_slice::<Value>(&answer.body).unwrap();
    }
}
