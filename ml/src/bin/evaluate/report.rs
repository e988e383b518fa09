//! The report: printed as it grows and written as Markdown at the end.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::thread::available_parallelism;

use jiff::Timestamp;

/// Markdown that is printed as it is added.
#[derive(Debug, Default)]
pub struct Report(String);

impl Report {
    /// A report that says on which machine and day it was made.
    pub fn begin() -> Report {
        let mut report = Report::default();
        report.text("# Evaluation");
        let cores = available_parallelism().map_or(1, usize::from);
        let date = Timestamp::now().to_string();
        let date = date.split('T').next().unwrap_or_default();
        report.text(&format!(
            "Written by `make evaluate` on {date}: {}, {cores} cores. Seeds are fixed; on another machine only times differ.",
            processor()
        ));
        report
    }

    pub fn section(&mut self, title: &str) {
        self.text(&format!("## {title}"));
    }

    pub fn text(&mut self, text: &str) {
        println!("{text}\n");
        self.0.push_str(text);
        self.0.push_str("\n\n");
    }

    pub fn table(&mut self, heads: &[&str], rows: &[Vec<String>]) {
        let mut table = format!("| {} |\n|{}", heads.join(" | "), " --- |".repeat(heads.len()));
        for row in rows {
            // Writing to a string does not fail.
            let _ = write!(table, "\n| {} |", row.join(" | "));
        }
        self.text(&table);
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, format!("{}\n", self.0.trim_end()))
    }
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

/// A fraction as a percentage.
pub fn percent(fraction: f64) -> String {
    format!("{:.1} %", fraction * 100.0)
}
