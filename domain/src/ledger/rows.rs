//! The transactions of a ledger, in columns: about 60 bytes a row beside its text, so that a report is one pass over
//! memory that lies together. What few rows have (splits, tags, notes …) stands aside.

use std::{collections::HashMap, ops::Range};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{day_date, day_number},
    category::CategoryId,
    ids::{AccountId, TransactionId},
    ledger::table::{Place, Table},
    money::{Currency, Money},
    text::{Description, ExternalId, Name, Note, Tag},
    transaction::{Line, Transaction},
};

/// The category column of a row with more than one line.
pub(super) const SPLIT: Place = Place::MAX;

pub(super) const REVIEW: u8 = 1;
pub(super) const EXTRAS: u8 = 2;
const GONE: u8 = 4;

#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub(super) ids: Vec<TransactionId>,
    /// Days since 1900-01-01.
    pub(super) days: Vec<i32>,
    pub(super) minors: Vec<i64>,
    pub(super) currencies: Vec<Currency>,
    pub(super) categories: Vec<Place>,
    pub(super) accounts: Vec<Place>,
    /// The journal slot of the last change.
    pub(super) changed: Vec<u64>,
    pub(super) flags: Vec<u8>,
    pub(super) texts: Vec<TextRef>,
    pub(super) arena: String,
    pub(super) extras: HashMap<u32, Extras>,
    pub(super) index: HashMap<TransactionId, u32>,
    pub(super) external: HashMap<ExternalId, u32>,
    /// Living rows by (day, id).
    pub(super) order: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
pub struct TextRef {
    pub start: u32,
    pub len: u32,
}

/// What few rows have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extras {
    pub posted: Option<Money>,
    /// The line's note of a transaction that is not split, or all lines of one that is.
    pub lines: Vec<Line>,
    pub tags: Vec<Tag>,
    pub note: Option<Note>,
    pub payee: Option<Name>,
    pub transfer: Option<TransactionId>,
    pub external_id: Option<ExternalId>,
}

impl Extras {
    fn of(transaction: &Transaction) -> Option<Self> {
        let plain = matches!(transaction.lines.as_slice(), [Line { note: None, .. }]);
        let extras = Self {
            posted: transaction.posted,
            lines: if plain { Vec::new() } else { transaction.lines.clone() },
            tags: transaction.tags.clone(),
            note: transaction.note.clone(),
            payee: transaction.payee.clone(),
            transfer: transaction.transfer,
            external_id: transaction.external_id.clone(),
        };
        (extras != Self::default()).then_some(extras)
    }
}

/// A transaction to put in, with the places of what it points at, or one to take out.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowStep<'a> {
    Put { transaction: &'a Transaction, category: Place, account: Place },
    Remove(TransactionId),
}

/// The tables that rows point at.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    pub accounts: &'a Table<AccountId, crate::account::Account>,
    pub categories: &'a Table<CategoryId, crate::category::Category>,
}

impl Rows {
    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// How many rows are gone and still have columns.
    pub(super) fn left_behind(&self) -> usize {
        self.ids.len() - self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn find(&self, id: TransactionId) -> Option<Row<'_>> {
        self.index.get(&id).map(|&at| Row { rows: self, at: at as usize })
    }

    pub fn by_external_id(&self, id: &ExternalId) -> Option<Row<'_>> {
        self.external.get(id).map(|&at| Row { rows: self, at: at as usize })
    }

    /// The transactions from `from` to `to` (both included), oldest first.
    pub fn between(&self, from: Option<Date>, to: Option<Date>) -> impl DoubleEndedIterator<Item = Row<'_>> {
        let range = self.range(from, to);
        self.order[range].iter().map(|&at| Row { rows: self, at: at as usize })
    }

    /// The transactions before (day, id) in that order, newest first.
    pub fn before(&self, date: Date, id: TransactionId) -> impl Iterator<Item = Row<'_>> {
        let end = self.position(day_number(date), id);
        self.order[..end].iter().rev().map(|&at| Row { rows: self, at: at as usize })
    }

    fn range(&self, from: Option<Date>, to: Option<Date>) -> Range<usize> {
        let start = from.map_or(0, |date| self.first_from(day_number(date)));
        let end = to.map_or(self.order.len(), |date| self.first_from(day_number(date).saturating_add(1)));
        start..end.max(start)
    }

    fn first_from(&self, day: i32) -> usize {
        self.order.partition_point(|&at| self.days[at as usize] < day)
    }

    fn position(&self, day: i32, id: TransactionId) -> usize {
        self.order.partition_point(|&at| {
            let at = at as usize;
            (self.days[at], self.ids[at]) < (day, id)
        })
    }

    /// Puts a transaction in, or in the place of the one with its id.
    pub(super) fn put(&mut self, transaction: &Transaction, category: Place, account: Place, changed: u64) {
        self.remove(transaction.id);
        let at = self.write(transaction, category, account, changed);
        let place = self.position(self.days[at as usize], transaction.id);
        self.order.insert(place, at);
    }

    /// Takes a transaction out; its columns stay behind until the rows are rebuilt.
    pub(super) fn remove(&mut self, id: TransactionId) {
        if let Some(at) = self.forget(id) {
            let place = self.position(self.days[at as usize], id);
            self.order.remove(place);
        }
    }

    /// Puts in and takes out many transactions at once: one sort instead of many moves of everything behind a row.
    pub(super) fn put_and_remove_many(&mut self, steps: &[RowStep<'_>], changed: u64) {
        for step in steps {
            match *step {
                RowStep::Put { transaction, category, account } => {
                    self.forget(transaction.id);
                    let at = self.write(transaction, category, account, changed);
                    push(&mut self.order, at);
                }
                RowStep::Remove(id) => {
                    self.forget(id);
                }
            }
        }
        let flags = &self.flags;
        self.order.retain(|&at| flags[at as usize] & GONE == 0);
        self.sort();
    }

    /// Writes the columns; the caller puts the row in order.
    fn write(&mut self, transaction: &Transaction, category: Place, account: Place, changed: u64) -> u32 {
        let at = u32::try_from(self.ids.len()).expect("a book has far fewer than 2^32 rows");
        let start = u32::try_from(self.arena.len()).expect("the texts of a book stay below 4 GiB");
        let extras = Extras::of(transaction);
        let mut flags = if transaction.review { REVIEW } else { 0 };
        if extras.is_some() {
            flags |= EXTRAS;
        }
        push(&mut self.ids, transaction.id);
        push(&mut self.days, day_number(transaction.date));
        push(&mut self.minors, transaction.original.minor());
        push(&mut self.currencies, transaction.original.currency());
        push(&mut self.categories, if transaction.lines.len() == 1 { category } else { SPLIT });
        push(&mut self.accounts, account);
        push(&mut self.changed, changed);
        push(&mut self.flags, flags);
        let len = u32::try_from(transaction.description.len()).expect("a description is short");
        push(&mut self.texts, TextRef { start, len });
        if self.arena.capacity() - self.arena.len() < transaction.description.len() {
            self.arena.reserve_exact(self.arena.len() / 8 + transaction.description.len());
        }
        self.arena.push_str(&transaction.description);
        if let Some(extras) = extras {
            if let Some(external) = &extras.external_id {
                self.external.insert(external.clone(), at);
            }
            self.extras.insert(at, extras);
        }
        self.index.insert(transaction.id, at);
        at
    }

    /// Takes a transaction out of everything but the order, and gives its place there to the caller to do that.
    fn forget(&mut self, id: TransactionId) -> Option<u32> {
        let at = self.index.remove(&id)?;
        self.flags[at as usize] |= GONE;
        let external = self.extras.remove(&at).and_then(|extras| extras.external_id);
        // Within one entry, another row may have taken the external id over.
        if let Some(external) = external.filter(|external| self.external.get(external) == Some(&at)) {
            self.external.remove(&external);
        }
        Some(at)
    }

    /// Builds the indexes over columns that were read from a snapshot.
    pub(super) fn index(&mut self) {
        let count = u32::try_from(self.ids.len()).expect("a book has far fewer than 2^32 rows");
        self.index = self.ids.iter().copied().zip(0..count).collect();
        self.external =
            self.extras.iter().filter_map(|(&at, extras)| Some((extras.external_id.clone()?, at))).collect();
        self.order = (0..count).collect();
        self.sort();
    }

    fn sort(&mut self) {
        let (days, ids) = (&self.days, &self.ids);
        // Journals grow mostly in order: the stable sort is close to linear on runs that are sorted already.
        self.order.sort_by_key(|&at| (days[at as usize], ids[at as usize]));
    }

    /// Bytes of memory that the rows hold, and how many of them are text.
    pub fn memory(&self) -> (usize, usize) {
        let row = size_of::<TransactionId>()
            + size_of::<i32>()
            + size_of::<i64>()
            + size_of::<Currency>()
            + 2 * size_of::<Place>()
            + size_of::<u64>()
            + size_of::<u8>()
            + size_of::<TextRef>();
        // A bucket of the hash index holds key, row and one control byte.
        let bucket = size_of::<(TransactionId, u32)>() + 1;
        let index = (self.index.capacity() * 8 / 7).next_power_of_two() * bucket;
        let extras = self.extras.capacity() * (size_of::<(u32, Extras)>() + 1);
        let held = self.ids.capacity() * row + self.order.capacity() * size_of::<u32>() + index + extras;
        (held + self.arena.capacity(), self.arena.len())
    }
}

/// Columns grow by an eighth: room for twice as many rows would weigh as much as the rows themselves.
fn push<T>(column: &mut Vec<T>, value: T) {
    if column.len() == column.capacity() {
        column.reserve_exact(column.len() / 8 + 16);
    }
    column.push(value);
}

/// One transaction in its columns.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    at: usize,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row of {:?}", self.id())
    }
}

impl<'a> Row<'a> {
    pub fn id(self) -> TransactionId {
        self.rows.ids[self.at]
    }

    /// Where the row stands in its columns.
    pub(super) const fn place(self) -> usize {
        self.at
    }

    /// Days since 1900-01-01.
    pub fn day(self) -> i32 {
        self.rows.days[self.at]
    }

    pub fn date(self) -> Date {
        day_date(self.day())
    }

    pub fn minor(self) -> i64 {
        self.rows.minors[self.at]
    }

    pub fn currency(self) -> Currency {
        self.rows.currencies[self.at]
    }

    pub fn description(self) -> &'a str {
        let TextRef { start, len } = self.rows.texts[self.at];
        &self.rows.arena[start as usize..start as usize + len as usize]
    }

    pub fn account(self) -> Place {
        self.rows.accounts[self.at]
    }

    /// The place of the category, unless the transaction is split.
    pub fn category(self) -> Option<Place> {
        let place = self.rows.categories[self.at];
        (place != SPLIT).then_some(place)
    }

    pub fn changed(self) -> u64 {
        self.rows.changed[self.at]
    }

    pub fn review(self) -> bool {
        self.rows.flags[self.at] & REVIEW != 0
    }

    pub fn extras(self) -> Option<&'a Extras> {
        if self.rows.flags[self.at] & EXTRAS == 0 {
            return None;
        }
        self.rows.extras.get(&(self.at as u32))
    }

    pub fn is_transfer(self) -> bool {
        self.extras().is_some_and(|extras| extras.transfer.is_some())
    }

    /// The whole transaction.
    pub fn to_transaction(self, tables: Tables<'_>) -> Transaction {
        let extras = self.extras().cloned().unwrap_or_default();
        let lines = if extras.lines.is_empty() {
            let place = self.rows.categories[self.at];
            let category = tables.categories.key_at(place).expect("a row points at a category of its book");
            vec![Line { category: category.clone(), amount: self.minor(), note: None }]
        } else {
            extras.lines
        };
        Transaction {
            id: self.id(),
            date: self.date(),
            description: Description::parse(self.description()).expect("the arena holds parsed descriptions"),
            account: *tables.accounts.key_at(self.account()).expect("a row points at an account of its book"),
            original: Money::from_minor(self.minor(), self.currency()).expect("a row holds a checked amount"),
            posted: extras.posted,
            lines,
            tags: extras.tags,
            note: extras.note,
            payee: extras.payee,
            transfer: extras.transfer,
            external_id: extras.external_id,
            review: self.review(),
        }
    }
}
