//! Unusual payments, from outside.

use finbrain_ml::anomaly::{Against, Finding, Past, Payment, strength, unusual};
use finbrain_ml::recurring::{Occurrence, Series, recurring};
use jiff::Span;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const TODAY: Date = date(2025, 6, 30);
const NOTHING: Past<'_> = Past { merchant: &[], category: &[], usual: &[], series: &[] };

fn before(days: i64) -> Date {
    TODAY.saturating_sub(Span::new().days(days))
}

fn today(amount: i64) -> Payment {
    Payment { date: TODAY, amount }
}

/// Every ten days, the last one five days ago.
fn shop(amounts: &[i64]) -> Vec<Payment> {
    let days = (0..).map(|back| 5 + 10 * back);
    let mut payments: Vec<Payment> =
        days.zip(amounts).map(|(back, &amount)| Payment { date: before(back), amount }).collect();
    payments.reverse();
    payments
}

fn monthly(amounts: &[i64]) -> (Vec<Payment>, Vec<Series>) {
    let date = |months: i64| TODAY.saturating_sub(Span::new().months(months));
    let payments: Vec<Payment> =
        sorted((1..).zip(amounts).map(|(back, &amount)| Payment { date: date(back), amount }));
    let occurrences: Vec<Occurrence> =
        payments.iter().map(|one| Occurrence { date: one.date, amount: one.amount }).collect();
    let series = recurring(&occurrences, TODAY);
    (payments, series)
}

fn sorted(payments: impl Iterator<Item = Payment>) -> Vec<Payment> {
    let mut payments: Vec<Payment> = payments.collect();
    payments.sort_by_key(|one| one.date);
    payments
}

#[test]
fn an_amount_far_from_the_merchants_median_is_unusual() {
    let merchant = shop(&[-2_900, -3_100, -3_400, -2_700, -3_000, -3_300]);
    let past = Past { merchant: &merchant, ..NOTHING };

    let findings = unusual(&today(-30_000), &past);

    let [Finding::Amount { against: Against::Merchant, usual, deviations }] = findings[..] else {
        panic!("{findings:?}")
    };
    assert!((2_900..=3_200).contains(&usual) && deviations > 5.0, "{findings:?}");
    assert_eq!(unusual(&today(-3_600), &past), []);
}

#[test]
fn a_constant_price_does_not_alarm_at_a_cent() {
    let merchant = shop(&[-2_900; 12]);
    let past = Past { merchant: &merchant, category: &[-2_900; 12], ..NOTHING };

    assert_eq!(unusual(&today(-2_901), &past), []);
    assert_eq!(unusual(&today(-3_100), &past), []);
    assert!(!unusual(&today(-29_000), &past).is_empty());
}

#[test]
fn without_a_history_at_the_merchant_the_category_decides() {
    let category = [-1_000, -1_200, -900, -1_500, -1_100, -1_300, -800, -1_050, -1_250];
    let merchant = shop(&[-1_100]);
    let past = Past { merchant: &merchant, category: &category, ..NOTHING };

    let findings = unusual(&today(-90_000), &past);

    assert!(matches!(findings[..], [Finding::Amount { against: Against::Category, .. }]), "{findings:?}");
}

#[test]
fn one_merchant_that_fills_a_category_does_not_make_the_others_unusual() {
    let fares_and_fuel: Vec<i64> = (0..100).map(|at| if at % 12 == 0 { -4_800 } else { -280 }).collect();

    assert_eq!(unusual(&today(-4_700), &Past { category: &fares_and_fuel, ..NOTHING }), []);
}

#[test]
fn a_category_of_one_price_has_a_spread_all_the_same() {
    let past = Past { category: &[-280; 100], ..NOTHING };

    assert_eq!(unusual(&today(-1_200), &past), []);
    assert!(!unusual(&today(-12_000), &past).is_empty());
}

#[test]
fn a_small_amount_is_not_unusual() {
    let merchant = shop(&[-2_900, -3_100, -3_400, -2_700, -3_000, -3_300]);

    assert_eq!(unusual(&today(-10), &Past { merchant: &merchant, ..NOTHING }), []);
}

#[test]
fn the_same_charge_two_days_later_is_a_duplicate() {
    let mut merchant = shop(&[-2_900, -3_150, -3_400]);
    merchant.push(Payment { date: before(2), amount: -4_275 });

    let findings = unusual(&today(-4_275), &Past { merchant: &merchant, ..NOTHING });

    assert_eq!(findings, [Finding::Duplicate { of: 3, days: 2 }]);
}

#[test]
fn another_amount_or_four_days_later_is_no_duplicate() {
    let at = |days: i64, amount: i64| {
        let merchant = [Payment { date: before(days), amount }];
        unusual(&today(-4_275), &Past { merchant: &merchant, ..NOTHING })
    };

    assert_eq!(at(1, -4_274), []);
    assert_eq!(at(4, -4_275), []);
    assert_eq!(at(1, 4_275), []);
    assert_eq!(at(3, -4_275), [Finding::Duplicate { of: 0, days: 3 }]);
}

#[test]
fn two_equal_bus_fares_a_day_are_a_habit() {
    let fares = (0..40).flat_map(|back| [before(back); 2]).map(|date| Payment { date, amount: -280 });
    let merchant = sorted(fares);

    assert_eq!(unusual(&today(-280), &Past { merchant: &merchant, ..NOTHING }), []);
}

#[test]
fn a_second_subscription_of_the_same_price_that_is_due_is_no_duplicate() {
    let months = (1..=8).map(|months| TODAY.saturating_sub(Span::new().months(months)));
    let own = months.map(|date| Payment { date, amount: -1_500 });
    let merchant = sorted(own.chain([Payment { date: before(1), amount: -1_500 }]));
    let (_, series) = monthly(&[-1_500; 8]);

    let known = unusual(&today(-1_500), &Past { merchant: &merchant, series: &series, ..NOTHING });
    let unknown = unusual(&today(-1_500), &Past { merchant: &merchant, ..NOTHING });

    assert_eq!(known, []);
    assert_eq!(unknown, [Finding::Duplicate { of: 8, days: 1 }]);
}

#[test]
fn a_first_payment_is_unusual_only_above_the_users_usual_sizes() {
    let usual: Vec<i64> = (1..=60).map(|size| size * 100).collect();
    let past = Past { usual: &usual, ..NOTHING };

    assert_eq!(unusual(&today(-4_000), &past), []);
    assert!(matches!(unusual(&today(-20_000), &past)[..], [Finding::FirstTime { usual: 3_050 }]));
    let known = [Payment { date: before(300), amount: -500 }];
    assert_eq!(unusual(&today(-20_000), &Past { merchant: &known, ..past }), []);
}

#[test]
fn a_recurring_payment_that_costs_more_is_a_price_rise() {
    let (merchant, series) = monthly(&[-1_000; 8]);
    let past = Past { merchant: &merchant, series: &series, ..NOTHING };

    let findings = unusual(&today(-1_250), &past);

    let [Finding::PriceRise { from: 1_000, percent }] = findings[..] else { panic!("{findings:?}") };
    assert!((percent - 25.0).abs() < 1e-9);
    assert_eq!(unusual(&today(-1_005), &past), []);
    assert_eq!(unusual(&today(-900), &past), []);
}

#[test]
fn a_price_that_was_paid_before_is_no_price_rise() {
    let (merchant, series) = monthly(&[-1_000, -1_000, -1_000, -1_000, -1_250, -1_000, -1_000, -1_000]);
    let past = Past { merchant: &merchant, series: &series, ..NOTHING };

    assert_eq!(unusual(&today(-1_250), &past), []);
    assert!(matches!(unusual(&today(-1_260), &past)[..], [Finding::PriceRise { .. }]));
}

#[test]
fn money_coming_in_is_never_unusual() {
    let merchant = shop(&[-2_900; 6]);

    assert_eq!(unusual(&today(9_999_999), &Past { merchant: &merchant, ..NOTHING }), []);
    assert_eq!(unusual(&today(0), &NOTHING), []);
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), -5_000_i64..0, any::<i64>()]
}

proptest! {
    #[test]
    fn any_past_gives_finite_findings_in_order(
        paid in proptest::collection::vec((0_i64..500, amounts()), 0..40),
        category in proptest::collection::vec(amounts(), 0..40),
        usual in proptest::collection::vec(amounts(), 0..40),
        amount in amounts(),
    ) {
        let merchant = sorted(paid.iter().map(|&(back, amount)| Payment { date: before(back), amount }));
        let occurrences: Vec<Occurrence> =
            merchant.iter().map(|one| Occurrence { date: one.date, amount: one.amount }).collect();
        let series = recurring(&occurrences, TODAY);
        let past = Past { merchant: &merchant, category: &category, usual: &usual, series: &series };

        let findings = unusual(&today(amount), &past);

        prop_assert!(findings.is_sorted_by(|a, b| strength(a) >= strength(b)));
        prop_assert!(findings.iter().all(|finding| strength(finding).is_finite() && strength(finding) > 0.0));
        for finding in &findings {
            if let Finding::Duplicate { of, .. } = finding {
                prop_assert_eq!(merchant[*of].amount, amount);
            }
        }
    }

    #[test]
    fn a_larger_amount_is_at_least_as_unusual(
        sizes in proptest::collection::vec(100_i64..100_000, 3..30),
        size in 100_i64..1_000_000,
        more in 1_i64..1_000_000,
    ) {
        let merchant = shop(&sizes.iter().map(|size| -size).collect::<Vec<_>>());
        let past = Past { merchant: &merchant, ..NOTHING };
        let deviations = |amount: i64| {
            let findings = unusual(&today(amount), &past);
            findings.iter().find_map(|finding| match finding {
                Finding::Amount { deviations, .. } => Some(*deviations),
                _ => None,
            })
        };

        prop_assert!(deviations(-size - more) >= deviations(-size));
    }
}
