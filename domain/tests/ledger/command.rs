//! Commands as a person gives them, decided twice: by the rules on a ledger, and naively on the model's state.

use finbrain_domain::{
    access::{AccessChange, Revoked},
    account::Account,
    anomaly::{self, Pattern},
    book,
    category::{self, Category, CategoryId, CategoryPatch, NewCategory},
    change::Change,
    error::Error,
    ids::TransactionId,
    ledger::Ledger,
    money::Money,
    settings::SettingsPatch,
    transaction::{
        self, Guess, Line, NewTransaction, Transaction, TransactionPatch, addition, record, remove, teach,
    },
};
use jiff::civil::date;

use crate::{
    book::moment,
    model::{Model, State},
    naive_undo::{clashes, name_taken},
};

#[derive(Debug, Clone)]
pub enum Command {
    Record(Box<NewTransaction>, Guess),
    Import(Vec<NewTransaction>, Guess),
    Amend { id: TransactionId, patch: Box<TransactionPatch>, expected: Option<u64> },
    Remove { id: TransactionId, expected: Option<u64> },
    CreateCategory(NewCategory),
    AmendCategory { id: CategoryId, patch: CategoryPatch, expected: Option<u64> },
    RemoveCategory { id: CategoryId, move_to: Option<CategoryId> },
    Settings(SettingsPatch),
    AddAccount(Account),
    Teach { merchant: String, category: CategoryId },
    EndSessions(Vec<Revoked>),
    RaiseGeneration,
    Silence { pattern: Pattern, silent: bool },
}

impl Command {
    /// What the rules make of the command. No changes: there is nothing to write.
    pub fn decide(&self, ledger: &Ledger) -> Result<Vec<Change>, Error> {
        match self.clone() {
            Self::Record(new, guess) => Ok(vec![addition(record(ledger, *new, guess, moment())?)]),
            Self::Import(rows, guess) => rows
                .into_iter()
                .map(|new| record(ledger, new, guess.clone(), moment()).map(addition))
                .collect(),
            Self::Amend { id, patch, expected } => {
                let (from, to) = transaction::amend(ledger, id, *patch, expected, moment())?;
                let change = Change::Transaction {
                    from: Some(Box::new(from.clone())),
                    to: Some(Box::new(to.clone())),
                };
                Ok(Some(change).filter(|_| from != to).into_iter().collect())
            }
            Self::Remove { id, expected } => Ok(vec![remove(ledger, id, expected)?]),
            Self::CreateCategory(new) => {
                Ok(vec![Change::Category { from: None, to: Some(category::create(ledger, new)?) }])
            }
            Self::AmendCategory { id, patch, expected } => {
                let (from, to) = category::amend(ledger, &id, patch, expected)?;
                let differs = from != to;
                let change = Change::Category { from: Some(from), to: Some(to) };
                Ok(Some(change).filter(|_| differs).into_iter().collect())
            }
            Self::RemoveCategory { id, move_to } => category::remove(ledger, &id, move_to.as_ref(), None),
            Self::Settings(patch) => Ok(book::amend_settings(ledger, patch).into_iter().collect()),
            Self::AddAccount(account) => Ok(vec![Change::Account { from: None, to: Some(account) }]),
            Self::Teach { merchant, category } => {
                Ok(teach(ledger, &merchant, &category).into_iter().collect())
            }
            Self::Silence { pattern, silent } => {
                Ok(anomaly::silence(ledger, &pattern, silent)?.into_iter().collect())
            }
            Self::EndSessions(sessions) => {
                Ok(vec![Change::Access(AccessChange::SessionsRevoked { sessions })])
            }
            Self::RaiseGeneration => {
                let from = ledger.auth_generation();
                Ok(vec![Change::Access(AccessChange::GenerationRaised { from, to: from + 1 })])
            }
        }
    }

    /// What should come of the command: `None` when it must be refused.
    pub fn expect(&self, model: &Model) -> Option<State> {
        let mut state = model.state.clone();
        match self.clone() {
            Self::Record(new, guess) => add(&mut state, *new, &guess)?,
            Self::Import(rows, guess) => {
                for new in rows {
                    add(&mut state, new, &guess)?;
                }
            }
            Self::Amend { id, patch, expected } => {
                seen(model, &id.to_string(), expected)?;
                amend(&mut state, id, *patch)?;
            }
            Self::Remove { id, expected } => {
                seen(model, &id.to_string(), expected)?;
                state.transactions.remove(&id)?;
            }
            Self::CreateCategory(new) => {
                let id = new.id?;
                let category = Category {
                    id: id.clone(),
                    name: new.name,
                    kind: new.kind,
                    color: new.color,
                    archived: false,
                };
                let fine = !name_taken(&state, &category);
                (state.categories.insert(id, category).is_none() && fine).then_some(())?;
            }
            Self::AmendCategory { id, patch, expected } => {
                seen(model, id.as_str(), expected)?;
                amend_category(&mut state, &id, patch)?;
            }
            Self::RemoveCategory { id, move_to } => remove_category(&mut state, &id, move_to)?,
            Self::Settings(patch) => state.settings = patch.apply(&state.settings),
            Self::AddAccount(account) => {
                state.accounts.insert(account.id, account);
            }
            Self::Teach { merchant, category } => {
                if !merchant.is_empty() {
                    state.merchants.insert(merchant, category);
                }
            }
            Self::EndSessions(sessions) => {
                state.revoked.extend(sessions.iter().map(|session| (session.token, session.until)));
            }
            Self::RaiseGeneration => state.generation += 1,
            Self::Silence { pattern, silent: true } => drop(state.silenced.insert(pattern)),
            Self::Silence { pattern, silent: false } => drop(state.silenced.remove(&pattern)),
        }
        Some(state)
    }
}

fn seen(model: &Model, id: &str, expected: Option<u64>) -> Option<()> {
    expected.is_none_or(|expected| expected == model.changed(id)).then_some(())
}

fn add(state: &mut State, new: NewTransaction, guess: &Guess) -> Option<()> {
    let id = new.id?;
    let guessed = new.category.is_none() && new.splits.is_empty();
    let lines = match (new.splits.is_empty(), new.category) {
        (false, _) => new.splits,
        (true, Some(category)) => vec![Line { category, amount: new.amount.minor(), note: None }],
        (true, None) => {
            vec![Line { category: guess.category.clone(), amount: new.amount.minor(), note: None }]
        }
    };
    let transaction = Transaction {
        id,
        date: new.date,
        description: new.description,
        account: new.account?,
        original: new.amount,
        posted: None,
        lines,
        tags: new.tags,
        note: new.note,
        payee: new.payee,
        transfer: None,
        external_id: new.external_id,
        review: guessed && guess.review,
    };
    acceptable(state, &transaction, &[])?;
    state.transactions.insert(id, transaction).is_none().then_some(())
}

fn amend(state: &mut State, id: TransactionId, patch: TransactionPatch) -> Option<()> {
    let old = state.transactions.get(&id)?.clone();
    let mut new = old.clone();
    let currency = patch.currency.unwrap_or(old.original.currency());
    let amount = patch.amount.unwrap_or(old.original.amount());
    new.original = Money::parse(&amount, currency).ok()?;
    if new.lines.len() == 1 {
        new.lines[0].amount = new.original.minor();
    }
    if let Some(category) = patch.category.clone() {
        new.lines = vec![Line { category, amount: new.original.minor(), note: None }];
    }
    if let Some(splits) = patch.splits.clone() {
        new.lines = splits;
    }
    if patch.category.is_some() || patch.splits.is_some() {
        new.review = false;
    }
    new.date = patch.date.unwrap_or(new.date);
    new.description = patch.description.unwrap_or(new.description);
    new.tags = patch.tags.unwrap_or(new.tags);
    new.note = patch.note.unwrap_or(new.note);
    new.payee = patch.payee.unwrap_or(new.payee);
    new.external_id = patch.external_id.unwrap_or(new.external_id);
    new.review = patch.review.unwrap_or(new.review);
    let kept: Vec<_> = old.lines.iter().map(|line| line.category.clone()).collect();
    acceptable(state, &new, &kept)?;
    state.transactions.insert(id, new);
    Some(())
}

fn acceptable(state: &State, transaction: &Transaction, kept: &[CategoryId]) -> Option<()> {
    let usable = |id: &CategoryId| {
        state.categories.get(id).is_some_and(|category| !category.archived || kept.contains(id))
    };
    let fine = state.accounts.contains_key(&transaction.account)
        && (date(1900, 1, 1)..=date(2027, 11, 24)).contains(&transaction.date)
        && transaction.lines.iter().all(|line| usable(&line.category))
        && !clashes(state, transaction);
    fine.then_some(())
}

fn amend_category(state: &mut State, id: &CategoryId, patch: CategoryPatch) -> Option<()> {
    let mut category = state.categories.get(id)?.clone();
    category.name = patch.name.unwrap_or(category.name);
    category.color = patch.color.unwrap_or(category.color);
    category.archived = patch.archived.unwrap_or(category.archived);
    let fine = !name_taken(state, &category);
    state.categories.insert(id.clone(), category);
    fine.then_some(())
}

fn remove_category(state: &mut State, id: &CategoryId, move_to: Option<CategoryId>) -> Option<()> {
    // The ids of the eight defaults are words; every other one is a UUID.
    if id.as_str().len() < 36 {
        return None;
    }
    state.categories.remove(id)?;
    for transaction in state.transactions.values_mut() {
        for line in transaction.lines.iter_mut().filter(|line| line.category == *id) {
            line.category = move_to.clone().filter(|target| state.categories.contains_key(target))?;
        }
    }
    Some(())
}
