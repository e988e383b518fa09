//! Civil days and months. A person's time zone decides only what "today" is; bookings have no hour.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The first day that a book accepts.
pub const FIRST_DAY: Date = Date::constant(1900, 1, 1);

/// Parses `YYYY-MM-DD`, strictly.
pub fn parse_date(text: &str) -> Result<Date, Error> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !plain {
        return Err(Error::DateMalformed);
    }
    text.parse().map_err(|_| Error::DateMalformed)
}

/// Checks that a booking lies between 1900 and a year from today.
pub fn check_date(date: Date, today: Date) -> Result<Date, Error> {
    if date < FIRST_DAY {
        return Err(Error::DateTooEarly);
    }
    let last = today.saturating_add(jiff::Span::new().years(1));
    if date > last { Err(Error::DateTooLate) } else { Ok(date) }
}

/// A calendar month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Months since year 0, so that arithmetic is plain.
    index: i32,
}

impl Month {
    pub fn of(date: Date) -> Self {
        Self { index: i32::from(date.year()) * 12 + i32::from(date.month()) - 1 }
    }

    /// Parses `YYYY-MM`, from 1900 to 2999.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (year, month) = text.split_once('-').ok_or(Error::MonthMalformed)?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(Error::MonthMalformed);
        }
        let year: i32 = year.parse().map_err(|_| Error::MonthMalformed)?;
        let month: i32 = month.parse().map_err(|_| Error::MonthMalformed)?;
        if (1900..3000).contains(&year) && (1..=12).contains(&month) {
            Ok(Self { index: year * 12 + month - 1 })
        } else {
            Err(Error::MonthMalformed)
        }
    }

    /// Months since year 0.
    pub const fn index(self) -> i32 {
        self.index
    }

    pub const fn from_index(index: i32) -> Self {
        Self { index }
    }

    #[must_use]
    pub const fn plus(self, months: i32) -> Self {
        Self { index: self.index + months }
    }

    pub fn first_day(self) -> Date {
        let year = i16::try_from(self.index.div_euclid(12)).unwrap_or(i16::MAX);
        let month = i8::try_from(self.index.rem_euclid(12) + 1).unwrap_or(1);
        Date::new(year.min(9999), month, 1).unwrap_or(Date::MAX)
    }

    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// All months from `self` to `last`, both included.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.index..=last.index).map(Self::from_index)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.index.div_euclid(12), self.index.rem_euclid(12) + 1)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Days since 1900-01-01: the form in which the ledger holds dates.
pub fn day_number(date: Date) -> i32 {
    let span = date.duration_since(FIRST_DAY).as_hours() / 24;
    i32::try_from(span).unwrap_or(i32::MAX)
}

/// The date of a day number.
pub fn day_date(day: i32) -> Date {
    FIRST_DAY.saturating_add(jiff::Span::new().days(day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_booking_lies_between_1900_and_a_year_ahead() {
        let today = date(2026, 11, 24);

        assert_eq!(check_date(date(1899, 12, 31), today), Err(Error::DateTooEarly));
        assert_eq!(check_date(date(2027, 11, 25), today), Err(Error::DateTooLate));
        assert!(check_date(date(2027, 11, 24), today).is_ok());
    }

    #[test]
    fn dates_and_months_are_parsed_strictly() {
        for bad in ["2026-2-3", "2026-02-30", "20260203", "2026-02-03T00:00", "+002026-02-03", ""] {
            assert_eq!(parse_date(bad), Err(Error::DateMalformed), "{bad}");
        }
        for bad in ["2026-13", "2026-00", "2026", "1899-12", "26-01", "2026-1"] {
            assert_eq!(Month::parse(bad), Err(Error::MonthMalformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn day_numbers_and_months_agree_with_the_calendar(day in 0i32..400_000) {
            let date = day_date(day);
            prop_assert_eq!(day_number(date), day);
            let month = Month::of(date);
            prop_assert_eq!(Month::parse(&month.to_string()), Ok(month));
            prop_assert_eq!(month.first_day() <= date && date <= month.last_day(), true);
        }
    }
}
