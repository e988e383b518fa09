//! I1 and I2: what was acknowledged stands in its slot, every key at most once, and nothing stands there that nobody
//! asked for.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{
    super::record::{Answer, What},
    answers::named,
    book::Book,
    history::{Attempt, History, Reply},
    report::{Invariant, Report},
    sessions,
};

/// All attempts with one key.
struct Operation<'a> {
    key: &'a str,
    attempts: Vec<&'a Attempt>,
}

impl<'a> Operation<'a> {
    fn all(history: &'a History) -> Vec<Self> {
        let mut operations: BTreeMap<(usize, &str), Vec<&Attempt>> = BTreeMap::new();
        for attempt in history.attempts.iter().filter(|attempt| attempt.request.what.is_write()) {
            if let Some(key) = &attempt.request.key {
                operations.entry((attempt.request.account, key)).or_default().push(attempt);
            }
        }
        operations.into_iter().map(|((_, key), attempts)| Self { key, attempts }).collect()
    }

    fn first(&self) -> &'a Attempt {
        self.attempts[0]
    }

    fn what(&self) -> What {
        self.first().request.what
    }

    fn account(&self) -> usize {
        self.first().request.account
    }

    /// Acknowledgements that name an entry. A change that changes nothing makes none.
    fn written(&self) -> impl Iterator<Item = (&'a Attempt, &'a Answer)> {
        let success = |attempt: &&'a Attempt| attempt.success().map(|answer| (*attempt, answer));
        self.attempts.iter().filter_map(success).filter(|(_, answer)| answer.entry.is_some())
    }

    /// Whether every attempt was made after its session had been ended.
    fn is_of_ended_session(&self, ends: &HashMap<u64, u64>) -> bool {
        self.attempts.iter().all(|attempt| {
            let end = attempt.request.session.and_then(|session| ends.get(&session));
            attempt.sent().zip(end).is_some_and(|(sent, end)| sent > *end)
        })
    }

    /// Whether an attempt may have been applied without anybody being told.
    fn is_open(&self, proxied: bool) -> bool {
        self.attempts.iter().any(|attempt| match &attempt.reply {
            Reply::Lost(_) | Reply::Missing => true,
            Reply::Answered(answer) => match answer.status {
                503 => proxied || !matches!(answer.code(), Some("busy" | "unavailable")),
                status => status >= 500 && status != 507,
            },
        })
    }
}

pub fn check(history: &History, books: &[Book], report: &mut Report) {
    let operations = Operation::all(history);
    let proxied = history.start.rules.proxied;
    let ends = sessions::ends(history);
    let mut claims: Vec<HashMap<u64, &str>> = vec![HashMap::new(); books.len()];
    for operation in &operations {
        count(operation, proxied, report);
        agreement(operation, report);
        refused_after(operation, report);
        let account = operation.account();
        for (attempt, answer) in operation.written() {
            stands(attempt, answer, &books[account], report);
        }
        if let Some((attempt, version)) =
            operation.written().find_map(|(attempt, answer)| Some((attempt, answer.version?)))
            && let Some(other) = claims[account].insert(version, operation.key)
        {
            let what = format!("slot {version} was acknowledged to {} and to {other}", operation.key);
            report.found(Invariant::I2, attempt.reply_line, what);
        }
    }
    for (account, book) in books.iter().enumerate() {
        let open: Vec<&Operation<'_>> = operations
            .iter()
            .filter(|operation| operation.account() == account && operation.written().next().is_none())
            .filter(|operation| operation.is_open(proxied))
            .collect();
        unclaimed(account, book, &claims[account], (&open, &ends), report);
        access(history, account, book, report);
    }
}

fn count(operation: &Operation<'_>, proxied: bool, report: &mut Report) {
    report.operations += 1;
    let acknowledged = operation.attempts.iter().any(|attempt| attempt.success().is_some());
    let refused = operation.attempts.iter().any(|attempt| is_refusal(attempt));
    match (acknowledged, refused || !operation.is_open(proxied)) {
        (true, _) => report.acknowledged += 1,
        (false, true) => report.refused += 1,
        (false, false) => report.unknown += 1,
    }
}

/// Every acknowledgement of a key names the same version, entry and resource, and one at most is no replay.
fn agreement(operation: &Operation<'_>, report: &mut Report) {
    let Some((_, first)) = operation.written().next() else { return };
    for (attempt, answer) in operation.written().skip(1) {
        if (answer.version, &answer.entry) != (first.version, &first.entry) {
            let what = format!(
                "key {}: acknowledged in slot {:?} and in slot {:?}",
                operation.key, first.version, answer.version
            );
            report.found(Invariant::I2, attempt.reply_line, what);
        } else if resource(operation.what(), answer) != resource(operation.what(), first) {
            let what = format!("key {}: a replay tells another resource", operation.key);
            report.found(Invariant::I2, attempt.reply_line, what);
        }
    }
    let fresh = operation.written().filter(|(_, answer)| !answer.replayed).count();
    if fresh > 1 {
        let line = operation.first().line;
        report.found(Invariant::I2, line, format!("key {}: {fresh} times said to be new", operation.key));
    }
}

/// The part of an answer that a replay repeats.
fn resource(what: What, answer: &Answer) -> &Value {
    match what {
        What::Record | What::Amend => &answer.body["transaction"],
        What::Undo | What::Redo => &answer.body["changes"],
        What::Category => &answer.body["id"],
        What::Bulk => &answer.body["count"],
        _ => &Value::Null,
    }
}

/// Whether the book said no, rather than the door.
fn is_refusal(attempt: &Attempt) -> bool {
    let status = attempt.answer().map_or(0, |answer| answer.status);
    (400..500).contains(&status) && !matches!(status, 401 | 408 | 429)
}

/// Once a key was acknowledged, a later attempt is not refused.
fn refused_after(operation: &Operation<'_>, report: &mut Report) {
    let acknowledged = operation.written().map(|(_, answer)| answer.got).min();
    for attempt in &operation.attempts {
        let Some((answer, acknowledged)) = attempt.answer().zip(acknowledged) else { continue };
        if is_refusal(attempt) && answer.sent > acknowledged {
            let what = format!("{}: its key had been acknowledged", named(attempt, answer));
            report.found(Invariant::I2, attempt.reply_line, what);
        }
    }
}

/// What was acknowledged stands in the slot that the answer names.
fn stands(attempt: &Attempt, answer: &Answer, book: &Book, report: &mut Report) {
    let (Some(version), Some(entry)) = (answer.version, &answer.entry) else {
        report.found(
            Invariant::I1,
            attempt.reply_line,
            format!("{} names no version", named(attempt, answer)),
        );
        return;
    };
    if version > book.version() {
        let what = format!("{}: slot {version} is gone", named(attempt, answer));
        report.found(Invariant::I1, attempt.reply_line, what);
        return;
    }
    match book.ids.get(&version) {
        Some(id) if id == entry => {}
        _ => {
            let what = format!("{}: slot {version} holds another entry than {entry}", named(attempt, answer));
            report.found(Invariant::I1, attempt.reply_line, what);
            return;
        }
    }
    if !does(attempt, book, version) || !tells(attempt, answer, book.changes(version)) {
        let what = format!("{}: slot {version} holds something else", named(attempt, answer));
        report.found(Invariant::I1, attempt.reply_line, what);
    }
}

/// Whether a slot does what the request asked for.
fn does(attempt: &Attempt, book: &Book, version: u64) -> bool {
    let changes = book.changes(version);
    let request = &attempt.request;
    let body = request.body.as_ref().unwrap_or(&Value::Null);
    let named = || request.path.rsplit('/').next().unwrap_or_default();
    let change =
        |kind: &str, id: &str| changes.iter().find(|change| change["kind"] == kind && change["id"] == id);
    let created = |kind: &str, body: &Value| {
        let id = body["id"].as_str().unwrap_or_default();
        change(kind, id).is_some_and(|change| change["from"].is_null() && has_fields(&change["to"], body))
    };
    match request.what {
        What::Record => created("transaction", body),
        What::Category => created("category", body),
        What::Bulk => {
            let rows = body["transactions"].as_array().map_or(&[][..], Vec::as_slice);
            rows.iter().all(|row| created("transaction", row))
        }
        What::Amend => change("transaction", named()).is_some_and(|change| {
            !change["from"].is_null() && !book.is_reversal(version) && has_fields(&change["to"], body)
        }),
        What::Remove => change("transaction", named())
            .is_some_and(|change| change["to"].is_null() && !book.is_reversal(version)),
        What::Undo | What::Redo => book.is_reversal(version),
        _ => false,
    }
}

/// Whether a value has all that was asked for.
fn has_fields(value: &Value, asked: &Value) -> bool {
    let asked = asked.as_object();
    asked.is_some_and(|asked| asked.iter().all(|(name, wanted)| value.get(name) == Some(wanted)))
}

/// Whether the answer tells what stands in the slot.
fn tells(attempt: &Attempt, answer: &Answer, changes: &[Value]) -> bool {
    match attempt.request.what {
        What::Record | What::Amend => {
            let told = &answer.body["transaction"];
            changes.iter().any(|change| change["kind"] == "transaction" && change["to"] == *told)
        }
        What::Undo | What::Redo => answer.body["changes"].as_array().is_some_and(|told| told == changes),
        _ => true,
    }
}

/// Slots that nobody was told of: each must be what an attempt of unknown outcome asked for, and none of them twice.
fn unclaimed(
    account: usize,
    book: &Book,
    claims: &HashMap<u64, &str>,
    (open, ends): (&[&Operation<'_>], &HashMap<u64, u64>),
    report: &mut Report,
) {
    let mut used = HashSet::new();
    // The first slot opens the book.
    for version in (2..=book.version()).filter(|version| !claims.contains_key(version)) {
        let is_system = book.entry(version).is_some_and(|entry| entry["author"]["kind"] == "system");
        if is_system || book.changes(version).is_empty() {
            continue;
        }
        let asked = open
            .iter()
            .find(|operation| !used.contains(operation.key) && does(operation.first(), book, version));
        match asked {
            Some(operation) => {
                used.insert(operation.key);
                if operation.is_of_ended_session(ends) {
                    let what = format!("slot {version} was written with a session that had been ended");
                    report.found(Invariant::I7, operation.first().line, what);
                }
            }
            None => {
                let what = format!(
                    "account {account}: nobody asked for slot {version} ({}), or it was done before",
                    told(book.changes(version))
                );
                report.found(Invariant::I2, book.line, what);
            }
        }
    }
}

/// The first of the changes, for a person who looks for them.
fn told(changes: &[Value]) -> String {
    let first = changes.first().unwrap_or(&Value::Null);
    let text = |field: &str| first[field].as_str().unwrap_or_default();
    let does = if first["to"].is_null() { "removes" } else { "sets" };
    format!("{does} {} {}, {} changes", text("kind"), text("id"), changes.len())
}

/// Access facts say nothing of themselves; there are no more of them than sessions that somebody wanted to end.
fn access(history: &History, account: usize, book: &Book, report: &mut Report) {
    let slots = (2..=book.version()).filter(|version| book.changes(*version).is_empty()).count();
    let asked = history
        .attempts
        .iter()
        .filter(|attempt| attempt.request.account == account && attempt.request.what == What::Logout)
        .filter(|attempt| attempt.answer().is_none_or(|answer| answer.is_success() || answer.status >= 500))
        .count();
    if slots > asked {
        let what = format!("account {account}: {slots} access facts, of {asked} logouts");
        report.found(Invariant::I2, book.line, what);
    }
}
