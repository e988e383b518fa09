//! Whether a payment is unusual against what was known before it, and by how much. It must not know who paid whom; the
//! caller passes payments of one merchant and sizes of one currency.

use jiff::civil::Date;

use crate::recurring::{Series, days_between};
use crate::robust::{MAD_TO_SIGMA, median, median_and_mad, rounded};

/// With fewer payments the merchant says nothing about sizes, with fewer the category, with fewer the user.
const FEWEST_AT_MERCHANT: usize = 3;
const FEWEST_IN_CATEGORY: usize = 8;
const FEWEST_USUAL: usize = 20;
/// The least deviation of logarithms: an eighth more is never unusual by itself, even where every amount was the same.
const LEAST_DEVIATION: f64 = 0.1;
/// A category holds merchants of several sizes; where one of them makes up most of it, the others are not unusual.
const LEAST_IN_CATEGORY: f64 = 0.5;
/// The category's deviation counts as so many payments at the merchant, and at most so much.
const PRIOR_COUNT: f64 = 2.0;
const MOST_PRIOR: f64 = 0.5;
/// From so many deviations on an amount is unusual. A category holds many merchants, so more is needed.
const LEAST_AGAINST_MERCHANT: f64 = 3.0;
const LEAST_AGAINST_CATEGORY: f64 = 3.5;
/// Two equal charges within these days may be one charge taken twice.
const TWIN_DAYS: i64 = 3;
/// Twins are sought among so many neighbours, which bounds the work.
const NEIGHBOURS: usize = 8;
/// Where a larger part of the payments repeats the one before, repeating is the habit: bus fares, coffee.
const MOST_HABIT: f64 = 0.1;
/// An amount is rare if at most this part of the payments is as large; at a new place it must be so many times the median, too.
const LARGER_PART: f64 = 0.03;
const LEAST_FACTOR: f64 = 3.0;
/// More than this factor is another thing than a new price.
const LARGEST_RISE: f64 = 2.0;

/// A payment: when, and minor units; below zero is money out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    pub date: Date,
    pub amount: i64,
}

/// What was known before the payment. The signs of sizes do not matter.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Payments at the same merchant, ascending by date.
    pub merchant: &'a [Payment],
    /// Sizes of payments in the same category.
    pub category: &'a [i64],
    /// Sizes of the user's payments of the last year.
    pub usual: &'a [i64],
    /// The series found at the merchant.
    pub series: &'a [Series],
}

/// What an amount was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Against {
    Merchant,
    Category,
}

impl Against {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Against::Merchant => "merchant",
            Against::Category => "category",
        }
    }
}

/// Why a payment is unusual. Sizes are minor units without sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Far from the median; `deviations` counts median absolute deviations, scaled to standard ones.
    Amount { against: Against, usual: i64, deviations: f64 },
    /// The same amount as another payment at this merchant some days ago.
    Duplicate {
        /// Index into `Past::merchant`.
        of: usize,
        days: i32,
    },
    /// Never paid this merchant before, and more than the user's usual size.
    FirstTime { usual: i64 },
    /// A recurring payment that costs more than before.
    PriceRise { from: i64, percent: f64 },
}

/// How strong a finding is; comparable between kinds, so a list can be ranked by it. About the number of deviations that
/// would be as surprising; the constants of the other kinds place them among amounts and are measured in `EVALUATION.md`.
#[must_use]
pub fn strength(finding: &Finding) -> f64 {
    match finding {
        Finding::Amount { deviations, .. } => *deviations,
        Finding::Duplicate { days, .. } => 7.0 - 0.5 * f64::from(*days),
        Finding::FirstTime { .. } => 5.0,
        Finding::PriceRise { percent, .. } => 6.0 + (percent / 20.0).min(2.0),
    }
}

/// The findings about a payment, the strongest first. Money coming in is never unusual here. The work is linear in what
/// is passed, and a year of the merchant is enough.
#[must_use]
pub fn unusual(payment: &Payment, past: &Past<'_>) -> Vec<Finding> {
    if payment.amount >= 0 {
        return Vec::new();
    }
    let rise = price_rise(payment, past);
    // What explains itself as a new price is not a strange amount as well.
    let amount = if rise.is_some() { None } else { amount(payment, past) };
    let found = [amount, duplicate(payment, past), first_time(payment, past), rise];
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    findings.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    findings
}

/// Without sign.
fn size(amount: i64) -> f64 {
    amount.unsigned_abs() as f64
}

/// Sizes are compared by their logarithms: twice as much is as far from usual for bread as for rent.
fn logarithms(sizes: impl Iterator<Item = i64>) -> Vec<f64> {
    sizes.filter(|size| *size != 0).map(|amount| size(amount).ln()).collect()
}

fn amount(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    let own = past.merchant.iter().map(|one| one.amount).filter(|amount| *amount < 0);
    let mut own = logarithms(own);
    let mut category = logarithms(past.category.iter().copied());
    let (own_count, category_count) = (own.len(), category.len());
    let wide = median_and_mad(&mut category).filter(|_| category_count >= FEWEST_IN_CATEGORY);
    let deviation = |mad: f64| (MAD_TO_SIGMA * mad).max(LEAST_DEVIATION);
    let (against, middle, deviation, least) = if own_count >= FEWEST_AT_MERCHANT {
        let (middle, mad) = median_and_mad(&mut own)?;
        // Few payments may look steadier than the merchant is: the category's spread counts as some of them.
        let prior = wide.map_or(MOST_PRIOR, |(_, mad)| deviation(mad).min(MOST_PRIOR));
        let count = own_count as f64;
        let variance = (count * deviation(mad).powi(2) + PRIOR_COUNT * prior.powi(2)) / (count + PRIOR_COUNT);
        (Against::Merchant, middle, variance.sqrt(), LEAST_AGAINST_MERCHANT)
    } else {
        let (middle, mad) = wide?;
        if !is_rare(payment, past.category) {
            return None;
        }
        (Against::Category, middle, deviation(mad).max(LEAST_IN_CATEGORY), LEAST_AGAINST_CATEGORY)
    };
    let deviations = (size(payment.amount).ln() - middle) / deviation;
    (deviations >= least).then(|| Finding::Amount { against, usual: rounded(middle.exp()), deviations })
}

/// The same charge again, unless that is the habit of this merchant or a series that is due.
fn duplicate(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    let is_twin = |earlier: &Payment, later: &Payment| {
        earlier.amount == later.amount && (0..=TWIN_DAYS).contains(&days_between(earlier.date, later.date))
    };
    let (of, twin) =
        past.merchant.iter().enumerate().rev().take(NEIGHBOURS).find(|(_, one)| is_twin(one, payment))?;
    let is_known = past.series.iter().any(|series| {
        let off = size(payment.amount) - size(series.amount);
        series.amount < 0 && series.is_due(payment.date) && off.abs() <= size(series.tolerance)
    });
    let recent = || {
        let year = past.merchant.iter().enumerate().rev();
        year.take_while(|(_, one)| days_between(one.date, payment.date) <= 366)
    };
    let again = |at: usize, one: &Payment| {
        let before = past.merchant.get(at.saturating_sub(NEIGHBOURS)..at).unwrap_or_default();
        one.amount < 0 && before.iter().any(|earlier| is_twin(earlier, one))
    };
    let repeats = recent().filter(|&(at, one)| again(at, one)).count() as f64;
    let habit = (repeats + 0.2) / (recent().count() as f64 + 2.0);
    let days = days_between(twin.date, payment.date) as i32;
    (!is_known && habit < MOST_HABIT).then_some(Finding::Duplicate { of, days })
}

/// Above nearly all sizes of the user's year, not only above the middle one: everybody has a rent and many coffees.
fn first_time(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    if !past.merchant.is_empty() || past.usual.len() < FEWEST_USUAL {
        return None;
    }
    let mut sizes: Vec<f64> = past.usual.iter().map(|amount| size(*amount)).collect();
    let usual = median(&mut sizes)?;
    let is_large = size(payment.amount) >= LEAST_FACTOR * usual && is_rare(payment, past.usual);
    is_large.then(|| Finding::FirstTime { usual: rounded(usual) })
}

/// Whether at most a small part of the sizes is as large.
fn is_rare(payment: &Payment, sizes: &[i64]) -> bool {
    let as_large = sizes.iter().filter(|one| one.unsigned_abs() >= payment.amount.unsigned_abs()).count();
    as_large as f64 <= LARGER_PART * sizes.len() as f64
}

/// A payment on the day a series is due, above its tolerance and below double, at a price never paid there before.
fn price_rise(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    if past.merchant.iter().any(|one| one.amount == payment.amount) {
        return None;
    }
    let to = size(payment.amount);
    let rise = |series: &Series| {
        let from = size(series.amount);
        let rose = to > from + size(series.tolerance) && to <= from * LARGEST_RISE;
        (series.amount < 0 && rose && series.is_due(payment.date)).then(|| (to / from - 1.0) * 100.0)
    };
    let rises = past.series.iter().filter_map(|series| Some((series, rise(series)?)));
    let (series, percent) = rises.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Finding::PriceRise { from: rounded(size(series.amount)), percent })
}
