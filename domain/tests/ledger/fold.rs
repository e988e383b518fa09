//! Random books: the live ledger, the fold of its journal, an unpacked snapshot and the naive model agree.

use std::collections::BTreeSet;

use finbrain_domain::{
    entry::{Author, Reversal},
    error::Error,
    ledger::Ledger,
    undo,
};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use crate::{
    book::{ALICE, BOB, Book},
    command::Command,
    model::{Kind, Model, State, read},
    naive_undo::{Refusal, last_done, last_undone, undone},
    step::{Step, command, step},
};

/// A book and its model, always at the same slot.
#[derive(Debug)]
pub struct Pair {
    pub book: Book,
    pub model: Model,
}

impl Pair {
    /// A new book to which two categories were added.
    pub fn open() -> Self {
        let book = Book::open();
        let model = Model::opened(&book.ledger, ALICE);
        let mut pair = Self { book, model };
        pair.take(&Step::CreateCategory { id: 0, name: 0, income: false }, ALICE);
        pair.take(&Step::CreateCategory { id: 1, name: 5, income: false }, ALICE);
        pair
    }

    /// Takes a step on both, and checks that they say and hold the same.
    pub fn take(&mut self, step: &Step, author: Author) {
        let before = self.book.ledger.digest();
        let version = self.book.ledger.version();
        match step {
            Step::UndoLast => {
                let expected = last_done(&self.model, author);
                let last = self.book.ledger.steps().last_done(author);
                assert_eq!(last.map(|step| step.slot), expected.map(|at| at as u64 + 1));
                if let Some(at) = expected {
                    self.reverse(at, author);
                }
            }
            Step::Undo(n) => self.reverse(n % self.model.past.len(), author),
            Step::Redo => {
                let expected = last_undone(&self.model, author);
                let last = self.book.ledger.steps().last_undone(author);
                assert_eq!(last.map(|step| step.slot), expected.map(|at| at as u64 + 1));
                if let Some(at) = expected {
                    self.reverse(at, author);
                }
            }
            _ => {
                if let Some(command) = command(step, &self.model) {
                    self.run(&command, author);
                }
            }
        }
        if self.book.ledger.version() == version {
            assert_eq!(self.book.ledger.digest(), before, "what writes nothing changes nothing");
        }
        self.compare();
    }

    pub fn run(&mut self, command: &Command, author: Author) {
        let expected = command.expect(&self.model);
        let decided = command.decide(&self.book.ledger);
        match (decided, expected) {
            (Ok(changes), Some(state)) if changes.is_empty() => assert_eq!(state, self.model.state),
            (Ok(changes), Some(state)) => {
                let at = self.book.now();
                self.book.commit(author, None, changes);
                self.model.commit(author, Kind::Command, at, state);
            }
            (Err(_), None) => {}
            (decided, expected) => panic!("rules {decided:?}, model accepts: {}", expected.is_some()),
        }
    }

    /// Takes back the entry at `at`: an undo, or a redo when the entry was an undo itself.
    fn reverse(&mut self, at: usize, author: Author) {
        let entry = self.book.journal[at].clone();
        let expected = undone(&self.model, at);
        match (undo::inverse(&self.book.ledger, &entry), expected) {
            (Ok(changes), Ok(state)) => {
                let (reversal, kind) = match self.model.past[at].kind {
                    Kind::Undo(_) => (Reversal::Redo(entry.entry_id), Kind::Redo(at)),
                    _ => (Reversal::Undo(entry.entry_id), Kind::Undo(at)),
                };
                let now = self.book.now();
                self.book.commit(author, Some(reversal), changes);
                self.model.commit(author, kind, now, state);
            }
            (Err(Error::UndoConflict { rows }), Err(Refusal::Conflict(expected))) => {
                assert_eq!(BTreeSet::from_iter(rows), expected);
            }
            (Err(Error::NotUndoable { .. }), Err(Refusal::NotUndoable)) => {}
            (inverse, expected) => panic!("rules {inverse:?}, model {:?}", expected.map(|_| "agrees")),
        }
    }

    fn compare(&self) {
        let State { merchants, revoked, .. } = self.model.state.clone();
        assert_eq!(State { merchants, revoked, ..read(&self.book.ledger) }, self.model.state);
        let order: Vec<_> = self.model.sorted().iter().map(|transaction| transaction.id).collect();
        let rows: Vec<_> = self.book.ledger.rows().between(None, None).map(|row| row.id()).collect();
        assert_eq!(rows, order);
        assert_eq!(self.book.ledger.rows().len(), order.len());
        for transaction in self.model.state.transactions.values() {
            let row = self.book.ledger.rows().find(transaction.id).unwrap();
            assert_eq!(row.changed(), self.model.changed(&transaction.id.to_string()));
            if let Some(external) = &transaction.external_id {
                let found = self.book.ledger.rows().by_external_id(external).map(|row| row.id());
                assert_eq!(found, Some(transaction.id));
            }
        }
    }
}

/// Everything of a ledger that can be asked, beside its digest: what undo and idempotency rely on.
pub fn assert_same(a: &Ledger, b: &Ledger, slots: u64) {
    assert_eq!(a.digest(), b.digest());
    assert_eq!(a.steps(), b.steps());
    for slot in 1..=slots {
        let key = format!("key {slot}");
        assert_eq!(a.key_use(&key), b.key_use(&key));
    }
}

pub fn author(n: u8) -> Author {
    if n == 0 { BOB } else { ALICE }
}

proptest! {
    #[test]
    fn a_ledger_is_the_fold_of_its_journal_and_agrees_with_the_model(
        steps in proptest::collection::vec((step(), 0u8..6), 8..40),
    ) {
        let mut pair = Pair::open();

        for (step, by) in &steps {
            pair.take(step, author(*by));
        }

        let version = pair.book.ledger.version();
        assert_same(&pair.book.fold(), &pair.book.ledger, version);
        prop_assert_eq!(pair.model.digest(&pair.book.ledger), pair.book.ledger.digest());
    }

    #[test]
    fn a_snapshot_at_any_point_goes_on_like_the_ledger(
        steps in proptest::collection::vec((step(), 0u8..6), 8..40),
        at in 0usize..40,
    ) {
        let mut pair = Pair::open();
        let mut unpacked = None;

        for (n, (step, by)) in steps.iter().enumerate() {
            if n == at % steps.len() {
                unpacked = Ledger::unpack(&pair.book.ledger.pack());
                prop_assert!(unpacked.is_some());
            }
            pair.take(step, author(*by));
        }

        let mut unpacked = unpacked.unwrap();
        let slot = usize::try_from(unpacked.version()).unwrap();
        assert_same(&unpacked, &fold_until(&pair.book, slot), unpacked.version());
        for entry in &pair.book.journal[slot..] {
            unpacked.apply(entry).unwrap();
        }
        assert_same(&unpacked, &pair.book.ledger, pair.book.ledger.version());
    }
}

fn fold_until(book: &Book, slots: usize) -> Ledger {
    Book { ledger: book.ledger.clone(), journal: book.journal[..slots].to_vec() }.fold()
}
