//! What a run found: tables for people, JSON for programs, and which thresholds hold.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use serde::Serialize;

use super::{
    crowd::Mix,
    pace::Pace,
    tally::{Latencies, Summary, Tally},
    thresholds::{Check, Thresholds},
    watch::{Kind, Seen},
};

/// Everything that was measured.
#[derive(Debug)]
pub struct Findings {
    pub rounds: u32,
    pub parallel: u32,
    pub storms: BTreeMap<Mix, Tally>,
    pub pace: Option<Pace>,
    pub seen: Seen,
    /// Of each process: bytes before the storms, and the most during them.
    pub memory: BTreeMap<u32, (u64, u64)>,
    pub elapsed: Duration,
}

/// The same, judged and in a form that can be written down.
#[derive(Debug, Serialize)]
pub struct Report {
    pub rounds: u32,
    pub parallel: u32,
    pub seconds: f64,
    pub logins: BTreeMap<Mix, LoginFigures>,
    pub watchers: BTreeMap<&'static str, WatcherFigures>,
    pub pace: Option<Pace>,
    pub memory: Vec<MemoryFigures>,
    pub checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
pub struct LoginFigures {
    pub statuses: BTreeMap<u16, Summary>,
    pub all: Summary,
    pub wrong_verdicts: u64,
    pub strange: u64,
    pub broken: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
pub struct WatcherFigures {
    pub quiet: Summary,
    pub stormy: Summary,
    pub failures: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct MemoryFigures {
    pub pid: u32,
    pub before_mib: f64,
    pub peak_mib: f64,
}

impl Report {
    pub fn new(findings: Findings, thresholds: &Thresholds) -> Self {
        let checks = thresholds.check(&findings);
        let Findings { rounds, parallel, storms, pace, seen, memory, elapsed } = findings;
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Self {
            rounds,
            parallel,
            seconds: elapsed.as_secs_f64(),
            logins: storms.into_iter().map(|(mix, tally)| (mix, LoginFigures::of(tally))).collect(),
            watchers: BTreeMap::from([
                ("heartbeats", WatcherFigures::of(seen.heartbeats)),
                ("dashboards", WatcherFigures::of(seen.reads)),
            ]),
            pace,
            memory: memory
                .into_iter()
                .map(|(pid, (before, peak))| MemoryFigures {
                    pid,
                    before_mib: mebibytes(before),
                    peak_mib: mebibytes(peak),
                })
                .collect(),
            checks,
        }
    }

    /// Whether all thresholds hold.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }

    /// The tables, as Markdown.
    pub fn tables(&self) -> String {
        let Self { rounds, parallel, seconds, .. } = self;
        let mut text = format!("{rounds} rounds of {parallel} parallel logins, {seconds:.0} s\n\n");
        let _ = writeln!(text, "{}\n", self.login_table());
        let _ = writeln!(text, "{}\n", self.watcher_table());
        for (what, causes) in self.causes() {
            let _ = writeln!(text, "{what}: {causes:?}\n");
        }
        let _ = writeln!(text, "{}", self.check_table());
        text
    }

    fn login_table(&self) -> Table {
        let mut table =
            table(&["logins", "200", "401", "429", "503", "other", "none", "p50", "p99", "longest"]);
        for (mix, figures) in &self.logins {
            let count = |status| figures.statuses.get(&status).map_or(0, |summary| summary.count);
            let known = [200, 401, 429, 503].map(count);
            let mut row = vec![mix.name().to_owned()];
            row.extend(known.map(|count| count.to_string()));
            row.push((figures.all.count - known.iter().sum::<u64>()).to_string());
            row.push(figures.broken.values().sum::<u64>().to_string());
            row.extend([figures.all.p50_ms, figures.all.p99_ms, figures.all.max_ms].map(milliseconds));
            table.add_row(row);
        }
        table
    }

    fn watcher_table(&self) -> Table {
        let mut table = table(&["meanwhile", "requests", "p50", "p90", "p99", "longest"]);
        for (kind, figures) in &self.watchers {
            for (when, summary) in [("in quiet", figures.quiet), ("in storms", figures.stormy)] {
                let Summary { count, p50_ms, p90_ms, p99_ms, max_ms } = summary;
                let mut row = vec![format!("{kind} {when}"), count.to_string()];
                row.extend([p50_ms, p90_ms, p99_ms, max_ms].map(milliseconds));
                table.add_row(row);
            }
        }
        table
    }

    fn check_table(&self) -> Table {
        let mut table = table(&["threshold", "measured", "limit", ""]);
        for Check { what, measured, limit, holds } in &self.checks {
            let verdict = if *holds { "holds" } else { "**MISSED**" };
            table.add_row([what, measured, limit, verdict]);
        }
        table
    }

    /// Why something had no answer, or a wrong one.
    fn causes(&self) -> Vec<(String, &BTreeMap<String, u64>)> {
        let logins = self.logins.iter().map(|(mix, figures)| (mix.name().to_owned(), &figures.broken));
        let watchers = self.watchers.iter().map(|(kind, figures)| ((*kind).to_owned(), &figures.failures));
        logins.chain(watchers).filter(|(_, causes)| !causes.is_empty()).collect()
    }
}

impl LoginFigures {
    fn of(tally: Tally) -> Self {
        Self {
            all: tally.latencies().summary(),
            statuses: tally.statuses.iter().map(|(status, all)| (*status, all.summary())).collect(),
            wrong_verdicts: tally.wrong_verdicts,
            strange: tally.strange,
            broken: tally.broken,
        }
    }
}

impl WatcherFigures {
    fn of(kind: Kind) -> Self {
        let summary = Latencies::summary;
        Self { quiet: summary(&kind.quiet), stormy: summary(&kind.stormy), failures: kind.failures }
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn milliseconds(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} ms") } else { format!("{value:.0} ms") }
}
