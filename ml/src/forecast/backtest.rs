//! How well each method would have done on this very series: from every month with a past, the next is foretold from that
//! past alone (a rolling origin, Tashman 2000).

use super::methods::{Method, YEAR};

/// With fewer months foretold a method cannot be told from the simplest.
const FEWEST_ERRORS: usize = 6;
/// Two methods that differ in a single month have a gain equal to its standard error: neither it nor rounding may decide.
const CLEARLY: f64 = 1.000_001;
/// A mean needs so many errors before it may scale a range.
const FEWEST_AHEAD: usize = 8;

/// What was foretold of each month and missed; None where the past was too short.
#[derive(Debug)]
pub(super) struct Backtest {
    pub method: Method,
    /// Actual minus foretold, for the months from the second on.
    pub errors: Vec<Option<f64>>,
}

impl Backtest {
    fn of(method: Method, values: &[f64]) -> Backtest {
        let error = |at: usize| {
            let foretold = method.predict(values.get(..at)?, 1)?;
            Some(values.get(at)? - foretold.first()?)
        };
        Backtest { method, errors: (1..values.len()).map(error).collect() }
    }

    /// The errors there are, oldest first.
    pub fn known(&self) -> Vec<f64> {
        self.errors.iter().copied().flatten().collect()
    }

    /// The sum of the errors over the sum of the amounts, for the months that were foretold.
    pub fn wape(&self, values: &[f64]) -> f64 {
        let months = self.errors.iter().zip(values.iter().skip(1));
        let (missed, amounts) = months
            .filter_map(|(error, value)| Some((error.as_ref()?.abs(), value.abs())))
            .fold((0.0, 0.0), |(missed, amounts), (error, value)| (missed + error, amounts + value));
        if amounts > 0.0 { missed / amounts } else { 0.0 }
    }

    /// By how much this one errs less than the other, in a month both foretold, and the standard error of that mean.
    fn gain_over(&self, other: &Backtest) -> Option<(f64, f64)> {
        let pairs = self.errors.iter().zip(&other.errors);
        let gains: Vec<f64> =
            pairs.filter_map(|(own, other)| Some((*other)?.abs() - (*own)?.abs())).collect();
        if gains.len() < FEWEST_ERRORS {
            return None;
        }
        let n = gains.len() as f64;
        let mean = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some((mean, (variance / n).sqrt()))
    }
}

/// The simplest method, unless another gains more than the standard error of its gain (the rule of Breiman et al. 1984);
/// of those, the one that gains most.
pub(super) fn choose(values: &[f64]) -> Backtest {
    let [simplest, others @ ..] = Method::ALL;
    let simplest = Backtest::of(simplest, values);
    let better = others.into_iter().filter_map(|method| {
        let candidate = Backtest::of(method, values);
        let (gain, deviation) = candidate.gain_over(&simplest)?;
        (gain > deviation * CLEARLY).then_some((gain, candidate))
    });
    let best = better.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate);
    best.unwrap_or(simplest)
}

/// By how much wider the range becomes with each month ahead, as the method's own errors at that distance say. Never
/// narrower than the month before, at most as wide as independent steps would make it.
pub(super) fn widening(method: Method, values: &[f64], horizon: usize) -> Vec<f64> {
    let reach = horizon.min(YEAR);
    let mut errors: Vec<(f64, f64)> = vec![(0.0, 0.0); reach];
    for at in 1..values.len() {
        let (past, future) = values.split_at(at);
        let foretold = method.predict(past, reach.min(future.len())).unwrap_or_default();
        for ((sum, count), (value, foretold)) in errors.iter_mut().zip(future.iter().zip(foretold)) {
            *sum += (value - foretold).abs();
            *count += 1.0;
        }
    }
    let mean = |(sum, count): &(f64, f64)| (*count >= FEWEST_AHEAD as f64).then(|| sum / count);
    let next = errors.first().and_then(mean).filter(|next| *next > 0.0);
    let mut widest: f64 = 1.0;
    (0..horizon)
        .map(|ahead| {
            let at_distance = errors.get(ahead).and_then(mean);
            let factor = at_distance.zip(next).map_or(1.0, |(mean, next)| mean / next);
            widest = widest.max(factor.min(((ahead + 1) as f64).sqrt()));
            widest
        })
        .collect()
}
