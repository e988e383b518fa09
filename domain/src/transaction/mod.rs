//! The full shape of a transaction. A booking keeps the amount as it happened; conversion happens when it is read.

mod decide;
mod list;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::{
    decide::{
        Guess, NewTransaction, TransactionPatch, addition, amend, recategorise, record, remove, teach,
        unteach,
    },
    list::{Cursor, Direction, Filter, Matcher, page},
};
use crate::{
    category::CategoryId,
    error::Error,
    ids::{AccountId, TransactionId},
    money::Money,
    text::{Description, ExternalId, Name, Note, Tag},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub id: TransactionId,
    pub date: Date,
    pub description: Description,
    pub account: AccountId,
    /// The amount as it happened.
    pub original: Money,
    /// The amount in the account's currency, where the account booked another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted: Option<Money>,
    /// At least one; they add up to `original`.
    pub lines: Vec<Line>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<Name>,
    /// The other leg, when money only moved between accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransactionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// The category was not sure; a person should look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub review: bool,
}

/// A part of a transaction in one category, in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub category: CategoryId,
    pub amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

pub const MAX_LINES: usize = 50;

impl Transaction {
    /// Checks what must hold of every transaction, whoever made it.
    pub fn check(&self) -> Result<(), Error> {
        if self.original.minor() == 0 {
            return Err(Error::AmountZero);
        }
        if self.lines.len() > MAX_LINES {
            return Err(Error::TooMany { limit: MAX_LINES });
        }
        let sum: i128 = self.lines.iter().map(|line| i128::from(line.amount)).sum();
        if self.lines.is_empty() || sum != i128::from(self.original.minor()) {
            return Err(Error::SplitsUnbalanced);
        }
        Ok(())
    }

    /// The category, unless the transaction is split.
    pub fn category(&self) -> Option<&CategoryId> {
        match self.lines.as_slice() {
            [line] => Some(&line.category),
            _ => None,
        }
    }
}
