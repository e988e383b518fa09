//! What every journal does with snapshots.

use std::sync::Arc;

use finbrain_domain::{
    ids::BookId,
    ports::{Journal, Snapshot},
};

macro_rules! snapshots_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, snapshots:
            a_snapshot_reads_back
            a_snapshot_is_replaced_only_by_a_newer_one
            a_snapshot_of_many_parts_reads_back
            the_newest_of_snapshots_kept_at_the_same_time_stays
            a_snapshot_that_is_replaced_meanwhile_reads_whole
        );
    };
}
pub(crate) use snapshots_suite;

type Subject = Arc<dyn Journal>;

pub fn snapshot(book: BookId, version: u64, bytes: &[u8]) -> Snapshot {
    Snapshot { book, version, format: 1, bytes: bytes.to_vec() }
}

pub async fn a_snapshot_reads_back(journal: Subject) {
    let kept = snapshot(BookId::new(), 3, b"ledger");
    journal.keep_snapshot(kept.clone()).await.unwrap();
    let empty = snapshot(BookId::new(), 0, b"");
    journal.keep_snapshot(empty.clone()).await.unwrap();

    assert_eq!(journal.snapshot(kept.book).await, Ok(Some(kept)));
    assert_eq!(journal.snapshot(empty.book).await, Ok(Some(empty)));
}

pub async fn a_snapshot_is_replaced_only_by_a_newer_one(journal: Subject) {
    let book = BookId::new();
    for (version, bytes) in [(5, b"five"), (4, b"four"), (5, b"same")] {
        journal.keep_snapshot(snapshot(book, version, bytes)).await.unwrap();
    }
    assert_eq!(journal.snapshot(book).await, Ok(Some(snapshot(book, 5, b"five"))));

    journal.keep_snapshot(snapshot(book, 6, b"six")).await.unwrap();

    assert_eq!(journal.snapshot(book).await, Ok(Some(snapshot(book, 6, b"six"))));
}

/// Bytes that cannot be packed (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(step).take(length / 8).flatten().collect()
}

pub async fn a_snapshot_of_many_parts_reads_back(journal: Subject) {
    let kept = snapshot(BookId::new(), 1, &noise(9 * 1024 * 1024));
    journal.keep_snapshot(kept.clone()).await.unwrap();
    assert!(journal.snapshot(kept.book).await.unwrap() == Some(kept.clone()));

    let smaller = snapshot(kept.book, 2, b"smaller");
    journal.keep_snapshot(smaller.clone()).await.unwrap();

    assert_eq!(journal.snapshot(kept.book).await, Ok(Some(smaller)));
}

pub async fn the_newest_of_snapshots_kept_at_the_same_time_stays(journal: Subject) {
    let book = BookId::new();
    let writers: Vec<_> = (1..=24_u64)
        .map(|n| {
            // In no order.
            let version = n * 7 % 25;
            let (journal, kept) = (journal.clone(), snapshot(book, version, &version.to_be_bytes()));
            tokio::spawn(async move { journal.keep_snapshot(kept).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }

    assert_eq!(journal.snapshot(book).await, Ok(Some(snapshot(book, 24, &24_u64.to_be_bytes()))));
}

pub async fn a_snapshot_that_is_replaced_meanwhile_reads_whole(journal: Subject) {
    const LAST: u64 = 6;
    let book = BookId::new();
    let noise = noise(9 * 1024 * 1024);
    // Each of two parts, and each different.
    let of = move |version: u64| snapshot(book, version, &noise[usize::try_from(version).unwrap()..]);
    journal.keep_snapshot(of(1)).await.unwrap();
    let writer = tokio::spawn({
        let (journal, of) = (journal.clone(), of.clone());
        async move {
            for version in 2..=LAST {
                journal.keep_snapshot(of(version)).await.unwrap();
            }
        }
    });

    let mut seen = 1;
    while seen < LAST {
        let read = journal.snapshot(book).await.unwrap().expect("one is always in place");
        assert!(read.version >= seen, "{} after {seen}", read.version);
        seen = read.version;
        assert!(read == of(seen));
    }

    writer.await.unwrap();
}
