//! A book without a store: seals what was decided, applies it, keeps the journal.

use finbrain_domain::{
    book,
    change::Change,
    entry::{Author, Draft, Entry, Key, Reversal},
    error::Error,
    ids::{BookId, Digest, EntryId, TransactionId, UserId},
    ledger::{Ledger, Moment},
    money::{Currency, Money},
    settings::Settings,
    text::{Description, Name},
    transaction::{Guess, NewTransaction, Transaction, addition, record},
    undo,
};
use jiff::{SignedDuration, Timestamp, civil::date};
use uuid::Uuid;

pub const ALICE: Author = Author::User(UserId::from_uuid(Uuid::from_u128(0xa11ce)));
pub const BOB: Author = Author::User(UserId::from_uuid(Uuid::from_u128(0xb0b)));

/// The time of every test's decisions.
pub fn moment() -> Moment {
    Moment { at: "2026-11-24T08:00:00Z".parse().unwrap(), today: date(2026, 11, 24) }
}

#[derive(Debug, Clone)]
pub struct Book {
    pub ledger: Ledger,
    pub journal: Vec<Entry>,
}

impl Book {
    pub fn open() -> Self {
        let mut book = Self { ledger: Ledger::empty(BookId::new()), journal: Vec::new() };
        book.commit(ALICE, None, book::open(Settings::of(Name::parse("Dana").unwrap())));
        book
    }

    /// Seals changes behind the ledger's version and applies them the way their writer does.
    pub fn commit(&mut self, author: Author, reverses: Option<Reversal>, changes: Vec<Change>) -> Entry {
        let slot = self.ledger.version() + 1;
        let draft = Draft {
            entry_id: EntryId::new(),
            author,
            key: Some(Key { key: format!("key {slot}"), request: Digest::of(&slot.to_be_bytes()) }),
            auth_generation: 0,
            at: self.now(),
            reverses,
            changes: changes.clone(),
            pending: false,
        };
        let entry = Entry::seal(self.ledger.book(), slot, self.ledger.chain(), &draft).unwrap();
        self.ledger.advance(&entry, &changes).unwrap();
        self.journal.push(entry.clone());
        entry
    }

    /// A second and a half later with every entry.
    pub fn now(&self) -> Timestamp {
        let slot = i64::try_from(self.ledger.version()).unwrap();
        moment().at + SignedDuration::from_millis(1500 * slot)
    }

    pub fn undo(&mut self, entry: &Entry) -> Result<Entry, Error> {
        let changes = undo::inverse(&self.ledger, entry)?;
        Ok(self.commit(entry.author, Some(Reversal::Undo(entry.entry_id)), changes))
    }

    pub fn redo(&mut self, undone: &Entry) -> Result<Entry, Error> {
        let changes = undo::inverse(&self.ledger, undone)?;
        Ok(self.commit(undone.author, Some(Reversal::Redo(undone.entry_id)), changes))
    }

    /// Records the transaction as Alice.
    pub fn record(&mut self, new: NewTransaction) -> Result<Transaction, Error> {
        let transaction = record(&self.ledger, new, guess(), moment())?;
        self.commit(ALICE, None, vec![addition(transaction.clone())]);
        Ok(transaction)
    }

    /// The fold of the journal from nothing, as a pod does that has never seen the book.
    pub fn fold(&self) -> Ledger {
        let mut ledger = Ledger::empty(self.ledger.book());
        for entry in &self.journal {
            ledger.apply(entry).unwrap();
        }
        ledger
    }
}

pub fn guess() -> Guess {
    Guess { category: "food-drinks".to_owned().try_into().unwrap(), review: true }
}

/// An ordinary transaction of `minor` agorot on the 24th of November 2026.
pub fn plain(minor: i64) -> NewTransaction {
    NewTransaction {
        id: None,
        date: date(2026, 11, 24),
        description: Description::parse("Corner shop").unwrap(),
        amount: Money::from_minor(minor, Currency::ILS).unwrap(),
        account: None,
        category: None,
        splits: Vec::new(),
        tags: Vec::new(),
        note: None,
        payee: None,
        external_id: None,
    }
}

/// The `n`th of many ids whose order has nothing to do with `n`.
pub fn transaction_id(n: u128) -> TransactionId {
    TransactionId::from_uuid(Uuid::from_u128((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
}
