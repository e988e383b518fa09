use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{cookie::Cookie, test::TestRequest};
use finbrain::telemetry::{LogFormat, Metrics, report_panics, subscriber};
use futures_util::FutureExt as _;

use super::*;

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }

    /// The access log, parsed.
    fn visits(&self) -> Vec<Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["target"] == "finbrain::access").collect()
    }

    fn start(&self, format: LogFormat) -> tracing::subscriber::DefaultGuard {
        let kept = self.clone();
        let log = subscriber(format, "trace", move || kept.clone()).unwrap();
        tracing::subscriber::set_default(log)
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A request with a secret in every place that a client can choose.
fn secretive(method: TestRequest, path: &str) -> TestRequest {
    method
        .uri(&format!("{path}?q=secret-query"))
        .cookie(Cookie::new("finbrain_dev", "secret-cookie"))
        .insert_header(("authorization", "Bearer secret-bearer"))
        .insert_header(("referer", "https://example.org/secret-referer"))
        .insert_header(("user-agent", "secret-agent"))
        .insert_header(("content-type", "application/json"))
        .set_payload(
            r#"{"amount":"secret-amount","email":"secret@example.org","password":"secret-password"}"#,
        )
}

#[actix_web::test]
async fn nothing_that_a_client_sends_is_logged() {
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let kept = Kept::default();
        let app = server(Transport::Http).await;
        let log = kept.start(format);

        call(&app, secretive(TestRequest::get(), "/api/v1/payments")).await;
        call(&app, secretive(TestRequest::get(), "/api/v1/payments/secret-id")).await;
        call(&app, secretive(TestRequest::post(), "/api/v1/payments")).await;
        call(&app, secretive(TestRequest::post(), "/api/v1/login")).await;
        call(&app, secretive(TestRequest::get(), "/api/v1/secret-path")).await;
        call(&app, secretive(TestRequest::get(), "/api/v1/collapse")).await;
        drop(log);

        let text = kept.text();
        assert_eq!(text.matches("finbrain::access").count(), 6, "{text}");
        assert!(!text.contains("secret") && !text.contains("Dana"), "{text}");
    }
}

#[actix_web::test]
async fn a_visit_is_one_line_with_the_pattern_of_its_route() {
    let kept = Kept::default();
    let app = server(Transport::Http).await;
    let log = kept.start(LogFormat::Json);

    let answer = call(&app, TestRequest::get().uri("/api/v1/payments/17?q=x")).await;
    call(&app, TestRequest::delete().uri("/api/v1/payments/17")).await;
    call(&app, TestRequest::get().uri("/api/v1/nowhere")).await;
    drop(log);

    let visits = kept.visits();
    let seen: Vec<_> =
        visits.iter().map(|v| (&v["method"], &v["route"], &v["status"])).map(|v| format!("{v:?}")).collect();
    assert_eq!(visits.len(), 3, "{seen:?}");
    assert_eq!(visits[0]["method"], "GET");
    assert_eq!(visits[0]["route"], "/api/v1/payments/{id}");
    assert_eq!(visits[0]["status"], 200);
    assert_eq!(visits[0]["bytes"], answer.body.len());
    assert!(visits[0]["latency_us"].is_u64());
    assert_eq!(
        visits[0]["request_id"],
        answer.header(header::HeaderName::from_static("x-request-id")).unwrap()
    );
    assert_eq!((&visits[1]["status"], &visits[1]["route"]), (&405.into(), &"/api/v1/payments/{id}".into()));
    assert_eq!((&visits[2]["status"], &visits[2]["route"]), (&404.into(), &"unmatched".into()));
}

#[actix_web::test]
async fn a_client_that_leaves_is_logged_as_well() {
    let kept = Kept::default();
    let app = App::new()
        .wrap(Edge::new(Transport::Http, finbrain::routes::ops::Readiness::new()))
        .route("/", web::get().to(std::future::pending::<HttpResponse>));
    let app = test::init_service(app).await;
    let log = kept.start(LogFormat::Json);

    let mut visit = Box::pin(app.call(TestRequest::get().to_request()));
    assert!((&mut visit).now_or_never().is_none());
    drop(visit);
    drop(log);

    assert_eq!(kept.visits()[0]["status"], 499);
}

#[actix_web::test]
async fn visits_are_counted_by_route_and_status() {
    let (recorder, metrics) = Metrics::detached();
    let recording = metrics::set_default_local_recorder(&recorder);
    let app = server(Transport::Http).await;

    for id in 0..3 {
        call(&app, TestRequest::get().uri(&format!("/api/v1/payments/{id}"))).await;
    }
    call(&app, TestRequest::get().uri("/api/v1/made-up")).await;
    let text = metrics.render();
    drop(recording);

    let route = "route=\"/api/v1/payments/{id}\"";
    assert!(
        text.contains(&format!("finbrain_http_requests_total{{method=\"GET\",{route},status=\"200\"}} 3")),
        "{text}"
    );
    assert!(text.contains(&format!("finbrain_http_request_seconds_count{{{route}}} 3")), "{text}");
    assert!(!text.contains("made-up"));
}

#[actix_web::test]
async fn a_panic_is_logged_by_its_place_and_not_by_its_message() {
    let kept = Kept::default();
    let app = server(Transport::Http).await;
    let log = kept.start(LogFormat::Json);
    report_panics();

    call(&app, TestRequest::get().uri("/api/v1/collapse")).await;
    drop(std::panic::take_hook());
    drop(log);

    let text = kept.text();
    assert!(text.contains("a thread panicked") && text.contains("tests/edge/main.rs"), "{text}");
    assert!(!text.contains("Dana"), "{text}");
}
