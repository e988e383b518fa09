//! The edge of the server from outside: what a request may look like, what every answer carries, and what the log
//! says about both.

#![allow(clippy::unwrap_used, reason = "a helper of tests may unwrap as a test may")]

mod bodies;
mod headers;
mod log;
mod sockets;

use actix_web::{
    App, Error, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::header,
    test, web,
};
use finbrain::{
    problem::{Code, Problem},
    routes::{
        body::{Body, BodyRules},
        endpoint::{endpoint, unknown_route},
        middleware::{Edge, Transport},
        query::Query,
    },
};
use serde::Deserialize;
use serde_json::Value;

/// A body as the API has them: nothing but known fields, nested.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    amount: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    splits: Vec<Split>,
    #[serde(default)]
    extra: Value,
    kind: Option<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Income,
    Expense,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    q: Option<String>,
}

async fn record(Body(payment): Body<Payment>) -> HttpResponse {
    let notes: usize = payment.splits.iter().map(|split| split.note.len()).sum();
    let kind = payment.kind.map(|kind| matches!(kind, Kind::Income));
    let extra = payment.extra.is_object();
    HttpResponse::Created().json((payment.amount, payment.tags.len(), notes, extra, kind))
}

async fn search(Query(search): Query<Search>) -> HttpResponse {
    HttpResponse::Ok().json(search.q.map(|q| q.len()))
}

async fn refuse(Body(_): Body<Value>) -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::BadCredentials))
}

async fn collapse() -> HttpResponse {
    panic!("the balance of Dana is -52.90");
}

/// The edge around a few routes, as `app` wires it around all of them.
async fn server(
    transport: Transport,
) -> impl Service<actix_http::Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    let app = App::new()
        .wrap(Edge::new(transport, finbrain::routes::ops::Readiness::new()))
        .service(
            web::scope("/api/v1")
                .service(endpoint("/payments").post(record).get(search))
                .service(endpoint("/payments/bulk").post(record).bodies(BodyRules::BULK))
                .service(endpoint("/payments/{id}").get(search))
                .service(endpoint("/login").post(refuse))
                .service(endpoint("/collapse").get(collapse))
                .default_service(web::to(unknown_route)),
        )
        .service(endpoint("/").get(async || HttpResponse::Ok().body("shell")));
    test::init_service(app).await
}

/// What came back.
struct Answer {
    status: u16,
    headers: actix_web::http::header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body as a problem document, whose form is checked on the way.
    fn problem(&self) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), Some("application/problem+json"));
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], format!("/problems/{}", problem["code"].as_str().unwrap()));
        assert!(problem["title"].is_string() && problem["detail"].as_str().unwrap().ends_with('.'));
        assert_eq!(
            problem["request_id"].as_str(),
            self.header(header::HeaderName::from_static("x-request-id"))
        );
        problem
    }
}

async fn call<B: MessageBody + 'static>(
    app: &impl Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
    request: test::TestRequest,
) -> Answer {
    let answer = match app.call(request.to_request()).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let Ok(body) = actix_web::body::to_bytes(answer.into_body()).await else { panic!("the body broke off") };
    Answer { status, headers, body: body.to_vec() }
}
