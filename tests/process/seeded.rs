//! Many accounts: `finbrain seed`, what it leaves behind, and how fast a server starts on it.

use std::time::{Duration, Instant};

use crate::{
    person::Person,
    program::{Server, check_holds, finbrain_in, run},
};

/// A start on 100,000 accounts takes at most one second in an optimised build.
const START: Duration = if cfg!(debug_assertions) { Duration::from_secs(3) } else { Duration::from_secs(1) };

/// The password that `seed` says.
fn printed_password(stdout: &str) -> &str {
    let line = stdout.lines().find_map(|line| line.strip_prefix("password of every account: "));
    line.unwrap_or_else(|| panic!("no password in {stdout}"))
}

#[test]
fn seeded_accounts_can_sign_in_and_have_their_figures() {
    let dir = tempfile::tempdir().unwrap();

    let seeded =
        run(finbrain_in(dir.path(), &["seed", "--users", "1000", "--transactions", "50"])).succeeded();
    let checked = run(finbrain_in(dir.path(), &["check"])).succeeded();
    let server = Server::start(dir.path());

    assert!(seeded.stdout.contains("1000 accounts"), "{seeded:?}");
    assert!(
        checked.stdout.contains("1000 books (0 closed), 2000 entries, 50000 transactions"),
        "{checked:?}"
    );
    for email in ["seed-0@example.org", "seed-999@example.org"] {
        let mut client = Person::login(&server, email, printed_password(&seeded.stdout)).on(&server);
        assert_eq!(client.get("/me").expect(200).json()["email"], email);
        let answer = client.get("/transactions?limit=500").expect(200).json();
        assert_eq!(answer["totals"]["count"], 50);
        assert_eq!(answer["data"].as_array().unwrap().len(), 50);
        let dashboard = client.get("/dashboard").expect(200).json();
        assert_ne!(dashboard["balance"]["amount"], "0.00");
        assert_eq!(client.changes_since(0).len(), 2);
    }
}

#[test]
fn seeding_again_adds_only_who_is_missing() {
    let dir = tempfile::tempdir().unwrap();

    run(finbrain_in(dir.path(), &["seed", "--users", "5", "--transactions", "3"])).succeeded();
    let again = run(finbrain_in(dir.path(), &["seed", "--users", "8", "--transactions", "3"])).succeeded();

    assert!(again.stdout.contains("3 accounts"), "{again:?}");
    let checked = run(finbrain_in(dir.path(), &["check"])).succeeded();
    assert!(checked.stdout.contains("8 books (0 closed), 16 entries, 24 transactions"), "{checked:?}");
}

#[test]
fn a_server_with_a_hundred_thousand_accounts_starts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let seeded = run(finbrain_in(dir.path(), &["seed", "--users", "100000"])).succeeded();
    let seeding = began.elapsed();

    // The best of three: other tests have the processor too.
    let starts = [(); 3].map(|()| {
        let began = Instant::now();
        let server = Server::start(dir.path());
        let start = began.elapsed();
        Person::login(&server, "seed-99999@example.org", printed_password(&seeded.stdout));
        server.stop().succeeded();
        start
    });

    let best = starts.into_iter().min().unwrap();
    println!("100,000 accounts: seeded in {:.1} s, ready in {} ms", seeding.as_secs_f64(), best.as_millis());
    assert!(best <= START, "{starts:?}");
    check_holds(dir.path());
}
