//! Whether a payment is unusual against what was known before it, and by how much. It must not know who paid whom; the
//! caller passes payments of one merchant and sizes of one currency.

use jiff::civil::Date;

use crate::recurring::{Series, days_between};
use crate::robust::{MAD_TO_SIGMA, median, median_and_mad, rounded};

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

#[must_use]
pub fn strength(finding: &Finding) -> f64 {
    match finding {
        Finding::Amount { deviations, .. } => *deviations,
        Finding::Duplicate { .. } => 6.0,
        Finding::FirstTime { .. } => 4.0,
        Finding::PriceRise { percent, .. } => 3.0 + percent / 10.0,
    }
}

/// The findings about a payment, the strongest first. Money coming in is never unusual here.
#[must_use]
pub fn unusual(payment: &Payment, past: &Past<'_>) -> Vec<Finding> {
    if payment.amount >= 0 {
        return Vec::new();
    }
    let mut findings: Vec<Finding> = [
        amount(payment, past),
        duplicate(payment, past),
        first_time(payment, past),
        price_rise(payment, past),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    findings
}

fn size(amount: i64) -> f64 {
    amount.unsigned_abs() as f64
}

fn amount(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    let merchant: Vec<f64> =
        past.merchant.iter().filter(|p| p.amount < 0).map(|p| size(p.amount).ln()).collect();
    let (against, mut logs) = if merchant.len() >= 5 {
        (Against::Merchant, merchant)
    } else {
        (Against::Category, past.category.iter().filter(|a| **a != 0).map(|a| size(*a).ln()).collect())
    };
    if logs.len() < 5 {
        return None;
    }
    let (middle, mad) = median_and_mad(&mut logs)?;
    let deviations = (size(payment.amount).ln() - middle) / (MAD_TO_SIGMA * mad).max(0.15);
    (deviations >= 3.0).then(|| Finding::Amount { against, usual: rounded(middle.exp()), deviations })
}

fn duplicate(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    let (of, twin) = past.merchant.iter().enumerate().rfind(|(_, p)| p.amount == payment.amount)?;
    let days = days_between(twin.date, payment.date);
    (0..=3).contains(&days).then_some(Finding::Duplicate { of, days: days as i32 })
}

fn first_time(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    if !past.merchant.is_empty() || past.usual.len() < 20 {
        return None;
    }
    let usual = median(&mut past.usual.iter().map(|a| size(*a)).collect::<Vec<f64>>())?;
    (size(payment.amount) > 5.0 * usual).then(|| Finding::FirstTime { usual: rounded(usual) })
}

fn price_rise(payment: &Payment, past: &Past<'_>) -> Option<Finding> {
    let series = past.series.iter().find(|series| series.amount < 0 && series.is_due(payment.date))?;
    let (from, to) = (size(series.amount), size(payment.amount));
    let rose = to > from + size(series.tolerance) && to <= from * 2.0;
    rose.then(|| Finding::PriceRise { from: rounded(from), percent: (to / from - 1.0) * 100.0 })
}
