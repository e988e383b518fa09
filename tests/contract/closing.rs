//! What every journal does with undelivered effects, with closed books, and with the list of books.

use std::sync::Arc;

use finbrain_domain::{
    change::Change,
    entry::{Draft, Entry},
    ids::{BookId, Digest},
    ports::{AppendError, Journal, StoreError},
};

use super::{
    journal::{after, all, draft, first, grow, keyed, setting, verify},
    snapshots::snapshot,
};

macro_rules! closing_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, closing:
            pending_entries_are_listed_oldest_first_until_delivered
            a_closed_book_takes_no_entry
            a_text_that_names_the_closing_does_not_close
            a_reduced_book_keeps_contiguous_slots_and_chains_only
            late_appends_never_revive_a_book_that_is_reduced
            an_open_book_is_not_reduced
            books_are_listed_in_pages_in_the_order_of_ids
        );
    };
}
pub(crate) use closing_suite;

type Subject = Arc<dyn Journal>;

pub async fn pending_entries_are_listed_oldest_first_until_delivered(journal: Subject) {
    let pending = |at: &str| Draft { pending: true, at: at.parse().unwrap(), ..draft() };
    let newest = first(pending("2026-11-24T08:00:02Z"));
    let oldest = first(pending("2026-11-24T08:00:00Z"));
    let middle = after(&oldest, pending("2026-11-24T08:00:01Z"));
    for entry in [&newest, &oldest, &middle] {
        journal.append(entry.clone()).await.unwrap();
    }
    grow(&*journal, 2).await;
    assert!(journal.pending(10).await.unwrap() == [oldest.clone(), middle.clone(), newest.clone()]);
    assert!(journal.pending(2).await.unwrap() == [oldest.clone(), middle.clone()]);

    journal.delivered(oldest.book, oldest.slot).await.unwrap();
    journal.delivered(oldest.book, oldest.slot).await.unwrap();
    journal.delivered(BookId::new(), 9).await.unwrap();

    assert!(journal.pending(10).await.unwrap() == [middle, newest]);
    let delivered = all(&*journal, oldest.book).await;
    assert!(!delivered[0].pending);
    verify(&delivered);
}

/// A book of so many entries, the last of which closes it.
async fn closed(journal: &dyn Journal, count: usize) -> Vec<Entry> {
    let mut entries = grow(journal, count - 1).await;
    let closing =
        after(entries.last().unwrap(), Draft { changes: vec![Change::BookClosed], ..keyed("close") });
    journal.append(closing.clone()).await.unwrap();
    entries.push(closing);
    entries
}

pub async fn a_closed_book_takes_no_entry(journal: Subject) {
    let entries = closed(&*journal, 3).await;
    let last = entries.last().unwrap();

    assert_eq!(journal.append(after(last, draft())).await, Err(AppendError::Closed));
    assert_eq!(journal.append(after(last, keyed("close"))).await, Err(AppendError::Closed));
    assert!(all(&*journal, last.book).await == entries, "until it is reduced a closed book can be read");
    assert_eq!(journal.books(None, 10).await, Ok(vec![(last.book, false)]));
}

pub async fn a_text_that_names_the_closing_does_not_close(journal: Subject) {
    let entry = first(Draft { changes: vec![setting("\"book_closed\""), setting("book_closed")], ..draft() });
    journal.append(entry.clone()).await.unwrap();

    assert_eq!(journal.append(after(&entry, draft())).await, Ok(()));
}

pub async fn a_reduced_book_keeps_contiguous_slots_and_chains_only(journal: Subject) {
    let other = grow(&*journal, 3).await;
    let entries = closed(&*journal, 2_500).await;
    let (book, last) = (entries[0].book, entries.last().unwrap());
    journal.keep_snapshot(snapshot(book, 1, b"a ledger of a closed book")).await.unwrap();

    journal.reduce(book).await.unwrap();
    journal.reduce(book).await.unwrap();
    journal.keep_snapshot(snapshot(book, 2_500, b"late")).await.unwrap();

    let expected: Vec<_> = entries.iter().map(|entry| (entry.slot, entry.chain)).collect();
    assert_eq!(journal.tombstones(book).await, Ok(expected));
    assert_eq!(journal.head(book).await, Ok(2_500));
    assert_eq!(journal.since(book, 0, 10).await, Err(StoreError::Closed));
    assert_eq!(
        journal.since(book, 2_499, 10).await,
        Err(StoreError::Closed),
        "who slept through it learns of it"
    );
    assert_eq!(journal.since(book, 2_500, 10).await, Ok(vec![]));
    assert!(journal.before(book, u64::MAX, 10).await.unwrap().is_empty());
    assert!(journal.by_id(book, last.entry_id).await.unwrap().is_none());
    assert!(journal.by_key(book, "close").await.unwrap().is_none());
    assert_eq!(journal.snapshot(book).await, Ok(None));
    assert_eq!(journal.append(after(last, draft())).await, Err(AppendError::Closed));
    assert!(all(&*journal, other[0].book).await == other);
    assert_eq!(journal.books(None, 10).await, Ok(vec![(other[0].book, false), (book, true)]));
}

pub async fn late_appends_never_revive_a_book_that_is_reduced(journal: Subject) {
    let entries = closed(&*journal, 40).await;
    let book = entries[0].book;
    // What pods wanted to append at any time before they were frozen.
    let late: Vec<_> = (0..entries.len())
        .map(|slot| match slot {
            0 => Entry::seal(book, 1, Digest::ZERO, &draft()).unwrap(),
            slot => after(&entries[slot - 1], draft()),
        })
        .chain([after(&entries[39], draft())])
        .collect();
    let append_all = |late: Vec<Entry>| {
        let journal = journal.clone();
        async move {
            let mut answers = Vec::new();
            for entry in late {
                answers.push(journal.append(entry).await);
            }
            answers
        }
    };

    let meanwhile = tokio::spawn(append_all(late.clone()));
    journal.reduce(book).await.unwrap();
    let meanwhile = meanwhile.await.unwrap();
    let afterwards = append_all(late).await;

    let refused = |answer: &Result<(), AppendError>| {
        matches!(answer, Err(AppendError::SlotTaken | AppendError::Closed))
    };
    assert!(meanwhile.iter().all(refused), "{meanwhile:?}");
    assert!(afterwards.iter().all(|answer| *answer == Err(AppendError::Closed)), "{afterwards:?}");
    let slots: Vec<_> = entries.iter().map(|entry| (entry.slot, entry.chain)).collect();
    assert_eq!(journal.tombstones(book).await, Ok(slots));
}

pub async fn an_open_book_is_not_reduced(journal: Subject) {
    let entries = grow(&*journal, 2).await;

    assert!(matches!(journal.reduce(entries[0].book).await, Err(StoreError::Damaged(_))));
    assert!(matches!(journal.reduce(BookId::new()).await, Err(StoreError::Damaged(_))));
    assert!(all(&*journal, entries[0].book).await == entries);
}

pub async fn books_are_listed_in_pages_in_the_order_of_ids(journal: Subject) {
    let mut books = Vec::new();
    for count in [1, 3, 2, 1, 1] {
        books.push((grow(&*journal, count).await[0].book, false));
    }
    books.sort_unstable();

    assert_eq!(journal.books(None, 2).await.unwrap(), books[..2]);
    assert_eq!(journal.books(Some(books[1].0), 2).await.unwrap(), books[2..4]);
    assert_eq!(journal.books(Some(books[3].0), 2).await.unwrap(), books[4..]);
    assert_eq!(journal.books(Some(books[4].0), 2).await, Ok(vec![]));
}
