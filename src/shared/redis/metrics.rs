//! The metrics of the shared state.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const OPEN: &str = "finbrain_shared_circuit_open";
const FAILURES: &str = "finbrain_shared_failures_total";
const SECONDS: &str = "finbrain_shared_request_seconds";
const HINTS_LOST: &str = "finbrain_shared_hints_dropped_total";

/// What Redis is asked.
const REQUESTS: [&str; 9] =
    ["touch", "admit", "evict", "alive", "limit", "publish", "ping", "get_rates", "keep_rates"];

/// Why a request to Redis failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer within the deadline.
    Late,
    /// The connection broke.
    Lost,
    /// An answer that was an error or made no sense.
    Answer,
}

impl Failure {
    const ALL: [Self; 3] = [Self::Late, Self::Lost, Self::Answer];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Answer => "answer",
        }
    }
}

/// Describes and registers the families, so that they are there from the start.
pub fn describe_metrics() {
    describe_gauge!(
        OPEN,
        Unit::Count,
        "1 while the circuit before Redis is open and this pod does without it"
    );
    describe_counter!(FAILURES, Unit::Count, "Requests to Redis that failed, by cause");
    describe_histogram!(SECONDS, Unit::Seconds, "Time of one request to Redis that was answered");
    describe_counter!(HINTS_LOST, Unit::Count, "Hints of growth that were not told to other pods");
    gauge!(OPEN).set(0.0);
    counter!(HINTS_LOST).increment(0);
    for request in REQUESTS {
        let _ = histogram!(SECONDS, "request" => request);
    }
    for failure in Failure::ALL {
        counter!(FAILURES, "cause" => failure.as_str()).increment(0);
    }
}

pub(super) fn circuit(is_open: bool) {
    gauge!(OPEN).set(if is_open { 1.0 } else { 0.0 });
}

pub(super) fn failed(failure: Failure) {
    counter!(FAILURES, "cause" => failure.as_str()).increment(1);
}

pub(super) fn answered(request: &'static str, took: Duration) {
    histogram!(SECONDS, "request" => request).record(took.as_secs_f64());
}

pub(super) fn hints_dropped(count: usize) {
    counter!(HINTS_LOST).increment(count as u64);
}
