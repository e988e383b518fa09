//! Snapshots: a ledger packed into bytes, so that it opens without its whole journal. Disposable, so the form may change
//! with [`SNAPSHOT_FORMAT`]; stores compress and hash them. What is small and varied is JSON; the columns are binary.

use std::collections::HashMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    KeyUse, Ledger, Rows, Steps, Table, Tables,
    rows::{EXTRAS, Extras, REVIEW, SPLIT, TextRef},
};
use crate::{
    account::Account,
    anomaly::Pattern,
    calendar::day_number,
    category::{Category, CategoryId},
    ids::{AccountId, Digest, TransactionId},
    money::{Currency, MAX_MINOR},
    ports::Snapshot,
    settings::Settings,
    text::Description,
};

/// The form in which this version packs ledgers.
pub const SNAPSHOT_FORMAT: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Head {
    chain: Digest,
    closed: bool,
    settings: Settings,
    settings_changed: u64,
    accounts: Vec<(AccountId, Option<Account>, u64)>,
    categories: Vec<(CategoryId, Option<Category>, u64)>,
    merchants: Vec<(String, CategoryId)>,
    silenced: Vec<Pattern>,
    steps: Steps,
    auth_generation: u64,
    revoked: Vec<(Digest, Timestamp)>,
    keys: Vec<(Timestamp, String, u64, Digest)>,
    extras: Vec<(u32, Extras)>,
}

#[derive(Serialize, Deserialize, Default)]
struct Columns {
    ids: Vec<TransactionId>,
    days: Vec<i32>,
    minors: Vec<i64>,
    currencies: Vec<Currency>,
    categories: Vec<u16>,
    accounts: Vec<u16>,
    changed: Vec<u64>,
    flags: Vec<u8>,
    lengths: Vec<u32>,
    arena: String,
}

impl Ledger {
    /// Packs the ledger; rows that are gone stay behind.
    pub fn pack(&self) -> Snapshot {
        let (columns, extras) = pack_rows(&self.rows);
        let head = Head {
            chain: self.chain,
            closed: self.access.closed,
            settings: self.settings.clone(),
            settings_changed: self.settings_changed,
            accounts: self.accounts.slots().map(|(id, value, at)| (*id, value.cloned(), at)).collect(),
            categories: self
                .categories
                .slots()
                .map(|(id, value, at)| (id.clone(), value.cloned(), at))
                .collect(),
            merchants: self.merchants.iter().map(|(key, id)| (key.clone(), id.clone())).collect(),
            silenced: self.silenced.iter().cloned().collect(),
            steps: self.steps.clone(),
            auth_generation: self.access.generation,
            revoked: self.access.revoked.iter().map(|(token, until)| (*token, *until)).collect(),
            keys: self
                .keys_by_age
                .iter()
                .filter_map(|(at, key)| {
                    let KeyUse { slot, request } = self.keys.get(key)?;
                    Some((*at, key.clone(), *slot, *request))
                })
                .collect(),
            extras,
        };
        let head = serde_json::to_vec(&head).expect("the head has string keys and finite numbers");
        let mut bytes = u64::try_from(head.len()).unwrap_or(u64::MAX).to_le_bytes().to_vec();
        bytes.extend(head);
        let bytes = postcard::to_extend(&columns, bytes).expect("columns are plain vectors");
        Snapshot { book: self.book, version: self.version, format: SNAPSHOT_FORMAT, bytes }
    }

    /// Opens a snapshot. `None` when it is of another format or cannot be read: the journal is folded instead.
    pub fn unpack(snapshot: &Snapshot) -> Option<Self> {
        if snapshot.format != SNAPSHOT_FORMAT {
            return None;
        }
        let (length, rest) = snapshot.bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let head: Head = serde_json::from_slice(rest.get(..length)?).ok()?;
        let columns: Columns = postcard::from_bytes(rest.get(length..)?).ok()?;

        let mut ledger = Self::empty(snapshot.book);
        ledger.version = snapshot.version;
        ledger.chain = head.chain;
        ledger.access.closed = head.closed;
        ledger.settings = head.settings;
        ledger.settings_changed = head.settings_changed;
        ledger.accounts = unpack_table(head.accounts)?;
        ledger.categories = unpack_table(head.categories)?;
        ledger.merchants = head.merchants.into_iter().collect();
        ledger.silenced = head.silenced.into_iter().collect();
        ledger.steps = head.steps;
        ledger.access.generation = head.auth_generation;
        ledger.access.revoked = head.revoked.into_iter().collect();
        for (at, key, slot, request) in head.keys {
            ledger.keys.insert(key.clone(), KeyUse { slot, request });
            ledger.keys_by_age.push_back((at, key));
        }
        ledger.rows = unpack_rows(columns, head.extras, ledger.tables())?;
        Some(ledger)
    }
}

impl Ledger {
    /// Rebuilds the rows without what amended and removed ones left behind.
    pub(super) fn compact(&mut self) {
        let (columns, extras) = pack_rows(&self.rows);
        if let Some(rows) = unpack_rows(columns, extras, self.tables()) {
            self.rows = rows;
        }
    }
}

fn unpack_table<K: Clone + Eq + std::hash::Hash, T>(slots: Vec<(K, Option<T>, u64)>) -> Option<Table<K, T>> {
    let count = slots.len();
    let mut table = Table::default();
    for (key, value, changed) in slots {
        table.put(key, value, changed)?;
    }
    // A key that stands twice would move the places behind it.
    (table.places() == count).then_some(table)
}

fn pack_rows(rows: &Rows) -> (Columns, Vec<(u32, Extras)>) {
    let mut columns = Columns::default();
    let mut extras = Vec::new();
    for (at, row) in rows.between(None, None).enumerate() {
        let source = row.place();
        columns.ids.push(row.id());
        columns.days.push(row.day());
        columns.minors.push(row.minor());
        columns.currencies.push(row.currency());
        columns.categories.push(rows.categories[source]);
        columns.accounts.push(row.account());
        columns.changed.push(row.changed());
        columns.flags.push(rows.flags[source]);
        columns.lengths.push(rows.texts[source].len);
        columns.arena.push_str(row.description());
        if let Some(extra) = row.extras() {
            extras.push((u32::try_from(at).unwrap_or(u32::MAX), extra.clone()));
        }
    }
    (columns, extras)
}

/// Builds rows from columns, after checking that every value in them is one that a ledger could have written: what is
/// read from rows later is not checked again.
fn unpack_rows(columns: Columns, extras: Vec<(u32, Extras)>, tables: Tables<'_>) -> Option<Rows> {
    let count = columns.ids.len();
    let lengths = [
        columns.days.len(),
        columns.minors.len(),
        columns.currencies.len(),
        columns.categories.len(),
        columns.accounts.len(),
        columns.changed.len(),
        columns.flags.len(),
        columns.lengths.len(),
    ];
    let days = day_number(Date::MIN)..=day_number(Date::MAX);
    let whole = lengths.iter().all(|&length| length == count)
        && columns.days.iter().all(|day| days.contains(day))
        && columns.minors.iter().all(|minor| (-MAX_MINOR..=MAX_MINOR).contains(minor))
        && columns.accounts.iter().all(|&place| tables.accounts.key_at(place).is_some())
        && columns.flags.iter().all(|flags| flags & !(REVIEW | EXTRAS) == 0);
    if !whole {
        return None;
    }
    let texts = texts(&columns)?;
    let extras: HashMap<u32, Extras> = extras.into_iter().collect();
    let flagged = columns.flags.iter().filter(|&flags| flags & EXTRAS != 0).count();
    if flagged != extras.len() || !has_lines(&columns, &extras, tables) {
        return None;
    }
    let external = extras.values().filter(|extras| extras.external_id.is_some()).count();
    let mut rows = Rows {
        ids: columns.ids,
        days: columns.days,
        minors: columns.minors,
        currencies: columns.currencies,
        categories: columns.categories,
        accounts: columns.accounts,
        changed: columns.changed,
        flags: columns.flags,
        texts,
        arena: columns.arena,
        extras,
        ..Rows::default()
    };
    rows.index();
    // An id that stands twice has only one place in an index.
    (rows.index.len() == count && rows.external.len() == external).then_some(rows)
}

/// Where the descriptions stand in the arena.
fn texts(columns: &Columns) -> Option<Vec<TextRef>> {
    let mut start = 0u32;
    let texts = columns.lengths.iter().map(|&len| {
        let end = start.checked_add(len)?;
        Description::parse(columns.arena.get(start as usize..end as usize)?).ok()?;
        let text = TextRef { start, len };
        start = end;
        Some(text)
    });
    texts.collect()
}

/// Whether every row has a category or lines of known categories, and extras where its flag says so.
fn has_lines(columns: &Columns, extras: &HashMap<u32, Extras>, tables: Tables<'_>) -> bool {
    columns.categories.iter().zip(&columns.flags).zip(0u32..).all(|((&place, flags), at)| {
        let extras = extras.get(&at);
        let lines = extras.map_or(&[][..], |extras| &extras.lines);
        let known = lines.iter().all(|line| tables.categories.place(&line.category).is_some());
        let fits = match lines.len() {
            0 | 1 => tables.categories.key_at(place).is_some(),
            _ => place == SPLIT,
        };
        known && fits && extras.is_some() == (flags & EXTRAS != 0)
    })
}
