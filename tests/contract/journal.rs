//! What every journal does with entries.

use std::sync::Arc;

use finbrain_domain::{
    change::Change,
    entry::{Author, Draft, Entry, Key, Reversal},
    ids::{BookId, Digest, EntryId, UserId},
    ports::{AppendError, Journal, StoreError},
    settings::Settings,
    text::Name,
};
use jiff::Timestamp;

macro_rules! journal_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, journal:
            an_entry_reads_back_byte_for_byte
            entries_come_in_the_order_of_their_slots
            a_book_without_entries_has_head_zero
            a_taken_slot_is_refused
            a_gap_is_refused
            eight_hundred_rivals_for_one_slot_have_one_winner
            eight_hundred_appends_of_sixteen_writers_form_one_chain
            an_idempotency_key_is_taken_once_per_book
            a_key_used_by_many_at_once_is_applied_once
            an_entry_sent_again_finds_its_slot_taken_though_its_key_is_taken_too
            an_entry_is_found_by_its_key
            an_entry_is_found_by_its_id
            an_entry_id_stands_once_per_book
            a_page_before_a_slot_is_newest_first
            a_page_of_large_entries_is_cut_short_but_never_empty
            a_payload_of_five_megabytes_reads_back
            an_entry_that_packs_badly_is_refused_beyond_eight_mebibytes
            an_instant_finer_than_a_microsecond_still_verifies
            an_erased_payload_reads_back_as_none
        );
    };
}
pub(crate) use journal_suite;

type Subject = Arc<dyn Journal>;

pub fn draft() -> Draft {
    Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: None,
        auth_generation: 0,
        at: "2026-11-24T08:00:00.123456Z".parse().unwrap(),
        reverses: None,
        changes: vec![setting("Dana")],
        pending: false,
    }
}

pub fn setting(name: &str) -> Change {
    Change::Settings { from: None, to: Some(Settings::of(Name::parse(name).unwrap())) }
}

pub fn first(draft: Draft) -> Entry {
    Entry::seal(BookId::new(), 1, Digest::ZERO, &draft).unwrap()
}

pub fn after(entry: &Entry, draft: Draft) -> Entry {
    Entry::seal(entry.book, entry.slot + 1, entry.chain, &draft).unwrap()
}

/// Appends so many entries to a new book.
pub async fn grow(journal: &dyn Journal, count: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for _ in 0..count {
        let entry = entries.last().map_or_else(|| first(draft()), |last| after(last, draft()));
        journal.append(entry.clone()).await.unwrap();
        entries.push(entry);
    }
    entries
}

pub async fn all(journal: &dyn Journal, book: BookId) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let last = entries.last().map_or(0, |entry| entry.slot);
        let page = journal.since(book, last, 1000).await.unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

pub fn verify(entries: &[Entry]) {
    let mut previous = Digest::ZERO;
    for (entry, slot) in entries.iter().zip(1..) {
        assert_eq!(entry.slot, slot);
        entry.verify(previous).unwrap();
        previous = entry.chain;
    }
}

pub async fn an_entry_reads_back_byte_for_byte(journal: Subject) {
    let plain = first(draft());
    let full = after(
        &plain,
        Draft {
            author: Author::User(UserId::new()),
            key: Some(Key { key: "clé \u{5d0} '\"".into(), request: Digest::of(b"request") }),
            auth_generation: u64::MAX,
            reverses: Some(Reversal::Undo(plain.entry_id)),
            changes: vec![setting("דנה 💶"), setting("'; DROP TABLE journal; --")],
            pending: true,
            ..draft()
        },
    );
    let redo =
        after(&full, Draft { reverses: Some(Reversal::Redo(full.entry_id)), changes: vec![], ..draft() });
    let written = vec![plain, full, redo];

    for entry in &written {
        journal.append(entry.clone()).await.unwrap();
    }

    let read = journal.since(written[0].book, 0, 10).await.unwrap();
    assert!(read == written);
    verify(&read);
}

pub async fn entries_come_in_the_order_of_their_slots(journal: Subject) {
    let entries = grow(&*journal, 12).await;
    grow(&*journal, 3).await;
    let book = entries[0].book;

    assert!(journal.since(book, 0, 5).await.unwrap() == entries[..5]);
    assert!(journal.since(book, 9, 5).await.unwrap() == entries[9..]);
    assert!(journal.since(book, 12, 5).await.unwrap().is_empty());
    assert!(journal.since(book, u64::MAX, usize::MAX).await.unwrap().is_empty());
    assert_eq!(journal.head(book).await, Ok(12));
}

pub async fn a_book_without_entries_has_head_zero(journal: Subject) {
    let book = BookId::new();

    assert_eq!(journal.head(book).await, Ok(0));
    assert!(journal.since(book, 0, 10).await.unwrap().is_empty());
    assert_eq!(journal.snapshot(book).await, Ok(None));
    assert_eq!(journal.tombstones(book).await, Ok(vec![]));
}

pub async fn a_taken_slot_is_refused(journal: Subject) {
    let entries = grow(&*journal, 2).await;
    let rival = after(&entries[0], draft());

    assert_eq!(journal.append(rival).await, Err(AppendError::SlotTaken));
    assert_eq!(journal.append(entries[1].clone()).await, Err(AppendError::SlotTaken), "the same entry again");
    assert!(all(&*journal, entries[0].book).await == entries);
}

pub async fn a_gap_is_refused(journal: Subject) {
    let entries = grow(&*journal, 2).await;
    let gap = Entry::seal(entries[1].book, 4, entries[1].chain, &draft()).unwrap();
    let late = Entry::seal(BookId::new(), 2, Digest::ZERO, &draft()).unwrap();
    let last = Entry::seal(BookId::new(), u64::MAX, Digest::ZERO, &draft()).unwrap();

    for entry in [gap, late, last] {
        let refused = journal.append(entry).await;
        assert!(matches!(refused, Err(AppendError::Store(StoreError::Damaged(_)))), "{refused:?}");
    }
    assert_eq!(journal.head(entries[0].book).await, Ok(2));
}

pub async fn eight_hundred_rivals_for_one_slot_have_one_winner(journal: Subject) {
    let before = grow(&*journal, 1).await.remove(0);
    let rivals: Vec<_> = (0..800)
        .map(|_| {
            let (journal, entry) = (journal.clone(), after(&before, draft()));
            tokio::spawn(async move { (journal.append(entry.clone()).await, entry) })
        })
        .collect();

    let mut winners = Vec::new();
    for rival in rivals {
        match rival.await.unwrap() {
            (Ok(()), entry) => winners.push(entry),
            (refused, _) => assert_eq!(refused, Err(AppendError::SlotTaken)),
        }
    }

    assert_eq!(winners.len(), 1);
    assert!(journal.since(before.book, 1, 10).await.unwrap() == winners);
}

/// Appends until `count` entries stand, deciding again whenever somebody else was first.
async fn insist(journal: Subject, book: BookId, count: usize) -> usize {
    let mut appended = 0;
    while appended < count {
        let last = journal.before(book, u64::MAX, 1).await.unwrap().remove(0);
        match journal.append(after(&last, draft())).await {
            Ok(()) => appended += 1,
            Err(AppendError::SlotTaken) => {}
            Err(error) => panic!("{error}"),
        }
    }
    appended
}

pub async fn eight_hundred_appends_of_sixteen_writers_form_one_chain(journal: Subject) {
    let book = grow(&*journal, 1).await.remove(0).book;
    let writers: Vec<_> = (0..16).map(|_| tokio::spawn(insist(journal.clone(), book, 50))).collect();

    for writer in writers {
        assert_eq!(writer.await.unwrap(), 50);
    }

    let entries = all(&*journal, book).await;
    assert_eq!(entries.len(), 801);
    verify(&entries);
}

pub fn keyed(key: &str) -> Draft {
    Draft { key: Some(Key { key: key.into(), request: Digest::of(b"request") }), ..draft() }
}

pub async fn an_idempotency_key_is_taken_once_per_book(journal: Subject) {
    let entry = first(keyed("k"));
    let other_book = first(keyed("k"));
    journal.append(entry.clone()).await.unwrap();

    assert_eq!(journal.append(after(&entry, keyed("k"))).await, Err(AppendError::KeyTaken));
    assert_eq!(journal.append(after(&entry, keyed("K"))).await, Ok(()), "keys are compared byte by byte");
    assert_eq!(journal.append(other_book).await, Ok(()));
}

pub async fn a_key_used_by_many_at_once_is_applied_once(journal: Subject) {
    let book = grow(&*journal, 1).await.remove(0).book;
    let insist_with_key = move |journal: Subject| async move {
        loop {
            let last = all(&*journal, book).await.pop().unwrap();
            match journal.append(after(&last, keyed("once"))).await {
                Err(AppendError::SlotTaken) => {}
                answer => return answer,
            }
        }
    };
    // Others come between, so that the key meets slots of all kinds.
    let others = tokio::spawn(insist(journal.clone(), book, 20));
    let same: Vec<_> = (0..50).map(|_| tokio::spawn(insist_with_key(journal.clone()))).collect();

    let mut applied = 0;
    for one in same {
        match one.await.unwrap() {
            Ok(()) => applied += 1,
            refused => assert_eq!(refused, Err(AppendError::KeyTaken)),
        }
    }
    others.await.unwrap();

    assert_eq!(applied, 1);
    let entries = all(&*journal, book).await;
    assert_eq!(entries.iter().filter(|entry| entry.key.is_some()).count(), 1);
    verify(&entries);
}

pub async fn an_entry_sent_again_finds_its_slot_taken_though_its_key_is_taken_too(journal: Subject) {
    let entry = first(keyed("k"));
    journal.append(entry.clone()).await.unwrap();

    assert_eq!(journal.append(entry.clone()).await, Err(AppendError::SlotTaken));
    assert!(all(&*journal, entry.book).await == [entry]);
}

pub async fn an_entry_is_found_by_its_key(journal: Subject) {
    let entry = first(keyed("k"));
    journal.append(entry.clone()).await.unwrap();

    assert!(journal.by_key(entry.book, "k").await.unwrap() == Some(entry.clone()));
    assert!(journal.by_key(entry.book, "unknown").await.unwrap().is_none());
    assert!(journal.by_key(BookId::new(), "k").await.unwrap().is_none());
}

pub async fn an_entry_is_found_by_its_id(journal: Subject) {
    let entries = grow(&*journal, 3).await;
    let book = entries[0].book;

    assert!(journal.by_id(book, entries[1].entry_id).await.unwrap().as_ref() == Some(&entries[1]));
    assert!(journal.by_id(book, EntryId::new()).await.unwrap().is_none());
    assert!(journal.by_id(BookId::new(), entries[1].entry_id).await.unwrap().is_none());
}

pub async fn an_entry_id_stands_once_per_book(journal: Subject) {
    let entry = first(draft());
    journal.append(entry.clone()).await.unwrap();
    let again = Draft { entry_id: entry.entry_id, ..draft() };
    let again = Entry::seal(entry.book, 2, entry.chain, &again).unwrap();

    let refused = journal.append(again).await;

    assert!(matches!(refused, Err(AppendError::Store(StoreError::Damaged(_)))), "{refused:?}");
    assert_eq!(journal.head(entry.book).await, Ok(1));
}

pub async fn a_page_before_a_slot_is_newest_first(journal: Subject) {
    let mut entries = grow(&*journal, 7).await;
    let book = entries[0].book;
    entries.reverse();

    assert!(journal.before(book, u64::MAX, 3).await.unwrap() == entries[..3]);
    assert!(journal.before(book, 5, 3).await.unwrap() == entries[3..6]);
    assert!(journal.before(book, 2, 3).await.unwrap() == entries[6..]);
    assert!(journal.before(book, 1, 3).await.unwrap().is_empty());
}

/// Changes whose JSON is a little larger than `bytes` and packs badly enough to stay large.
fn changes_of(bytes: usize) -> Vec<Change> {
    let length = serde_json::to_vec(&setting("0123456789abcdef")).unwrap().len();
    (0..=bytes / length).map(|n| setting(&Digest::of(&n.to_be_bytes()).to_string()[..16])).collect()
}

pub async fn a_page_of_large_entries_is_cut_short_but_never_empty(journal: Subject) {
    let mut entry = first(Draft { changes: changes_of(3_000_000), ..draft() });
    let book = entry.book;
    for _ in 0..4 {
        journal.append(entry.clone()).await.unwrap();
        entry = after(&entry, Draft { changes: changes_of(3_000_000), ..draft() });
    }

    let page = journal.since(book, 0, 4).await.unwrap();

    assert!((1..4).contains(&page.len()), "{} entries", page.len());
    let entries = all(&*journal, book).await;
    assert_eq!(entries.len(), 4);
    verify(&entries);
}

pub async fn a_payload_of_five_megabytes_reads_back(journal: Subject) {
    let at_the_limit = first(Draft { changes: changes_of(64_000), ..draft() });
    let above_it = after(&at_the_limit, Draft { changes: changes_of(66_000), ..draft() });
    let large = after(&above_it, Draft { changes: changes_of(5_000_000), ..draft() });
    assert!(at_the_limit.payload.as_ref().unwrap().len() < 65_536);
    assert!(above_it.payload.as_ref().unwrap().len() > 65_536);
    assert!(large.payload.as_ref().unwrap().len() > 5_000_000);
    let written = vec![at_the_limit, above_it, large];

    for entry in &written {
        journal.append(entry.clone()).await.unwrap();
    }

    let read = all(&*journal, written[0].book).await;
    assert!(read == written);
    verify(&read);
}

pub async fn an_entry_that_packs_badly_is_refused_beyond_eight_mebibytes(journal: Subject) {
    let noise = |n: u32| {
        (0..3u8).map(|part| Digest::of(&[&n.to_be_bytes()[..], &[part]].concat()).to_string()).collect()
    };
    let lesson = |n| Change::Merchant { merchant: noise(n), from: None, to: None };
    let entry = first(Draft { changes: (0..95_000).map(lesson).collect(), ..draft() });

    assert_eq!(journal.append(entry.clone()).await, Err(AppendError::TooLarge));

    assert_eq!(journal.head(entry.book).await, Ok(0));
}

pub async fn an_instant_finer_than_a_microsecond_still_verifies(journal: Subject) {
    for at in ["2026-11-24T08:00:00.123456789Z", "1969-07-20T20:17:40.123456789Z"] {
        let at: Timestamp = at.parse().unwrap();
        let entry = first(Draft { at, ..draft() });
        journal.append(entry.clone()).await.unwrap();

        verify(&all(&*journal, entry.book).await);
    }
}

pub async fn an_erased_payload_reads_back_as_none(journal: Subject) {
    let mut entry = first(draft());
    entry.payload = None;
    journal.append(entry.clone()).await.unwrap();

    let read = all(&*journal, entry.book).await;

    assert!(read == [entry]);
    verify(&read);
}
