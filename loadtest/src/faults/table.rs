//! What came of the scenarios: for people on a terminal, for programs as JSON, and for readers in the crate's README.

use std::{fs, path::Path, time::Duration};

use anyhow::Context as _;
use comfy_table::{
    Table,
    presets::{ASCII_MARKDOWN, UTF8_HORIZONTAL_ONLY},
};
use serde::Serialize;

/// What came of one scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    /// Rounds that were wanted.
    pub rounds: u32,
    pub operations: u64,
    /// Attempts of the clients, repeated ones included.
    pub requests: u64,
    /// Those without an answer, and those that were told to come again.
    pub unanswered: u64,
    /// Answers during elections that lacked what was acknowledged before, where that is allowed.
    pub stale_in_elections: u64,
    pub violations: Vec<String>,
    /// From the begin of a fault to the next answer that needs what was broken, the longest of all rounds.
    pub worst_recovery_ms: Option<u64>,
    pub seconds: u64,
    /// Day on which it was run.
    pub day: String,
    /// Why it did not come to its end.
    pub failure: Option<String>,
}

const HEADER: [&str; 10] = [
    "scenario",
    "fault",
    "rounds",
    "operations",
    "requests",
    "lost or 503",
    "stale in elections",
    "violations",
    "worst recovery",
    "run on",
];
const BEGIN: &str = "<!-- faults: written by `make faults` -->";
const END: &str = "<!-- end of faults -->";

impl Row {
    pub const fn is_good(&self) -> bool {
        self.violations.is_empty() && self.failure.is_none()
    }

    fn cells(&self) -> [String; 10] {
        let violations = match &self.failure {
            None => self.violations.len().to_string(),
            Some(_) => format!("{}, did not end", self.violations.len()),
        };
        let recovery = self
            .worst_recovery_ms
            .map_or("–".into(), |ms| format!("{:.1} s", Duration::from_millis(ms).as_secs_f64()));
        [
            self.name.into(),
            self.what.into(),
            self.rounds.to_string(),
            self.operations.to_string(),
            self.requests.to_string(),
            self.unanswered.to_string(),
            self.stale_in_elections.to_string(),
            violations,
            recovery,
            self.day.clone(),
        ]
    }
}

/// The table for a terminal.
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(HEADER);
    table.add_rows(rows.iter().map(Row::cells));
    table.to_string()
}

/// Puts the rows into the table between the marks of a document. Rows of scenarios that were not run now stay; `order`
/// says how they follow each other.
pub fn write_into(document: &Path, rows: &[Row], order: &[&str]) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(document).with_context(|| format!("{} cannot be read", document.display()))?;
    let written = with_rows(&text, rows, order)
        .with_context(|| format!("{} has no marks for the table", document.display()))?;
    fs::write(document, written)?;
    Ok(())
}

fn with_rows(text: &str, rows: &[Row], order: &[&str]) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let old: Vec<Vec<String>> = old.lines().filter(|line| line.starts_with('|')).map(cells).collect();
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(HEADER);
    for name in order {
        if let Some(row) = rows.iter().find(|row| row.name == *name) {
            table.add_row(row.cells());
        } else if let Some(cells) = old.iter().find(|cells| cells[0] == *name && cells.len() == HEADER.len())
        {
            table.add_row(cells);
        }
    }
    Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, operations: u64) -> Row {
        Row {
            name,
            what: "something breaks",
            rounds: 3,
            operations,
            requests: operations + 1,
            unanswered: 0,
            stale_in_elections: 0,
            violations: Vec::new(),
            worst_recovery_ms: Some(1250),
            seconds: 9,
            day: "2026-11-24".into(),
            failure: None,
        }
    }

    #[test]
    fn rows_that_were_not_run_stay_and_the_others_are_replaced() {
        let empty = format!("# Title\n\n{BEGIN}\n{END}\n\nText.\n");
        let order = ["one", "two", "three"];

        let first = with_rows(&empty, &[row("three", 30), row("one", 10)], &order).unwrap();
        let second = with_rows(&first, &[row("two", 22), row("one", 11)], &order).unwrap();

        let names: Vec<&str> =
            second.lines().filter_map(|line| line.strip_prefix("| ")?.split_whitespace().next()).collect();
        assert_eq!(names, ["scenario", "one", "two", "three"]);
        assert!(
            second.contains("| 11 ") && second.contains("| 30 ") && !second.contains("| 10 "),
            "{second}"
        );
        assert!(second.starts_with("# Title\n") && second.ends_with("\nText.\n"), "{second}");
        assert!(second.contains("| 1.2 s "), "{second}");
    }

    #[test]
    fn a_document_without_marks_is_left_alone() {
        assert_eq!(with_rows("# Title\n", &[row("one", 1)], &["one"]), None);
    }

    #[test]
    fn what_did_not_come_to_its_end_is_not_good() {
        let failed = Row { failure: Some("the pods do not come back".into()), ..row("one", 1) };

        assert!(!failed.is_good() && row("one", 1).is_good());
        assert!(table(&[failed]).contains("did not end"));
    }
}
