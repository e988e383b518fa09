//! A recorded run made by hand: a clean one, to be spoilt.

use std::path::PathBuf;

use finbrain_loadtest::ledgercheck::{
    Invariant, Report, Rules, check,
    record::{Answer, Event, Footprint, Journal, Lost, Record, Request, Session, Start, What},
};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const SECOND: u64 = 1_000_000_000;
pub const ROW_A: &str = "01a20e06-0000-7000-8000-00000000000a";
pub const ROW_B: &str = "01a20e06-0000-7000-8000-00000000000b";
pub const TOKEN: &str = "tokenOfTheFirstSession0123456789abcdefghijk";

/// Ids of the requests of the clean story.
pub mod id {
    pub const RECORD_A: u64 = 10;
    pub const RECORD_B: u64 = 11;
    pub const AMEND_A: u64 = 12;
    pub const DASHBOARD: u64 = 13;
    pub const LIST: u64 = 14;
    pub const BREAKDOWN: u64 = 15;
    pub const MONTHLY: u64 = 16;
    pub const READ_A: u64 = 17;
    pub const CHANGES: u64 = 18;
    pub const EVENTS: u64 = 19;
    pub const REMOVE_B: u64 = 20;
    pub const UNDO: u64 = 21;
    pub const READ_NOTHING: u64 = 22;
    pub const LOGOUT: u64 = 23;
    pub const AFTER_LOGOUT: u64 = 24;
}

pub struct Story {
    pub records: Vec<Record>,
    pub pod_log: Option<String>,
    /// What a run wrote when it was killed.
    pub half_line: String,
    folder: TempDir,
    now: u64,
}

impl Story {
    /// Two tabs of one account record, amend, read, remove and undo; one of them signs out.
    pub fn clean() -> Self {
        let start = Start {
            seed: 7,
            marker: "zqmarker".into(),
            rules: Rules { idle_ms: 85_000, ..Rules::default() },
        };
        let records = vec![Record::Start(start)];
        let mut story = Self {
            records,
            pod_log: None,
            half_line: String::new(),
            folder: TempDir::new().unwrap(),
            now: 0,
        };
        for session in [1, 2] {
            let token = if session == 1 { TOKEN.to_owned() } else { format!("{TOKEN}2") };
            story.records.push(Record::Session(Session { session, account: 0, token, at: 0 }));
        }
        story.footprint(100 << 20, 20);
        story.write();
        story.read();
        story.take_back();
        story.sign_out();
        story.footprint(120 << 20, 21);
        story.records.push(Record::Stopped { at: story.now });
        for url in ["http://one", "http://two"] {
            let (account, url) = (0, url.to_owned());
            let journal = Journal { account, url, entries: entries(), history: history() };
            story.records.push(Record::Journal(journal));
        }
        story
    }

    fn write(&mut self) {
        let body = asked(ROW_A, "2026-01-05", "zqmarker a", "-12345678.90", "food-drinks");
        let asked_for = Request { body: Some(body), ..request(id::RECORD_A, 1, What::Record) };
        self.exchange(asked_for, written(2, json!({ "transaction": row_a("zqmarker a") })));
        let body = asked(ROW_B, "2026-02-10", "zqmarker b", "87654321.00", "income");
        let asked_for = Request { body: Some(body), ..request(id::RECORD_B, 2, What::Record) };
        self.exchange(asked_for, written(3, json!({ "transaction": row_b() })));
        let body = Some(json!({ "description": "zqmarker a2" }));
        let path = format!("/transactions/{ROW_A}");
        let asked_for = Request { path, body, ..request(id::AMEND_A, 1, What::Amend) };
        self.exchange(asked_for, written(4, json!({ "transaction": row_a("zqmarker a2") })));
    }

    fn read(&mut self) {
        for (id, what, path, body) in reports() {
            let request = Request { path, ..request(id, 1, what) };
            let etag = (what == What::Read).then(|| "\"4\"".to_owned());
            self.exchange(request, Answer { version: Some(4), body, etag, ..answer(200) });
        }
        let request = Request { resume: Some(2), ..request(id::EVENTS, 2, What::Events) };
        self.exchange(request, Answer { version: Some(3), ..answer(200) });
        for version in [3, 4] {
            let data = entries()[version as usize - 1].clone();
            let (id, at) = (id::EVENTS, self.now);
            let event = Event { id, at, name: "change".into(), version: Some(version), data };
            self.records.push(Record::Event(event));
        }
    }

    fn take_back(&mut self) {
        let remove =
            Request { path: format!("/transactions/{ROW_B}"), ..request(id::REMOVE_B, 2, What::Remove) };
        self.exchange(remove, Answer { status: 204, ..written(5, Value::Null) });
        let undo = request(id::UNDO, 1, What::Undo);
        self.exchange(undo, written(6, json!({ "version": 6, "changes": entries()[5]["changes"] })));
    }

    fn sign_out(&mut self) {
        let path = "/transactions/01a20e06-0000-7000-8000-0000000000ff".to_owned();
        let request_nothing = Request { path, ..request(id::READ_NOTHING, 1, What::Read) };
        self.exchange(request_nothing, problem(404, "not_found"));
        self.exchange(request(id::LOGOUT, 2, What::Logout), answer(204));
        let body = asked(ROW_B, "2026-02-10", "zqmarker c", "-11111111.11", "income");
        let request = Request { body: Some(body), ..request(id::AFTER_LOGOUT, 2, What::Record) };
        self.exchange(request, problem(401, "session_revoked"));
    }

    fn footprint(&mut self, resident: u64, descriptors: u64) {
        let footprint = Footprint { pid: 4711, at: self.now, resident, descriptors };
        self.records.push(Record::Footprint(footprint));
    }

    /// A request and its answer, one after the other.
    pub fn exchange(&mut self, request: Request, answer: Answer) {
        let at = self.records.iter().position(|record| matches!(record, Record::Stopped { .. }));
        let at = at.unwrap_or(self.records.len());
        let (id, sent, got) = (request.id, self.now + SECOND, self.now + 2 * SECOND);
        self.now = got;
        let answer = Record::Answer(Box::new(Answer { id, sent, got, ..answer }));
        self.records.splice(at..at, [Record::Request(Box::new(request)), answer]);
    }

    /// A request that nobody answered.
    pub fn lose(&mut self, request: Request) {
        let id = request.id;
        self.exchange(request, answer(200));
        let index =
            self.records.iter().position(|record| matches!(record, Record::Answer(a) if a.id == id)).unwrap();
        let Record::Answer(answer) = &self.records[index] else { unreachable!() };
        let (sent, got) = (answer.sent, answer.got);
        self.records[index] = Record::Lost(Lost { id, sent, got, cause: "timed out".into() });
    }

    pub fn answer(&mut self, id: u64) -> &mut Answer {
        let answers = self.records.iter_mut().filter_map(|record| match record {
            Record::Answer(answer) if answer.id == id => Some(&mut **answer),
            _ => None,
        });
        answers.last().unwrap()
    }

    /// Another answer at the same time.
    pub fn replace(&mut self, id: u64, other: Answer) {
        let answer = self.answer(id);
        *answer = Answer { id, sent: answer.sent, got: answer.got, ..other };
    }

    pub fn request(&mut self, id: u64) -> &mut Request {
        let requests = self.records.iter_mut().filter_map(|record| match record {
            Record::Request(request) if request.id == id => Some(&mut **request),
            _ => None,
        });
        requests.last().unwrap()
    }

    pub fn journals(&mut self) -> Vec<&mut Journal> {
        let journals = self.records.iter_mut().filter_map(|record| match record {
            Record::Journal(journal) => Some(journal),
            _ => None,
        });
        journals.collect()
    }

    pub fn rules(&mut self) -> &mut Rules {
        let Record::Start(start) = &mut self.records[0] else { unreachable!() };
        &mut start.rules
    }

    /// Another slot at the end of all journals.
    pub fn append(&mut self, changes: Value, undoes: Value) {
        for journal in self.journals() {
            let version = journal.entries.len() as u64 + 1;
            journal.entries.push(entry(version, changes.clone()));
            let id = entry_id(version);
            journal.history.push(json!({ "version": version, "entry_id": id, "undoes": undoes }));
        }
    }

    pub fn check(&self) -> Report {
        let path = self.folder.path().join("run.log");
        let lines = self.records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n");
        std::fs::write(&path, lines.collect::<String>() + &self.half_line).unwrap();
        let pod_logs: Vec<PathBuf> =
            self.pod_log.iter().map(|_| self.folder.path().join("pod.log")).collect();
        for (path, log) in pod_logs.iter().zip(&self.pod_log) {
            std::fs::write(path, log).unwrap();
        }
        check(&path, &pod_logs).unwrap()
    }

    /// Asserts that the checker finds this and nothing else.
    pub fn breaks(&self, invariant: Invariant) -> Report {
        let report = self.check();
        assert!(report.of(invariant) > 0, "nothing was found:\n{report}");
        assert_eq!(report.of(invariant), report.violations.len(), "{report}");
        report
    }

    pub fn is_clean(&self) -> Report {
        let report = self.check();
        assert!(report.is_clean(), "{report}");
        report
    }
}

pub fn request(id: u64, session: u64, what: What) -> Request {
    let key = what.is_write().then(|| format!("key-{id}"));
    Request {
        id,
        client: session as usize,
        account: 0,
        session: Some(session),
        what,
        method: "GET".into(),
        url: "http://one".into(),
        path: "/".into(),
        key,
        seen: 0,
        if_match: None,
        resume: None,
        body: None,
    }
}

pub fn answer(status: u16) -> Answer {
    let media_type = Some("application/json".to_owned());
    Answer {
        id: 0,
        sent: 0,
        got: 0,
        status,
        version: None,
        entry: None,
        replayed: false,
        etag: None,
        retry_after: None,
        media_type,
        body: Value::Null,
    }
}

pub fn problem(status: u16, code: &str) -> Answer {
    let media_type = Some("application/problem+json".to_owned());
    let body = json!({ "status": status, "code": code, "type": format!("/problems/{code}") });
    Answer { media_type, body, ..answer(status) }
}

pub fn written(version: u64, body: Value) -> Answer {
    Answer { version: Some(version), entry: Some(entry_id(version)), body, ..answer(201) }
}

fn entry_id(version: u64) -> String {
    format!("entry-{version}")
}

pub fn asked(id: &str, date: &str, description: &str, amount: &str, category: &str) -> Value {
    json!({ "id": id, "date": date, "description": description, "amount": amount, "currency": "ILS",
        "category_id": category })
}

/// A transaction as the server tells it.
pub fn told(id: &str, date: &str, description: &str, amount: &str, category: &str) -> Value {
    let mut told = asked(id, date, description, amount, category);
    told["review"] = json!(false);
    told["splits"] = json!([]);
    told
}

pub fn row_a(description: &str) -> Value {
    told(ROW_A, "2026-01-05", description, "-12345678.90", "food-drinks")
}

pub fn row_b() -> Value {
    told(ROW_B, "2026-02-10", "zqmarker b", "87654321.00", "income")
}

pub fn change(id: &str, from: Value, to: Value) -> Value {
    json!({ "kind": "transaction", "id": id, "from": from, "to": to })
}

fn entry(version: u64, changes: Value) -> Value {
    json!({ "version": version, "at": "2026-11-24T08:00:00Z", "author": { "kind": "user", "id": "dana" },
        "changes": changes })
}

pub fn entries() -> Vec<Value> {
    let category = |id: &str, kind: &str| json!({ "kind": "category", "id": id, "from": null, "to": { "id": id, "kind": kind } });
    let opening = json!([category("food-drinks", "expense"), category("income", "income")]);
    let changes = [
        opening,
        json!([change(ROW_A, Value::Null, row_a("zqmarker a"))]),
        json!([change(ROW_B, Value::Null, row_b())]),
        json!([change(ROW_A, row_a("zqmarker a"), row_a("zqmarker a2"))]),
        json!([change(ROW_B, row_b(), Value::Null)]),
        json!([change(ROW_B, Value::Null, row_b())]),
        // An access fact.
        json!([]),
    ];
    (1..).zip(changes).map(|(version, changes)| entry(version, changes)).collect()
}

fn history() -> Vec<Value> {
    let row = |version: u64| {
        let undoes = (version == 6).then(|| entry_id(5));
        json!({ "version": version, "entry_id": entry_id(version), "undoes": undoes })
    };
    (1..=6).map(row).collect()
}

/// What is read at version 4.
fn reports() -> Vec<(u64, What, String, Value)> {
    let months = "months=2026-01,2026-02";
    vec![
        (id::DASHBOARD, What::Dashboard, "/dashboard?from=2026-01&to=2026-02".into(), dashboard()),
        (id::LIST, What::List, "/transactions?limit=1".into(), list()),
        (id::BREAKDOWN, What::Breakdown, format!("/analytics/breakdown?{months}"), breakdown()),
        (id::MONTHLY, What::Monthly, format!("/analytics/monthly?{months}"), monthly()),
        (id::READ_A, What::Read, format!("/transactions/{ROW_A}"), row_a("zqmarker a2")),
        (
            id::CHANGES,
            What::Changes,
            "/changes?since=1&limit=50".into(),
            json!({ "data": entries()[1..4], "page": { "next": null } }),
        ),
    ]
}

fn dashboard() -> Value {
    let flow = |month: &str, income: &str, out: &str, net: &str| json!({ "month": month, "in": income, "out": out, "net": net });
    let mut months: Vec<Value> =
        (3..=12).map(|month| flow(&format!("2025-{month:02}"), "0.00", "0.00", "0.00")).collect();
    months.push(flow("2026-01", "0.00", "-12345678.90", "-12345678.90"));
    months.push(flow("2026-02", "87654321.00", "0.00", "87654321.00"));
    json!({
        "currency": "ILS",
        "today": "2026-11-24",
        "period": { "from": "2026-01", "to": "2026-02" },
        "totals": { "in": "87654321.00", "out": "-12345678.90", "net": "75308642.10", "count": 2 },
        "previous": { "in": "0.00", "out": "0.00", "net": "0.00", "count": 0 },
        "categories": breakdown()["data"],
        "months": months,
        "recent": [row_b(), row_a("zqmarker a2")],
        "review": { "count": 0 },
        "balance": { "amount": "75308642.10", "currency": "ILS" },
        "unconverted": [],
        "rates": [],
    })
}

fn list() -> Value {
    json!({
        "data": [row_b()],
        "page": { "next": "more" },
        "totals": { "count": 2, "in": "87654321.00", "out": "-12345678.90", "currency": "ILS", "unconverted": [] },
    })
}

fn breakdown() -> Value {
    json!({
        "data": [{ "category_id": "food-drinks", "amount": "-12345678.90", "percent": 100.0, "count": 1 }],
        "total": "-12345678.90",
        "currency": "ILS",
        "unconverted": [],
        "rates": [],
    })
}

fn monthly() -> Value {
    json!({
        "data": [
            { "month": "2026-01", "amount": "-12345678.90", "percent": 100.0 },
            { "month": "2026-02", "amount": "0.00", "percent": 0.0 },
        ],
        "total": "-12345678.90",
        "currency": "ILS",
        "unconverted": [],
        "rates": [],
    })
}
