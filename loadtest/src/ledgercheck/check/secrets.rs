//! The logs of the pods: none tells a token, a password, an address, a title or an amount of the run.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use serde_json::Value;

use super::{
    CheckError,
    history::History,
    report::{Invariant, Report},
};

/// What must not stand in a log.
struct Secrets<'a> {
    /// Stands in every title, name, address and password.
    marker: &'a str,
    tokens: HashSet<&'a str>,
    /// Digits of amounts, with and without their point.
    amounts: HashSet<String>,
}

/// Looks through the log of a pod. The lines of what is found are those of that log.
pub fn check(history: &History, path: &Path, report: &mut Report) -> Result<(), CheckError> {
    let failed = |source| CheckError::PodLog { path: path.to_owned(), source };
    let secrets = Secrets::of(history);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut bytes, mut number) = (Vec::new(), 0);
    while reader.read_until(b'\n', &mut bytes).map_err(failed)? > 0 {
        number += 1;
        if let Some(kind) = secrets.found_in(&String::from_utf8_lossy(&bytes)) {
            report.found(Invariant::Secret, number, format!("{} tells {kind}", path.display()));
        }
        bytes.clear();
    }
    Ok(())
}

impl<'a> Secrets<'a> {
    fn of(history: &'a History) -> Self {
        let tokens = history.sessions.iter().map(|session| session.token.as_str()).collect();
        let mut amounts = HashSet::new();
        for body in history.attempts.iter().filter_map(|attempt| attempt.request.body.as_ref()) {
            take_amounts(body, &mut amounts);
        }
        Self { marker: &history.start.marker, tokens, amounts }
    }

    fn found_in(&self, line: &str) -> Option<&'static str> {
        if !self.marker.is_empty() && line.contains(self.marker) {
            return Some("a title, an address or a password");
        }
        let is_of_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if line.split(|c| !is_of_token(c)).any(|word| self.tokens.contains(word)) {
            return Some("the token of a session");
        }
        // Letters belong to a word, too: the digits in the middle of an id are no amount.
        let is_of_amount = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let mut numbers = line.split(|c| !is_of_amount(c)).map(|word| word.trim_matches('.'));
        numbers.any(|word| self.amounts.contains(word)).then_some("an amount")
    }
}

/// Amounts with fewer digits stand for many other things as well.
const FEWEST_DIGITS: usize = 8;

fn take_amounts(body: &Value, amounts: &mut HashSet<String>) {
    if let Some(amount) = body["amount"].as_str() {
        let amount = amount.trim_start_matches('-');
        let digits = amount.replace('.', "");
        if digits.len() >= FEWEST_DIGITS {
            amounts.insert(amount.to_owned());
            amounts.insert(digits);
        }
    }
    for row in body["transactions"].as_array().into_iter().flatten() {
        take_amounts(row, amounts);
    }
}
