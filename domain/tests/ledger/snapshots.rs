//! Snapshots come from a disk: whatever their bytes are, opening and reading one never panics.

use finbrain_domain::{
    change::Change,
    entry::{Draft, Entry},
    ids::EntryId,
    ledger::{Ledger, SNAPSHOT_FORMAT},
    ports::Snapshot,
    transaction::{Filter, page},
};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use crate::{
    book::{ALICE, Book, plain},
    fold::{Pair, author},
    step::step,
};

#[derive(Debug, Clone)]
enum Damage {
    Flip { at: usize, bits: u8 },
    Cut { at: usize },
    Insert { at: usize, byte: u8 },
    Swap { at: usize, other: usize },
}

/// Places are counted from the end half of the time: the head is long, the columns stand behind it.
fn damage() -> impl Strategy<Value = Damage> {
    let at = || prop_oneof![any::<usize>(), (1usize..400).prop_map(|back| usize::MAX - back)];
    prop_oneof![
        6 => (at(), 1u8..).prop_map(|(at, bits)| Damage::Flip { at, bits }),
        3 => (at(), Just(0xff)).prop_map(|(at, byte)| Damage::Insert { at, byte }),
        1 => at().prop_map(|at| Damage::Cut { at }),
        2 => (at(), at()).prop_map(|(at, other)| Damage::Swap { at, other }),
    ]
}

impl Damage {
    fn strike(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let place = |at: usize| match usize::MAX - at {
            back @ ..400 => length.saturating_sub(back + 1),
            _ => at % length,
        };
        match *self {
            Self::Flip { at, bits } => bytes[place(at)] ^= bits,
            Self::Cut { at } => bytes.truncate(place(at).max(1)),
            Self::Insert { at, byte } => bytes.insert(place(at), byte),
            Self::Swap { at, other } => bytes.swap(place(at), place(other)),
        }
    }
}

/// Reads everything, and goes on writing.
fn use_up(mut ledger: Ledger) {
    ledger.digest();
    let _ = ledger.pack();
    let filter = Filter { text: Some("ß".to_owned()), ..Filter::default() };
    assert!(page(&ledger, &filter, None, 10).0.len() <= 10);
    let removals: Vec<_> = ledger
        .rows()
        .between(None, None)
        .map(|row| Change::Transaction {
            from: Some(Box::new(row.to_transaction(ledger.tables()))),
            to: None,
        })
        .collect();
    let draft = Draft {
        entry_id: EntryId::new(),
        author: ALICE,
        key: None,
        auth_generation: 0,
        at: crate::book::moment().at,
        reverses: None,
        changes: removals,
        pending: false,
    };
    let Some(slot) = ledger.version().checked_add(1) else { return };
    let entry = Entry::seal(ledger.book(), slot, ledger.chain(), &draft).unwrap();
    ledger.apply(&entry).unwrap();
    assert_eq!(ledger.rows().len(), 0);
}

proptest! {
    #[test]
    fn a_damaged_snapshot_is_refused_or_reads_without_panic(
        steps in proptest::collection::vec((step(), 0u8..6), 4..12),
        damages in proptest::collection::vec(proptest::collection::vec(damage(), 1..3), 20),
    ) {
        let mut pair = Pair::open();
        for (step, by) in &steps {
            pair.take(step, author(*by));
        }
        let snapshot = pair.book.ledger.pack();

        for damages in damages {
            let mut bytes = snapshot.bytes.clone();
            damages.iter().for_each(|damage| damage.strike(&mut bytes));
            if let Some(ledger) = Ledger::unpack(&Snapshot { bytes, ..snapshot.clone() }) {
                use_up(ledger);
            }
        }
    }

    #[test]
    fn bytes_that_never_were_a_snapshot_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let book = Book::open();
        let snapshot = Snapshot { bytes, ..book.ledger.pack() };

        proptest::prop_assert!(Ledger::unpack(&snapshot).is_none());
    }
}

#[test]
fn a_snapshot_of_another_format_is_refused() {
    let book = Book::open();

    let snapshot = Snapshot { format: SNAPSHOT_FORMAT + 1, ..book.ledger.pack() };

    assert!(Ledger::unpack(&snapshot).is_none());
}

#[test]
fn every_cut_of_a_snapshot_is_refused() {
    let mut book = Book::open();
    book.record(plain(-500)).unwrap();
    let snapshot = book.ledger.pack();

    for length in 0..snapshot.bytes.len() {
        let bytes = snapshot.bytes[..length].to_vec();
        assert!(Ledger::unpack(&Snapshot { bytes, ..snapshot.clone() }).is_none(), "cut at {length}");
    }
}

#[test]
fn rows_that_are_gone_are_not_packed() {
    let mut book = Book::open();
    let empty = book.ledger.pack().bytes.len();
    let recorded = book.record(plain(-500)).unwrap();
    let entry = book.journal.last().unwrap().clone();
    book.undo(&entry).unwrap();

    let unpacked = Ledger::unpack(&book.ledger.pack()).unwrap();

    assert_eq!(unpacked.transaction(recorded.id), None);
    let (held, text) = unpacked.rows().memory();
    assert_eq!((held, text), (Ledger::unpack(&Book::open().ledger.pack()).unwrap().rows().memory()));
    assert!(book.ledger.pack().bytes.len() < empty + 1000);
}
