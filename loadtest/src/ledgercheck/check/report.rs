//! What a check found, for people and for programs.

use std::{fmt, time::Duration};

use comfy_table::{Table, presets::NOTHING};
use serde::Serialize;

use super::{
    book::Book,
    history::{Attempt, History},
};

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Invariant {
    /// What was acknowledged is there.
    I1,
    /// A key is applied at most once, and acknowledged the same each time.
    I2,
    /// Slots are contiguous and immutable.
    I3,
    /// A client reads what it wrote and never goes back in time.
    I4,
    /// An answer contains what was acknowledged before the request.
    I5,
    /// Every answer equals the fold of its prefix.
    I6,
    /// A revoked session writes nothing.
    I7,
    /// Nobody is signed out by somebody else's fault.
    I8,
    /// Errors have their form, and none is the server's mistake.
    Form,
    /// No secret stands in a log.
    Secret,
    /// Memory and descriptors are given back.
    Resources,
}

impl Invariant {
    pub const ALL: [Self; 11] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::Form,
        Self::Secret,
        Self::Resources,
    ];

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::I1 => "what was acknowledged is there",
            Self::I2 => "a key is applied at most once",
            Self::I3 => "slots are contiguous and immutable",
            Self::I4 => "a client reads its own writes and never goes back",
            Self::I5 => "an answer contains what was acknowledged before",
            Self::I6 => "every answer equals the fold of its prefix",
            Self::I7 => "a revoked session does nothing",
            Self::I8 => "nobody is signed out by a fault",
            Self::Form => "errors have their form; no 5xx but 503",
            Self::Secret => "no secret in a log",
            Self::Resources => "memory and descriptors are given back",
        }
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub invariant: Invariant,
    /// The line of the record (of the pod's log for secrets) where it shows.
    pub line: usize,
    pub what: String,
}

#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub seed: u64,
    /// Writes, each counted once however often it was tried.
    pub operations: u64,
    pub acknowledged: u64,
    pub refused: u64,
    /// Writes that nobody was told the outcome of.
    pub unknown: u64,
    pub requests: u64,
    /// Reports, lists and single rows that were compared with the fold.
    pub reads: u64,
    /// Entries of `/changes` and events that were compared with the final journals.
    pub sightings: u64,
    /// Slots of all final journals.
    pub slots: u64,
    /// Answers during an election that lacked something acknowledged, where that is no violation.
    pub stale_in_elections: u64,
    /// The longest time without a successful answer.
    #[serde(rename = "worst_recovery_ms", serialize_with = "millis")]
    pub worst_recovery: Duration,
    pub violations: Vec<Violation>,
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

impl Report {
    /// What can be counted before anything is judged.
    pub(super) fn count(history: &History, books: &[Book]) -> Self {
        Self {
            seed: history.start.seed,
            requests: history.attempts.len() as u64,
            slots: books.iter().map(Book::version).sum(),
            worst_recovery: worst_recovery(history),
            ..Self::default()
        }
    }

    pub(super) fn found(&mut self, invariant: Invariant, line: usize, what: String) {
        self.violations.push(Violation { invariant, line, what });
    }

    /// How many violations of one invariant there are.
    pub fn of(&self, invariant: Invariant) -> usize {
        self.violations.iter().filter(|violation| violation.invariant == invariant).count()
    }

    pub const fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

/// The longest time between two successes of anybody, while the clients were at it.
fn worst_recovery(history: &History) -> Duration {
    let attempts = || history.attempts.iter();
    let Some(begin) = attempts().filter_map(Attempt::sent).min() else { return Duration::ZERO };
    let stopped = history.stopped.unwrap_or(u64::MAX);
    let got = attempts().filter_map(|attempt| Some(attempt.success()?.got));
    let mut successes: Vec<u64> = got.filter(|got| *got <= stopped).collect();
    successes.push(begin);
    successes.extend(history.stopped);
    successes.sort_unstable();
    let gaps = successes.windows(2).map(|pair| pair[1] - pair[0]);
    Duration::from_nanos(gaps.max().unwrap_or(0))
}

/// So many violations are told one by one.
const TOLD: usize = 40;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts = Table::new();
        counts.load_preset(NOTHING);
        for (name, count) in [
            ("seed", self.seed),
            ("writes", self.operations),
            ("  acknowledged", self.acknowledged),
            ("  refused", self.refused),
            ("  outcome unknown", self.unknown),
            ("requests", self.requests),
            ("reads compared", self.reads),
            ("entries seen on the way", self.sightings),
            ("slots", self.slots),
            ("stale during elections", self.stale_in_elections),
        ] {
            counts.add_row([name.to_owned(), count.to_string()]);
        }
        counts.add_row(["worst recovery".to_owned(), format!("{:.2?}", self.worst_recovery)]);
        writeln!(f, "{counts}")?;
        let mut table = Table::new();
        table.load_preset(NOTHING).set_header(["", "must hold", "violations"]);
        for invariant in Invariant::ALL {
            let name = format!("{invariant:?}");
            table.add_row([name, invariant.meaning().to_owned(), self.of(invariant).to_string()]);
        }
        writeln!(f, "{table}")?;
        for Violation { invariant, line, what } in self.violations.iter().take(TOLD) {
            writeln!(f, "{invariant:?}, line {line}: {what}")?;
        }
        match self.violations.len().checked_sub(TOLD) {
            Some(more) if more > 0 => writeln!(f, "and {more} more"),
            _ => Ok(()),
        }
    }
}
