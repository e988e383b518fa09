//! Past rows of the same merchant in another category: found after a correction, and corrected together.

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

/// The newest so many rows are looked at.
const MOST_LOOKED_AT: usize = 100_000;

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
    /// How many there are among the newest 100,000 rows, those beyond the limit included.
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
        let mut index = view.insights.index(view);
        let merchant = index.merchant(like.description());
        if merchant.is_none() || place.is_none() {
            return Ok(similar);
        }
        let fits = |row: &Row<'_>| {
            row.category().is_some() && row.category() != place && (row.minor() > 0) == (like.minor() > 0)
        };
        for row in rows.between(None, None).rev().take(MOST_LOOKED_AT).filter(fits) {
            if index.merchant(row.description()) == merchant {
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
