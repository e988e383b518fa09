//! All that the first screen shows.

use super::{Breakdown, Cube, Flow, MAX_MONTHS, Unconverted, breakdown};
use crate::{
    calendar::Month,
    error::Error,
    ledger::Ledger,
    money::Currency,
    rates::RateBook,
    transaction::{Filter, Transaction, page},
};

/// Months from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub from: Month,
    pub to: Month,
}

impl Period {
    pub fn new(from: Month, to: Month) -> Result<Self, Error> {
        if to < from {
            return Err(Error::PeriodReversed);
        }
        let period = Self { from, to };
        if period.len() > MAX_MONTHS { Err(Error::PeriodTooLong { limit: MAX_MONTHS }) } else { Ok(period) }
    }

    /// How many months it has.
    pub fn len(self) -> usize {
        usize::try_from(self.to.index() - self.from.index() + 1).unwrap_or(0)
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn months(self) -> Vec<Month> {
        self.from.through(self.to).collect()
    }

    /// The period of the same length before it.
    pub fn previous(self) -> Self {
        let length = self.to.index() - self.from.index() + 1;
        Self { from: self.from.plus(-length), to: self.to.plus(-length) }
    }
}

#[derive(Debug, Clone)]
pub struct Dashboard {
    pub period: Period,
    pub totals: Flow,
    pub previous: Flow,
    pub breakdown: Breakdown,
    /// At least twelve months up to the period's last.
    pub months: Vec<(Month, Flow)>,
    pub recent: Vec<Transaction>,
    /// Rows whose category is not sure, of all times.
    pub review: usize,
    pub balance: Balance,
}

/// What all rows add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub amount: i128,
    pub currency: Currency,
    pub unconverted: Vec<Unconverted>,
}

/// So many of the newest rows are on the dashboard.
const RECENT: usize = 8;
const LEAST_MONTHS: i32 = 12;

pub fn dashboard(ledger: &Ledger, rates: &RateBook, cube: &Cube, period: Period) -> Dashboard {
    let months = period.months();
    let first = period.from.min(period.to.plus(1 - LEAST_MONTHS));
    let (recent, _) = page(ledger, &Filter::default(), None, RECENT);
    Dashboard {
        period,
        totals: cube.flow(&months),
        previous: cube.flow(&period.previous().months()),
        breakdown: breakdown(ledger, rates, cube, &months),
        months: first.through(period.to).map(|month| (month, cube.flow(&[month]))).collect(),
        recent: recent.into_iter().map(|row| row.to_transaction(ledger.tables())).collect(),
        review: cube.review(),
        balance: balance(rates, cube),
    }
}

/// The worth of all rows: every currency's sum at the newest rate, because a balance is of today.
pub fn balance(rates: &RateBook, cube: &Cube) -> Balance {
    let day = rates.newest().map_or(0, crate::calendar::day_number);
    let mut balance = Balance { amount: 0, currency: cube.currency(), unconverted: Vec::new() };
    for &(currency, amount, count) in cube.sums() {
        let pair = rates.pair(currency, cube.currency());
        match i64::try_from(amount).ok().and_then(|minor| pair.convert(minor, day)) {
            Some(amount) => balance.amount += i128::from(amount),
            None if currency == cube.currency() => balance.amount += amount,
            None => balance.unconverted.push(Unconverted { currency, amount, count }),
        }
    }
    balance
}
