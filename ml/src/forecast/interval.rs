//! Ranges from the errors of a backtest. Knows nothing of methods.

use crate::robust::quantile;

/// Older errors say little about the next.
const RECENT: usize = 36;
/// Before so many errors the coverage of earlier ranges is not counted.
const FEWEST: usize = 3;
/// Extra width that wanes with the square of the number of errors: the largest of two or three says little about the next.
const EXTRA: f64 = 6.0;

/// How far below and above the middle the next month will be, in one case of ten each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub below: f64,
    pub above: f64,
}

impl Spread {
    /// From errors, oldest first. The places of the quantiles are those of n + 1 exchangeable values (Weibull 1939), which
    /// cover as promised whatever the distribution; beyond the extremes the range is widened instead.
    pub fn of(errors: &[f64]) -> Spread {
        let mut recent: Vec<f64> = errors.iter().rev().take(RECENT).copied().collect();
        recent.sort_by(f64::total_cmp);
        let n = recent.len() as f64;
        let place = |part: f64| ((part * (n + 1.0) - 1.0) / (n - 1.0).max(1.0)).clamp(0.0, 1.0);
        let at = |part: f64| quantile(&recent, place(part)).unwrap_or_default();
        let wider = 1.0 + EXTRA / (n * n).max(1.0);
        Spread { below: (-at(0.1)).max(0.0) * wider, above: at(0.9).max(0.0) * wider }
    }

    fn covers(&self, error: f64) -> bool {
        -self.below <= error && error <= self.above
    }
}

/// The part of the errors that fell within the range made of those before them.
pub(super) fn coverage(errors: &[f64]) -> f64 {
    let hits: Vec<bool> = (FEWEST..errors.len())
        .filter_map(|at| Some(Spread::of(errors.get(..at)?).covers(*errors.get(at)?)))
        .collect();
    hits.iter().filter(|hit| **hit).count() as f64 / hits.len().max(1) as f64
}
