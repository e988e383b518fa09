//! Undo: the inverse of an entry, field by field, on the ledger as it is now. Later changes to other fields stay;
//! a later change to the same field is a conflict, and then nothing is done.

use std::collections::{HashMap, HashSet};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    category::{CategoryId, check_name},
    change::Change,
    entry::Entry,
    error::Error,
    ids::{AccountId, TransactionId},
    ledger::{Ledger, MAX_TRANSACTIONS, Row},
    text::ExternalId,
    transaction::{Filter, Matcher, Transaction},
};

/// The changes that take back `entry`.
pub fn inverse(ledger: &Ledger, entry: &Entry) -> Result<Vec<Change>, Error> {
    let changes = entry.changes()?;
    let opening = entry.slot == 1;
    if opening || !changes.iter().any(Change::is_undoable) {
        return Err(Error::NotUndoable { entry: entry.entry_id });
    }
    let mut conflicts = Vec::new();
    let mut inverse = Vec::with_capacity(changes.len());
    for change in changes.iter().rev().filter(|change| change.is_undoable()) {
        match invert(ledger, change) {
            Ok(Some(change)) => inverse.push(change),
            Ok(None) => {}
            Err(row) => conflicts.push(row),
        }
    }
    check(ledger, &inverse, &mut conflicts);
    if !conflicts.is_empty() {
        return Err(Error::UndoConflict { rows: conflicts });
    }
    if inverse.is_empty() {
        return Err(Error::NotUndoable { entry: entry.entry_id });
    }
    let growth = inverse.iter().filter(|c| matches!(c, Change::Transaction { from: None, .. })).count();
    if ledger.rows().len() + growth > MAX_TRANSACTIONS {
        return Err(Error::BookFull { limit: MAX_TRANSACTIONS });
    }
    Ok(inverse)
}

/// The inverse of one change; the id of the row when a later change stands in the way.
fn invert(ledger: &Ledger, change: &Change) -> Result<Option<Change>, String> {
    match change {
        Change::Settings { from, to } => {
            let now = Some(ledger.settings().clone());
            let back = revert(from, to, &now).ok_or("settings")?;
            Ok((back != now).then_some(Change::Settings { from: now, to: back }))
        }
        Change::Account { from, to } => {
            let Some(account) = to.as_ref().or(from.as_ref()) else { return Ok(None) };
            let now = ledger.accounts().get(&account.id).cloned();
            let back = revert(from, to, &now).ok_or_else(|| account.id.to_string())?;
            Ok((back != now).then_some(Change::Account { from: now, to: back }))
        }
        Change::Category { from, to } => {
            let Some(category) = to.as_ref().or(from.as_ref()) else { return Ok(None) };
            let now = ledger.categories().get(&category.id).cloned();
            let back = revert(from, to, &now).ok_or_else(|| category.id.to_string())?;
            Ok((back != now).then_some(Change::Category { from: now, to: back }))
        }
        Change::Transaction { from, to } => {
            let Some(transaction) = to.as_ref().or(from.as_ref()) else { return Ok(None) };
            let now = ledger.transaction(transaction.id).map(Box::new);
            let back = revert(from, to, &now).ok_or_else(|| transaction.id.to_string())?;
            Ok((back != now).then_some(Change::Transaction { from: now, to: back }))
        }
        Change::Silence { pattern, from, to } => {
            let now = ledger.silenced().contains(pattern);
            if now != *to {
                return Err(pattern.kind.as_str().to_owned());
            }
            let back = Change::Silence { pattern: pattern.clone(), from: now, to: *from };
            Ok((now != *from).then_some(back))
        }
        Change::Merchant { .. } | Change::Access(_) | Change::BookClosed => Ok(None),
    }
}

/// What `now` becomes when the step from `from` to `to` is taken back. `None` is a conflict.
fn revert<T>(from: &Option<T>, to: &Option<T>, now: &Option<T>) -> Option<Option<T>>
where
    T: Clone + PartialEq + Serialize + DeserializeOwned,
{
    if now == to {
        return Some(from.clone());
    }
    let (from, to, now) = (from.as_ref()?, to.as_ref()?, now.as_ref()?);
    let [from, to, mut now] = [from, to, now].map(|value| serde_json::to_value(value).unwrap_or_default());
    let fields =
        |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<HashSet<_>>());
    for field in fields(&from)?.union(&fields(&to)?) {
        if from.get(field) == to.get(field) {
            continue;
        }
        if now.get(field) != to.get(field) {
            return None;
        }
        let now = now.as_object_mut()?;
        match from.get(field) {
            Some(value) => now.insert(field.clone(), value.clone()),
            None => now.remove(field),
        };
    }
    serde_json::from_value(now).ok().map(Some)
}

/// What the inverse makes of the parts of a book that it touches.
#[derive(Default)]
struct Outcome<'a> {
    accounts: HashMap<AccountId, bool>,
    categories: HashMap<&'a CategoryId, bool>,
    transactions: HashMap<TransactionId, Option<&'a Transaction>>,
    external: HashMap<&'a ExternalId, usize>,
}

impl<'a> Outcome<'a> {
    fn of(inverse: &'a [Change]) -> Self {
        let mut outcome = Self::default();
        for change in inverse {
            match change {
                Change::Account { from, to } => {
                    outcome.accounts.extend(from.iter().chain(to).map(|account| (account.id, to.is_some())));
                }
                Change::Category { from, to } => {
                    let there = to.is_some();
                    outcome.categories.extend(from.iter().chain(to).map(|category| (&category.id, there)));
                }
                Change::Transaction { from, to } => {
                    let after = to.as_deref();
                    outcome.transactions.extend(from.iter().chain(to).map(|row| (row.id, after)));
                    for external in after.iter().filter_map(|row| row.external_id.as_ref()) {
                        *outcome.external.entry(external).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        outcome
    }

    /// Whether a transaction adds up, points only at what will be there, and shares its external id with no other.
    fn allows(&self, ledger: &Ledger, transaction: &Transaction) -> bool {
        let account = &transaction.account;
        let account = self.accounts.get(account).copied().unwrap_or(ledger.accounts().get(account).is_some());
        let category = |id| self.categories.get(id).copied().unwrap_or(ledger.categories().get(id).is_some());
        let taken = transaction.external_id.as_ref().is_some_and(|external| {
            let holder = ledger.rows().by_external_id(external);
            self.external.get(external).is_some_and(|&count| count > 1)
                || holder.is_some_and(|row| !self.transactions.contains_key(&row.id()))
        });
        let whole = transaction.check().is_ok();
        whole && account && !taken && transaction.lines.iter().all(|line| category(&line.category))
    }

    /// The rows that stay as they are and point at what would be gone.
    fn left_behind(&self, ledger: &Ledger) -> Vec<TransactionId> {
        let accounts: Vec<_> =
            self.accounts.iter().filter(|(_, there)| !**there).map(|(id, _)| *id).collect();
        let categories: Vec<_> =
            self.categories.iter().filter(|(_, there)| !**there).map(|(id, _)| (*id).clone()).collect();
        let mut left = Vec::new();
        for (nothing, filter) in [
            (accounts.is_empty(), Filter { accounts, ..Filter::default() }),
            (categories.is_empty(), Filter { categories, ..Filter::default() }),
        ] {
            if nothing {
                continue;
            }
            let matcher = Matcher::new(ledger, &filter);
            let rows = ledger.rows().between(None, None).filter(|row| matcher.matches(*row, ledger));
            left.extend(rows.map(Row::id).filter(|id| !self.transactions.contains_key(id)));
        }
        left
    }
}

/// What the rest of the book demands of the inverse: nothing dangles, no name or external id stands twice.
fn check(ledger: &Ledger, inverse: &[Change], conflicts: &mut Vec<String>) {
    let outcome = Outcome::of(inverse);
    for change in inverse {
        match change {
            Change::Category { to: Some(category), .. } if check_name(ledger, category).is_err() => {
                conflicts.push(category.id.to_string());
            }
            Change::Transaction { to: Some(transaction), .. } if !outcome.allows(ledger, transaction) => {
                conflicts.push(transaction.id.to_string());
            }
            _ => {}
        }
    }
    conflicts.extend(outcome.left_behind(ledger).iter().map(TransactionId::to_string));
    // A row in the way for two reasons is named once.
    let mut named = HashSet::new();
    conflicts.retain(|row| named.insert(row.clone()));
}
