//! Starts that must not succeed: each says in words what is wrong and what to do.

use std::{
    fs::{self, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use crate::{
    person::{Person, expense},
    program::{Outcome, Server, finbrain, finbrain_in, run},
};

const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"];

fn start(dir: &Path) -> Outcome {
    run(finbrain_in(dir, &FREE_PORTS))
}

/// A data directory of a server that has stopped, with a few rows in it.
fn used() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let mut client = Person::register(&server, "refusal@example.org").on(&server);
    for number in 0..50 {
        client.post("/transactions", &expense(&format!("row {number}"))).expect(201);
    }
    server.stop().succeeded();
    dir
}

fn file(dir: &Path) -> std::path::PathBuf {
    dir.join("finbrain.sqlite3")
}

fn overwrite(dir: &Path, from: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(file(dir)).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_second_server_on_the_same_directory_ends_with_code_3() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());

    let second = start(dir.path());
    let seed = run(finbrain_in(dir.path(), &["seed", "--users", "1"]));

    let words = [dir.path().to_str().unwrap(), "in use by another finbrain server", "another data directory"];
    second.refused(3, &words);
    seed.refused(3, &words);
    Person::register(&server, "first@example.org");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(first.path());
    let taken = server.address.to_string();

    let outcome = run(finbrain_in(second.path(), &["--listen", &taken, "--ops-listen", "127.0.0.1:0"]));

    outcome.refused(1, &["cannot listen on", &taken]);
}

#[test]
fn a_damaged_file_is_refused_with_the_way_out() {
    let header = used();
    overwrite(header.path(), 0, &[0xa5; 4096]);
    let cut = used();
    let length = fs::metadata(file(cut.path())).unwrap().len();
    OpenOptions::new().write(true).open(file(cut.path())).unwrap().set_len(length / 2).unwrap();

    for dir in [&header, &cut] {
        for outcome in [start(dir.path()), run(finbrain_in(dir.path(), &["check"]))] {
            outcome.refused(1, &[file(dir.path()).to_str().unwrap(), "damaged", "restore a backup"]);
        }
    }
}

#[test]
fn damage_inside_the_file_is_found_by_a_check() {
    let dir = used();
    let length = fs::metadata(file(dir.path())).unwrap().len();
    overwrite(dir.path(), 4096, &vec![0xa5; usize::try_from(length).unwrap() - 4096]);

    run(finbrain_in(dir.path(), &["check"])).refused(1, &["damaged", "restore a backup"]);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let dir = used();
    let db = rusqlite::Connection::open(file(dir.path())).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = fs::read(file(dir.path())).unwrap();

    for outcome in [start(dir.path()), run(finbrain_in(dir.path(), &["check"]))] {
        outcome.refused(1, &["newer finbrain", "99", "run that version or a later one"]);
    }
    assert_eq!(fs::read(file(dir.path())).unwrap(), before);
}

#[test]
fn a_foreign_file_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(file(dir.path())).unwrap();
    db.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(db);
    let before = fs::read(file(dir.path())).unwrap();

    for outcome in [start(dir.path()), run(finbrain_in(dir.path(), &["check"]))] {
        outcome.refused(1, &["not a finbrain store", "another data directory"]);
    }
    assert_eq!(fs::read(file(dir.path())).unwrap(), before);
}

#[test]
fn a_directory_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain");
    fs::write(&plain, "a file").unwrap();

    start(&plain).refused(1, &[plain.to_str().unwrap(), "cannot be used"]);
    let missing = dir.path().join("missing");
    run(finbrain_in(&missing, &["check"])).refused(1, &[missing.to_str().unwrap(), "start the server once"]);
    assert!(!missing.exists());
}

type Variables = &'static [(&'static str, &'static str)];

#[test]
fn settings_that_make_no_sense_are_named() {
    let table: [(Variables, &[&str]); 6] = [
        (
            &[("FINBRAIN_SESION_RATE", "5"), ("FINBRAIN_LISTN", "x")],
            &["FINBRAIN_LISTN, FINBRAIN_SESION_RATE", "--help"],
        ),
        (
            &[("FINBRAIN_IDLE_TIMEOUT", "400"), ("FINBRAIN_INACTIVE_TIMEOUT", "300")],
            &["FINBRAIN_IDLE_TIMEOUT", "FINBRAIN_INACTIVE_TIMEOUT"],
        ),
        (
            &[("FINBRAIN_LISTEN", "127.0.0.1:9080"), ("FINBRAIN_OPS_LISTEN", "127.0.0.1:9080")],
            &["FINBRAIN_LISTEN", "FINBRAIN_OPS_LISTEN", "127.0.0.1:9080"],
        ),
        (&[("FINBRAIN_LISTEN", "0.0.0.0:0")], &["FINBRAIN_PUBLIC_URL", "--allow-insecure-http"]),
        (
            &[("FINBRAIN_PUBLIC_URL", "http://money.example.org")],
            &["FINBRAIN_PUBLIC_URL", "--allow-insecure-http"],
        ),
        (&[("FINBRAIN_LOG", "finbrain=loudly")], &["FINBRAIN_LOG"]),
    ];
    let dir = tempfile::tempdir().unwrap();
    let untouched = dir.path().join("untouched");
    for (variables, words) in table {
        let mut command = finbrain(&[]);
        command.env("FINBRAIN_DATA_DIR", &untouched).envs(variables.iter().copied());
        run(command).refused(1, words);
        assert!(!untouched.exists());
    }
    // The parser of the command line refuses these; its exit code is 2.
    for (name, value) in
        [("FINBRAIN_WORKERS", "0"), ("FINBRAIN_LISTEN", "everywhere"), ("FINBRAIN_DEMO", "yes")]
    {
        let mut command = finbrain(&[]);
        command.env("FINBRAIN_DATA_DIR", &untouched).env(name, value);
        let flag = format!("--{}", name[9..].to_lowercase().replace('_', "-"));
        run(command).refused(2, &[&flag, value]);
    }
}

#[test]
fn help_lists_every_setting_and_every_command() {
    use clap::CommandFactory as _;

    let help = run(finbrain(&["--help"])).succeeded().stdout;
    let cli = finbrain::config::Cli::command();

    let mut settings = 0;
    for argument in cli.get_arguments() {
        if let Some(name) = argument.get_env() {
            settings += 1;
            assert!(help.contains(name.to_str().unwrap()), "{name:?} is missing in {help}");
            assert!(
                help.contains(&format!("--{}", argument.get_long().unwrap())),
                "{argument} is missing in {help}"
            );
        }
    }
    assert!(settings >= 20, "{settings}");
    for command in ["serve", "check", "seed", "healthcheck"] {
        assert!(help.contains(&format!("  {command} ")), "{command} is missing in {help}");
    }
}
