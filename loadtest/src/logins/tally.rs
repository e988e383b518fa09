//! What came back, counted and timed.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::crowd::Flaw;

/// Later answers are as late as this.
const LATEST: Duration = Duration::from_secs(120);

/// Latencies, from the moment at which a request was meant to be sent.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let highest = u64::try_from(LATEST.as_micros()).expect("two minutes of microseconds fit");
        Self(Histogram::new_with_bounds(1, highest, 3).expect("these bounds are in order"))
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(share))
    }

    pub fn longest(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }

    pub fn summary(&self) -> Summary {
        let milliseconds = |latency: Duration| latency.as_secs_f64() * 1e3;
        Summary {
            count: self.count(),
            p50_ms: milliseconds(self.quantile(0.5)),
            p90_ms: milliseconds(self.quantile(0.9)),
            p99_ms: milliseconds(self.quantile(0.99)),
            max_ms: milliseconds(self.longest()),
        }
    }
}

/// The same in a few numbers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Summary {
    pub count: u64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// The answers to many logins.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub statuses: BTreeMap<u16, Latencies>,
    pub wrong_verdicts: u64,
    pub strange: u64,
    /// Attempts without an answer, by cause.
    pub broken: BTreeMap<String, u64>,
}

impl Tally {
    pub fn answered(&mut self, status: u16, flaw: Option<Flaw>, latency: Duration) {
        self.statuses.entry(status).or_default().record(latency);
        match flaw {
            Some(Flaw::Verdict) => self.wrong_verdicts += 1,
            Some(Flaw::Status) => self.strange += 1,
            None => {}
        }
    }

    pub fn broke(&mut self, cause: String) {
        *self.broken.entry(cause).or_default() += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (status, latencies) in &other.statuses {
            self.statuses.entry(*status).or_default().merge(latencies);
        }
        for (cause, count) in &other.broken {
            *self.broken.entry(cause.clone()).or_default() += count;
        }
        self.wrong_verdicts += other.wrong_verdicts;
        self.strange += other.strange;
    }

    pub fn count(&self, status: u16) -> u64 {
        self.statuses.get(&status).map_or(0, Latencies::count)
    }

    pub fn broken(&self) -> u64 {
        self.broken.values().sum()
    }

    /// Of all answers.
    pub fn latencies(&self) -> Latencies {
        let mut all = Latencies::default();
        self.statuses.values().for_each(|latencies| all.merge(latencies));
        all
    }
}
