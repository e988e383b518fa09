//! Forecasts, from outside.

use finbrain_ml::forecast::{LEAST_MONTHS, MOST_MONTHS, Method, Range, forecast, forecast_with_known};
use proptest::prelude::*;

/// Reproducible noise between -1 and 1.
fn noise(at: usize) -> f64 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 32)) % 2_001) as f64 / 1_000.0 - 1.0
}

fn series(months: usize, value: impl Fn(usize) -> f64) -> Vec<i64> {
    (0..months).map(|at| value(at).round() as i64).collect()
}

#[test]
fn with_fewer_than_three_months_nothing_is_forecast() {
    assert_eq!(forecast(&[], 12), None);
    assert_eq!(forecast(&[100_000; LEAST_MONTHS - 1], 12), None);
    assert!(forecast(&[100_000; LEAST_MONTHS], 12).is_some());
}

#[test]
fn a_constant_history_goes_on_without_doubt() {
    let forecast = forecast(&[125_000; 18], 12).unwrap();

    assert_eq!(forecast.months, [Range { p10: 125_000, p50: 125_000, p90: 125_000 }; 12]);
    assert_eq!((forecast.method, forecast.error, forecast.coverage), (Method::Median12, 0.0, 1.0));
}

#[test]
fn one_wild_month_does_not_move_the_forecast() {
    let mut history = series(24, |at| 100_000.0 + 5_000.0 * noise(at));
    history[23] = 2_000_000;

    let forecast = forecast(&history, 1).unwrap();

    assert!((90_000..115_000).contains(&forecast.months[0].p50), "{forecast:?}");
}

#[test]
fn a_strong_season_is_followed() {
    let history = series(48, |at| if at % 12 == 11 { 500_000.0 } else { 100_000.0 + 3_000.0 * noise(at) });

    let forecast = forecast(&history, 12).unwrap();

    assert!(matches!(forecast.method, Method::SeasonalNaive | Method::SeasonalMedian), "{forecast:?}");
    assert!(forecast.months[11].p50 > 300_000 && forecast.months[5].p50 < 150_000, "{forecast:?}");
}

#[test]
fn without_evidence_the_simplest_method_is_kept() {
    let simplest = (0..20)
        .map(|shift| series(30, |at| 100_000.0 + 40_000.0 * noise(at + 97 * shift)))
        .filter(|history| forecast(history, 1).unwrap().method == Method::Median12)
        .count();

    assert!(simplest >= 14, "{simplest} of 20");
}

#[test]
fn one_month_alone_does_not_choose_a_method() {
    let history = [44_503, 44_034, 100, 20_262, 30_865, 100, 29_905, 100];

    for unit in [1, 3, 7, 10, 100, 1_000] {
        let history = history.map(|amount| amount * unit);

        assert_eq!(forecast(&history, 1).unwrap().method, Method::Median12, "{unit}");
    }
}

#[test]
fn a_move_to_another_level_is_noticed() {
    let level = |at: usize| if at < 30 { 100_000.0 } else { 160_000.0 };
    let history = series(36, |at| level(at) + 2_000.0 * noise(at));

    let forecast = forecast(&history, 1).unwrap();

    assert!(forecast.months[0].p50 > 125_000, "{forecast:?}");
}

#[test]
fn the_error_is_that_of_each_month_foretold_from_those_before_it() {
    // 100 from 100, 100 from 100, 120 from 100: 20 of 320 were missed.
    let forecast = forecast(&[10_000, 10_000, 10_000, 12_000], 1).unwrap();

    assert!((forecast.error - 20.0 / 320.0).abs() < 1e-12, "{forecast:?}");
}

#[test]
fn a_range_never_narrows_with_distance() {
    let history = series(40, |at| 100_000.0 + 30_000.0 * noise(at) + 500.0 * at as f64);

    let forecast = forecast(&history, 24).unwrap();

    let flat = !matches!(forecast.method, Method::SeasonalNaive | Method::SeasonalMedian | Method::Ridge);
    assert!(flat && forecast.months.is_sorted_by(|a, b| a.p90 - a.p10 <= b.p90 - b.p10), "{forecast:?}");
}

#[test]
fn known_amounts_are_added_to_the_forecast_of_the_rest() {
    let residual = series(12, |at| 50_000.0 + 9_000.0 * noise(at));
    let rest = forecast(&residual, 3).unwrap();

    let whole = forecast_with_known(&residual, &[120_000, 120_000], 3).unwrap();

    assert_eq!(whole.months[0].p50, rest.months[0].p50 + 120_000);
    assert_eq!(whole.months[1].p10, rest.months[1].p10 + 120_000);
    assert_eq!(whole.months[2], rest.months[2]);
    assert_eq!(whole.method, rest.method);
}

#[test]
fn a_horizon_without_end_is_bounded() {
    assert_eq!(forecast(&[1, 2, 3], usize::MAX).unwrap().months.len(), MOST_MONTHS);
}

fn history() -> impl Strategy<Value = Vec<i64>> {
    let amount = prop_oneof![3 => 0_i64..500_000, 1 => Just(0), 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    prop_oneof![
        proptest::collection::vec(amount, LEAST_MONTHS..70),
        proptest::collection::vec(0_i64..500_000, LEAST_MONTHS..160),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_history_gives_ordered_ranges(history in history(), horizon in 0_usize..30) {
        let forecast = forecast(&history, horizon).unwrap();

        prop_assert_eq!(forecast.months.len(), horizon);
        prop_assert!(forecast.error.is_finite() && forecast.error >= 0.0);
        prop_assert!((0.0..=1.0).contains(&forecast.coverage));
        for month in &forecast.months {
            prop_assert!(month.p10 <= month.p50 && month.p50 <= month.p90);
        }
        if history.iter().all(|amount| *amount >= 0) {
            prop_assert!(forecast.months.iter().all(|month| month.p10 >= 0));
        }
    }

    #[test]
    fn spending_in_cents_is_forecast_like_spending_in_whole_units(
        history in proptest::collection::vec(100_i64..50_000, LEAST_MONTHS..50),
    ) {
        let cents: Vec<i64> = history.iter().map(|amount| amount * 100).collect();

        let (units, cents) = (forecast(&history, 6).unwrap(), forecast(&cents, 6).unwrap());

        for (unit, cent) in units.months.iter().zip(&cents.months) {
            prop_assert!((unit.p50 - cent.p50 / 100).abs() <= 1, "{units:?} {cents:?}");
        }
    }
}
