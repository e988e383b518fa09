//! Undo: the inverse of an entry, field by field, on the ledger as it is now. Later changes to other fields stay;
//! a later change to the same field is a conflict, and then nothing is done.

use std::collections::HashSet;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    category::{CategoryId, check_name, users},
    change::Change,
    entry::Entry,
    error::Error,
    ids::TransactionId,
    ledger::{Ledger, MAX_TRANSACTIONS},
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

/// What the rest of the book demands of the inverse: no dangling category, no name or external id twice.
fn check(ledger: &Ledger, inverse: &[Change], conflicts: &mut Vec<String>) {
    let mut added: HashSet<&CategoryId> = HashSet::new();
    let mut removed: HashSet<&CategoryId> = HashSet::new();
    let mut touched: HashSet<TransactionId> = HashSet::new();
    for change in inverse {
        match change {
            Change::Category { to: Some(category), .. } => {
                added.insert(&category.id);
                if check_name(ledger, category).is_err() {
                    conflicts.push(category.id.to_string());
                }
            }
            Change::Category { from: Some(category), to: None } => {
                removed.insert(&category.id);
            }
            Change::Transaction { from, to } => {
                touched.extend(from.iter().chain(to).map(|transaction| transaction.id));
            }
            _ => {}
        }
    }
    for change in inverse {
        let Change::Transaction { to: Some(transaction), .. } = change else { continue };
        let stands = |id: &CategoryId| {
            added.contains(id) || (ledger.categories().get(id).is_some() && !removed.contains(id))
        };
        let taken = transaction
            .external_id
            .as_ref()
            .and_then(|external| ledger.rows().by_external_id(external))
            .is_some_and(|row| !touched.contains(&row.id()));
        if taken
            || transaction.check().is_err()
            || !transaction.lines.iter().all(|line| stands(&line.category))
        {
            conflicts.push(transaction.id.to_string());
        }
    }
    for id in removed {
        conflicts.extend(
            users(ledger, id)
                .iter()
                .filter(|user| !touched.contains(&user.id))
                .map(|user| user.id.to_string()),
        );
    }
}
