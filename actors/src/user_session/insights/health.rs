//! Financial health of a book: its complete months, its balance and what recurs, judged by the domain.

use finbrain_domain::{
    money::Currency,
    report::{self, Finances, HEALTH_MONTHS, Health, health},
};

use super::{forecast::complete_months, recurring::GetRecurring};
use crate::{
    error::Error,
    user_session::view::{Cubes, Query, View},
};

#[derive(Debug)]
pub struct GetHealth {
    pub currency: Option<Currency>,
}

impl Query for GetHealth {
    type Output = (Health, Currency);

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error> {
        let currency = self.currency.unwrap_or(view.ledger.settings().base_currency);
        let cube = cubes.get(view, currency);
        let months = complete_months(view, &view.insights.index(view));
        let months = &months[months.len().saturating_sub(HEALTH_MONTHS)..];
        let recurring = GetRecurring { currency: Some(currency) }.answer(view, cubes)?;
        let finances = Finances {
            months: months
                .iter()
                .map(|month| {
                    let flow = cube.flow(&[*month]);
                    (flow.income, -flow.expenses)
                })
                .collect(),
            balance: report::balance(view.rates, &cube).amount,
            fixed: (!recurring.items.is_empty()).then_some(-recurring.monthly),
        };
        Ok((health(&finances), currency))
    }
}
