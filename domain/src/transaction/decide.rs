//! What a person may do with transactions: record, amend, remove. Pure: each gives changes or says why not.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Line, Transaction};
use crate::{
    calendar::check_date,
    category::CategoryId,
    change::Change,
    error::Error,
    ids::{AccountId, TransactionId},
    ledger::{Ledger, MAX_TRANSACTIONS, Moment},
    money::{Currency, Money},
    text::{Description, ExternalId, Name, Note, Tag},
};

/// A transaction as a person enters it.
#[derive(Debug, Clone)]
pub struct NewTransaction {
    pub id: Option<TransactionId>,
    pub date: Date,
    pub description: Description,
    pub amount: Money,
    /// The first account of the book when none is named.
    pub account: Option<AccountId>,
    /// Chosen by the classifier when none is named and there are no splits.
    pub category: Option<CategoryId>,
    pub splits: Vec<Line>,
    pub tags: Vec<Tag>,
    pub note: Option<Note>,
    pub payee: Option<Name>,
    pub external_id: Option<ExternalId>,
}

/// A category that nobody chose: what the classifier made of the description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    pub category: CategoryId,
    /// Not sure: a person should look.
    pub review: bool,
}

/// What is to become of a transaction. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct TransactionPatch {
    pub date: Option<Date>,
    pub description: Option<Description>,
    /// Text of the amount: its digits depend on the currency that the transaction will have.
    pub amount: Option<String>,
    pub currency: Option<Currency>,
    pub category: Option<CategoryId>,
    pub splits: Option<Vec<Line>>,
    pub tags: Option<Vec<Tag>>,
    pub note: Option<Option<Note>>,
    pub payee: Option<Option<Name>>,
    pub external_id: Option<Option<ExternalId>>,
    pub review: Option<bool>,
}

/// Records a transaction.
pub fn record(
    ledger: &Ledger,
    new: NewTransaction,
    guess: Guess,
    moment: Moment,
) -> Result<Transaction, Error> {
    if ledger.rows().len() >= MAX_TRANSACTIONS {
        return Err(Error::BookFull { limit: MAX_TRANSACTIONS });
    }
    check_date(new.date, moment.today)?;
    let id = new.id.unwrap_or_default();
    if ledger.rows().find(id).is_some() {
        return Err(Error::Exists { noun: "transaction" });
    }
    let chosen = new.category.is_some() || !new.splits.is_empty();
    let lines = if new.splits.is_empty() {
        let category = new.category.unwrap_or(guess.category);
        vec![Line { category, amount: new.amount.minor(), note: None }]
    } else {
        new.splits
    };
    let transaction = Transaction {
        id,
        date: new.date,
        description: new.description,
        account: account(ledger, new.account)?,
        original: new.amount,
        posted: None,
        lines,
        tags: new.tags,
        note: new.note,
        payee: new.payee,
        transfer: None,
        external_id: new.external_id,
        review: !chosen && guess.review,
    };
    check(ledger, &transaction)?;
    Ok(transaction)
}

/// Changes some fields of a transaction. `expected` is the slot of the last change that the writer has seen.
pub fn amend(
    ledger: &Ledger,
    id: TransactionId,
    patch: TransactionPatch,
    expected: Option<u64>,
    moment: Moment,
) -> Result<(Transaction, Transaction), Error> {
    let from = current(ledger, id, expected)?;
    let mut to = from.clone();
    if let Some(date) = patch.date {
        to.date = check_date(date, moment.today)?;
    }
    if patch.amount.is_some() || patch.currency.is_some() {
        let currency = patch.currency.unwrap_or(from.original.currency());
        let amount = patch.amount.unwrap_or_else(|| from.original.amount());
        to.original = Money::parse(&amount, currency)?;
        if let [line] = to.lines.as_mut_slice() {
            line.amount = to.original.minor();
        }
    }
    if let Some(category) = patch.category {
        to.lines = vec![Line { category, amount: to.original.minor(), note: None }];
        to.review = false;
    }
    if let Some(splits) = patch.splits.filter(|splits| !splits.is_empty()) {
        to.lines = splits;
        to.review = false;
    }
    to.description = patch.description.unwrap_or(to.description);
    to.tags = patch.tags.unwrap_or(to.tags);
    to.note = patch.note.unwrap_or(to.note);
    to.payee = patch.payee.unwrap_or(to.payee);
    to.external_id = patch.external_id.unwrap_or(to.external_id);
    to.review = patch.review.unwrap_or(to.review);
    check(ledger, &to)?;
    Ok((from, to))
}

/// Takes a transaction out of the book. Undo brings it back.
pub fn remove(ledger: &Ledger, id: TransactionId, expected: Option<u64>) -> Result<Change, Error> {
    let from = current(ledger, id, expected)?;
    Ok(Change::Transaction { from: Some(Box::new(from)), to: None })
}

/// Gives rows the category of another one. Those that are split, or have it already, stay as they are.
pub fn recategorise(
    ledger: &Ledger,
    like: TransactionId,
    ids: &[TransactionId],
) -> Result<Vec<Change>, Error> {
    let like = current(ledger, like, None)?;
    let Some(category) = like.category() else { return Ok(Vec::new()) };
    let mut changes = Vec::with_capacity(ids.len());
    // One change for each row, also when it is named twice.
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let from = current(ledger, *id, None)?;
        if from.category().is_none_or(|before| before == category) {
            continue;
        }
        let mut to = from.clone();
        for line in &mut to.lines {
            line.category = category.clone();
        }
        to.review = false;
        check(ledger, &to)?;
        changes.push(Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) });
    }
    Ok(changes)
}

/// The change that adds a transaction.
pub fn addition(transaction: Transaction) -> Change {
    Change::Transaction { from: None, to: Some(Box::new(transaction)) }
}

/// What a choice of category teaches about a merchant, unless the book knows it already.
pub fn teach(ledger: &Ledger, merchant: &str, category: &CategoryId) -> Option<Change> {
    let known = ledger.merchant_category(merchant);
    if merchant.is_empty() || known == Some(category) {
        return None;
    }
    Some(Change::Merchant { merchant: merchant.to_owned(), from: known.cloned(), to: Some(category.clone()) })
}

/// The change that forgets what the person chose for a merchant.
pub fn unteach(ledger: &Ledger, merchant: &str) -> Result<Change, Error> {
    let known = ledger.merchants().find(|(known, _)| *known == merchant);
    let (_, category) = known.ok_or(Error::NotFound { noun: "correction" })?;
    Ok(Change::Merchant { merchant: merchant.to_owned(), from: Some(category.clone()), to: None })
}

fn current(ledger: &Ledger, id: TransactionId, expected: Option<u64>) -> Result<Transaction, Error> {
    let row = ledger.rows().find(id).ok_or(Error::NotFound { noun: "transaction" })?;
    if expected.is_some_and(|expected| expected != row.changed()) {
        return Err(Error::ChangedSince);
    }
    Ok(row.to_transaction(ledger.tables()))
}

fn account(ledger: &Ledger, named: Option<AccountId>) -> Result<AccountId, Error> {
    let unknown = Error::NotFound { noun: "account" };
    match named {
        Some(id) => ledger.accounts().get(&id).map(|account| account.id).ok_or(unknown),
        None => ledger.accounts().iter().next().map(|account| account.id).ok_or(unknown),
    }
}

/// What must hold of a transaction in this book.
fn check(ledger: &Ledger, transaction: &Transaction) -> Result<(), Error> {
    transaction.check()?;
    let before = ledger.rows().find(transaction.id).map(|row| row.to_transaction(ledger.tables()));
    for line in &transaction.lines {
        let category = ledger.categories().get(&line.category).ok_or(Error::NotFound { noun: "category" })?;
        let kept = before.as_ref().is_some_and(|b| b.lines.iter().any(|l| l.category == line.category));
        if category.archived && !kept {
            return Err(Error::CategoryArchived);
        }
    }
    let taken = transaction
        .external_id
        .as_ref()
        .and_then(|external| ledger.rows().by_external_id(external))
        .is_some_and(|row| row.id() != transaction.id);
    if taken { Err(Error::ExternalIdTaken) } else { Ok(()) }
}
