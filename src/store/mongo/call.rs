//! One exchange with the server: its deadline, what its failure means, and how long it took.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use finbrain_domain::ports::StoreError;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::time::timeout_at;

use super::fault::{Fault, Refusal, settle_read, settle_write};

/// Registers the help texts of the metrics of the store.
pub fn describe_metrics() {
    describe_histogram!(
        "finbrain_store_command_seconds",
        metrics::Unit::Seconds,
        "Time of one exchange with MongoDB, by command and outcome"
    );
    describe_counter!("finbrain_journal_probes_total", "Questions to the journal for what is behind a slot");
    counter!("finbrain_journal_probes_total").increment(0);
    // Registered, so that it is there before the first exchange.
    let _ = histogram!("finbrain_store_command_seconds", "command" => "append", "outcome" => "ok");
}

/// Until when the exchanges of one call to the store must be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: tokio::time::Instant,
}

impl Deadline {
    pub(super) fn within(time: Duration) -> Self {
        Self { at: tokio::time::Instant::now() + time }
    }
}

/// Performs a read. `command` names it in the metrics.
pub(super) async fn read<T, W, E>(deadline: Deadline, command: &'static str, work: W) -> Result<T, StoreError>
where
    W: IntoFuture<Output = Result<T, E>>,
    E: Into<Fault>,
{
    let started = Instant::now();
    let answer = match perform(deadline, work).await {
        Some(answer) => answer.map_err(settle_read),
        None => Err(StoreError::Unavailable("no answer in time".into())),
    };
    record(command, started, answer.as_ref().err().map_or("ok", outcome));
    answer
}

/// Performs a write. When no answer comes in time it may have landed all the same.
pub(super) async fn write<T, W, E>(deadline: Deadline, command: &'static str, work: W) -> Result<T, Refusal>
where
    W: IntoFuture<Output = Result<T, E>>,
    E: Into<Fault>,
{
    let started = Instant::now();
    let answer = match perform(deadline, work).await {
        Some(answer) => answer.map_err(settle_write),
        None => Err(Refusal::Store(StoreError::OutcomeUnknown("no answer in time".into()))),
    };
    record(
        command,
        started,
        match &answer {
            Ok(_) => "ok",
            Err(Refusal::Duplicate(_)) => "duplicate",
            Err(Refusal::Store(error)) => outcome(error),
        },
    );
    answer
}

async fn perform<T, W, E>(deadline: Deadline, work: W) -> Option<Result<T, Fault>>
where
    W: IntoFuture<Output = Result<T, E>>,
    E: Into<Fault>,
{
    let work: W::IntoFuture = work.into_future();
    timeout_at(deadline.at, work).await.ok().map(|answer| answer.map_err(Into::into))
}

fn record(command: &'static str, started: Instant, outcome: &'static str) {
    histogram!("finbrain_store_command_seconds", "command" => command, "outcome" => outcome)
        .record(started.elapsed());
}

const fn outcome(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "unavailable",
        StoreError::OutcomeUnknown(_) => "unknown",
        StoreError::NoRoom(_) => "no_room",
        StoreError::Damaged(_) => "damaged",
        StoreError::Closed => "closed",
    }
}
