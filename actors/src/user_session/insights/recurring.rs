//! Recurring payments: what people pay again and again, when next, and what they all cost a month.

use finbrain_domain::{
    calendar::day_number, category::CategoryId, ledger::Place, money::Currency, report::Unconverted,
    text::Name,
};
use finbrain_ml::recurring::{Cadence, PriceRise, Series};
use jiff::civil::Date;

use super::index::{Index, ShopId};
use crate::{
    error::Error,
    user_session::view::{Cubes, Query, View},
};

/// Recurring payments, with what they cost a month in one currency.
#[derive(Debug)]
pub struct GetRecurring {
    pub currency: Option<Currency>,
}

#[derive(Debug)]
pub struct RecurringItems {
    pub currency: Currency,
    /// The one due next first.
    pub items: Vec<RecurringItem>,
    /// Minor units; negative is money out. At the newest rates, because it is of today.
    pub monthly: i128,
    pub unconverted: Vec<Unconverted>,
}

/// A recurring payment.
#[derive(Debug, Clone)]
pub struct RecurringItem {
    pub merchant: Name,
    /// That of its last payment.
    pub category: Option<CategoryId>,
    pub cadence: Cadence,
    /// Minor units; negative is money out.
    pub amount: i64,
    pub currency: Currency,
    pub last: Date,
    pub next: Date,
    pub count: usize,
    pub missed: bool,
    pub price_rise: Option<PriceRise>,
}

/// A series with where it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub shop: ShopId,
    pub series: Series,
    /// The category of its last payment.
    pub place: Option<Place>,
    /// Places of its payments in the shop.
    pub members: Vec<usize>,
}

/// Everything that recurs as of today.
pub(super) fn found(view: &View<'_>, index: &mut Index) -> Vec<Found> {
    let mut found = Vec::new();
    for id in index.ordered() {
        let Some(shop) = index.shops.get_mut(&id) else { continue };
        let current = shop.series_today(view.moment.today).clone();
        for series in current.series {
            let members: Vec<usize> = series.members.iter().map(|member| member + current.start).collect();
            let place = members.last().and_then(|last| shop.places.get(*last).copied().flatten());
            found.push(Found { shop: id, series, place, members });
        }
    }
    found
}

pub(super) fn items(view: &View<'_>, index: &mut Index) -> Vec<RecurringItem> {
    let found = found(view, index);
    let item = |found: Found| RecurringItem {
        merchant: index.name(found.shop.0).clone(),
        category: found.place.and_then(|place| view.ledger.categories().key_at(place)).cloned(),
        cadence: found.series.cadence,
        amount: found.series.amount,
        currency: found.shop.1,
        last: found.series.last,
        next: found.series.next,
        count: found.series.count,
        missed: found.series.missed,
        price_rise: found.series.price_rise,
    };
    found.into_iter().map(item).collect()
}

impl Query for GetRecurring {
    type Output = RecurringItems;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<RecurringItems, Error> {
        let currency = self.currency.unwrap_or(view.ledger.settings().base_currency);
        let mut items = items(view, &mut view.insights.index(view));
        items.sort_by_key(|item| item.next);
        let mut answer = RecurringItems { currency, items, monthly: 0, unconverted: Vec::new() };
        for item in &answer.items {
            let monthly = i128::from(item.amount) * i128::from(item.cadence.per_year()) / 12;
            let converted =
                i64::try_from(monthly).ok().and_then(|minor| today(view, minor, item.currency, currency));
            match converted {
                Some(amount) => answer.monthly += i128::from(amount),
                None => leave_out(&mut answer.unconverted, item.currency, monthly),
            }
        }
        Ok(answer)
    }
}

/// An amount at the newest rate.
pub(super) fn today(view: &View<'_>, minor: i64, from: Currency, to: Currency) -> Option<i64> {
    let day = view.rates.newest().map_or(0, day_number);
    view.rates.pair(from, to).convert(minor, day)
}

fn leave_out(unconverted: &mut Vec<Unconverted>, currency: Currency, amount: i128) {
    match unconverted.iter_mut().find(|left| left.currency == currency) {
        Some(left) => {
            left.amount += amount;
            left.count += 1;
        }
        None => unconverted.push(Unconverted { currency, amount, count: 1 }),
    }
}
