//! Accounts: where money lies. A new book has one, "Cash", in the person's base currency.

use serde::{Deserialize, Serialize};

use crate::{ids::AccountId, money::Currency, text::Name};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub name: Name,
    pub currency: Currency,
}
