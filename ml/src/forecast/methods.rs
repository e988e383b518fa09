//! The methods that compete: each foretells the months after a past from that past alone. None knows how well it does.

use crate::forecast::ridge;
use crate::robust::{MAD_TO_SIGMA, median, median_and_mad};

/// A year, the longest window of any level.
pub(super) const YEAR: usize = 12;
/// How much a new month moves the smoothed level.
const SMOOTHING: f64 = 0.25;
/// Beyond so many deviations from the year's median a month counts as if it lay there.
const WINSOR: f64 = 1.5;

/// How a series is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The median of the last twelve months.
    Median12,
    /// The median of the last six months.
    Median6,
    /// Exponential smoothing over months whose outliers are pulled in.
    WinsorisedSmoothing,
    /// The last month again.
    LastMonth,
    /// The median of twelve months and what the same month of earlier years was above or below its own year.
    SeasonalMedian,
    /// The same month of the last year again.
    SeasonalNaive,
    /// Ridge regression on earlier months.
    Ridge,
}

impl Method {
    /// All of them, the simplest first.
    pub const ALL: [Method; 7] = [
        Method::Median12,
        Method::Median6,
        Method::WinsorisedSmoothing,
        Method::LastMonth,
        Method::SeasonalMedian,
        Method::SeasonalNaive,
        Method::Ridge,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Median12 => "median_12",
            Method::Median6 => "median_6",
            Method::WinsorisedSmoothing => "winsorised_smoothing",
            Method::LastMonth => "last_month",
            Method::SeasonalMedian => "seasonal_median",
            Method::SeasonalNaive => "seasonal_naive",
            Method::Ridge => "ridge",
        }
    }

    /// The months after the past. None where the past is too short for the method.
    pub(super) fn predict(self, past: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let level = match self {
            Method::Median12 => median_of_last(past, YEAR)?,
            Method::Median6 => median_of_last(past, YEAR / 2)?,
            Method::WinsorisedSmoothing => smoothed(past)?,
            Method::LastMonth => *past.last()?,
            Method::SeasonalMedian => {
                return (0..horizon).map(|ahead| seasonal_median(past, ahead)).collect();
            }
            Method::SeasonalNaive => return (0..horizon).map(|ahead| year_before(past, ahead)).collect(),
            Method::Ridge => return ridge::predict(past, horizon),
        };
        Some(vec![level; horizon])
    }
}

pub(super) fn median_of_last(past: &[f64], months: usize) -> Option<f64> {
    let from = past.len().saturating_sub(months);
    median(&mut past.get(from..)?.to_vec())
}

/// The same month of the last year that has it.
fn year_before(past: &[f64], ahead: usize) -> Option<f64> {
    past.get((past.len() + ahead % YEAR).checked_sub(YEAR)?).copied()
}

fn smoothed(past: &[f64]) -> Option<f64> {
    let mut level = median_of_last(past.get(..past.len().min(3))?, 3)?;
    for (at, &value) in past.iter().enumerate().skip(1) {
        let from = (at + 1).saturating_sub(YEAR);
        let (middle, deviation) = median_and_mad(&mut past.get(from..=at)?.to_vec())?;
        let reach = WINSOR * MAD_TO_SIGMA * deviation;
        level += SMOOTHING * (value.clamp(middle - reach, middle + reach) - level);
    }
    Some(level)
}

/// Shrunk towards no season at all by one imagined year without one.
fn seasonal_median(past: &[f64], ahead: usize) -> Option<f64> {
    year_before(past, ahead)?;
    let target = past.len() + ahead % YEAR;
    let deviations = (1..).map_while(|years| {
        let at = target.checked_sub(years * YEAR)?;
        let around = past.get(at.saturating_sub(YEAR / 2)..(at + YEAR / 2).min(past.len()))?;
        Some(past.get(at)? - median(&mut around.to_vec())?)
    });
    let (sum, years) = deviations.fold((0.0, 0.0), |(sum, years), deviation| (sum + deviation, years + 1.0));
    Some(median_of_last(past, YEAR)? + sum / (years + 1.0))
}
