//! What surrounds every request: its id, the security headers, the access log, the metrics, and the net under a
//! handler that panics. One layer instead of five, because each layer costs every request an allocation and a poll.
//!
//! It also turns away what was not meant for this host. It knows no route and no session, and never looks at a query, a
//! cookie or a body.

mod access;
mod headers;
mod request_id;

use std::{
    fmt,
    future::{Ready, ready},
    panic::AssertUnwindSafe,
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    Error, HttpMessage as _, HttpResponse,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    error::InternalError,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderValue},
    },
    web::Data,
};
use futures_util::FutureExt as _;

pub use self::{access::describe_metrics, headers::Transport, request_id::RequestId};
use self::{
    access::{Meters, Visit},
    headers::SecurityHeaders,
};
use super::ops::{Phase, Readiness};
use crate::{
    auth::{door::Door, error::AuthError},
    problem::{Code, MEDIA_TYPE, Problem},
};

/// Everything under this prefix answers with problem documents and is kept by no cache.
const API: &str = "/api/";

/// The outermost layer of the application.
#[derive(Debug, Clone)]
pub struct Edge {
    headers: SecurityHeaders,
    readiness: Readiness,
}

impl Edge {
    pub fn new(transport: Transport, readiness: Readiness) -> Self {
        Self { headers: SecurityHeaders::new(transport), readiness }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Edge
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = EdgeService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let meters = Rc::new(Meters::default());
        let readiness = self.readiness.clone();
        ready(Ok(EdgeService { service: Rc::new(service), headers: self.headers, readiness, meters }))
    }
}

/// The layer in one worker.
pub struct EdgeService<S> {
    service: Rc<S>,
    headers: SecurityHeaders,
    readiness: Readiness,
    meters: Rc<Meters>,
}

impl<S> fmt::Debug for EdgeService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeService").field("headers", &self.headers).finish_non_exhaustive()
    }
}

impl<S, B> Service<ServiceRequest> for EdgeService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let id = RequestId::new();
        let api = request.path().starts_with(API);
        let visit = Visit::begin(Rc::clone(&self.meters), request.method(), id);
        request.extensions_mut().insert(id);
        let service = Rc::clone(&self.service);
        let headers = self.headers;
        let readiness = self.readiness.clone();
        if let Err(error) = check_host(&request) {
            let refused = ServiceResponse::from_err(Problem::from(error), request.into_parts().0);
            let refused = finish(refused, headers, visit, api);
            return Box::pin(ready(Ok(refused.map_body(|_, body| EitherBody::right(BoxBody::new(body))))));
        }
        Box::pin(async move {
            let answer = AssertUnwindSafe(async { service.call(request).await }).catch_unwind().await;
            let error = match answer {
                Ok(Ok(mut response)) => {
                    // Whoever keeps this connection goes elsewhere with the next request, before it is cut.
                    if readiness.phase() == Phase::Stopping {
                        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                    }
                    return Ok(finish(response, headers, visit, api));
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    // The panic hook has said where; what was said may contain a person's data and is dropped.
                    tracing::error!(request_id = %id, "a request handler panicked");
                    Problem::new(Code::Internal).into()
                }
            };
            // A layer below gave up without an answer, and the request went with it.
            let mut response = HttpResponse::from_error(problem_of(&error));
            dress(&mut response, headers, id, api);
            let body = problem_of(&error).document(Some(&id.text()));
            visit.end(None, response.status(), Some(body.len() as u64));
            Err(InternalError::from_response("answered", response.set_body(body).map_into_boxed_body())
                .into())
        })
    }
}

/// Whether the request is meant for us, where the application has a door. Also for what needs no session: a page of
/// another name that points here must not even learn who we are.
fn check_host(request: &ServiceRequest) -> Result<(), AuthError> {
    request.app_data::<Data<Door>>().map_or(Ok(()), |door| door.check_host(request.request()))
}

/// Gives an answer its headers and, when it says no, its document; then counts and logs it.
fn finish<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    headers: SecurityHeaders,
    visit: Visit,
    api: bool,
) -> ServiceResponse<EitherBody<B>> {
    let problem = if api { refusal(response.response()) } else { None };
    let mut response = match problem {
        None => response.map_into_left_body(),
        Some(problem) => {
            let document = problem.document(Some(&visit.id().text()));
            let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(document)));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            // What was packed is not sent.
            response.headers_mut().remove(header::CONTENT_ENCODING);
            response
        }
    };
    dress(response.response_mut(), headers, visit.id(), api);
    let bytes = match response.response().body().size() {
        BodySize::None => Some(0),
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::Stream => None,
    };
    visit.end(Some(response.request()), response.status(), bytes);
    response
}

/// The problem that an answer of the API stands for. Answers that the framework made have none of ours and get the
/// general one of their status.
fn refusal<B>(response: &HttpResponse<B>) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    match response.error() {
        Some(error) => Some(problem_of(error)),
        None => {
            let media_type = response.headers().get(header::CONTENT_TYPE);
            let is_problem = media_type.is_some_and(|value| value.as_bytes() == MEDIA_TYPE.as_bytes());
            (!is_problem).then(|| Code::of_status(status).into())
        }
    }
}

fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Code::of_status(error.as_response_error().status_code()).into(),
    }
}

fn dress<B>(response: &mut HttpResponse<B>, headers: SecurityHeaders, id: RequestId, api: bool) {
    headers.apply(response.headers_mut());
    if api && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response.headers_mut().insert(RequestId::HEADER, id.header_value());
    // Whoever shall come back later need not stay: in a crowd the connections cost more than the answers.
    if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}
