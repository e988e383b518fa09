//! `/accounts`: where money lies. A book has one, "Cash".

use actix_web::{HttpResponse, web::Data};
use finbrain_actors::{registry::Registry, user_session::ListAccounts};
use finbrain_domain::money::format_minor;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::read,
    caller::CurrentUser,
    money::{UnconvertedView, unconverted},
};
use crate::problem::Problem;

/// An account with what its rows add up to, each currency at its newest rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    id: String,
    name: String,
    currency: &'static str,
    balance: String,
    unconverted: Vec<UnconvertedView>,
}

/// Accounts of a book.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountList {
    data: Vec<AccountView>,
}

/// All accounts with their balances.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", operation_id = "get_accounts", responses((status = 200, body = AccountList)))]
pub async fn list(caller: CurrentUser, registry: Data<Registry>) -> Result<HttpResponse, Problem> {
    let answered = registry.query(caller.owner(), ListAccounts, caller.reader()).await?;
    let data = answered.output.iter().map(|item| AccountView {
        id: item.account.id.to_string(),
        name: item.account.name.to_string(),
        currency: item.account.currency.code(),
        balance: format_minor(item.balance.amount, item.balance.currency),
        unconverted: unconverted(&item.balance.unconverted),
    });
    Ok(read(&answered).json(AccountList { data: data.collect() }))
}
