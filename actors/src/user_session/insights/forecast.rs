//! The spending of the coming months: recurring payments as they are due, and beside them what the rest of the complete
//! months says. The sum has a forecast of its own: the quantiles of parts do not add up.

use std::collections::HashMap;

use finbrain_domain::{
    calendar::{Month, day_number},
    category::{CategoryId, CategoryKind},
    ledger::Place,
    money::Currency,
    report::Cube,
};
use finbrain_ml::forecast::{Forecast, LEAST_MONTHS, forecast_with_known};

use super::{
    index::Index,
    recurring::{self, Found},
};
use crate::{
    error::Error,
    user_session::view::{Cubes, Query, View},
};

/// Complete months that are looked at, at most.
const MOST_MONTHS: i32 = 36;

/// What the coming months will cost, this one first.
#[derive(Debug)]
pub struct GetForecast {
    /// How many months ahead.
    pub months: usize,
    pub currency: Option<Currency>,
}

/// Spending as positive minor units of one currency.
#[derive(Debug)]
pub struct MonthlyForecast {
    pub currency: Currency,
    /// What the complete months cost, oldest first.
    pub history: Vec<(Month, i64)>,
    /// The first month of the forecasts.
    pub first: Month,
    /// `None` when there are fewer complete months than `needed`.
    pub overall: Option<Forecast>,
    pub categories: Vec<CategoryForecast>,
    pub needed: usize,
}

#[derive(Debug)]
pub struct CategoryForecast {
    pub category: CategoryId,
    pub forecast: Forecast,
}

impl Query for GetForecast {
    type Output = MonthlyForecast;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<MonthlyForecast, Error> {
        let currency = self.currency.unwrap_or(view.ledger.settings().base_currency);
        let cube = cubes.get(view, currency);
        let mut index = view.insights.index(view);
        let this_month = Month::of(view.moment.today);
        let months = complete_months(view, &index);
        let known = Known::of(view, &mut index, &months, this_month, self.months, currency);
        let places: Vec<(Place, &CategoryId)> = expense_places(view).collect();
        let mut total = Row { past: vec![0; months.len()], ..known.overall.clone() };
        let mut categories = Vec::new();
        for (place, id) in places {
            let past = spent(&cube, &months, place);
            total.past.iter_mut().zip(&past).for_each(|(sum, amount)| *sum = sum.saturating_add(*amount));
            if past.iter().all(|amount| *amount == 0) {
                continue;
            }
            let row = known.by_place.get(&place).cloned().unwrap_or_else(|| known.nothing());
            let forecast = Row { past, ..row }.forecast(self.months);
            categories.extend(forecast.map(|forecast| CategoryForecast { category: id.clone(), forecast }));
        }
        categories.sort_by_key(|one| std::cmp::Reverse(one.forecast.months.first().map(|month| month.p50)));
        Ok(MonthlyForecast {
            currency,
            history: months.iter().copied().zip(total.past.iter().copied()).collect(),
            first: this_month,
            overall: total.forecast(self.months),
            categories,
            needed: LEAST_MONTHS,
        })
    }
}

/// The months before this one, from the first row on.
pub(super) fn complete_months(view: &View<'_>, index: &Index) -> Vec<Month> {
    let this_month = Month::of(view.moment.today);
    let Some(first) = view.ledger.rows().between(None, None).next() else { return Vec::new() };
    let first = Month::of(first.date()).max(Month::of(index.since())).max(this_month.plus(-MOST_MONTHS));
    first.through(this_month.plus(-1)).collect()
}

fn expense_places<'a>(view: &'a View<'_>) -> impl Iterator<Item = (Place, &'a CategoryId)> {
    let table = view.ledger.categories();
    let expenses = table.iter().filter(|category| category.kind == CategoryKind::Expense);
    expenses.filter_map(|category| Some((table.place(&category.id)?, &category.id)))
}

fn spent(cube: &Cube, months: &[Month], place: Place) -> Vec<i64> {
    let amount = |month: &Month| i64::try_from(-cube.sum(&[*month], place).amount).unwrap_or(i64::MAX);
    months.iter().map(amount).collect()
}

/// What was spent, what of that recurs, and what of the coming months is known by that.
#[derive(Debug, Clone)]
struct Row {
    past: Vec<i64>,
    recurred: Vec<i64>,
    coming: Vec<i64>,
}

impl Row {
    fn forecast(&self, horizon: usize) -> Option<Forecast> {
        let rest: Vec<i64> =
            self.past.iter().zip(&self.recurred).map(|(all, known)| all.saturating_sub(*known)).collect();
        let mut forecast = forecast_with_known(&rest, &self.coming, horizon)?;
        // What was given back can make the rest negative; a month is not expected to cost less than nothing.
        for month in &mut forecast.months {
            for amount in [&mut month.p10, &mut month.p50, &mut month.p90] {
                *amount = (*amount).max(0);
            }
        }
        Some(forecast)
    }
}

/// The recurring part, overall and by category. `past` is empty here.
#[derive(Debug)]
struct Known {
    overall: Row,
    by_place: HashMap<Place, Row>,
}

impl Known {
    fn of(
        view: &View<'_>,
        index: &mut Index,
        months: &[Month],
        this_month: Month,
        horizon: usize,
        currency: Currency,
    ) -> Self {
        let empty = Row { past: Vec::new(), recurred: vec![0; months.len()], coming: vec![0; horizon] };
        let mut known = Self { overall: empty, by_place: HashMap::new() };
        for found in recurring::found(view, index) {
            let place = found.place;
            let is_income = place
                .and_then(|place| view.ledger.categories().at(place))
                .is_some_and(|category| category.kind == CategoryKind::Income);
            if is_income {
                continue;
            }
            for (month, amount) in
                paid(view, index, &found, currency).chain(due(view, &found, horizon, currency))
            {
                let at = month.index() - this_month.index();
                known.add(place, at, amount);
            }
        }
        known
    }

    fn nothing(&self) -> Row {
        let Row { recurred, coming, .. } = &self.overall;
        Row { past: Vec::new(), recurred: vec![0; recurred.len()], coming: vec![0; coming.len()] }
    }

    /// Adds an amount to a month, counted from this one.
    fn add(&mut self, place: Option<Place>, month: i32, amount: i64) {
        let nothing = self.nothing();
        let of_place = place.map(|place| self.by_place.entry(place).or_insert(nothing));
        for row in [Some(&mut self.overall), of_place].into_iter().flatten() {
            let cell = match usize::try_from(month) {
                Ok(at) => row.coming.get_mut(at),
                Err(_) => {
                    let back = usize::try_from(month.unsigned_abs()).unwrap_or(usize::MAX);
                    row.recurred.len().checked_sub(back).and_then(|at| row.recurred.get_mut(at))
                }
            };
            if let Some(cell) = cell {
                *cell = cell.saturating_add(amount);
            }
        }
    }
}

/// What a series cost, at the rates of its days; what was paid this month is known of the forecast's first.
fn paid<'a>(
    view: &'a View<'_>,
    index: &'a Index,
    found: &'a Found,
    currency: Currency,
) -> impl Iterator<Item = (Month, i64)> + 'a {
    let pair = view.rates.pair(found.shop.1, currency);
    let payments = index.shops.get(&found.shop).map_or(&[][..], |shop| &shop.payments);
    found.members.iter().filter_map(move |member| {
        let payment = payments.get(*member)?;
        let amount = pair.convert(payment.amount, day_number(payment.date))?;
        Some((Month::of(payment.date), amount.saturating_neg()))
    })
}

/// What a series will cost, at the newest rate. What is late is expected this month, unless it is long overdue.
fn due<'a>(
    view: &'a View<'_>,
    found: &'a Found,
    horizon: usize,
    currency: Currency,
) -> impl Iterator<Item = (Month, i64)> + 'a {
    let today = view.moment.today;
    let last = Month::of(today).plus(i32::try_from(horizon).unwrap_or(0) - 1).last_day();
    let amount = recurring::today(view, found.series.amount, found.shop.1, currency);
    let missed = found.series.missed;
    let dates = found.series.expected(last).filter(move |date| !missed || *date >= today);
    let amount = amount.map(i64::saturating_neg);
    dates.filter_map(move |date| Some((Month::of(date.max(today)), amount?)))
}
