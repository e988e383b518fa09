//! Conversion from one currency to another: exact integers, one rounding at the end.
//!
//! With `a` units of the one and `b` units of the other for one euro, an amount is worth `amount × b / a`. In minor
//! units and scaled integers the scale cancels out:
//! `minor × b × 10^(digits to − digits from) / a`, rounded half to even.

use rust_decimal::Decimal;

use super::{
    Rate, RateBook, SCALE, SCALE_DIGITS, Source,
    column::{Column, Held},
};
use crate::{
    calendar::{day_date, day_number},
    money::Currency,
};
use jiff::civil::Date;

/// One side of a pair.
#[derive(Debug, Clone, Copy)]
enum Leg<'a> {
    Euro,
    Quoted(&'a Column),
    Unknown,
}

impl<'a> Leg<'a> {
    fn of(book: &'a RateBook, currency: Currency) -> Self {
        if currency == Currency::EUR {
            return Self::Euro;
        }
        book.columns.get(&currency).map_or(Self::Unknown, |column| Self::Quoted(column))
    }

    #[inline]
    fn rate(self, day: i32) -> Option<i64> {
        match self {
            Self::Euro => Some(SCALE),
            Self::Quoted(column) => column.rate(day),
            Self::Unknown => None,
        }
    }

    fn held(self, day: i32) -> Option<Held> {
        match self {
            Self::Euro => Some(Held::Fixed(SCALE)),
            Self::Quoted(column) => column.held(day),
            Self::Unknown => None,
        }
    }
}

/// Two currencies of a book, ready for a hot loop.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    book: &'a RateBook,
    from: Leg<'a>,
    to: Leg<'a>,
    identity: bool,
    /// Ten to the difference of the digits: one of the two is 1.
    up: i64,
    down: i64,
}

impl<'a> Pair<'a> {
    pub(super) fn of(book: &'a RateBook, from: Currency, to: Currency) -> Self {
        let (from_digits, to_digits) = (u32::from(from.digits()), u32::from(to.digits()));
        Self {
            book,
            from: Leg::of(book, from),
            to: Leg::of(book, to),
            identity: from == to,
            up: 10i64.pow(to_digits.saturating_sub(from_digits)),
            down: 10i64.pow(from_digits.saturating_sub(to_digits)),
        }
    }

    /// Minor units of the one currency in minor units of the other, at the rate of the day; rounded once, half to
    /// even. `None` when the day has no rate, or when the result is beyond `i64`.
    #[inline]
    pub fn convert(&self, minor: i64, day: i32) -> Option<i64> {
        if self.identity {
            return Some(minor);
        }
        let (from, to) = (self.from.rate(day)?, self.to.rate(day)?);
        let narrow = || Some((minor.checked_mul(to)?.checked_mul(self.up)?, from.checked_mul(self.down)?));
        match narrow() {
            Some((numerator, denominator)) => Some(divide(numerator, denominator)),
            None => self.convert_wide(minor, from, to),
        }
    }

    /// [`Self::convert`] for a civil date.
    pub fn convert_on(&self, minor: i64, date: Date) -> Option<i64> {
        self.convert(minor, day_number(date))
    }

    #[cold]
    fn convert_wide(&self, minor: i64, from: i64, to: i64) -> Option<i64> {
        let numerator = i128::from(minor).checked_mul(i128::from(to))?.checked_mul(i128::from(self.up))?;
        let denominator = i128::from(from) * i128::from(self.down);
        i64::try_from(divide_wide(numerator, denominator)).ok()
    }

    /// The rate of a day with what an answer cites of it. Its date is that of the older leg and its source that
    /// leg's; where nothing but fixed rates and the euro take part, it is the day itself and [`Source::FIXED`].
    pub fn rate(&self, day: i32) -> Option<Rate> {
        if self.identity {
            return Some(Rate { rate: Decimal::ONE, date: day_date(day), source: Source::FIXED });
        }
        let (from, to) = (self.from.held(day)?, self.to.held(day)?);
        let (date, source) = match (from, to) {
            (Held::Fixed(_), Held::Fixed(_)) => (day, Source::FIXED),
            (Held::Published(cell), Held::Fixed(_)) | (Held::Fixed(_), Held::Published(cell)) => {
                (day - i32::from(cell.age), self.book.source(cell.source))
            }
            (Held::Published(one), Held::Published(other)) => {
                let older = if one.age > other.age { one } else { other };
                (day - i32::from(older.age), self.book.source(older.source))
            }
        };
        Some(Rate { rate: quotient(units(from), units(to)), date: day_date(date), source })
    }
}

const fn units(held: Held) -> i64 {
    match held {
        Held::Published(cell) => cell.rate,
        Held::Fixed(rate) => rate,
    }
}

/// Figures of a cross rate: those of a published rate are never more, and an endless fraction must end somewhere.
const FIGURES: u32 = 10;

/// Units of the one for one unit of the other. Exact from the euro; else rounded to [`FIGURES`], for reading only:
/// conversion goes over both legs.
fn quotient(from: i64, to: i64) -> Decimal {
    let to = Decimal::from_i128_with_scale(i128::from(to), SCALE_DIGITS);
    if from == SCALE {
        return to.normalize();
    }
    let cross = to / Decimal::from_i128_with_scale(i128::from(from), SCALE_DIGITS);
    cross.round_sf(FIGURES).unwrap_or(cross).normalize()
}

/// Rounds half to even. The denominator is positive.
#[inline]
fn divide(numerator: i64, denominator: i64) -> i64 {
    let (size, by) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let (whole, rest) = (size / by, size % by);
    let above = by - rest;
    let rounded = whole + u64::from(rest > above || (rest == above && whole % 2 == 1));
    // The quotient is at most i64::MAX in size, but for i64::MIN by one, which the cast brings back unharmed.
    let signed = rounded.cast_signed();
    if numerator < 0 { signed.wrapping_neg() } else { signed }
}

fn divide_wide(numerator: i128, denominator: i128) -> i128 {
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let (rest, above) = (rest.unsigned_abs(), denominator.unsigned_abs() - rest.unsigned_abs());
    let away = rest > above || (rest == above && whole % 2 != 0);
    if !away {
        whole
    } else if numerator < 0 {
        whole - 1
    } else {
        whole + 1
    }
}
