//! What the Frankfurter API answers, read with distrust: an answer in which one figure makes no sense is refused as
//! a whole. Rates are decimals from the text of their JSON numbers, never a float.

use std::collections::BTreeMap;

use finbrain_domain::{
    calendar::parse_date,
    money::Currency,
    ports::{RateError, RateTable},
    rates::MAX_UNITS,
};
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

type Figures<'a> = BTreeMap<&'a str, &'a RawValue>;

#[derive(Deserialize)]
struct Day<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    base: &'a str,
    date: &'a str,
    #[serde(borrow)]
    rates: Figures<'a>,
}

#[derive(Deserialize)]
struct Days<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    base: &'a str,
    #[serde(borrow)]
    rates: BTreeMap<&'a str, Figures<'a>>,
}

/// The answer to a single date.
pub(super) fn day(body: &[u8]) -> Result<RateTable, RateError> {
    let answer: Day = serde_json::from_slice(body).map_err(malformed)?;
    check_unit(answer.base, answer.amount)?;
    Ok(RateTable::from([(date(answer.date)?, rates(&answer.rates)?)]))
}

/// The answer to a range of dates.
pub(super) fn days(body: &[u8]) -> Result<RateTable, RateError> {
    let answer: Days = serde_json::from_slice(body).map_err(malformed)?;
    check_unit(answer.base, answer.amount)?;
    answer.rates.iter().map(|(text, figures)| Ok((date(text)?, rates(figures)?))).collect()
}

/// The figures must be for one euro.
fn check_unit(base: &str, amount: &RawValue) -> Result<(), RateError> {
    if base == "EUR" && decimal(amount) == Some(Decimal::ONE) {
        Ok(())
    } else {
        Err(RateError::Nonsense("rates are not for one euro".into()))
    }
}

fn date(text: &str) -> Result<Date, RateError> {
    parse_date(text).map_err(|_| RateError::Nonsense("a date is malformed".into()))
}

fn rates(figures: &Figures<'_>) -> Result<BTreeMap<Currency, Decimal>, RateError> {
    let mut rates = BTreeMap::new();
    for (code, figure) in figures {
        // What is no money here, such as gold, is no concern of ours.
        let Ok(currency) = Currency::parse(code) else {
            continue;
        };
        let rate = decimal(figure)
            .filter(|rate| *rate > Decimal::ZERO && *rate <= Decimal::from(MAX_UNITS))
            .ok_or_else(|| RateError::Nonsense(format!("rate of {currency} is not one")))?;
        rates.insert(currency, rate);
    }
    Ok(rates)
}

/// Exact up to 28 digits.
fn decimal(number: &RawValue) -> Option<Decimal> {
    let text = number.get();
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        Decimal::from_str_exact(text).ok()
    }
}

fn malformed(error: serde_json::Error) -> RateError {
    RateError::Nonsense(format!("not the expected JSON at column {}", error.column()))
}
