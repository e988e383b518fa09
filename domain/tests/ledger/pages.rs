//! Paging: every row that stays is met once, in order, whatever comes and goes between two pages.

use std::collections::BTreeSet;

use finbrain_domain::{
    ids::TransactionId,
    transaction::{Cursor, Filter, page},
};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::{
    book::{ALICE, Book, plain},
    filters::{Query, filled, query},
    fold::Pair,
    step::{Step, draft},
};

/// What happens between two pages.
fn meanwhile() -> impl Strategy<Value = Step> {
    prop_oneof![
        draft().prop_map(Step::Record),
        (0usize..1000).prop_map(|row| Step::Remove { row, stale: false }),
        (60usize..70, draft()).prop_map(|(count, draft)| Step::Import(count, draft)),
        any::<bool>().prop_map(|_| Step::UndoLast),
    ]
}

/// The rows that the query finds now.
fn matching(pair: &Pair, query: &Query) -> BTreeSet<TransactionId> {
    let filter = query.filter(pair);
    let rows = pair.model.state.transactions.values().filter(|row| query.passes(&filter, row));
    rows.map(|row| row.id).collect()
}

proptest! {
    #[test]
    fn every_row_that_stays_is_on_exactly_one_page(
        drafts in proptest::collection::vec(draft(), 0..40),
        query in query(),
        limit in 1usize..9,
        meanwhile in proptest::collection::vec(meanwhile(), 0..6),
    ) {
        let mut pair = filled(&drafts);
        let mut meanwhile = meanwhile.iter();
        let mut staying = matching(&pair, &query);
        let mut seen = Vec::new();
        let mut cursor: Option<Cursor> = None;

        loop {
            let filter = query.filter(&pair);
            let (rows, next) = page(&pair.book.ledger, &filter, cursor, limit);
            prop_assert!(rows.len() <= limit);
            prop_assert!(next.is_none() || rows.len() == limit);
            seen.extend(rows.iter().map(|row| (row.date(), row.id())));
            cursor = next;
            if cursor.is_none() {
                break;
            }
            if let Some(step) = meanwhile.next() {
                pair.take(step, ALICE);
                staying = &staying & &matching(&pair, &query);
            }
        }

        prop_assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
        let seen: BTreeSet<_> = seen.into_iter().map(|(_, id)| id).collect();
        prop_assert_eq!(&staying - &seen, BTreeSet::new());
    }
}

#[test]
fn a_cursor_whose_row_was_removed_still_leads_on() {
    let mut book = Book::open();
    for n in 1..=5 {
        book.record(plain(-n)).unwrap();
    }
    let (first, cursor) = page(&book.ledger, &Filter::default(), None, 2);
    let gone = first[1].id();
    let removal = finbrain_domain::transaction::remove(&book.ledger, gone, None).unwrap();
    book.commit(ALICE, None, vec![removal]);

    let (rest, next) = page(&book.ledger, &Filter::default(), cursor, 10);

    assert_eq!(rest.len(), 3);
    assert_eq!(next, None);
}

#[test]
fn a_cursor_from_outside_the_period_shows_no_row_outside_of_it() {
    let mut book = Book::open();
    let row = book.record(plain(-1)).unwrap();
    let newer = Cursor { date: row.date.tomorrow().unwrap(), id: row.id };
    let older = Cursor { date: row.date.yesterday().unwrap(), id: row.id };
    let before = Filter { to: Some(older.date), ..Filter::default() };
    let of_that_day = Filter { from: Some(row.date), to: Some(row.date), ..Filter::default() };

    assert_eq!(page(&book.ledger, &before, Some(newer), 10).0.len(), 0);
    assert_eq!(page(&book.ledger, &of_that_day, Some(newer), 10).0.len(), 1);
    assert_eq!(page(&book.ledger, &of_that_day, Some(older), 10).0.len(), 0);
}

#[test]
fn a_page_of_no_rows_has_no_next() {
    let mut book = Book::open();
    book.record(plain(-1)).unwrap();

    let (rows, next) = page(&book.ledger, &Filter::default(), None, 0);

    assert!(rows.is_empty());
    assert_eq!(next, None);
}

#[test]
fn a_period_that_ends_before_it_begins_is_empty() {
    let mut book = Book::open();
    let row = book.record(plain(-1)).unwrap();
    let filter =
        Filter { from: Some(row.date), to: Some(row.date.yesterday().unwrap()), ..Filter::default() };

    assert!(page(&book.ledger, &filter, None, 10).0.is_empty());
    assert_eq!(book.ledger.rows().between(filter.from, filter.to).count(), 0);
}
