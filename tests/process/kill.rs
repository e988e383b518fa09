//! `kill -9` under load, again and again on the same data: what was acknowledged is there, and there once.

use std::{
    collections::HashMap,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    person::{Client, Person, expense},
    program::{Server, check_holds, eventually},
};

const PEOPLE: usize = 4;
/// Writers of one person.
const WRITERS: usize = 4;
/// Rows of a bulk write.
const BULK: usize = 3;

/// A write that was sent, and the version that acknowledged it.
#[derive(Debug, Clone)]
struct Write {
    key: String,
    path: &'static str,
    body: Value,
    descriptions: Vec<String>,
    acknowledged: Option<u64>,
}

impl Write {
    /// One write in eight records several rows at once.
    fn new(round: usize, writer: usize, number: usize) -> Self {
        let name = format!("kill {round} {writer} {number}");
        let bulk = number % 8 == 7;
        let parts = if bulk { BULK } else { 1 };
        let descriptions: Vec<String> = (0..parts).map(|part| format!("{name} {part}")).collect();
        let mut rows: Vec<Value> = descriptions.iter().map(|text| expense(text)).collect();
        Self {
            key: name.replace(' ', "-"),
            path: if bulk { "/transactions/bulk" } else { "/transactions" },
            body: if bulk { json!({"transactions": rows}) } else { rows.remove(0) },
            descriptions,
            acknowledged: None,
        }
    }

    /// Sends it with its key; `false` when nobody answered.
    fn send(&mut self, client: &mut Client) -> bool {
        let Ok(answer) = client.send("POST", self.path, Some(&self.key), Some(&self.body)) else {
            return false;
        };
        match answer.status {
            201 => self.acknowledged = Some(answer.version()),
            // The outcome is unknown, as with a lost connection.
            503 => assert!(answer.header("retry-after").is_some(), "{answer:?}"),
            _ => panic!("{answer:?}"),
        }
        true
    }
}

/// What a person's book must hold.
struct Book {
    person: Person,
    /// The version up to which it has been read.
    read: u64,
    /// Each description with the version that brought it.
    rows: HashMap<String, u64>,
}

impl Book {
    /// Reads what is new. No description may come twice.
    fn read(&mut self, client: &mut Client) {
        for entry in client.changes_since(self.read) {
            self.read = entry["version"].as_u64().unwrap();
            for change in entry["changes"].as_array().unwrap() {
                if change["kind"] == "transaction" {
                    assert!(change["from"].is_null(), "{change}");
                    let description = change["to"]["description"].as_str().unwrap().to_owned();
                    let before = self.rows.insert(description, self.read);
                    assert_eq!(before, None, "applied twice: {change}");
                }
            }
        }
    }

    /// Asserts that an acknowledged write stands where it was acknowledged.
    fn holds(&self, write: &Write) {
        for description in &write.descriptions {
            assert_eq!(self.rows.get(description).copied(), write.acknowledged, "lost or moved: {write:?}");
        }
    }
}

/// Writes from many connections at once until the server is killed under them. Returns all that was sent, by person.
fn write_and_kill(server: Server, books: &[Book], round: usize) -> Vec<Vec<Write>> {
    let acknowledged = AtomicUsize::new(0);
    // Another moment in every round: the first group commits, the middle of many.
    let enough = 8 + round * 53 % 400;
    thread::scope(|scope| {
        let (server_ref, acknowledged) = (&server, &acknowledged);
        let writers: Vec<_> = books
            .iter()
            .enumerate()
            .flat_map(|(person, book)| {
                (0..WRITERS).map(move |writer| (person, book, person * WRITERS + writer))
            })
            .map(|(person, book, writer)| {
                let mut client = book.person.on(server_ref);
                (person, scope.spawn(move || write_until_killed(&mut client, round, writer, acknowledged)))
            })
            .collect();
        let reached =
            eventually(Duration::from_secs(60), || (acknowledged.load(Relaxed) >= enough).then_some(()));
        server_ref.process.signal("KILL");
        let mut sent: Vec<Vec<Write>> = books.iter().map(|_| Vec::new()).collect();
        for (person, writer) in writers {
            sent[person].extend(writer.join().unwrap());
        }
        reached.expect("writes are acknowledged");
        sent
    })
}

fn write_until_killed(
    client: &mut Client,
    round: usize,
    writer: usize,
    acknowledged: &AtomicUsize,
) -> Vec<Write> {
    let mut sent = Vec::new();
    for number in 0.. {
        let mut write = Write::new(round, writer, number);
        let answered = write.send(client);
        acknowledged.fetch_add(usize::from(write.acknowledged.is_some()), Relaxed);
        sent.push(write);
        if !answered {
            break;
        }
    }
    sent
}

/// What has been counted over all rounds.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: usize,
    unanswered: usize,
    /// Unanswered, and durable all the same.
    durable: usize,
}

/// Compares a book with what its person was told, then sends what was never answered once more.
fn settle(book: &mut Book, client: &mut Client, mut sent: Vec<Write>, tally: &mut Tally) {
    client.get("/session").expect(200);
    book.read(client);
    let (known, mut unknown): (Vec<_>, Vec<_>) =
        sent.drain(..).partition(|write| write.acknowledged.is_some());
    known.iter().for_each(|write| book.holds(write));
    tally.acknowledged += known.len();
    tally.unanswered += unknown.len();

    let head = book.read;
    for write in &mut unknown {
        let durable = book.rows.contains_key(&write.descriptions[0]);
        tally.durable += usize::from(durable);
        assert!(write.send(client), "nobody answered {write:?}");
        let version = write.acknowledged.expect("a quiet server answers");
        assert_eq!(
            version <= head,
            durable,
            "a write that stands is replayed, another one is appended: {write:?}"
        );
    }
    for write in known.iter().rev().take(2) {
        let answer =
            client.send("POST", write.path, Some(&write.key), Some(&write.body)).unwrap().expect(201);
        assert_eq!(answer.header("idempotent-replayed"), Some("true"));
        assert_eq!(Some(answer.version()), write.acknowledged);
    }
    book.read(client);
    unknown.iter().for_each(|write| book.holds(write));
    let totals = client.get("/transactions?limit=1").expect(200).json()["totals"].clone();
    assert_eq!(totals["count"], book.rows.len());
}

/// Starts a server and kills it on its way, at another moment in every round.
fn kill_while_starting(dir: &Path, round: usize) {
    let mut process = Server::spawn(dir, &[]);
    let _ = process.line("finbrain is ready", Duration::from_millis(round as u64 * 23 % 400));
    process.kill();
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_applied_twice_when_the_server_is_killed() {
    let rounds = std::env::var("FINBRAIN_CRASH_ROUNDS").map_or(20, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    let mut books: Vec<Book> = (0..PEOPLE)
        .map(|person| Person::register(&server, &format!("kill-{person}@example.org")))
        .map(|person| Book { person, read: 0, rows: HashMap::new() })
        .collect();
    let mut tally = Tally::default();
    let began = Instant::now();

    for round in 0..rounds {
        let sent = write_and_kill(server, &books, round);
        if round % 2 == 0 {
            check_holds(dir.path());
        } else {
            kill_while_starting(dir.path(), round);
        }
        server = Server::start(dir.path());
        for (book, sent) in books.iter_mut().zip(sent) {
            settle(book, &mut book.person.on(&server), sent, &mut tally);
        }
    }

    check_holds(dir.path());
    for book in &mut books {
        let mut anew = Book { person: book.person.clone(), read: 0, rows: HashMap::new() };
        anew.read(&mut book.person.on(&server));
        assert_eq!(anew.rows, book.rows);
    }
    println!("{rounds} kills in {:.1} s: {tally:?}", began.elapsed().as_secs_f64());
    assert!(tally.acknowledged > rounds * 8 && tally.unanswered > 0);
}
