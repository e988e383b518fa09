//! One line in the access log and one sample in the metrics for every request, including those whose client left.
//!
//! The handles of the metrics are looked up once per route, method and status in each worker: a lookup by labels for
//! every request would cost more than all the rest of this layer.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Instant};

use actix_web::{
    HttpRequest,
    http::{Method, StatusCode},
};
use metrics::{Counter, Histogram, Unit};
use uuid::fmt::Hyphenated;

use super::RequestId;

const REQUESTS: &str = "finbrain_http_requests_total";
const SECONDS: &str = "finbrain_http_request_seconds";

/// The route of requests that matched none, so that nobody can make labels up.
const UNMATCHED: &str = "unmatched";
/// What the log says when the client was gone before the answer.
const CLIENT_LEFT: u16 = 499;

/// Describes the families of this room and registers them, so that they are there before the first request.
pub fn describe_metrics() {
    metrics::describe_counter!(REQUESTS, Unit::Count, "Requests, by method, route pattern and status");
    metrics::describe_histogram!(SECONDS, Unit::Seconds, "Time from request to answer, by route pattern");
    RouteMeters::new(UNMATCHED).counter(UNMATCHED, "GET", 404).increment(0);
}

/// The metrics of one worker.
#[derive(Debug, Default)]
pub(super) struct Meters(RefCell<HashMap<Box<str>, RouteMeters>>);

struct RouteMeters {
    seconds: Histogram,
    requests: Vec<(&'static str, u16, Counter)>,
}

impl std::fmt::Debug for RouteMeters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} counters", self.requests.len())
    }
}

impl Meters {
    fn record(&self, route: &str, method: &'static str, status: u16, seconds: f64) {
        let mut routes = self.0.borrow_mut();
        if !routes.contains_key(route) {
            routes.insert(route.into(), RouteMeters::new(route));
        }
        let meters = routes.get_mut(route).expect("it was inserted when missing");
        meters.seconds.record(seconds);
        meters.counter(route, method, status).increment(1);
    }
}

impl RouteMeters {
    fn new(route: &str) -> Self {
        Self { seconds: metrics::histogram!(SECONDS, "route" => route.to_owned()), requests: Vec::new() }
    }

    fn counter(&mut self, route: &str, method: &'static str, status: u16) -> &Counter {
        let found = self.requests.iter().position(|(m, s, _)| *m == method && *s == status);
        let index = found.unwrap_or_else(|| {
            let labels =
                [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
            self.requests.push((method, status, metrics::counter!(REQUESTS, &labels)));
            self.requests.len() - 1
        });
        &self.requests[index].2
    }
}

/// A request on its way. Dropped before its end, it tells that the client has left.
#[derive(Debug)]
pub(super) struct Visit {
    meters: Rc<Meters>,
    method: &'static str,
    id: RequestId,
    began: Instant,
    ended: bool,
}

impl Visit {
    pub fn begin(meters: Rc<Meters>, method: &Method, id: RequestId) -> Self {
        Self { meters, method: name(method), id, began: Instant::now(), ended: false }
    }

    pub fn id(&self) -> RequestId {
        self.id
    }

    /// `bytes` is `None` for a stream, which is logged when it begins.
    pub fn end(mut self, request: Option<&HttpRequest>, status: StatusCode, bytes: Option<u64>) {
        self.ended = true;
        let route = request.and_then(HttpRequest::match_pattern);
        self.write(route.as_deref().unwrap_or(UNMATCHED), status.as_u16(), bytes);
    }

    fn write(&self, route: &str, status: u16, bytes: Option<u64>) {
        let took = self.began.elapsed();
        self.meters.record(route, self.method, status, took.as_secs_f64());
        tracing::info!(
            target: "finbrain::access",
            method = self.method,
            route,
            status,
            latency_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            bytes,
            request_id = self.id.encode(&mut [0; Hyphenated::LENGTH]),
            "request",
        );
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.ended {
            self.write(UNMATCHED, CLIENT_LEFT, None);
        }
    }
}

/// The methods that we know by name; a client may make up others without end.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
