//! Transactions: recorded with a category from the first layer that is sure, amended with a lesson learnt, listed.

use finbrain_domain::{
    change::Change,
    ids::TransactionId,
    ledger::Row,
    money::Currency,
    rates::Rate,
    report::{self, ListTotals},
    transaction::{
        self, Cursor, Filter, Guess, NewTransaction, Transaction, TransactionPatch, addition, teach,
    },
};

use super::{
    command::{Command, Decision},
    insights::{Anomaly, judge},
    view::{Cubes, Query, View},
};
use crate::{
    classifier::{Prepared, Suggestion, suggest},
    error::Error,
};

/// A transaction with the slot of its last change.
#[derive(Debug, Clone)]
pub struct Found {
    pub transaction: Transaction,
    pub changed: u64,
}

#[derive(Debug)]
pub struct Recorded {
    pub transaction: Transaction,
    pub suggestion: Suggestion,
    /// What is unusual about it, against what stood before it in the book.
    pub anomalies: Vec<Anomaly>,
}

/// Records one transaction.
#[derive(Debug)]
pub struct RecordTransaction {
    pub new: NewTransaction,
    /// What the model says of the description, asked before the command was queued.
    pub prepared: Prepared,
}

impl Command for RecordTransaction {
    type Output = Recorded;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Recorded>, Error> {
        let suggestion = suggest(view.ledger, view.overlay(), self.new.amount.is_income(), &self.prepared);
        let (transaction, lesson) = record(view, &self.new, &self.prepared, &suggestion)?;
        let effects = lesson.is_some() && self.new.category.as_ref() != Some(&suggestion.category);
        let mut changes = vec![addition(transaction.clone())];
        changes.extend(lesson);
        let anomalies = judge(view, &transaction);
        let output = Recorded { transaction, suggestion, anomalies };
        Ok(Decision { changes, output, reverses: None, effects })
    }

    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<Recorded, Error> {
        let suggestion = suggest(view.ledger, view.overlay(), self.new.amount.is_income(), &self.prepared);
        let transaction = written_transaction(written)?;
        let anomalies = judge(view, &transaction);
        Ok(Recorded { transaction, suggestion, anomalies })
    }
}

/// Records many transactions as one entry. Either all or none.
#[derive(Debug)]
pub struct RecordMany {
    pub new: Vec<(NewTransaction, Prepared)>,
}

impl Command for RecordMany {
    type Output = usize;

    fn decide(&self, view: &View<'_>) -> Result<Decision<usize>, Error> {
        let limit = finbrain_domain::ledger::MAX_TRANSACTIONS;
        if view.ledger.rows().len() + self.new.len() > limit {
            return Err(finbrain_domain::Error::BookFull { limit }.into());
        }
        let mut changes = Vec::with_capacity(self.new.len());
        let mut lessons: std::collections::BTreeMap<&str, Change> = std::collections::BTreeMap::new();
        let mut ids = std::collections::HashSet::with_capacity(self.new.len());
        let mut external = std::collections::HashSet::new();
        for (row, (new, prepared)) in self.new.iter().enumerate() {
            let refused = |cause| Error::Row { row, cause };
            let suggestion = suggest(view.ledger, view.overlay(), new.amount.is_income(), prepared);
            let (transaction, lesson) = record(view, new, prepared, &suggestion).map_err(refused)?;
            if !ids.insert(transaction.id) {
                return Err(refused(finbrain_domain::Error::Exists { noun: "transaction" }));
            }
            if transaction.external_id.as_ref().is_some_and(|id| !external.insert(id.clone())) {
                return Err(refused(finbrain_domain::Error::ExternalIdTaken));
            }
            changes.push(addition(transaction));
            // The last row of a merchant has the last word.
            if let Some(lesson) = lesson {
                lessons.insert(&prepared.merchant, lesson);
            }
        }
        changes.extend(lessons.into_values());
        Ok(Decision::new(changes, self.new.len()))
    }

    fn replay(&self, written: &[Change], _: &View<'_>) -> Result<usize, Error> {
        Ok(written.iter().filter(|change| matches!(change, Change::Transaction { .. })).count())
    }
}

fn record(
    view: &View<'_>,
    new: &NewTransaction,
    prepared: &Prepared,
    suggestion: &Suggestion,
) -> Result<(Transaction, Option<Change>), finbrain_domain::Error> {
    let guess = Guess { category: suggestion.category.clone(), review: suggestion.is_unsure() };
    let transaction = transaction::record(view.ledger, new.clone(), guess, view.moment)?;
    let lesson = new.category.as_ref().and_then(|chosen| teach(view.ledger, &prepared.merchant, chosen));
    Ok((transaction, lesson))
}

#[derive(Debug)]
pub struct Amended {
    pub transaction: Transaction,
    /// The person's choice of category was remembered for the merchant.
    pub learned: bool,
    /// The slot of its last change, when this entry did not change it.
    pub changed: Option<u64>,
}

/// Changes some fields. A change of category teaches.
#[derive(Debug)]
pub struct AmendTransaction {
    pub id: TransactionId,
    pub patch: TransactionPatch,
    pub expected: Option<u64>,
}

impl Command for AmendTransaction {
    type Output = Amended;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Amended>, Error> {
        let (from, to) =
            transaction::amend(view.ledger, self.id, self.patch.clone(), self.expected, view.moment)?;
        let merchant = finbrain_ml::merchant(&to.description);
        let lesson = self.patch.category.as_ref().and_then(|chosen| teach(view.ledger, &merchant, chosen));
        let row = view.ledger.rows().find(self.id).filter(|_| from == to);
        let changed = row.map(Row::changed);
        let output = Amended { transaction: to.clone(), learned: lesson.is_some(), changed };
        let mut changes = Vec::new();
        if from != to {
            changes.push(Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) });
        }
        let effects = lesson.is_some();
        changes.extend(lesson);
        Ok(Decision { changes, output, reverses: None, effects })
    }

    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<Amended, Error> {
        let learned = written.iter().any(|change| matches!(change, Change::Merchant { .. }));
        if let Ok(transaction) = written_transaction(written) {
            return Ok(Amended { transaction, learned, changed: None });
        }
        // Only a lesson was written: the row is as it is.
        let row = view.ledger.rows().find(self.id);
        let row = row.ok_or(finbrain_domain::Error::NotFound { noun: "transaction" })?;
        let transaction = row.to_transaction(view.ledger.tables());
        Ok(Amended { transaction, learned, changed: Some(row.changed()) })
    }
}

#[derive(Debug)]
pub struct RemoveTransaction {
    pub id: TransactionId,
    pub expected: Option<u64>,
}

impl Command for RemoveTransaction {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let change = transaction::remove(view.ledger, self.id, self.expected)?;
        Ok(Decision::new(vec![change], ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

#[derive(Debug)]
pub struct GetTransaction {
    pub id: TransactionId,
}

impl Query for GetTransaction {
    type Output = Found;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Found, Error> {
        let row = view.ledger.rows().find(self.id);
        let row = row.ok_or(finbrain_domain::Error::NotFound { noun: "transaction" })?;
        Ok(Found { transaction: row.to_transaction(view.ledger.tables()), changed: row.changed() })
    }
}

/// A page of transactions, newest first, with the totals of the whole filter.
#[derive(Debug)]
pub struct ListTransactions {
    pub filter: Filter,
    pub after: Option<Cursor>,
    pub limit: usize,
    /// The currency of totals and conversions; the base currency when none is named.
    pub currency: Option<Currency>,
}

#[derive(Debug)]
pub struct Listed {
    pub rows: Vec<ListedTransaction>,
    pub next: Option<Cursor>,
    pub totals: ListTotals,
}

#[derive(Debug)]
pub struct ListedTransaction {
    pub transaction: Transaction,
    /// The amount in the asked currency, when that is another one and the day has a rate.
    pub converted: Option<Converted>,
}

/// An amount in another currency, and the rate that made it.
#[derive(Debug, Clone, Copy)]
pub struct Converted {
    pub minor: i64,
    pub currency: Currency,
    pub rate: Rate,
}

impl Query for ListTransactions {
    type Output = Listed;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Listed, Error> {
        let currency = self.currency.unwrap_or(view.ledger.settings().base_currency);
        let (rows, next) = transaction::page(view.ledger, &self.filter, self.after, self.limit);
        let listed = |row: Row<'_>| ListedTransaction {
            transaction: row.to_transaction(view.ledger.tables()),
            converted: convert(view, row, currency),
        };
        Ok(Listed {
            rows: rows.into_iter().map(listed).collect(),
            next,
            totals: report::totals(view.ledger, view.rates, &self.filter, currency),
        })
    }
}

fn convert(view: &View<'_>, row: Row<'_>, currency: Currency) -> Option<Converted> {
    if row.currency() == currency {
        return None;
    }
    let pair = view.rates.pair(row.currency(), currency);
    Some(Converted { minor: pair.convert(row.minor(), row.day())?, currency, rate: pair.rate(row.day())? })
}

/// The category for a text, before anything is entered.
#[derive(Debug)]
pub struct SuggestCategory {
    pub income: bool,
    pub prepared: Prepared,
}

impl Query for SuggestCategory {
    type Output = Suggestion;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Suggestion, Error> {
        Ok(suggest(view.ledger, view.overlay(), self.income, &self.prepared))
    }
}

fn written_transaction(written: &[Change]) -> Result<Transaction, Error> {
    let found = written.iter().find_map(|change| match change {
        Change::Transaction { to: Some(transaction), .. } => Some((**transaction).clone()),
        _ => None,
    });
    Ok(found.ok_or(finbrain_domain::Error::NotFound { noun: "transaction" })?)
}
