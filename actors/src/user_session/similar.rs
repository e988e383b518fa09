//! Past rows of the same merchant in another category: found after a correction, and corrected together.

use std::collections::HashMap;

use finbrain_domain::{
    category::CategoryId,
    change::Change,
    error::Error as DomainError,
    ids::TransactionId,
    ledger::Row,
    transaction::{Transaction, recategorise},
};

use super::{
    command::{Command, Decision},
    view::{Cubes, Query, View},
};
use crate::error::Error;

/// Rows that the category of one row would fit as well, newest first.
#[derive(Debug)]
pub struct FindSimilar {
    pub id: TransactionId,
    pub limit: usize,
}

#[derive(Debug)]
pub struct Similar {
    /// The cleaned merchant that they have in common.
    pub merchant: String,
    /// `None` when the row is split: nothing is like it.
    pub category: Option<CategoryId>,
    pub rows: Vec<Transaction>,
    /// How many there are, those beyond the limit included.
    pub count: usize,
}

impl Query for FindSimilar {
    type Output = Similar;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Similar, Error> {
        let (rows, tables) = (view.ledger.rows(), view.ledger.tables());
        let like = rows.find(self.id).ok_or(DomainError::NotFound { noun: "transaction" })?;
        let category = like.to_transaction(tables).category().cloned();
        let merchant = finbrain_ml::merchant(like.description());
        let mut similar = Similar { merchant, category, rows: Vec::new(), count: 0 };
        let place = similar.category.as_ref().and_then(|category| view.ledger.categories().place(category));
        if similar.merchant.is_empty() || place.is_none() {
            return Ok(similar);
        }
        // Most rows share their text with others: each text is cleaned once.
        let mut known: HashMap<&str, bool> = HashMap::new();
        let fits = |row: &Row<'_>| {
            row.category().is_some() && row.category() != place && (row.minor() > 0) == (like.minor() > 0)
        };
        for row in rows.between(None, None).rev().filter(fits) {
            let text = row.description();
            if *known.entry(text).or_insert_with(|| finbrain_ml::merchant(text) == similar.merchant) {
                similar.count += 1;
                if similar.rows.len() < self.limit {
                    similar.rows.push(row.to_transaction(tables));
                }
            }
        }
        Ok(similar)
    }
}

/// Gives rows the category of another one, as one entry.
#[derive(Debug)]
pub struct RecategoriseSimilar {
    pub like: TransactionId,
    pub ids: Vec<TransactionId>,
}

impl Command for RecategoriseSimilar {
    type Output = usize;

    fn decide(&self, view: &View<'_>) -> Result<Decision<usize>, Error> {
        let changes = recategorise(view.ledger, self.like, &self.ids)?;
        let count = changes.len();
        Ok(Decision::new(changes, count))
    }

    fn replay(&self, written: &[Change], _: &View<'_>) -> Result<usize, Error> {
        Ok(written.len())
    }
}
