//! A disk that is full, or that can only be read: writes are refused in words, reads go on, nothing is lost.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    person::{Client, PASSWORD, Person, expense},
    program::{Server, check_holds, eventually, finbrain_in, run},
    volume::Volume,
};

/// Room that is held back and given up later.
const BALLAST: usize = 2 << 20;

/// Rows with long notes of which packing gains little, so that the disk is full soon.
fn heavy(write: usize) -> (Vec<String>, Value) {
    let texts: Vec<String> = (0..20).map(|row| format!("disk {write} {row}")).collect();
    let mut word = write as u64 + 1;
    let mut next = move || {
        // The steps of xorshift64.
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        format!("{word:016x}")
    };
    let mut row = |text: &String| {
        let mut row = expense(text);
        row["note"] = (0..250).map(|_| next()).collect::<String>().into();
        row
    };
    let rows: Vec<Value> = texts.iter().map(&mut row).collect();
    (texts, json!({"transactions": rows}))
}

/// Writes until a write is refused, and notes what was acknowledged.
fn fill(client: &mut Client, written: &mut BTreeSet<String>, from: usize) -> usize {
    for write in from..from + 2_000 {
        let (texts, body) = heavy(write);
        let answer = client.post("/transactions/bulk", &body);
        match answer.status {
            201 => written.extend(texts),
            507 => {
                assert_eq!(answer.json()["code"], "no_room");
                return write;
            }
            _ => panic!("{answer:?}"),
        }
    }
    panic!("the disk never was full");
}

fn stored(client: &mut Client) -> BTreeSet<String> {
    let rows = client.all("/transactions?limit=500", "cursor");
    rows.iter().map(|row| row["description"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_full_disk_refuses_writes_and_loses_nothing() {
    let Some(volume) = Volume::in_memory("8m") else { return };
    let dir = volume.path().join("data");
    let ballast = volume.path().join("ballast");
    File::create(&ballast).unwrap().write_all(&vec![1; BALLAST]).unwrap();
    let server = Server::start(&dir);
    let person = Person::register(&server, "disk@example.org");
    let mut client = person.on(&server);
    let mut written = BTreeSet::new();

    let refused = fill(&mut client, &mut written, 0);

    assert!(written.len() > 100, "{}", written.len());
    // Again and again: a refusal leaves nothing behind that a later one trips over.
    for _ in 0..5 {
        client.post("/transactions/bulk", &heavy(refused).1).expect(507);
        assert_eq!(stored(&mut client), written);
        client.get("/dashboard").expect(200);
        client.get("/session").expect(200);
        // Signing in writes the session down. The last free page may just hold it.
        let login = json!({"email": "disk@example.org", "password": PASSWORD});
        let answer = Client::anonymous(&server).post("/auth/login", &login);
        assert!(matches!(answer.status, 200 | 507), "{answer:?}");
    }

    fs::remove_file(&ballast).unwrap();
    let refused_before = heavy(refused);
    client.post("/transactions/bulk", &refused_before.1).expect(201);
    written.extend(refused_before.0);
    assert_eq!(stored(&mut client), written);

    // Full once more, and killed in that state.
    fill(&mut client, &mut written, refused + 1);
    let mut server = server;
    server.process.kill();
    check_holds(&dir);
    let again = Server::start(&dir);
    let mut client = person.on(&again);
    assert_eq!(stored(&mut client), written);
    let outcome = again.stop();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    check_holds(&dir);
}

#[test]
fn a_directory_that_can_only_be_read_is_refused_in_words() {
    let Some(volume) = Volume::in_memory("16m") else { return };
    let dir = volume.path().join("data");
    let server = Server::start(&dir);
    Person::register(&server, "read-only@example.org");
    server.stop().succeeded();
    volume.set_read_only();

    let existing = run(finbrain_in(&dir, &["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]));
    let missing = run(finbrain_in(
        &volume.path().join("new"),
        &["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"],
    ));
    let checked = run(finbrain_in(&dir, &["check"]));

    existing.refused(1, &[dir.to_str().unwrap(), "cannot be used", "may write there"]);
    missing.refused(1, &["cannot be used", "may write there"]);
    assert!(checked.code == Some(0) && checked.stdout.contains("all chains hold"), "{checked:?}");

    volume.set_writable();
    Server::start(&dir).stop().succeeded();
}

#[test]
fn reads_go_on_when_the_disk_becomes_read_only() {
    let Some(volume) = Volume::on_loop_device() else { return };
    let dir = volume.path().join("data");
    let mut server = Server::start(&dir);
    let person = Person::register(&server, "failing@example.org");
    let mut client = person.on(&server);
    let mut written = BTreeSet::new();
    for number in 0..20 {
        client.post("/transactions", &expense(&format!("disk {number}"))).expect(201);
        written.insert(format!("disk {number}"));
    }
    fold_log_in(&dir);
    if !volume.fail() {
        println!("not run: this kernel cannot make a file system fail");
        return;
    }

    for number in 0..5 {
        let answer = client.post("/transactions", &expense(&format!("refused {number}")));
        assert!(matches!(answer.status, 503 | 507), "{answer:?}");
        assert_eq!(stored(&mut client), written);
    }
    client.get("/dashboard").expect(200);
    assert!(server.process.is_running());
}

/// Folds the whole log into the file, so that the server has nothing to flush when the disk fails: a flush that fails
/// ends it, and that is another test.
fn fold_log_in(dir: &Path) {
    let db = rusqlite::Connection::open(dir.join("finbrain.sqlite3")).unwrap();
    let folded = eventually(Duration::from_secs(10), || {
        let ask = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        };
        let (busy, frames, folded) = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], ask).unwrap();
        (busy == 0 && frames == folded).then_some(())
    });
    folded.expect("nobody else writes");
}
