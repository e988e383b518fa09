//! The checker: reads a recorded run and looks for what a server must never do. It asks nobody anything: what the pods
//! had to tell stands in the record, but for their own logs.

mod answers;
mod book;
mod fold;
mod history;
mod order;
mod reads;
mod report;
mod reports;
mod resources;
mod secrets;
mod sessions;
mod slots;
mod writes;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use self::report::{Invariant, Report, Violation};
use self::{book::Book, history::History};

#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("the record cannot be read: {0}")]
    Read(#[source] io::Error),
    #[error("line {line} of the record is malformed: {source}")]
    Malformed { line: usize, source: serde_json::Error },
    #[error("the record does not say how it began")]
    NoStart,
    #[error("{} cannot be read: {source}", path.display())]
    PodLog { path: PathBuf, source: io::Error },
}

/// Checks a recorded run, and the logs of the pods for what they must not tell.
pub fn check(log: &Path, pod_logs: &[PathBuf]) -> Result<Report, CheckError> {
    let mut history = History::load(log)?;
    let books = Book::all(&history);
    let mut report = Report::count(&history, &books);
    answers::check(&history, &mut report);
    slots::check(&mut history, &books, &mut report)?;
    writes::check(&history, &books, &mut report);
    order::check(&history, &mut report);
    reads::check(&mut history, &books, &mut report)?;
    sessions::check(&history, &mut report);
    resources::check(&history, &mut report);
    for path in pod_logs {
        secrets::check(&history, path, &mut report)?;
    }
    report.violations.sort_by_key(|violation| violation.line);
    Ok(report)
}
