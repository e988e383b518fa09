//! `finbrain check`: beside a running server, and on a journal that somebody has altered.

use rusqlite::Connection;

use crate::{
    person::{Person, expense},
    program::{Outcome, Server, check_holds, finbrain_in, run},
};

/// Three books of ten entries each, the first being the opening.
fn books(dir: &std::path::Path) {
    let server = Server::start(dir);
    for person in 0..3 {
        let mut client = Person::register(&server, &format!("tamper-{person}@example.org")).on(&server);
        for number in 0..9 {
            client.post("/transactions", &expense(&format!("row {number}"))).expect(201);
        }
        check_holds(dir);
    }
    server.stop().succeeded();
}

/// The book in the middle, so that a check has to go on behind it.
fn middle(db: &Connection) -> String {
    db.query_row("SELECT DISTINCT book FROM journal ORDER BY book LIMIT 1 OFFSET 1", [], |row| row.get(0))
        .unwrap()
}

fn tampered(statement: &str) -> (String, Outcome) {
    let dir = tempfile::tempdir().unwrap();
    books(dir.path());
    let db = Connection::open(dir.path().join("finbrain.sqlite3")).unwrap();
    let book = middle(&db);
    assert_eq!(db.execute(statement, [&book]).unwrap(), 1);
    drop(db);
    (book, run(finbrain_in(dir.path(), &["check"])))
}

#[test]
fn a_check_beside_a_running_server_holds_and_disturbs_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut client = Person::register(&server, "beside@example.org").on(&server);

    for number in 0..5 {
        client.post("/transactions", &expense(&format!("row {number}"))).expect(201);
        let checked = run(finbrain_in(dir.path(), &["check"])).succeeded();
        let counted = format!("1 books (0 closed), {} entries, {} transactions", number + 2, number + 1);
        assert!(checked.stdout.contains(&counted), "{checked:?}");
    }
}

#[test]
fn every_kind_of_alteration_is_found_with_its_book_and_slot() {
    let alterations = [
        // One byte of a payload.
        ("UPDATE journal SET changes = replace(changes, 'row 4', 'row 5') WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET author_id = NULL, author_kind = 'system' WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET at = at + 1 WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET digest = zeroblob(32) WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET chain = zeroblob(32) WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET chain = x'00' WHERE book = ?1 AND slot = 6", 6),
        ("UPDATE journal SET author_kind = 'nobody' WHERE book = ?1 AND slot = 6", 6),
        // The one behind it has nothing to stand on.
        ("DELETE FROM journal WHERE book = ?1 AND slot = 6", 7),
    ];
    for (statement, slot) in alterations {
        let (book, outcome) = tampered(statement);

        assert_eq!(outcome.code, Some(1), "{statement}: {outcome:?}");
        let line = outcome.stdout.lines().find(|line| line.contains(&book));
        let line = line.unwrap_or_else(|| panic!("{statement}: the book is not named in {outcome:?}"));
        assert!(line.contains(&format!("slot {slot}")), "{statement}: {line}");
        assert!(
            outcome.stdout.contains("3 books (0 closed)") && outcome.stdout.contains("1 damaged"),
            "{outcome:?}"
        );
    }
}
