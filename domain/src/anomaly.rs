//! Patterns of unusual transactions that a person has called fine. Owns what a pattern is and how it is silenced; what
//! is unusual is for others to find, and is no fact of the book.

use serde::{Deserialize, Serialize};

use crate::{change::Change, error::Error, ledger::Ledger, text::Name};

/// A book remembers at most so many silenced patterns.
pub const MAX_SILENCED: usize = 10_000;

/// Why something is unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// Far from what is usual for the merchant or the category.
    Amount,
    /// The same amount at the same merchant some days apart.
    Duplicate,
    /// Large for a merchant that was never paid before.
    FirstTime,
    /// A recurring payment costs more than it did.
    PriceRise,
    /// A recurring payment did not come.
    Missing,
}

impl AnomalyKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Duplicate => "duplicate",
            Self::FirstTime => "first_time",
            Self::PriceRise => "price_rise",
            Self::Missing => "missing",
        }
    }
}

/// What is silenced: one kind of finding at one merchant, by its cleaned name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pattern {
    pub kind: AnomalyKind,
    pub merchant: Name,
}

/// The change that silences a pattern or lets it speak again; `None` when it is so already.
pub fn silence(ledger: &Ledger, pattern: &Pattern, silent: bool) -> Result<Option<Change>, Error> {
    let from = ledger.silenced().contains(pattern);
    if from == silent {
        return Ok(None);
    }
    if silent && ledger.silenced().len() >= MAX_SILENCED {
        return Err(Error::TooMany { limit: MAX_SILENCED });
    }
    Ok(Some(Change::Silence { pattern: pattern.clone(), from, to: silent }))
}
