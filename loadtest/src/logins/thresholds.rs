//! What a run has to reach. Each threshold is an option, and each that is missed makes the run fail.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{crowd::Mix, report::Findings};

const MEBIBYTE: u64 = 1 << 20;

#[derive(Debug, Clone, Args)]
pub struct Thresholds {
    /// Milliseconds within which 99 of 100 heartbeats are answered during the storms
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub heartbeat_p99: u64,
    /// Seconds after which no login may be answered
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub latest_answer: u64,
    /// Mebibytes by which no given process may grow
    #[arg(long, value_name = "MIB", default_value_t = 150)]
    pub growth: u64,
    /// Percent of the raw rate of the hash that logins to distinct accounts reach
    #[arg(long, value_name = "PERCENT", default_value_t = 85.0)]
    pub login_share: f64,
}

/// One threshold beside what was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub what: String,
    pub measured: String,
    pub limit: String,
    pub holds: bool,
}

impl Thresholds {
    pub fn check(&self, findings: &Findings) -> Vec<Check> {
        let mut checks = vec![self.heartbeats(findings), self.latest(findings)];
        checks.extend(counts(findings));
        checks.extend(findings.storms.keys().map(|mix| was_decided(findings, *mix)));
        checks.extend(findings.memory.iter().map(|(pid, memory)| self.memory(*pid, *memory)));
        checks.extend(findings.pace.as_ref().map(|pace| Check {
            what: format!("logins of distinct accounts, beside raw argon2id in {} thread(s)", pace.threads),
            measured: format!(
                "{:.0} % ({:.1} of {:.1}/s)",
                pace.share_percent, pace.logins_per_second, pace.raw_per_second
            ),
            limit: format!("≥ {} %", self.login_share),
            holds: pace.share_percent >= self.login_share,
        }));
        checks
    }

    fn heartbeats(&self, findings: &Findings) -> Check {
        let heartbeats = &findings.seen.heartbeats.stormy;
        let limit = Duration::from_millis(self.heartbeat_p99);
        let p99 = heartbeats.quantile(0.99);
        Check {
            what: "heartbeats during the storms, p99".into(),
            measured: format!("{:.1} ms of {}", p99.as_secs_f64() * 1e3, heartbeats.count()),
            limit: format!("≤ {} ms", limit.as_millis()),
            // None at all would hold any limit.
            holds: heartbeats.count() > 0 && p99 <= limit,
        }
    }

    fn latest(&self, findings: &Findings) -> Check {
        let limit = Duration::from_secs(self.latest_answer);
        let latest = findings.storms.values().map(|tally| tally.latencies().longest()).max();
        let latest = latest.unwrap_or_default();
        Check {
            what: "latest answer to a login".into(),
            measured: format!("{:.2} s", latest.as_secs_f64()),
            limit: format!("≤ {} s", limit.as_secs()),
            holds: latest <= limit,
        }
    }

    fn memory(&self, pid: u32, (before, peak): (u64, u64)) -> Check {
        let growth = peak.saturating_sub(before);
        Check {
            what: format!("growth of process {pid}"),
            measured: format!("{} MiB over {}", growth / MEBIBYTE, before / MEBIBYTE),
            limit: format!("≤ {} MiB", self.growth),
            holds: before > 0 && growth <= self.growth * MEBIBYTE,
        }
    }
}

/// What must not have happened even once.
fn counts(findings: &Findings) -> Vec<Check> {
    let pace = findings.pace.as_ref().map(|pace| &pace.tally);
    let tallies = || findings.storms.values().chain(pace);
    let failures = |kind: &super::watch::Kind| kind.failures.values().sum::<u64>();
    let never = |what: &str, count: u64| Check {
        what: what.into(),
        measured: count.to_string(),
        limit: "0".into(),
        holds: count == 0,
    };
    vec![
        never("wrong verdicts", tallies().map(|tally| tally.wrong_verdicts).sum()),
        never(
            "answers other than 200, 401, 429 and 503 as they should be",
            tallies().map(|tally| tally.strange).sum(),
        ),
        never("logins without an answer", tallies().map(super::tally::Tally::broken).sum()),
        never("heartbeats that failed", failures(&findings.seen.heartbeats)),
        never("dashboards that failed", failures(&findings.seen.reads)),
    ]
}

/// A server that turns everybody away gives no wrong verdict, and no right one.
fn was_decided(findings: &Findings, mix: Mix) -> Check {
    let (status, what, least) = match mix {
        // It has its own limit, whatever the number of rounds.
        Mix::One => (200, "let in", 1),
        Mix::Many => (200, "let in", u64::from(findings.rounds)),
        Mix::Wrong => (401, "refused for their password", u64::from(findings.rounds)),
    };
    let count = findings.storms.get(&mix).map_or(0, |tally| tally.count(status));
    Check {
        what: format!("{}: {what}", mix.name()),
        measured: count.to_string(),
        limit: format!("≥ {least}"),
        holds: count >= least,
    }
}
