//! Totals of everything that a filter lets through.

use std::collections::BTreeMap;

use super::{Flow, Unconverted};
use crate::{
    ledger::Ledger,
    money::Currency,
    rates::RateBook,
    transaction::{Filter, Matcher},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTotals {
    pub currency: Currency,
    /// All matching rows, those without a rate included.
    pub count: u32,
    pub flow: Flow,
    pub unconverted: Vec<Unconverted>,
}

/// Counts and adds up the rows that match, in `currency`.
pub fn totals(ledger: &Ledger, rates: &RateBook, filter: &Filter, currency: Currency) -> ListTotals {
    let matcher = Matcher::new(ledger, filter);
    let mut totals = ListTotals { currency, count: 0, flow: Flow::default(), unconverted: Vec::new() };
    let mut left: BTreeMap<Currency, Unconverted> = BTreeMap::new();
    for row in ledger.rows().between(filter.from, filter.to).filter(|row| matcher.matches(*row, ledger)) {
        totals.count += 1;
        match rates.pair(row.currency(), currency).convert(row.minor(), row.day()) {
            Some(amount) if !row.is_transfer() => totals.flow.add(i128::from(amount)),
            Some(_) => {}
            None => {
                let new = Unconverted { currency: row.currency(), amount: 0, count: 0 };
                let sum = left.entry(row.currency()).or_insert(new);
                sum.amount += i128::from(row.minor());
                sum.count += 1;
            }
        }
    }
    totals.unconverted = left.into_values().collect();
    totals
}
