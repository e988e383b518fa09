//! Large entries: thousands of rows at once, taken back at once.

use std::time::{Duration, Instant};

use finbrain_domain::{
    category::{self, CategoryId, CategoryKind, NewCategory},
    change::Change,
    entry::Entry,
    ledger::Ledger,
    text::Name,
    transaction::{Transaction, addition, record},
};

use crate::{
    book::{ALICE, Book, guess, moment, plain, transaction_id},
    model::read,
    step::day,
};

impl Book {
    fn import(&mut self, from: u128, count: u128) -> Entry {
        let rows = (from..from + count).map(|n| self.row(n)).map(addition).collect();
        self.commit(ALICE, None, rows)
    }

    fn row(&self, n: u128) -> Transaction {
        let mut new = plain(-1 - i64::try_from(n % 9_000).unwrap());
        new.id = Some(transaction_id(n));
        new.date = day(i64::try_from(n % 365).unwrap() - 330);
        record(&self.ledger, new, guess(), moment()).unwrap()
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

#[test]
fn an_import_of_20_000_rows_is_undone_and_redone_as_a_whole() {
    let mut book = Book::open();
    book.import(0, 30_000);
    let before = book.ledger.digest();
    let version = book.ledger.version();
    let (imported, import_time) = timed(|| book.import(1_000_000, 20_000));
    let after = read(&book.ledger);

    let (undone, undo_time) = timed(|| book.undo(&imported).unwrap());
    let count = book.ledger.rows().len();
    let (_, redo_time) = timed(|| book.redo(&undone).unwrap());

    assert_eq!(count, 30_000);
    assert!(read(&book.ledger) == after);
    // Measured against the import itself, so that a busy machine slows both.
    let limit = import_time * 8;
    assert!(
        undo_time < limit && redo_time < limit,
        "{import_time:?}, undo {undo_time:?}, redo {redo_time:?}"
    );
    book.journal.truncate(usize::try_from(version).unwrap());
    assert_eq!(book.fold().digest(), before);
}

#[test]
fn a_category_with_20_000_rows_is_removed_and_brought_back() {
    let mut book = Book::open();
    let new = NewCategory {
        id: None,
        name: Name::parse("Pets").unwrap(),
        kind: CategoryKind::Expense,
        color: None,
    };
    let pets = category::create(&book.ledger, new).unwrap();
    book.commit(ALICE, None, vec![Change::Category { from: None, to: Some(pets.clone()) }]);
    let mut rows: Vec<_> = (0..20_000).map(|n| book.row(n)).collect();
    rows.iter_mut().for_each(|row| row.lines[0].category = pets.id.clone());
    book.commit(ALICE, None, rows.into_iter().map(addition).collect());
    let before = read(&book.ledger);

    let changes = category::remove(&book.ledger, &pets.id, Some(&CategoryId::other()), None).unwrap();
    let removal = book.commit(ALICE, None, changes);
    assert!(category::users(&book.ledger, &pets.id).is_empty());
    book.undo(&removal).unwrap();

    assert!(read(&book.ledger) == before);
    let fold = book.fold();
    assert_eq!(fold.digest(), book.ledger.digest());
    assert_eq!(Ledger::unpack(&fold.pack()).unwrap().digest(), fold.digest());
}

#[test]
fn an_entry_that_adds_adds_again_and_removes_in_one_go_is_followed_change_by_change() {
    let mut together = Book::open();
    let mut rows: Vec<_> = (0..100).map(|n| together.row(n)).map(addition).collect();
    let twice = together.row(7);
    rows.push(addition(twice.clone()));
    rows.push(Change::Transaction { from: Some(Box::new(together.row(3))), to: None });
    rows.push(addition(together.row(3)));
    rows.push(Change::Transaction { from: Some(Box::new(together.row(4))), to: None });
    let mut alone = together.clone();

    together.commit(ALICE, None, rows.clone());
    for change in rows {
        alone.commit(ALICE, None, vec![change]);
    }

    assert_eq!(together.ledger.rows().len(), 99);
    assert!(read(&together.ledger) == read(&alone.ledger));
    let order = |book: &Book| book.ledger.rows().between(None, None).map(|row| row.id()).collect::<Vec<_>>();
    assert_eq!(order(&together), order(&alone));
}
