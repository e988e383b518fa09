//! Changes: the facts in an entry. Each stores `from` and `to`; `None` means "not there".

use serde::{Deserialize, Serialize};

use crate::{
    access::AccessChange,
    account::Account,
    anomaly::Pattern,
    category::{Category, CategoryId},
    settings::Settings,
    transaction::Transaction,
};

/// One fact. New kinds may be added; what is here is read for ever (see `tests/golden`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    Settings {
        from: Option<Settings>,
        to: Option<Settings>,
    },
    Account {
        from: Option<Account>,
        to: Option<Account>,
    },
    Category {
        from: Option<Category>,
        to: Option<Category>,
    },
    Transaction {
        from: Option<Box<Transaction>>,
        to: Option<Box<Transaction>>,
    },
    /// What a person's correction taught about a merchant. Not undoable.
    Merchant {
        merchant: String,
        from: Option<CategoryId>,
        to: Option<CategoryId>,
    },
    /// Whether a pattern of unusual transactions is silenced.
    Silence {
        pattern: Pattern,
        from: bool,
        to: bool,
    },
    Access(AccessChange),
    BookClosed,
}

impl Change {
    /// Whether the change is an access fact, whose content never leaves the journal.
    pub const fn is_access(&self) -> bool {
        matches!(self, Self::Access(_))
    }

    /// Whether the change shuts somebody out.
    pub const fn ends_access(&self) -> bool {
        matches!(self, Self::Access(_) | Self::BookClosed)
    }

    /// Whether undo and redo may touch the change.
    pub const fn is_undoable(&self) -> bool {
        matches!(
            self,
            Self::Settings { from: Some(_), .. }
                | Self::Account { .. }
                | Self::Category { .. }
                | Self::Transaction { .. }
                | Self::Silence { .. }
        )
    }
}
