//! I4 and I5: versions never run backwards, neither for one client nor for all of them together.

use std::collections::HashMap;

use super::{
    super::record::What,
    answers::named,
    history::{Attempt, History},
    report::{Invariant, Report},
};

pub fn check(history: &History, report: &mut Report) {
    let floors = Floors::of(history);
    let own = Own::of(history);
    for attempt in history.attempts.iter().filter(|attempt| attempt.request.what.probes()) {
        let Some((version, answer)) = attempt.version().zip(attempt.success()) else { continue };
        let seen = own.seen_before(client_of(attempt), answer.sent).max(attempt.request.seen);
        if version < seen {
            let what = format!("{}: version {version} after the client saw {seen}", named(attempt, answer));
            report.found(Invariant::I4, attempt.reply_line, what);
        }
        // A stream that begins too early catches up by itself.
        if attempt.request.what == What::Events {
            continue;
        }
        let floor = floors.before(attempt.request.account, answer.sent);
        if version >= floor.version {
            continue;
        }
        if history.start.rules.elections {
            report.stale_in_elections += 1;
            continue;
        }
        let what = format!(
            "{}: version {version}, while {} was told before it was sent, in line {}",
            named(attempt, answer),
            floor.version,
            floor.line
        );
        report.found(Invariant::I5, attempt.reply_line, what);
    }
}

/// The highest version that somebody had been told at a moment, and where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Floor {
    pub version: u64,
    pub line: usize,
}

/// The floors of every account over time.
#[derive(Debug)]
pub struct Floors {
    accounts: HashMap<usize, Vec<(u64, Floor)>>,
}

impl Floors {
    pub fn of(history: &History) -> Self {
        let mut told: HashMap<usize, Vec<(u64, Floor)>> = HashMap::new();
        for attempt in &history.attempts {
            if let Some((got, version)) = version_told(attempt) {
                let floor = Floor { version, line: attempt.reply_line };
                told.entry(attempt.request.account).or_default().push((got, floor));
            }
        }
        for floors in told.values_mut() {
            floors.sort_by_key(|(got, _)| *got);
            let mut highest = Floor::default();
            for (_, floor) in floors {
                if floor.version > highest.version {
                    highest = *floor;
                }
                *floor = highest;
            }
        }
        Self { accounts: told }
    }

    /// What a request that is sent at `sent` must be answered with at least.
    pub fn before(&self, account: usize, sent: u64) -> Floor {
        let Some(floors) = self.accounts.get(&account) else { return Floor::default() };
        let count = floors.partition_point(|(got, _)| *got <= sent);
        count.checked_sub(1).map_or_else(Floor::default, |last| floors[last].1)
    }
}

/// When an answer told a version, replays included: their version exists as well.
fn version_told(attempt: &Attempt) -> Option<(u64, u64)> {
    let answer = attempt.success()?;
    Some((answer.got, answer.version?))
}

/// A client by its account and its number.
type Client = (usize, usize);

const fn client_of(attempt: &Attempt) -> Client {
    (attempt.request.account, attempt.request.client)
}

/// What each client had been told, from its own answers.
struct Own {
    clients: HashMap<Client, Vec<(u64, u64)>>,
}

impl Own {
    fn of(history: &History) -> Self {
        let mut clients: HashMap<Client, Vec<(u64, u64)>> = HashMap::new();
        for attempt in history.attempts.iter().filter(|attempt| attempt.request.what.probes()) {
            if let Some(told) = version_told(attempt) {
                clients.entry(client_of(attempt)).or_default().push(told);
            }
        }
        for told in clients.values_mut() {
            told.sort_unstable();
            let mut highest = 0;
            for (_, version) in told {
                highest = highest.max(*version);
                *version = highest;
            }
        }
        Self { clients }
    }

    fn seen_before(&self, client: Client, sent: u64) -> u64 {
        let Some(told) = self.clients.get(&client) else { return 0 };
        let count = told.partition_point(|(got, _)| *got <= sent);
        count.checked_sub(1).map_or(0, |last| told[last].1)
    }
}
