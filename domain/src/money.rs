//! Money: checked integer minor units and an ISO 4217 currency. Never a float, never rounded silently.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// An ISO 4217 currency that has minor units (metals, funds and test codes are not money here).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    pub const ILS: Self = Self(iso_currency::Currency::ILS);
    pub const USD: Self = Self(iso_currency::Currency::USD);

    pub fn parse(code: &str) -> Result<Self, Error> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(Error::CurrencyUnknown)
    }

    /// Every currency, in the order of the codes.
    pub fn all() -> Vec<Self> {
        use iso_currency::IntoEnumIterator;
        let mut all: Vec<_> =
            iso_currency::Currency::iter().filter(|c| c.exponent().is_some()).map(Self).collect();
        all.sort_unstable_by_key(|currency| currency.code());
        all
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    pub fn name(self) -> String {
        self.0.name().to_owned()
    }

    /// Decimal digits of the minor unit: 2 for ILS, 0 for JPY, 3 for KWD.
    pub fn digits(self) -> u8 {
        self.0.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(0)
    }

    /// The number that ISO 4217 gives the currency.
    pub fn numeric(self) -> u16 {
        self.0.numeric()
    }

    pub fn from_numeric(number: u16) -> Option<Self> {
        iso_currency::Currency::from_numeric(number)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(code: &str) -> Result<Self, Error> {
        Self::parse(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.code())
        } else {
            serializer.serialize_u16(self.numeric())
        }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        if deserializer.is_human_readable() {
            let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
            Self::parse(&code).map_err(D::Error::custom)
        } else {
            let number = u16::deserialize(deserializer)?;
            Self::from_numeric(number).ok_or_else(|| D::Error::custom(Error::CurrencyUnknown))
        }
    }
}

/// The largest amount, in minor units, that one row may have. A million of them add up far below `i128`.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// An amount of one currency. Negative is money out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// From minor units; refused beyond ±[`MAX_MINOR`].
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, Error> {
        if (-MAX_MINOR..=MAX_MINOR).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(Error::AmountTooLarge)
        }
    }

    /// From a signed decimal such as `-52.90`, with at most the currency's digits.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Error> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(Error::AmountMalformed),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(Error::AmountMalformed);
        }
        if fraction.len() > usize::from(currency.digits()) {
            return Err(Error::AmountTooPrecise { currency, digits: currency.digits() });
        }
        let padding = usize::from(currency.digits()) - fraction.len();
        let minor = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(std::iter::repeat_n(b'0', padding))
            .try_fold(0i64, |sum, byte| sum.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
            .ok_or(Error::AmountTooLarge)?;
        Self::from_minor(if negative { -minor } else { minor }, currency)
    }

    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub const fn is_income(self) -> bool {
        self.minor > 0
    }

    /// The amount alone, such as `-52.90`.
    pub fn amount(self) -> String {
        format_minor(i128::from(self.minor), self.currency)
    }
}

/// Money as it is read, before its bounds are checked.
#[derive(Deserialize)]
struct Unchecked {
    minor: i64,
    currency: Currency,
}

impl TryFrom<Unchecked> for Money {
    type Error = Error;

    fn try_from(Unchecked { minor, currency }: Unchecked) -> Result<Self, Error> {
        Self::from_minor(minor, currency)
    }
}

impl fmt::Debug for Money {
    /// Never the amount: it is a person's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "money in {}", self.currency)
    }
}

/// A sum of minor units as a decimal such as `-1250.00`.
pub fn format_minor(minor: i128, currency: Currency) -> String {
    let digits = usize::from(currency.digits());
    let sign = if minor < 0 { "-" } else { "" };
    let mut text = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
    if digits > 0 {
        text.insert(text.len() - digits, '.');
    }
    text.insert_str(0, sign);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn digits_follow_the_currency_and_are_never_rounded() {
        let jpy = Currency::parse("JPY").unwrap();
        let kwd = Currency::parse("KWD").unwrap();

        assert_eq!(Money::parse("-52.9", Currency::ILS).unwrap().minor(), -5290);
        assert_eq!(Money::parse("1.234", kwd).unwrap().amount(), "1.234");
        assert_eq!(Money::parse("7", jpy).unwrap().amount(), "7");
        assert_eq!(
            Money::parse("1.234", Currency::USD),
            Err(Error::AmountTooPrecise { currency: Currency::USD, digits: 2 })
        );
        assert!(Money::parse("1.0", jpy).is_err());
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for bad in ["", "-", "+1", "1.", ".5", "1e3", "1,00", " 1", "0x1", "٣", "--1", "1.2.3", "NaN"] {
            assert_eq!(Money::parse(bad, Currency::USD), Err(Error::AmountMalformed), "{bad:?}");
        }
        for big in ["10000000000000.01", "99999999999999999999999"] {
            assert_eq!(Money::parse(big, Currency::USD), Err(Error::AmountTooLarge));
        }
    }

    #[test]
    fn codes_that_are_not_money_are_refused() {
        for bad in ["", "ils", "XXX", "XAU", "XTS", "ZZZ", "US"] {
            assert_eq!(Currency::parse(bad), Err(Error::CurrencyUnknown), "{bad}");
        }
        assert!(Currency::all().len() > 150);
    }

    #[test]
    fn stored_money_beyond_its_bounds_is_refused() {
        let stored = format!(r#"{{"minor":{},"currency":"USD"}}"#, MAX_MINOR + 1);

        assert!(serde_json::from_str::<Money>(&stored).is_err());
    }

    proptest! {
        #[test]
        fn an_amount_survives_its_text(minor in -MAX_MINOR..=MAX_MINOR, at in 0usize..150) {
            let currency = Currency::all()[at];
            let money = Money::from_minor(minor, currency).unwrap();
            prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
        }
    }
}
