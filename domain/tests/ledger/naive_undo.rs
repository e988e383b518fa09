//! Undo on the naive model: field by field on typed values, judged by the state that would come out.

use std::collections::{BTreeMap, BTreeSet};

use finbrain_domain::{account::Account, category::Category, settings::Settings, transaction::Transaction};

use crate::model::{Kind, Model, State, differences};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NotUndoable,
    /// The rows in the way.
    Conflict(BTreeSet<String>),
}

/// The state after the entry at `at` has been taken back.
pub fn undone(model: &Model, at: usize) -> Result<State, Refusal> {
    let past = &model.past[at];
    if at == 0 || !past.undoable() {
        return Err(Refusal::NotUndoable);
    }
    let (before, after) = (&past.before, &past.after);
    let mut state = model.state.clone();
    let mut conflicts = BTreeSet::new();
    if !settings(&before.settings, &after.settings, &mut state.settings) {
        conflicts.insert("settings".to_owned());
    }
    take_back(&before.accounts, &after.accounts, &mut state.accounts, account, &mut conflicts);
    for pattern in before.silenced.symmetric_difference(&after.silenced) {
        if state.silenced.contains(pattern) != after.silenced.contains(pattern) {
            conflicts.insert(pattern.kind.as_str().to_owned());
        } else if !state.silenced.remove(pattern) {
            state.silenced.insert(pattern.clone());
        }
    }
    let names =
        take_back(&before.categories, &after.categories, &mut state.categories, category, &mut conflicts);
    let rows = take_back(
        &before.transactions,
        &after.transactions,
        &mut state.transactions,
        transaction,
        &mut conflicts,
    );
    conflicts.extend(state.transactions.values().filter(|t| dangles(&state, t)).map(|t| t.id.to_string()));
    conflicts.extend(
        rows.iter()
            .filter_map(|id| state.transactions.get(id))
            .filter(|t| clashes(&state, t))
            .map(|t| t.id.to_string()),
    );
    conflicts.extend(
        names
            .iter()
            .filter_map(|id| state.categories.get(id))
            .filter(|c| name_taken(&state, c))
            .map(|c| c.id.to_string()),
    );
    if conflicts.is_empty() { Ok(state) } else { Err(Refusal::Conflict(conflicts)) }
}

/// The newest entry of its author that "undo" without an id means.
pub fn last_done(model: &Model, author: finbrain_domain::entry::Author) -> Option<usize> {
    (1..model.past.len()).rev().find(|&at| {
        let past = &model.past[at];
        past.author == author
            && past.undoable()
            && !matches!(past.kind, Kind::Undo(_))
            && !model.past.iter().any(|later| later.kind == Kind::Undo(at))
    })
}

/// The newest undo of its author behind which nothing new was done, and that was not redone.
pub fn last_undone(model: &Model, author: finbrain_domain::entry::Author) -> Option<usize> {
    let fresh =
        model.past.iter().rposition(|past| past.kind == Kind::Command && past.undoable()).unwrap_or(0);
    (fresh + 1..model.past.len()).rev().find(|&at| {
        let past = &model.past[at];
        past.author == author
            && matches!(past.kind, Kind::Undo(_))
            && !model.past.iter().any(|later| later.kind == Kind::Redo(at))
    })
}

/// Takes back what lies between `before` and `after`, and gives the keys for which that went well.
fn take_back<K: Ord + Clone + ToString, V: Clone + PartialEq>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    now: &mut BTreeMap<K, V>,
    fields: fn(&V, &V, &mut V) -> bool,
    conflicts: &mut BTreeSet<String>,
) -> Vec<K> {
    let mut fine = Vec::new();
    for key in differences(before, after) {
        let went_well = match (before.get(&key), after.get(&key), now.get_mut(&key)) {
            (Some(from), Some(to), Some(now)) => {
                let mut changed = now.clone();
                let well = fields(from, to, &mut changed);
                if well {
                    *now = changed;
                }
                well
            }
            (Some(from), None, None) => {
                now.insert(key.clone(), from.clone());
                true
            }
            (None, Some(to), Some(value)) if value == to => {
                now.remove(&key);
                true
            }
            _ => false,
        };
        if went_well {
            fine.push(key);
        } else {
            conflicts.insert(key.to_string());
        }
    }
    fine
}

fn field<T: Clone + PartialEq>(from: &T, to: &T, now: &mut T) -> bool {
    if from == to {
        return true;
    }
    let untouched = now == to;
    if untouched {
        *now = from.clone();
    }
    untouched
}

fn settings(from: &Settings, to: &Settings, now: &mut Settings) -> bool {
    let mut changed = now.clone();
    let well = field(&from.name, &to.name, &mut changed.name)
        & field(&from.base_currency, &to.base_currency, &mut changed.base_currency)
        & field(&from.locale, &to.locale, &mut changed.locale)
        & field(&from.time_zone, &to.time_zone, &mut changed.time_zone)
        & field(&from.week_start, &to.week_start, &mut changed.week_start)
        & field(&from.share_corrections, &to.share_corrections, &mut changed.share_corrections);
    if well {
        *now = changed;
    }
    well
}

fn account(from: &Account, to: &Account, now: &mut Account) -> bool {
    field(&from.name, &to.name, &mut now.name) & field(&from.currency, &to.currency, &mut now.currency)
}

fn category(from: &Category, to: &Category, now: &mut Category) -> bool {
    field(&from.name, &to.name, &mut now.name)
        & field(&from.kind, &to.kind, &mut now.kind)
        & field(&from.color, &to.color, &mut now.color)
        & field(&from.archived, &to.archived, &mut now.archived)
}

fn transaction(from: &Transaction, to: &Transaction, now: &mut Transaction) -> bool {
    field(&from.date, &to.date, &mut now.date)
        & field(&from.description, &to.description, &mut now.description)
        & field(&from.account, &to.account, &mut now.account)
        & field(&from.original, &to.original, &mut now.original)
        & field(&from.posted, &to.posted, &mut now.posted)
        & field(&from.lines, &to.lines, &mut now.lines)
        & field(&from.tags, &to.tags, &mut now.tags)
        & field(&from.note, &to.note, &mut now.note)
        & field(&from.payee, &to.payee, &mut now.payee)
        & field(&from.transfer, &to.transfer, &mut now.transfer)
        & field(&from.external_id, &to.external_id, &mut now.external_id)
        & field(&from.review, &to.review, &mut now.review)
}

fn dangles(state: &State, transaction: &Transaction) -> bool {
    !state.accounts.contains_key(&transaction.account)
        || transaction.lines.iter().any(|line| !state.categories.contains_key(&line.category))
}

/// What a row says that another one, or its own sum, contradicts.
pub fn clashes(state: &State, transaction: &Transaction) -> bool {
    let sum: i128 = transaction.lines.iter().map(|line| i128::from(line.amount)).sum();
    let external = transaction.external_id.as_ref();
    let twice = external.is_some()
        && state
            .transactions
            .values()
            .any(|other| other.id != transaction.id && other.external_id.as_ref() == external);
    twice || sum != i128::from(transaction.original.minor()) || sum == 0 || transaction.lines.is_empty()
}

pub fn name_taken(state: &State, category: &Category) -> bool {
    let lower = |category: &Category| category.name.to_lowercase();
    !category.archived
        && state
            .categories
            .values()
            .any(|other| other.id != category.id && !other.archived && lower(other) == lower(category))
}
