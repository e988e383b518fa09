//! The ledger: the fold of a journal, held in memory. Nothing but [`Ledger::apply`] and [`Ledger::advance`] alters it.

mod digest;
mod rows;
mod snapshot;
mod steps;
mod table;

use std::collections::{BTreeSet, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp, civil::Date};

use self::rows::RowStep;
pub use self::{
    rows::{Extras, Row, Rows, Tables},
    snapshot::SNAPSHOT_FORMAT,
    steps::{Step, Steps},
    table::{Place, Table},
};
use crate::{
    access::{Access, AccessChange},
    account::Account,
    anomaly::Pattern,
    category::{Category, CategoryId},
    change::Change,
    entry::{Entry, Key},
    error::Error,
    ids::{AccountId, BookId, Digest},
    settings::Settings,
    text::Name,
    transaction::Transaction,
};

/// How long the ledger remembers idempotency keys. Older ones are found by the store's unique index.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// So many keys are remembered at most.
const MOST_KEYS: usize = 20_000;
/// Columns of rows that are gone are not worth a rebuild below this.
const MANY_LEFT_BEHIND: usize = 10_000;
/// A book holds at most this many transactions.
pub const MAX_TRANSACTIONS: usize = 1_000_000;

/// From so many changed rows on, it pays to sort all rows once instead of moving them for each.
const MANY: usize = 64;

/// The time at which something is decided, and what day that is for the person.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub at: Timestamp,
    pub today: Date,
}

#[derive(Debug, Clone)]
pub struct Ledger {
    book: BookId,
    version: u64,
    chain: Digest,
    settings: Settings,
    settings_changed: u64,
    accounts: Table<AccountId, Account>,
    categories: Table<CategoryId, Category>,
    rows: Rows,
    /// Cleaned merchant -> the category that the person chose last.
    merchants: HashMap<String, CategoryId>,
    /// What the person called fine.
    silenced: BTreeSet<Pattern>,
    steps: Steps,
    access: Access,
    keys: HashMap<String, KeyUse>,
    keys_by_age: VecDeque<(Timestamp, String)>,
}

/// Which entry used an idempotency key, for which request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    pub slot: u64,
    pub request: Digest,
}

impl Ledger {
    /// The ledger of a book without entries.
    pub fn empty(book: BookId) -> Self {
        let nobody = Name::parse("-").expect("a dash is a name");
        Self {
            book,
            version: 0,
            chain: Digest::ZERO,
            settings: Settings::of(nobody),
            settings_changed: 0,
            accounts: Table::default(),
            categories: Table::default(),
            rows: Rows::default(),
            merchants: HashMap::new(),
            silenced: BTreeSet::new(),
            steps: Steps::default(),
            access: Access::default(),
            keys: HashMap::new(),
            keys_by_age: VecDeque::new(),
        }
    }

    /// Verifies that `entry` is the next one and applies it. A damaged entry may fail half-way: after an error the ledger
    /// is to be dropped and folded again.
    pub fn apply(&mut self, entry: &Entry) -> Result<Vec<Change>, Error> {
        if entry.book != self.book {
            return Err(Error::JournalDamaged { slot: entry.slot, what: "entry of another book" });
        }
        if entry.slot != self.version + 1 {
            return Err(Error::JournalDamaged { slot: entry.slot, what: "slots are not contiguous" });
        }
        entry.verify(self.chain)?;
        let changes = entry.changes()?;
        self.advance(entry, &changes)?;
        Ok(changes)
    }

    /// Applies an entry that this process has just sealed behind its own version, with the changes it was sealed from.
    pub fn advance(&mut self, entry: &Entry, changes: &[Change]) -> Result<(), Error> {
        let slot = entry.slot;
        let mut rest = changes;
        while let Some((change, behind)) = rest.split_first() {
            let rows = rest.iter().take_while(|change| matches!(change, Change::Transaction { .. })).count();
            if rows > MANY {
                self.change_rows(&rest[..rows], slot)?;
                rest = &rest[rows..];
            } else {
                self.change(change, slot)?;
                rest = behind;
            }
        }
        self.version = slot;
        self.chain = entry.chain;
        self.steps.follow(entry, changes);
        self.remember(entry);
        if self.rows.left_behind() > self.rows.len().max(MANY_LEFT_BEHIND) {
            self.compact();
        }
        Ok(())
    }

    fn change(&mut self, change: &Change, slot: u64) -> Result<(), Error> {
        match change {
            Change::Settings { to, .. } => {
                if let Some(settings) = to {
                    self.settings = settings.clone();
                    self.settings_changed = slot;
                }
            }
            Change::Account { from, to } => {
                let account = to.as_ref().or(from.as_ref()).ok_or(empty_change(slot))?;
                self.accounts.put(account.id, to.clone(), slot).ok_or(table_full(slot))?;
            }
            Change::Category { from, to } => {
                let category = to.as_ref().or(from.as_ref()).ok_or(empty_change(slot))?;
                self.categories.put(category.id.clone(), to.clone(), slot).ok_or(table_full(slot))?;
            }
            Change::Transaction { from, to } => match self.row_step(from.as_deref(), to.as_deref(), slot)? {
                RowStep::Put { transaction, category, account } => {
                    self.rows.put(transaction, category, account, slot);
                }
                RowStep::Remove(id) => self.rows.remove(id),
            },
            Change::Merchant { merchant, to, .. } => match to {
                Some(category) => {
                    self.merchants.insert(merchant.clone(), category.clone());
                }
                None => {
                    self.merchants.remove(merchant);
                }
            },
            Change::Silence { pattern, to, .. } => {
                if *to {
                    self.silenced.insert(pattern.clone());
                } else {
                    self.silenced.remove(pattern);
                }
            }
            Change::Access(AccessChange::SessionsRevoked { sessions }) => {
                self.access.revoked.extend(sessions.iter().map(|revoked| (revoked.token, revoked.until)));
            }
            Change::Access(AccessChange::GenerationRaised { to, .. }) => self.access.generation = *to,
            Change::BookClosed => self.access.closed = true,
        }
        Ok(())
    }

    fn change_rows(&mut self, changes: &[Change], slot: u64) -> Result<(), Error> {
        let steps = changes
            .iter()
            .filter_map(|change| match change {
                Change::Transaction { from, to } => Some(self.row_step(from.as_deref(), to.as_deref(), slot)),
                _ => None,
            })
            .collect::<Result<Vec<_>, Error>>()?;
        self.rows.put_and_remove_many(&steps, slot);
        Ok(())
    }

    fn row_step<'a>(
        &self,
        from: Option<&Transaction>,
        to: Option<&'a Transaction>,
        slot: u64,
    ) -> Result<RowStep<'a>, Error> {
        match (from, to) {
            (_, Some(transaction)) => {
                let (category, account) = self.places(transaction, slot)?;
                Ok(RowStep::Put { transaction, category, account })
            }
            (Some(transaction), None) => Ok(RowStep::Remove(transaction.id)),
            (None, None) => Err(empty_change(slot)),
        }
    }

    fn places(&self, transaction: &Transaction, slot: u64) -> Result<(Place, Place), Error> {
        let damaged = |what| Error::JournalDamaged { slot, what };
        let line = transaction.lines.first().ok_or(damaged("transaction without lines"))?;
        let unknown = transaction.lines.iter().any(|line| self.categories.place(&line.category).is_none());
        if unknown {
            return Err(damaged("transaction of an unknown category"));
        }
        let category = self.categories.place(&line.category).ok_or(damaged("unknown category"))?;
        let account = self.accounts.place(&transaction.account).ok_or(damaged("unknown account"))?;
        Ok((category, account))
    }

    fn remember(&mut self, entry: &Entry) {
        if let Some(Key { key, request }) = &entry.key {
            self.keys.insert(key.clone(), KeyUse { slot: entry.slot, request: *request });
            self.keys_by_age.push_back((entry.at, key.clone()));
        }
        let oldest = entry.at.saturating_sub(KEYS_KEPT).unwrap_or(Timestamp::MIN);
        let mut surplus = self.keys_by_age.len().saturating_sub(MOST_KEYS);
        while surplus > 0 || self.keys_by_age.front().is_some_and(|(at, _)| *at < oldest) {
            surplus = surplus.saturating_sub(1);
            if let Some((_, key)) = self.keys_by_age.pop_front() {
                self.keys.remove(&key);
            }
        }
        if !self.access.revoked.is_empty() {
            self.access.revoked.retain(|_, until| *until >= entry.at);
        }
    }

    pub const fn book(&self) -> BookId {
        self.book
    }

    /// The last slot that is in this ledger.
    pub const fn version(&self) -> u64 {
        self.version
    }

    pub const fn chain(&self) -> Digest {
        self.chain
    }

    pub const fn is_closed(&self) -> bool {
        self.access.closed
    }

    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub const fn settings_changed(&self) -> u64 {
        self.settings_changed
    }

    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    pub const fn accounts(&self) -> &Table<AccountId, Account> {
        &self.accounts
    }

    pub const fn categories(&self) -> &Table<CategoryId, Category> {
        &self.categories
    }

    pub const fn tables(&self) -> Tables<'_> {
        Tables { accounts: &self.accounts, categories: &self.categories }
    }

    pub const fn steps(&self) -> &Steps {
        &self.steps
    }

    /// Who may still come to the book.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    pub const fn auth_generation(&self) -> u64 {
        self.access.generation
    }

    pub fn transaction(&self, id: crate::ids::TransactionId) -> Option<Transaction> {
        self.rows.find(id).map(|row| row.to_transaction(self.tables()))
    }

    /// The category that the person chose last for this merchant, if it still stands.
    pub fn merchant_category(&self, merchant: &str) -> Option<&CategoryId> {
        self.merchants
            .get(merchant)
            .filter(|id| self.categories.get(id).is_some_and(|category| !category.archived))
    }

    /// The patterns of unusual transactions that the person called fine.
    pub const fn silenced(&self) -> &BTreeSet<Pattern> {
        &self.silenced
    }

    /// What the person chose last for each merchant, in no order.
    pub fn merchants(&self) -> impl ExactSizeIterator<Item = (&str, &CategoryId)> {
        self.merchants.iter().map(|(merchant, category)| (merchant.as_str(), category))
    }

    pub fn key_use(&self, key: &str) -> Option<KeyUse> {
        self.keys.get(key).copied()
    }
}

const fn empty_change(slot: u64) -> Error {
    Error::JournalDamaged { slot, what: "change from nothing to nothing" }
}

const fn table_full(slot: u64) -> Error {
    Error::JournalDamaged { slot, what: "more accounts or categories than a book can have" }
}
