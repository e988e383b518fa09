//! I3: every pod tells the same journal, whose slots are contiguous, and nobody ever saw anything else in a slot.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    super::record::What,
    CheckError,
    book::Book,
    history::History,
    report::{Invariant, Report},
};

pub fn check(history: &mut History, books: &[Book], report: &mut Report) -> Result<(), CheckError> {
    journals(history, books, report);
    for at in 0..history.attempts.len() {
        if history.attempts[at].request.what == What::Changes && history.attempts[at].success().is_some() {
            let body = history.body(at)?;
            page(history, at, &body, books, report);
        }
    }
    streams(history, books, report);
    Ok(())
}

fn journals(history: &History, books: &[Book], report: &mut Report) {
    for journal in &history.journals {
        let (account, url) = (journal.value.account, &journal.value.url);
        let entries = &journal.value.entries;
        for (expected, entry) in (1_u64..).zip(entries) {
            if entry["version"] != expected {
                let what =
                    format!("account {account} at {url}: slot {} where {expected} is due", entry["version"]);
                report.found(Invariant::I3, journal.line, what);
                break;
            }
        }
        let Some(book) = books.get(account) else { continue };
        if entries.len() != book.entries.len() {
            let what = format!(
                "account {account}: {url} tells {} slots, another pod {}",
                entries.len(),
                book.entries.len()
            );
            report.found(Invariant::I3, journal.line, what);
        }
        if let Some((one, _)) = entries.iter().zip(&book.entries).find(|(one, other)| one != other) {
            let what = format!("account {account}: {url} tells another slot {}", one["version"]);
            report.found(Invariant::I3, journal.line, what);
        }
    }
    for (account, book) in books.iter().enumerate() {
        if book.entries.is_empty() {
            report.found(Invariant::I3, 0, format!("account {account}: no pod told its journal"));
        }
    }
}

/// A page of `/changes`, seen on the way.
fn page(history: &History, at: usize, body: &Value, books: &[Book], report: &mut Report) {
    let attempt = &history.attempts[at];
    let Some(answer) = attempt.success() else { return };
    let (line, version) = (attempt.reply_line, answer.version.unwrap_or(0));
    let since = number_in(&attempt.request.path, "since=").unwrap_or(0);
    let entries = body["data"].as_array().map_or(&[][..], Vec::as_slice);
    let mut last = since;
    for entry in entries {
        if entry["version"] != last + 1 {
            let what = format!("a page goes from slot {last} to {}", entry["version"]);
            report.found(Invariant::I3, line, what);
            return;
        }
        last += 1;
        sighting(entry, last, &books[attempt.request.account], line, report);
    }
    if last > version && !entries.is_empty() {
        report.found(Invariant::I3, line, format!("an answer of version {version} tells slot {last}"));
    }
    if body["page"]["next"].is_null() && last < version {
        report.found(Invariant::I3, line, format!("the last page ends with slot {last} of {version}"));
    }
}

/// An entry that somebody was told, against the final journal.
fn sighting(seen: &Value, version: u64, book: &Book, line: usize, report: &mut Report) {
    report.sightings += 1;
    match book.entry(version) {
        Some(entry) if entry == seen => {}
        Some(_) => {
            report.found(Invariant::I3, line, format!("slot {version} holds something else at the end"))
        }
        None => report.found(Invariant::I3, line, format!("slot {version} is gone at the end")),
    }
}

/// Events: each once, in order, the same as in the journal.
fn streams(history: &History, books: &[Book], report: &mut Report) {
    let mut streams = HashMap::new();
    for attempt in history.attempts.iter().filter(|attempt| attempt.request.what == What::Events) {
        if let Some(answer) = attempt.success() {
            let begins = attempt.request.resume.or(answer.version);
            streams.insert(attempt.request.id, (attempt.request.account, begins));
        }
    }
    for event in history.events.iter().filter(|event| event.value.name == "change") {
        let Some((account, last)) = streams.get_mut(&event.value.id) else { continue };
        let (line, data) = (event.line, &event.value.data);
        let Some(version) = event.value.version.filter(|version| data["version"] == *version) else {
            report.found(Invariant::I3, line, "an event has another id than version".into());
            continue;
        };
        if let Some(last) = *last
            && version != last + 1
        {
            report.found(Invariant::I3, line, format!("a stream goes from slot {last} to {version}"));
        }
        *last = Some(version);
        if data["reload"] != true
            && let Some(book) = books.get(*account)
        {
            sighting(data, version, book, line, report);
        }
    }
}

/// The number behind `name` in a path.
pub fn number_in(path: &str, name: &str) -> Option<u64> {
    let (_, rest) = path.split_once(name)?;
    rest.split('&').next()?.parse().ok()
}
