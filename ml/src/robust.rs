//! Medians and distances that a few wild values cannot move. Knows nothing of what the numbers mean.

/// Makes the median absolute deviation of a normal distribution equal its standard deviation (Rousseeuw and Croux 1993).
pub(crate) const MAD_TO_SIGMA: f64 = 1.4826;

/// The middle value, or the mean of the two middle ones. None of nothing. Reorders the values.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if below.len() < middle || values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.iter().take(middle).copied().fold(f64::NEG_INFINITY, f64::max);
    Some(lower + (upper - lower) / 2.0)
}

/// Median and median absolute deviation. Leaves the deviations in `values`.
pub(crate) fn median_and_mad(values: &mut [f64]) -> Option<(f64, f64)> {
    let middle = median(values)?;
    values.iter_mut().for_each(|value| *value = (*value - middle).abs());
    Some((middle, median(values)?))
}

/// The value below which the given part of the sorted values lies, between two of them by proportion (the seventh
/// definition of Hyndman and Fan 1996).
pub(crate) fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = part.clamp(0.0, 1.0) * last as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

/// To whole minor units. The cast saturates at the ends of i64 and makes zero of what is no number.
pub(crate) fn rounded(value: f64) -> i64 {
    value.round() as i64
}
