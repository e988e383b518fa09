//! Reports and balances, from the sums of one pass.

use finbrain_domain::{
    account::Account,
    calendar::Month,
    category::CategoryId,
    money::Currency,
    report::{self, Breakdown, Dashboard, Monthly, Period, check_months},
};
use jiff::civil::Date;

use super::view::{Cubes, Query, View};
use crate::error::Error;

/// Everything on the first screen. What is not given is this month, in the base currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GetDashboard {
    pub from: Option<Month>,
    pub to: Option<Month>,
    pub currency: Option<Currency>,
}

impl Query for GetDashboard {
    type Output = (Dashboard, Date);

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error> {
        let this_month = Month::of(view.moment.today);
        let to = self.to.unwrap_or_else(|| self.from.map_or(this_month, |from| from.max(this_month)));
        let period = Period::new(self.from.unwrap_or(to), to)?;
        let cube = cubes.get(view, currency(view, self.currency));
        Ok((report::dashboard(view.ledger, view.rates, &cube, period), view.moment.today))
    }
}

/// Spending by category.
#[derive(Debug)]
pub struct GetBreakdown {
    /// This month when empty.
    pub months: Vec<Month>,
    pub currency: Option<Currency>,
}

impl Query for GetBreakdown {
    type Output = Breakdown;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Breakdown, Error> {
        let cube = cubes.get(view, currency(view, self.currency));
        Ok(report::breakdown(view.ledger, view.rates, &cube, &months(view, self.months, 1)?))
    }
}

/// Spending by month.
#[derive(Debug)]
pub struct GetMonthly {
    /// The last twelve months when empty.
    pub months: Vec<Month>,
    /// All expense categories when empty.
    pub categories: Vec<CategoryId>,
    pub currency: Option<Currency>,
}

impl Query for GetMonthly {
    type Output = Monthly;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Monthly, Error> {
        let cube = cubes.get(view, currency(view, self.currency));
        let months = months(view, self.months, 12)?;
        Ok(report::monthly(view.ledger, view.rates, &cube, &months, &self.categories))
    }
}

/// An account with its balance in its own currency.
#[derive(Debug, Clone)]
pub struct AccountItem {
    pub account: Account,
    pub balance: report::Balance,
}

#[derive(Debug)]
pub struct ListAccounts;

impl Query for ListAccounts {
    type Output = Vec<AccountItem>;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error> {
        let item = |account: &Account| {
            let cube = cubes.get(view, account.currency);
            AccountItem { account: account.clone(), balance: report::balance(view.rates, &cube) }
        };
        Ok(view.ledger.accounts().iter().map(item).collect())
    }
}

/// A query whose answer says what it was computed from beside the ledger.
#[derive(Debug)]
pub struct Sourced<Q>(pub Q);

#[derive(Debug)]
pub struct Report<T> {
    pub output: T,
    /// The revision of the rates.
    pub revision: u64,
    /// The person's today.
    pub today: Date,
}

impl<Q: Query> Query for Sourced<Q> {
    type Output = Report<Q::Output>;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error> {
        let output = self.0.answer(view, cubes)?;
        Ok(Report { output, revision: view.rates.revision(), today: view.moment.today })
    }
}

fn currency(view: &View<'_>, asked: Option<Currency>) -> Currency {
    asked.unwrap_or(view.ledger.settings().base_currency)
}

/// The months asked for, or the last `default` ones up to this month.
fn months(view: &View<'_>, asked: Vec<Month>, default: i32) -> Result<Vec<Month>, Error> {
    let this_month = Month::of(view.moment.today);
    let months =
        if asked.is_empty() { this_month.plus(1 - default).through(this_month).collect() } else { asked };
    Ok(check_months(months)?)
}
