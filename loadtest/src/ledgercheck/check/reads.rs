//! I6: every list, report and single row equals the fold of the journal up to the version that the answer names.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{
    super::record::What,
    CheckError,
    answers::named,
    book::Book,
    fold::Fold,
    history::History,
    order::Floors,
    report::{Invariant, Report},
    reports,
};

pub fn check(history: &mut History, books: &[Book], report: &mut Report) -> Result<(), CheckError> {
    for (account, book) in books.iter().enumerate() {
        let mut fold = Fold::default();
        for at in reads_of(history, account) {
            let version = history.attempts[at].success().and_then(|answer| answer.version).unwrap_or(0);
            if version > book.version() {
                let line = history.attempts[at].reply_line;
                let what = format!("version {version} is gone: the journal ends at {}", book.version());
                report.found(Invariant::I1, line, what);
                continue;
            }
            while fold.version() < version {
                let entry = book.entry(fold.version() + 1).expect("the version is within the journal");
                if let Err(what) = fold.apply(entry) {
                    report.found(Invariant::I6, book.line, what);
                }
            }
            let body = history.body(at)?;
            compare(history, at, &body, &fold, report);
        }
    }
    missing_rows(history, books, report);
    Ok(())
}

/// The reads of an account, by version.
fn reads_of(history: &History, account: usize) -> Vec<usize> {
    let is_read =
        |what| matches!(what, What::List | What::Read | What::Dashboard | What::Breakdown | What::Monthly);
    let version = |at: &usize| history.attempts[*at].success().and_then(|answer| answer.version);
    let mut reads: Vec<usize> = (0..history.attempts.len())
        .filter(|at| {
            let request = &history.attempts[*at].request;
            request.account == account && is_read(request.what) && version(at).is_some()
        })
        .collect();
    reads.sort_by_key(version);
    reads
}

fn compare(history: &History, at: usize, body: &Value, fold: &Fold, report: &mut Report) {
    let attempt = &history.attempts[at];
    let Some(answer) = attempt.success() else { return };
    let path = &attempt.request.path;
    let query = query_of(path);
    let months =
        || query.get("months").map_or(Vec::new(), |months| months.split(',').map(Into::into).collect());
    report.reads += 1;
    let (told, expected) = match attempt.request.what {
        What::Dashboard => {
            let expected = reports::dashboard(fold, query["from"], query["to"]);
            (without_today(body), expected.unwrap_or_default())
        }
        What::Breakdown => (body.clone(), reports::breakdown(fold, &months())),
        What::Monthly => (body.clone(), reports::monthly(fold, &months())),
        What::List => {
            let more = !body["page"]["next"].is_null();
            let told = json!({ "data": body["data"], "more": more, "totals": body["totals"] });
            (told, reports::list(fold, &query))
        }
        What::Read => {
            let id = path.rsplit('/').next().unwrap_or_default();
            let slot = fold.touched.get(id).map(|slot| format!("\"{slot}\""));
            let expected = fold.row(id).map(|row| row.json.clone()).unwrap_or_default();
            (json!([body, answer.etag]), json!([expected, slot]))
        }
        _ => return,
    };
    if let Some(place) = difference(&told, &expected, String::new()) {
        let what = format!("{} of version {}: {place}", named(attempt, answer), fold.version());
        report.found(Invariant::I6, attempt.reply_line, what);
    }
}

fn without_today(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("today");
    }
    body
}

/// The first place where two documents differ.
fn difference(told: &Value, expected: &Value, place: String) -> Option<String> {
    match (told, expected) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            one.iter().find_map(|(name, told)| {
                difference(told, other.get(name).unwrap_or(&Value::Null), format!("{place}/{name}"))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (told, expected))| difference(told, expected, format!("{place}/{at}")))
        }
        _ if told == expected => None,
        _ => Some(format!("{place} is {}, by the journal {}", short(told), short(expected))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(160).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn query_of(path: &str) -> BTreeMap<&str, &str> {
    let (_, query) = path.split_once('?').unwrap_or((path, ""));
    query.split('&').filter_map(|pair| pair.split_once('=')).collect()
}

/// A 404 names no version: there must be one, not older than what was known, at which the row was not there.
fn missing_rows(history: &History, books: &[Book], report: &mut Report) {
    let floors = Floors::of(history);
    let absences: Vec<Presence> = books.iter().map(Presence::of).collect();
    for attempt in history.attempts.iter().filter(|attempt| attempt.request.what == What::Read) {
        let Some(answer) = attempt.answer().filter(|answer| answer.status == 404) else { continue };
        let request = &attempt.request;
        let floor = floors.before(request.account, answer.sent).version;
        let lowest = if history.start.rules.elections { request.seen } else { floor.max(request.seen) };
        let id = request.path.rsplit('/').next().unwrap_or_default();
        if absences[request.account].always_from(id, lowest) {
            let what = format!("{}: it was there since before version {lowest}", named(attempt, answer));
            report.found(Invariant::I6, attempt.reply_line, what);
        }
    }
}

/// When the rows of a book came and went.
struct Presence {
    rows: HashMap<String, Vec<(u64, bool)>>,
}

impl Presence {
    fn of(book: &Book) -> Self {
        let mut rows: HashMap<String, Vec<(u64, bool)>> = HashMap::new();
        for version in 1..=book.version() {
            for change in book.changes(version).iter().filter(|change| change["kind"] == "transaction") {
                let id = change["id"].as_str().unwrap_or_default().to_owned();
                rows.entry(id).or_default().push((version, !change["to"].is_null()));
            }
        }
        Self { rows }
    }

    /// Whether the row is there at `version` and at every later one.
    fn always_from(&self, id: &str, version: u64) -> bool {
        let Some(steps) = self.rows.get(id) else { return false };
        let before = steps.partition_point(|(slot, _)| *slot <= version);
        let was_there = before.checked_sub(1).is_some_and(|last| steps[last].1);
        was_there && steps[before..].iter().all(|(_, is_there)| *is_there)
    }
}
