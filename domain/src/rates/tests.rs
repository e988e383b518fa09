use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_assume, proptest};

use super::*;
use crate::money::MAX_MINOR;

const TEST: Source = Source::named("test");

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn table(rows: &[(Date, &str, &str)]) -> RateTable {
    let mut table = RateTable::new();
    for (date, code, rate) in rows {
        table.entry(*date).or_default().insert(currency(code), rate.parse().unwrap());
    }
    table
}

fn book(rows: &[(Date, &str, &str)]) -> RateBook {
    RateBook::default().merge(&table(rows), TEST)
}

const FRIDAY: Date = date(2026, 10, 30);

fn day(after_friday: i32) -> i32 {
    day_number(FRIDAY) + after_friday
}

#[test]
fn a_cross_rate_goes_over_the_euro_and_is_rounded_once() {
    let book = book(&[(FRIDAY, "USD", "1.1172"), (FRIDAY, "ILS", "3.495")]);
    let pair = book.pair(Currency::ILS, Currency::USD);

    // 12.40 × 1.1172 / 3.495 = 3.9637…; over 3.55 in whole cents of the euro it would be 3.97.
    assert_eq!(pair.convert(-1240, day(0)), Some(-396));
    assert_eq!(
        pair.rate(day(0)),
        Some(Rate { rate: "0.3196566524".parse().unwrap(), date: FRIDAY, source: TEST })
    );
}

#[test]
fn each_currency_keeps_its_own_digits() {
    let book = book(&[(FRIDAY, "JPY", "175.68"), (FRIDAY, "KWD", "0.34125"), (FRIDAY, "USD", "1.1172")]);
    let convert = |from, to, minor| book.pair(currency(from), currency(to)).convert(minor, day(0));

    assert_eq!(convert("EUR", "JPY", 100), Some(176));
    assert_eq!(convert("JPY", "EUR", 176), Some(100));
    assert_eq!(convert("EUR", "KWD", 1_00), Some(341));
    assert_eq!(convert("KWD", "JPY", 1_000), Some(515));
    assert_eq!(convert("JPY", "KWD", 515), Some(1_000));
    assert_eq!(convert("USD", "JPY", 1), Some(2));
}

#[test]
fn a_half_is_rounded_to_even() {
    let book = book(&[(FRIDAY, "USD", "0.5"), (FRIDAY, "GBP", "2")]);
    let pair = book.pair(Currency::EUR, Currency::USD);

    let halves = [1, 3, 5, -1, -3, -5].map(|minor| pair.convert(minor, day(0)).unwrap());

    assert_eq!(halves, [0, 2, 2, 0, -2, -2]);
    let wide = [999_999_999_999_999, 999_999_999_999_997].map(|minor| pair.convert(minor, day(0)).unwrap());
    assert_eq!(wide, [500_000_000_000_000, 499_999_999_999_998]);
    assert_eq!(book.pair(currency("GBP"), Currency::EUR).convert(5, day(0)), Some(2));
}

#[test]
fn a_rate_is_seven_days_old_at_most() {
    let book = book(&[(FRIDAY, "USD", "1.1172")]);
    let pair = book.pair(Currency::USD, Currency::EUR);

    assert_eq!(pair.convert(100, day(-1)), None);
    for age in 0..=7 {
        assert_eq!(pair.convert(11172, day(age)), Some(10000), "{age}");
        assert_eq!(pair.rate(day(age)).unwrap().date, FRIDAY);
    }
    assert_eq!(pair.convert(100, day(8)), None);
    assert_eq!(pair.rate(day(8)), None);
    assert_eq!(pair.convert(100, i32::MAX), None);
    assert_eq!(pair.convert(100, i32::MIN), None);
}

#[test]
fn the_older_leg_gives_the_date_and_the_source() {
    let book = book(&[(FRIDAY, "USD", "1.1"), (date(2026, 10, 28), "ISK", "136")]);
    let later = book.merge(&table(&[(date(2026, 11, 2), "USD", "1.2")]), Source::ECB);

    let rate = later.pair(Currency::USD, currency("ISK")).rate(day(4)).unwrap();
    assert_eq!((rate.date, rate.source), (date(2026, 10, 28), TEST));
    let rate = later.pair(Currency::USD, Currency::EUR).rate(day(4)).unwrap();
    assert_eq!((rate.date, rate.source), (date(2026, 11, 2), Source::ECB));
}

#[test]
fn a_currency_that_the_euro_absorbed_keeps_its_fixed_rate() {
    let book = book(&[
        (date(2025, 12, 31), "BGN", "1.9558"),
        (date(2026, 1, 2), "BGN", "77"),
        (FRIDAY, "USD", "1.1172"),
    ]);
    let (lev, kuna) = (currency("BGN"), currency("HRK"));
    let last_day = day_number(date(2025, 12, 31));

    assert_eq!(book.pair(Currency::EUR, lev).convert(1_000_000, last_day), Some(1_955_800));
    assert_eq!(book.pair(Currency::EUR, lev).convert(1_000_000, last_day + 1), Some(1_955_830));
    assert_eq!(book.pair(Currency::EUR, lev).convert(1_000_000, day(10_000)), Some(1_955_830));
    let rate = book.pair(kuna, lev).rate(day(3)).unwrap();
    assert_eq!((rate.date, rate.source), (date(2026, 11, 2), Source::FIXED));
    let rate = book.pair(lev, Currency::USD).rate(day(3)).unwrap();
    assert_eq!((rate.date, rate.source), (FRIDAY, TEST));
    assert_eq!(book.pair(kuna, Currency::EUR).convert(100, day_number(date(2022, 12, 31))), None);
    assert_eq!(book.pair(kuna, Currency::EUR).convert(75_345, day_number(date(2023, 1, 1))), Some(10_000));
}

#[test]
fn what_is_not_known_is_missing_and_never_one_to_one() {
    let book = book(&[(FRIDAY, "USD", "1.1172")]);

    assert_eq!(book.pair(Currency::ILS, Currency::USD).convert(100, day(0)), None);
    assert_eq!(book.pair(Currency::EUR, Currency::ILS).rate(day(0)), None);
    assert_eq!(book.pair(Currency::EUR, Currency::USD).convert(100, day_number(date(1998, 12, 31))), None);
    assert_eq!(book.pair(Currency::ILS, Currency::ILS).convert(100, day(0)), Some(100));
    assert!(!book.knows(Currency::ILS));
    assert!(book.knows(Currency::EUR) && book.knows(Currency::USD) && book.knows(currency("HRK")));
}

#[test]
fn rates_that_make_no_sense_are_left_out() {
    let nonsense = [
        (FRIDAY, "USD", "0"),
        (FRIDAY, "GBP", "-1"),
        (FRIDAY, "JPY", "1000000000.1"),
        (FRIDAY, "CHF", "0.0000000004"),
        (date(1998, 12, 31), "SEK", "9"),
        (date(3000, 1, 1), "NOK", "9"),
        (FRIDAY, "EUR", "2"),
    ];

    assert_eq!(book(&nonsense), RateBook::default());
}

#[test]
fn the_later_table_wins_and_a_repeated_one_changes_nothing() {
    let first = book(&[(FRIDAY, "USD", "1.1"), (FRIDAY, "GBP", "0.8")]);

    let again = first.merge(&table(&[(FRIDAY, "USD", "1.100")]), Source::ECB);
    let corrected = first.merge(&table(&[(FRIDAY, "USD", "1.2")]), Source::ECB);

    assert_eq!(again, first);
    assert_ne!(corrected.revision(), first.revision());
    assert_eq!(corrected.revision(), book(&[(FRIDAY, "USD", "1.2"), (FRIDAY, "GBP", "0.8")]).revision());
    let source = |to| corrected.pair(Currency::EUR, to).rate(day(1)).unwrap().source;
    assert_eq!((source(Currency::USD), source(currency("GBP"))), (Source::ECB, TEST));
    assert_eq!(corrected.pair(Currency::EUR, Currency::USD).convert(100, day(7)), Some(120));
}

#[test]
fn a_merge_fills_holes_before_between_and_behind() {
    let monday = date(2026, 10, 5);
    let book = book(&[(FRIDAY, "USD", "3")])
        .merge(&table(&[(monday, "USD", "1")]), TEST)
        .merge(&table(&[(date(2026, 10, 14), "USD", "2"), (date(2026, 11, 30), "USD", "4")]), TEST);
    let pair = book.pair(Currency::EUR, Currency::USD);
    let on = |date| pair.convert_on(1, date);

    assert_eq!(on(date(2026, 10, 4)), None);
    assert_eq!(on(date(2026, 10, 12)), Some(1));
    assert_eq!(on(date(2026, 10, 13)), None);
    assert_eq!(on(date(2026, 10, 21)), Some(2));
    assert_eq!(on(date(2026, 10, 22)), None);
    assert_eq!(on(date(2026, 11, 6)), Some(3));
    assert_eq!(on(date(2026, 11, 7)), None);
    assert_eq!(on(date(2026, 12, 7)), Some(4));
    assert_eq!(on(date(2026, 12, 8)), None);
    assert_eq!(book.newest(), Some(date(2026, 11, 30)));
}

#[test]
fn books_with_the_same_rates_have_the_same_revision() {
    let (one, other) = ([(FRIDAY, "USD", "1.1")], [(date(2026, 10, 29), "GBP", "0.8")]);

    let forth = book(&one).merge(&table(&other), TEST);
    let back = book(&other).merge(&table(&one), TEST);

    assert_eq!(forth.revision(), back.revision());
    assert_ne!(forth.revision(), book(&one).revision());
}

/// Any rate, from 10^-9 to 10^9.
fn rates() -> impl Strategy<Value = i64> {
    (0u32..18, 1i64..10).prop_map(|(size, first)| first * 10i64.pow(size)).prop_flat_map(|top| 1..=top)
}

fn decimal(scaled: i64) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(scaled), SCALE_DIGITS)
}

fn digits_pair() -> impl Strategy<Value = (Currency, Currency)> {
    let codes = ["JPY", "USD", "KWD", "GBP"];
    (0usize..4, 0usize..4).prop_map(move |(from, to)| (currency(codes[from]), currency(codes[to])))
}

fn book_of(from: (Currency, i64), to: (Currency, i64)) -> RateBook {
    let rates = [from, to].map(|(currency, rate)| (currency, decimal(rate)));
    RateBook::default().merge(&RateTable::from([(FRIDAY, BTreeMap::from(rates))]), TEST)
}

proptest! {
    /// The definition itself, in integers of 128 bits: no other whole number is nearer, and a tie is even.
    #[test]
    fn a_conversion_is_the_nearest_whole_number(
        (from, to) in digits_pair(), a in rates(), b in rates(), minor in -MAX_MINOR..=MAX_MINOR, small in any::<bool>(),
    ) {
        prop_assume!(from != to);
        let minor = if small { minor % 100_000 } else { minor };
        let book = book_of((from, a), (to, b));
        let numerator = i128::from(minor) * i128::from(b) * 10i128.pow(u32::from(to.digits()));
        let denominator = i128::from(a) * 10i128.pow(u32::from(from.digits()));

        match book.pair(from, to).convert(minor, day(0)) {
            Some(result) => {
                let twice = 2 * (numerator - i128::from(result) * denominator).abs();
                prop_assert!(twice < denominator || (twice == denominator && result % 2 == 0));
            }
            None => prop_assert!((numerator / denominator).abs() >= i128::from(i64::MAX)),
        }
    }

    #[test]
    fn a_larger_amount_is_never_worth_less(
        (from, to) in digits_pair(), a in rates(), b in rates(), minor in -MAX_MINOR..MAX_MINOR, more in 0i64..1000,
    ) {
        let book = book_of((from, a), (to, b));
        let pair = book.pair(from, to);
        if let (Some(less), Some(more)) = (pair.convert(minor, day(0)), pair.convert(minor + more, day(0))) {
            prop_assert!(less <= more);
        }
    }

    /// Half a unit there is worth half a rate here, and half a unit more is lost on the way back.
    #[test]
    fn there_and_back_loses_no_more_than_the_rounding(
        a in 1_000_000i64..1_000_000_000_000, b in 1_000_000i64..1_000_000_000_000, minor in -1_000_000_000i64..1_000_000_000,
    ) {
        let (from, to) = (Currency::USD, currency("GBP"));
        let book = book_of((from, a), (to, b));

        let there = book.pair(from, to).convert(minor, day(0)).unwrap();
        let back = book.pair(to, from).convert(there, day(0)).unwrap();

        prop_assert!(i128::from((back - minor).abs()) * 2 * i128::from(b) <= i128::from(a) + i128::from(b));
    }

    #[test]
    fn a_currency_in_itself_is_the_same(minor in any::<i64>(), at in 0usize..150, day in any::<i32>()) {
        let currency = Currency::all()[at];
        prop_assert_eq!(RateBook::default().pair(currency, currency).convert(minor, day), Some(minor));
    }

    /// Columns hold every day's answer in advance; the rule itself looks back day by day.
    #[test]
    fn every_day_has_the_newest_rate_of_a_week(
        batches in proptest::collection::vec(proptest::collection::btree_map(0i32..80, 1i64..1000, 1..12), 1..5),
    ) {
        let mut book = RateBook::default();
        let mut all = BTreeMap::new();
        for batch in &batches {
            let rows = batch.iter().map(|(&at, &rate)| {
                (day_date(day(at)), BTreeMap::from([(Currency::USD, Decimal::from(rate))]))
            });
            book = book.merge(&rows.collect(), TEST);
            all.extend(batch.clone());
        }

        for at in -10..100 {
            let expected = all.range(at - 7..=at).next_back().map(|(&on, &rate)| (day_date(day(on)), Decimal::from(rate)));
            let rate = book.pair(Currency::EUR, Currency::USD).rate(day(at));
            prop_assert_eq!(rate.map(|rate| (rate.date, rate.rate)), expected);
        }
    }
}
