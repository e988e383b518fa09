//! How figures look on the wire: amounts as decimal strings, shares as numbers with one decimal.

use finbrain_domain::{
    money::{Currency, format_minor},
    report::{Flow, RateUse, Share, Unconverted},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Percent with one decimal.
pub fn percent(share: Share) -> f64 {
    // Tenths are small integers, so the division is exact to the digit shown.
    share.0 as f64 / 10.0
}

/// What came in and what went out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flow)]
pub struct FlowView {
    /// Decimal string.
    #[schema(example = "12000.00")]
    r#in: String,
    /// Decimal string, negative or zero.
    #[schema(example = "-8420.50")]
    out: String,
    /// Decimal string: what is left of `in` after `out`.
    net: String,
    count: u32,
}

impl FlowView {
    pub fn new(flow: Flow, currency: Currency) -> Self {
        Self {
            r#in: format_minor(flow.income, currency),
            out: format_minor(flow.expenses, currency),
            net: format_minor(flow.net(), currency),
            count: flow.count,
        }
    }
}

/// Rows that no rate converts: they are in no total.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unconverted)]
pub struct UnconvertedView {
    currency: &'static str,
    /// Decimal string in that currency.
    amount: String,
    count: u32,
}

pub fn unconverted(left: &[Unconverted]) -> Vec<UnconvertedView> {
    left.iter()
        .map(|left| UnconvertedView {
            currency: left.currency.code(),
            amount: format_minor(left.amount, left.currency),
            count: left.count,
        })
        .collect()
}

/// The rates that converted the rows of one currency: those of the first and of the last row's day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RateUse)]
pub struct RateUseView {
    currency: &'static str,
    count: u32,
    first_date: String,
    /// Decimal string: units of the report's currency for one unit of `currency`.
    first_rate: String,
    last_date: String,
    last_rate: String,
    source: &'static str,
}

pub fn rates(used: &[RateUse]) -> Vec<RateUseView> {
    used.iter()
        .map(|used| RateUseView {
            currency: used.currency.code(),
            count: used.count,
            first_date: used.first.date.to_string(),
            first_rate: used.first.rate.normalize().to_string(),
            last_date: used.last.date.to_string(),
            last_rate: used.last.rate.normalize().to_string(),
            source: used.last.source.as_str(),
        })
        .collect()
}
