//! Monthly totals ahead, each with a range, by the method that would have done best on this series. Amounts are whole minor
//! units in and out and floats between, because these are estimates and no money. It must not know what the months are of.

mod backtest;
mod interval;
mod methods;
mod ridge;

pub use methods::Method;

use crate::robust::rounded;
use backtest::{choose, widening};
use interval::{Spread, coverage};

/// With fewer months nothing is forecast.
pub const LEAST_MONTHS: usize = 3;
/// At most so many months are forecast.
pub const MOST_MONTHS: usize = 60;
/// Older months are not looked at, so that the work is bounded.
const LONGEST_HISTORY: usize = 120;

/// What a month will probably be: less than `p10` in one case of ten, more than `p90` in one case of ten. Minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub p10: i64,
    pub p50: i64,
    pub p90: i64,
}

/// The months to come and how far to trust them.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub method: Method,
    /// Weighted absolute percentage error of the method on this history, one month ahead, rolling origin: the sum of the
    /// errors over the sum of the amounts. 0.2 is an error of a fifth.
    pub error: f64,
    /// The part of those months that fell into the P10-P90 known before them; 0 where the history is too short to say.
    pub coverage: f64,
    pub months: Vec<Range>,
}

/// The months after a history, oldest first; at most [`MOST_MONTHS`]. None when the history has fewer than [`LEAST_MONTHS`].
/// A history without a negative month has no negative forecast, and the other way round.
#[must_use]
pub fn forecast(history: &[i64], horizon: usize) -> Option<Forecast> {
    if history.len() < LEAST_MONTHS {
        return None;
    }
    let horizon = horizon.min(MOST_MONTHS);
    let recent = history.get(history.len().saturating_sub(LONGEST_HISTORY)..)?;
    let values: Vec<f64> = recent.iter().map(|&amount| amount as f64).collect();
    let backtest = choose(&values);
    let errors = backtest.known();
    let spread = Spread::of(&errors);
    let limits = limits(&values);
    let months = backtest.method.predict(&values, horizon)?;
    let widening = widening(backtest.method, &values, horizon);
    let months = months.into_iter().zip(widening).map(|(middle, wider)| {
        let within = |value: f64| rounded(value.clamp(limits.0, limits.1));
        Range {
            p10: within(middle - spread.below * wider),
            p50: within(middle),
            p90: within(middle + spread.above * wider),
        }
    });
    Some(Forecast {
        method: backtest.method,
        error: backtest.wape(&values),
        coverage: coverage(&errors),
        months: months.collect(),
    })
}

/// Spending that was never negative stays so, income likewise.
fn limits(values: &[f64]) -> (f64, f64) {
    let lowest = if values.iter().all(|value| *value >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
    let highest = if values.iter().all(|value| *value <= 0.0) { 0.0 } else { f64::INFINITY };
    (lowest, highest.max(lowest))
}

/// The forecast of what is not known in advance, with the known amounts of the coming months (recurring payments) added to
/// it. Method, error and coverage are those of the unknown part.
#[must_use]
pub fn forecast_with_known(residual: &[i64], known: &[i64], horizon: usize) -> Option<Forecast> {
    let mut forecast = forecast(residual, horizon)?;
    for (month, known) in forecast.months.iter_mut().zip(known) {
        let [p10, p50, p90] = [month.p10, month.p50, month.p90].map(|amount| amount.saturating_add(*known));
        *month = Range { p10, p50, p90 };
    }
    Some(forecast)
}
