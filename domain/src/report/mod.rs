//! Reports: figures computed from the ledger in memory. Each row is converted at the rate of its own date and rounded
//! once, so that every total is the sum of its rows; rows without a rate are left out and said to be.

mod breakdown;
mod cube;
mod dashboard;
mod health;
mod totals;

pub use self::{
    breakdown::{Breakdown, CategoryShare, MonthShare, Monthly, breakdown, monthly},
    cube::{Cell, Cube, Flow, RateUse, Unconverted},
    dashboard::{Balance, Dashboard, Period, balance, dashboard},
    health::{Action, Finances, HEALTH_MONTHS, Health, Part, PartName, health},
    totals::{ListTotals, totals},
};
use crate::{calendar::Month, error::Error};

/// A report covers at most this many months.
pub const MAX_MONTHS: usize = 1200;

/// A share in tenths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(pub i64);

impl Share {
    /// `part` of `whole`, rounded half up; zero when the two have different signs or the whole is zero.
    pub fn of(part: i128, whole: i128) -> Self {
        if whole == 0 || (part < 0) != (whole < 0) {
            return Self(0);
        }
        let (part, whole) = (part.unsigned_abs(), whole.unsigned_abs());
        let tenths = (part * 2000 + whole) / (whole * 2);
        Self(i64::try_from(tenths).unwrap_or(i64::MAX))
    }
}

/// Checks a list of months: not empty, none twice, at most [`MAX_MONTHS`]; sorted.
pub fn check_months(mut months: Vec<Month>) -> Result<Vec<Month>, Error> {
    months.sort_unstable();
    months.dedup();
    if months.len() > MAX_MONTHS { Err(Error::PeriodTooLong { limit: MAX_MONTHS }) } else { Ok(months) }
}
