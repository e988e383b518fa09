//! Recurring series, from outside.

use finbrain_ml::recurring::{Cadence, Occurrence, PriceRise, Series, recurring};
use jiff::Span;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const START: Date = date(2024, 1, 15);

fn later(from: Date, cadence: Cadence, periods: i64) -> Date {
    let span = Span::new();
    from.saturating_add(match cadence {
        Cadence::Weekly => span.weeks(periods),
        Cadence::Fortnightly => span.weeks(2 * periods),
        Cadence::Monthly => span.months(periods),
        Cadence::Quarterly => span.months(3 * periods),
        Cadence::HalfYearly => span.months(6 * periods),
        Cadence::Yearly => span.years(periods),
    })
}

fn paid(from: Date, cadence: Cadence, amounts: &[i64]) -> Vec<Occurrence> {
    (0..)
        .zip(amounts)
        .map(|(period, &amount)| Occurrence { date: later(from, cadence, period), amount })
        .collect()
}

fn sorted(mut occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
    occurrences.sort_by_key(|one| one.date);
    occurrences
}

/// The series found on the day after the last payment.
fn found(occurrences: &[Occurrence]) -> Vec<Series> {
    let last = occurrences.last().expect("there are payments").date;
    recurring(occurrences, last.saturating_add(Span::new().days(1)))
}

#[test]
fn every_cadence_is_recognised_with_its_next_date() {
    for cadence in Cadence::ALL {
        let occurrences = paid(START, cadence, &[-999; 6]);

        let series = found(&occurrences);

        let [only] = &series[..] else { panic!("{cadence:?}: {series:?}") };
        assert_eq!((only.cadence, only.amount, only.count), (cadence, -999, 6));
        assert_eq!(only.next, later(START, cadence, 6), "{cadence:?}");
        assert!(!only.missed && only.price_rise.is_none());
    }
}

#[test]
fn a_charge_at_the_end_of_the_month_returns_to_the_31st() {
    let occurrences: Vec<Occurrence> =
        [(2024, 10, 31), (2024, 11, 30), (2024, 12, 31), (2025, 1, 31), (2025, 2, 28)]
            .map(|(year, month, day)| Occurrence { date: date(year, month, day), amount: -50_000 })
            .to_vec();

    let series = found(&occurrences);

    let expected: Vec<Date> = series[0].expected(date(2025, 6, 30)).collect();
    assert_eq!(expected, [date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31), date(2025, 6, 30)]);
}

#[test]
fn a_short_february_does_not_shorten_the_months_after_it() {
    let occurrences: Vec<Occurrence> = [(2024, 10, 31), (2024, 11, 30), (2024, 12, 31), (2025, 1, 31)]
        .map(|(year, month, day)| Occurrence { date: date(year, month, day), amount: -50_000 })
        .to_vec();

    let series = found(&occurrences);

    let expected: Vec<Date> = series[0].expected(date(2025, 4, 30)).collect();
    assert_eq!(expected, [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]);
}

#[test]
fn weekends_move_a_payment_but_not_the_day_it_is_due() {
    let days = [(1, 1), (2, 1), (3, 3), (4, 1), (5, 1), (6, 2), (7, 1), (8, 3)];
    let occurrences: Vec<Occurrence> =
        days.map(|(month, day)| Occurrence { date: date(2025, month, day), amount: -80_000 }).to_vec();

    let series = found(&occurrences);

    assert_eq!(series[0].next, date(2025, 9, 1));
}

#[test]
fn two_subscriptions_of_one_merchant_are_two_series() {
    let storage = paid(date(2024, 1, 3), Cadence::Monthly, &[-299; 10]);
    let music = paid(date(2024, 1, 20), Cadence::Monthly, &[-1_099; 10]);
    let occurrences = sorted([storage, music].concat());

    let series = found(&occurrences);

    let mut amounts: Vec<i64> = series.iter().map(|one| one.amount).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [-1_099, -299]);
    assert!(series.iter().all(|one| one.cadence == Cadence::Monthly && one.count == 10));
}

#[test]
fn two_equal_subscriptions_of_one_merchant_are_two_series() {
    let occurrences = sorted(paid(START, Cadence::Monthly, &[-1_500; 8]).repeat(2));

    let series = found(&occurrences);

    assert_eq!(series.iter().map(|one| one.count).collect::<Vec<_>>(), [8, 8], "{series:?}");
}

#[test]
fn a_subscription_stands_out_from_purchases_at_the_same_shop() {
    let mut occurrences = paid(START, Cadence::Monthly, &[-899; 9]);
    let purchases =
        [(3, -4_510), (17, -1_999), (41, -12_700), (80, -2_350), (96, -7_405), (150, -3_120), (171, -25_990)];
    occurrences.extend(
        purchases
            .map(|(day, amount)| Occurrence { date: START.saturating_add(Span::new().days(day)), amount }),
    );

    let series = found(&sorted(occurrences));

    let [only] = &series[..] else { panic!("{series:?}") };
    assert_eq!((only.amount, only.count), (-899, 9));
}

#[test]
fn a_subscription_stays_one_series_when_its_price_rises_among_purchases() {
    let mut occurrences = paid(START, Cadence::Monthly, &[-899, -899, -899, -899, -899, -899, -1_199]);
    let purchases = [(3, -4_510), (17, -1_999), (41, -12_700), (80, -2_350), (96, -7_405), (150, -3_120)];
    occurrences.extend(
        purchases
            .map(|(day, amount)| Occurrence { date: START.saturating_add(Span::new().days(day)), amount }),
    );

    let series = found(&sorted(occurrences));

    let [only] = &series[..] else { panic!("{series:?}") };
    let rise = only.price_rise.map(|rise| (rise.from, rise.to));
    assert_eq!((only.count, rise), (7, Some((-899, -1_199))));
}

#[test]
fn a_price_among_many_in_a_place_visited_at_odd_times_is_no_series() {
    let menu = [-320, -380, -450, -790];
    let days =
        [0, 1, 4, 6, 9, 10, 13, 17, 18, 20, 24, 27, 29, 30, 34, 37, 39, 44, 45, 49, 51, 56, 58, 60, 65, 66];
    let visits: Vec<Occurrence> = days
        .into_iter()
        .enumerate()
        .map(|(at, day)| Occurrence {
            date: START.saturating_add(Span::new().days(day)),
            amount: menu[at * at % 7 % 4],
        })
        .collect();

    assert_eq!(found(&visits), []);
}

#[test]
fn a_bill_that_varies_is_a_series_with_a_tolerance() {
    let bills =
        [-8_200, -7_900, -6_400, -5_100, -4_800, -4_500, -4_700, -4_900, -5_600, -6_800, -7_700, -8_400];

    let series = found(&paid(START, Cadence::Monthly, &bills));

    let [only] = &series[..] else { panic!("{series:?}") };
    assert_eq!((only.cadence, only.count), (Cadence::Monthly, 12));
    assert!(only.tolerance > 1_000 && only.price_rise.is_none(), "{only:?}");
}

#[test]
fn a_price_rise_is_told_from_its_first_payment_on() {
    let amounts = [-999, -999, -999, -999, -999, -999, -1_199];

    let series = found(&paid(START, Cadence::Monthly, &amounts));

    let rise = PriceRise { from: -999, to: -1_199, since: later(START, Cadence::Monthly, 6) };
    assert_eq!((series[0].price_rise, series[0].amount, series[0].count), (Some(rise), -1_199, 7));
}

#[test]
fn a_cheaper_price_and_a_higher_salary_are_no_rise() {
    for amounts in [[-1_199, -1_199, -1_199, -999, -999], [300_000, 300_000, 300_000, 330_000, 330_000]] {
        let series = found(&paid(START, Cadence::Monthly, &amounts));

        assert_eq!((series.len(), series[0].price_rise), (1, None));
    }
}

#[test]
fn a_late_payment_is_missed_and_after_two_periods_the_series_has_ended() {
    let occurrences = paid(START, Cadence::Monthly, &[-999; 6]);
    let due = later(START, Cadence::Monthly, 6);
    let after = |days: i64| recurring(&occurrences, due.saturating_add(Span::new().days(days)));

    assert!(!after(3)[0].missed);
    assert!(after(10)[0].missed);
    assert_eq!(after(40), []);
}

#[test]
fn a_skipped_month_does_not_end_a_series() {
    let mut occurrences = paid(START, Cadence::Monthly, &[-999; 9]);
    occurrences.remove(4);

    let series = found(&occurrences);

    assert_eq!((series.len(), series[0].count), (1, 8));
}

#[test]
fn a_daily_habit_is_no_series() {
    let coffee: Vec<Occurrence> = (0..120)
        .filter(|day| day % 7 < 5)
        .map(|day| Occurrence { date: START.saturating_add(Span::new().days(day)), amount: -380 })
        .collect();

    assert_eq!(found(&coffee), []);
}

#[test]
fn irregular_purchases_are_no_series() {
    let days = [0, 5, 31, 33, 70, 88, 121, 160, 163, 204];
    let amounts = [-1_250, -8_300, -2_999, -450, -6_120, -3_333, -990, -15_000, -720, -2_480];
    let purchases: Vec<Occurrence> = days
        .into_iter()
        .zip(amounts)
        .map(|(day, amount)| Occurrence { date: START.saturating_add(Span::new().days(day)), amount })
        .collect();

    assert_eq!(found(&purchases), []);
}

#[test]
fn like_purchases_that_happen_to_lie_quarters_apart_are_no_series() {
    let days = |count: i64| START.saturating_add(Span::new().days(count));
    let mut purchases = paid(START, Cadence::Quarterly, &[-8440, -8510, -8467, -8390]);
    purchases.extend(paid(days(19), Cadence::Quarterly, &[-8352, -8290, -8400, -8352]));
    purchases.extend(paid(days(52), Cadence::Quarterly, &[-7398, -7450, -7360, -7398]));
    let insurance = paid(days(5), Cadence::Quarterly, &[-31_000; 4]);
    purchases.extend(&insurance);

    let series = found(&sorted(purchases));

    assert_eq!(series.iter().map(|one| one.amount).collect::<Vec<_>>(), [-31_000]);
}

#[test]
fn a_refund_does_not_disturb_a_series() {
    let mut occurrences = paid(START, Cadence::Monthly, &[-999; 6]);
    occurrences.insert(3, Occurrence { date: occurrences[2].date, amount: 999 });

    let series = found(&occurrences);

    assert_eq!((series.len(), series[0].count), (1, 6));
    assert!(!series[0].members.contains(&3));
}

fn occurrences() -> impl Strategy<Value = Vec<Occurrence>> {
    let amount = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), -2_000_i64..2_000, any::<i64>()];
    let day = prop_oneof![9 => -900_i64..900, 1 => -3_700_000_i64..2_900_000];
    proptest::collection::vec((day, amount), 0..80).prop_map(|all| {
        let dated = |(day, amount)| Occurrence { date: START.saturating_add(Span::new().days(day)), amount };
        sorted(all.into_iter().map(dated).collect())
    })
}

proptest! {
    #[test]
    fn whatever_was_paid_a_series_is_sound(occurrences in occurrences(), ahead in 0_i64..400) {
        let today = START.saturating_add(Span::new().days(ahead));

        let series = recurring(&occurrences, today);

        let mut members: Vec<usize> = series.iter().flat_map(|one| one.members.clone()).collect();
        let all = members.len();
        members.sort_unstable();
        members.dedup();
        prop_assert_eq!(members.len(), all, "a payment belongs to one series at most");
        for one in &series {
            prop_assert_eq!(one.count, one.members.len());
            prop_assert!(one.members.is_sorted() && one.members.iter().all(|&at| at < occurrences.len()));
            prop_assert!(one.first <= one.last && one.last < one.next && one.tolerance >= 0);
            let sign = occurrences[one.members[0]].amount.signum();
            prop_assert!(one.members.iter().all(|&at| occurrences[at].amount.signum() == sign));
            let dates: Vec<Date> = one.expected(today.saturating_add(Span::new().days(800))).take(200).collect();
            prop_assert!(dates.is_sorted_by(|a, b| a < b));
            prop_assert!(dates.first().is_none_or(|first| *first == one.next));
        }
    }

    #[test]
    fn a_monthly_charge_is_found_wherever_it_starts(start in 0_i64..730, count in 3_usize..30, price in 100_i64..100_000) {
        let start = START.saturating_add(Span::new().days(start));

        let series = found(&paid(start, Cadence::Monthly, &vec![-price; count]));

        prop_assert_eq!(series.len(), 1);
        prop_assert_eq!((series[0].cadence, series[0].count), (Cadence::Monthly, count));
        prop_assert_eq!(series[0].next, later(start, Cadence::Monthly, count as i64));
    }
}
