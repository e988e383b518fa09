//! What a transaction costs in memory beyond its text, by the ledger's own estimate and by what the system sees.

#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

use finbrain_domain::{
    book,
    change::Change,
    entry::{Author, Draft, Entry},
    ids::{BookId, EntryId, TransactionId},
    ledger::{Ledger, Moment},
    money::{Currency, Money},
    settings::Settings,
    text::{Description, Name},
    transaction::{Guess, NewTransaction, Transaction, addition, record},
};
use jiff::{Span, civil::date};
use uuid::Uuid;

const ROWS: usize = 100_000;
/// Bytes for each row beyond its text.
const LIMIT: usize = 100;

fn moment() -> Moment {
    Moment { at: "2026-11-24T08:00:00Z".parse().unwrap(), today: date(2026, 11, 24) }
}

/// A book that grew by imports of 5,000 rows.
fn grown() -> Ledger {
    let mut ledger = Ledger::empty(BookId::new());
    write(&mut ledger, book::open(Settings::of(Name::parse("Dana").unwrap())));
    for import in 0..ROWS / 5000 {
        let rows = (import * 5000..(import + 1) * 5000).map(|n| addition(row(&ledger, n))).collect();
        write(&mut ledger, rows);
    }
    ledger
}

fn write(ledger: &mut Ledger, changes: Vec<Change>) {
    let draft = Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: None,
        auth_generation: 0,
        at: moment().at,
        reverses: None,
        changes: Vec::new(),
        pending: false,
    };
    // `advance` reads the changes, not the payload, which may as well stay empty here.
    let entry = Entry::seal(ledger.book(), ledger.version() + 1, ledger.chain(), &draft).unwrap();
    ledger.advance(&entry, &changes).unwrap();
}

fn row(ledger: &Ledger, n: usize) -> Transaction {
    let days = i64::try_from(n / 20).unwrap();
    let new = NewTransaction {
        id: Some(TransactionId::from_uuid(Uuid::from_u128(
            0x019a_b000_0000_7000_8000_0000_0000_0000 + n as u128,
        ))),
        date: date(2012, 1, 1).saturating_add(Span::new().days(days)),
        description: Description::parse(&format!("Corner shop {n:07}")).unwrap(),
        amount: Money::from_minor(-1 - i64::try_from(n).unwrap(), Currency::ILS).unwrap(),
        account: None,
        category: None,
        splits: Vec::new(),
        tags: Vec::new(),
        note: None,
        payee: None,
        external_id: None,
    };
    let guess = Guess { category: "other".to_owned().try_into().unwrap(), review: false };
    record(ledger, new, guess, moment()).unwrap()
}

fn beyond_text(ledger: &Ledger) -> usize {
    let (held, text) = ledger.rows().memory();
    (held - text) / ledger.rows().len()
}

#[test]
fn a_transaction_holds_at_most_100_bytes_beyond_its_text() {
    let grown = grown();
    let opened = Ledger::unpack(&grown.pack()).unwrap();

    assert_eq!(grown.rows().len(), ROWS);
    assert!(beyond_text(&grown) <= LIMIT, "grown: {}", beyond_text(&grown));
    assert!(beyond_text(&opened) <= LIMIT, "opened: {}", beyond_text(&opened));
}

#[test]
fn a_row_that_is_amended_again_and_again_does_not_grow_the_ledger() {
    let mut ledger = Ledger::empty(BookId::new());
    write(&mut ledger, book::open(Settings::of(Name::parse("Dana").unwrap())));
    let original = row(&ledger, 1);
    write(&mut ledger, vec![addition(original.clone())]);

    for n in 0..25_000 {
        let from = ledger.transaction(original.id).unwrap();
        let to = Transaction { description: Description::parse(&format!("{n}")).unwrap(), ..from.clone() };
        let change = Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) };
        write(&mut ledger, vec![change]);
    }

    assert_eq!(ledger.transaction(original.id).unwrap().description.as_str(), "24999");
    let (held, _) = ledger.rows().memory();
    assert!(held < 2 << 20, "one row holds {held} bytes");
}

/// Bytes of this process that lie in memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn the_estimate_agrees_with_what_the_system_sees() {
    let snapshot = grown().pack();
    // The first one pays for what the allocator keeps back.
    let mut ledgers = vec![Ledger::unpack(&snapshot).unwrap()];
    let before = resident();

    ledgers.extend((0..6).map(|_| Ledger::unpack(&snapshot).unwrap()));

    let seen = (resident() - before) / 6;
    let (held, text) = ledgers[0].rows().memory();
    assert!(
        (held / 2..held + held / 5).contains(&seen),
        "the system sees {seen} bytes, the estimate is {held}"
    );
    assert!((seen - text) / ROWS <= LIMIT);
}
