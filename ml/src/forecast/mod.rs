//! Monthly totals ahead, with a range. Amounts are whole minor units in and out and floats between, because these are
//! estimates and no money.

use crate::robust::{median, quantile, rounded};

/// With fewer months nothing is forecast.
pub const LEAST_MONTHS: usize = 3;

/// What a month will probably be: less in one case of ten, the middle, more in one case of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub p10: i64,
    pub p50: i64,
    pub p90: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    Median6,
    Median12,
    WinsorisedSmoothing,
    SeasonalNaive,
    LastMonth,
    Ridge,
}

impl Method {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Median6 => "median_6",
            Method::Median12 => "median_12",
            Method::WinsorisedSmoothing => "winsorised_smoothing",
            Method::SeasonalNaive => "seasonal_naive",
            Method::LastMonth => "last_month",
            Method::Ridge => "ridge",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub method: Method,
    /// Weighted absolute percentage error, one step ahead, rolling origin: the sum of the errors over the sum of the sizes.
    pub error: f64,
    /// The part of the months in that backtest that fell into P10-P90.
    pub coverage: f64,
    pub months: Vec<Range>,
}

/// The months after a history, oldest first. None when the history has fewer than [`LEAST_MONTHS`].
#[must_use]
pub fn forecast(history: &[i64], horizon: usize) -> Option<Forecast> {
    if history.len() < LEAST_MONTHS {
        return None;
    }
    let values: Vec<f64> = history.iter().map(|&amount| amount as f64).collect();
    let middle = |past: &[f64]| median(&mut past.iter().rev().take(6).copied().collect::<Vec<f64>>());
    let mut errors: Vec<f64> =
        (1..values.len()).filter_map(|at| Some(values.get(at)? - middle(values.get(..at)?)?)).collect();
    let sizes: f64 = values.iter().skip(1).map(|value| value.abs()).sum();
    let error = errors.iter().map(|error| error.abs()).sum::<f64>() / sizes.max(1.0);
    errors.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&errors, 0.1)?, quantile(&errors, 0.9)?);
    let covered = errors.iter().filter(|error| (low..=high).contains(*error)).count();
    let p50 = middle(&values)?;
    let month =
        Range { p10: rounded(p50 + low.min(0.0)), p50: rounded(p50), p90: rounded(p50 + high.max(0.0)) };
    Some(Forecast {
        method: Method::Median6,
        error,
        coverage: covered as f64 / errors.len() as f64,
        months: vec![month; horizon],
    })
}

/// The forecast of what is not known, with the known amounts of the coming months added to it.
#[must_use]
pub fn forecast_with_known(residual: &[i64], known: &[i64], horizon: usize) -> Option<Forecast> {
    let mut forecast = forecast(residual, horizon)?;
    for (month, known) in forecast.months.iter_mut().zip(known) {
        let [p10, p50, p90] = [month.p10, month.p50, month.p90].map(|amount| amount.saturating_add(*known));
        *month = Range { p10, p50, p90 };
    }
    Some(forecast)
}
