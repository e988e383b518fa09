//! Recurring series in the payments at one merchant: rhythm, amount, next date, missed, dearer. It must not know what a
//! merchant or a currency is: the caller passes the payments of one merchant in one currency.

mod cadence;
mod chain;

use jiff::civil::Date;

pub use cadence::Cadence;
pub(crate) use cadence::days_between;
use cadence::nearest_day;
use chain::{Chain, Point};

use crate::robust::{MAD_TO_SIGMA, median, median_and_mad, rounded};

/// Amounts that differ by less than this part are one price.
const STEADY: f64 = 0.015;
/// A price rises by at least this part, or it is a matter of rounding or of the exchange rate.
const LEAST_RISE: f64 = 0.02;
/// Amounts that differ by less than this part do not tell two series apart.
const ALIKE: f64 = 0.25;
/// How many of the latest payments say what the next one will be.
const RECENT: usize = 12;

/// A payment at the merchant: when, and signed minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    pub date: Date,
    pub amount: i64,
}

/// Money out costs more since a date. Amounts are signed as the payments are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRise {
    pub from: i64,
    pub to: i64,
    pub since: Date,
}

/// Payments that come again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub cadence: Cadence,
    /// What the next payment will probably be; signed minor units.
    pub amount: i64,
    /// How far from that it may be, in minor units, and still be usual.
    pub tolerance: i64,
    pub first: Date,
    pub last: Date,
    /// When the next payment is due. Before today if it is late.
    pub next: Date,
    pub count: usize,
    /// The next payment is later than weekends and banks explain.
    pub missed: bool,
    /// The latest rise, if it happened within the year before today.
    pub price_rise: Option<PriceRise>,
    /// Which of the given payments belong to it, ascending.
    pub members: Vec<usize>,
}

/// The series that are alive today among payments ascending by date, the one due next first. A series missed for two
/// periods has ended and is not returned.
#[must_use]
pub fn recurring(occurrences: &[Occurrence], today: Date) -> Vec<Series> {
    let mut series = Vec::new();
    for sign in [-1, 1] {
        let points: Vec<Point> = occurrences
            .iter()
            .enumerate()
            .filter(|(_, one)| one.amount.signum() == sign && one.date <= today)
            .map(|(index, one)| Point { index, date: one.date, size: one.amount.unsigned_abs() as f64 })
            .collect();
        series.extend(chain::chains(&points).iter().filter_map(|chain| describe(chain, sign, today)));
    }
    series.sort_by(|a, b| (a.next, &a.members).cmp(&(b.next, &b.members)));
    let chance: Vec<bool> =
        series.iter().map(|one| series.iter().any(|other| is_chance(one, other))).collect();
    let mut chance = chance.into_iter();
    series.retain(|_| !chance.next().unwrap_or_default());
    series
}

/// Among many payments of like amounts some always lie a quarter or a year apart: whoever pays two such series at one
/// merchant has a habit without a rhythm.
fn is_chance(one: &Series, other: &Series) -> bool {
    let is_slow = |series: &Series| series.cadence.per_year() < Cadence::Monthly.per_year();
    let alike = || {
        let (a, b) = (one.amount as f64, other.amount as f64);
        (a - b).abs() <= ALIKE * a.abs().max(b.abs())
    };
    one.members != other.members && is_slow(one) && is_slow(other) && alike()
}

impl Series {
    /// The dates on which payments are due after the last one, up to and including `until`.
    pub fn expected(&self, until: Date) -> impl Iterator<Item = Date> + use<> {
        let (cadence, next, day) = (self.cadence, self.next, self.day());
        let date = move |periods: u16| match cadence.months() {
            Some(_) => nearest_day(cadence.later(next, periods), day),
            None => cadence.later(next, periods),
        };
        let mut before = None;
        (0..u16::MAX).map(date).take_while(move |&date| {
            // At the end of the calendar every later date is the same.
            let goes_on = date <= until && before.is_none_or(|before| before < date);
            before = Some(date);
            goes_on
        })
    }

    /// The day of the month. A next date at the end of its month may stand for a later day.
    fn day(&self) -> i8 {
        let day = self.next.day();
        if day < self.next.days_in_month() { day } else { day.max(self.last.day()).max(self.first.day()) }
    }

    /// Whether the next payment may come on this date, give or take weekends and banks.
    pub(crate) fn is_due(&self, date: Date) -> bool {
        days_between(self.next, date).abs() <= self.cadence.slack()
    }
}

fn describe(chain: &Chain, sign: i64, today: Date) -> Option<Series> {
    let (first, last) = (chain.points.first()?, chain.points.last()?);
    let cadence = chain.cadence;
    let next = next(chain)?;
    if today > cadence.later(next, 1).saturating_add(days(cadence.slack())) {
        return None;
    }
    let level = Level::of(&chain.points)?;
    let signed = |size: f64| rounded(size).saturating_mul(sign);
    let rise = level.rise.filter(|(_, since)| sign < 0 && days_between(*since, today) <= 366);
    let mut members: Vec<usize> = chain.points.iter().map(|point| point.index).collect();
    members.sort_unstable();
    Some(Series {
        cadence,
        amount: signed(level.size),
        tolerance: rounded(level.tolerance),
        first: first.date,
        last: last.date,
        next,
        count: members.len(),
        missed: today > next.saturating_add(days(cadence.slack())),
        price_rise: rise.map(|(from, since)| PriceRise { from: signed(from), to: signed(level.size), since }),
        members,
    })
}

fn days(days: i64) -> jiff::Span {
    jiff::Span::new().days(days)
}

/// A period after the last payment; by months, on the day of the month that fits the latest payments best.
fn next(chain: &Chain) -> Option<Date> {
    let last = chain.points.last()?.date;
    let after = chain.cadence.later(last, 1);
    if chain.cadence.months().is_none() {
        return Some(after);
    }
    let recent = || chain.points.iter().rev().take(RECENT).map(|point| point.date);
    let misfit =
        |day: i8| -> i64 { recent().map(|date| days_between(date, nearest_day(date, day)).abs()).sum() };
    let day = recent().map(Date::day).min_by_key(|&day| (misfit(day), -day))?;
    let next = nearest_day(after, day);
    Some(if next > last { next } else { after })
}

struct Level {
    size: f64,
    tolerance: f64,
    /// The old price and the date of the first payment at the new one.
    rise: Option<(f64, Date)>,
}

impl Level {
    fn of(points: &[Point]) -> Option<Level> {
        let last = points.last()?.size;
        let is_same = |point: &&Point| (point.size - last).abs() <= last * STEADY;
        let run = points.iter().rev().take_while(is_same).count();
        let (before, now) = points.split_at(points.len() - run);
        let old = steady(before);
        let rise =
            old.filter(|old| last >= old * (1.0 + LEAST_RISE)).zip(now.first().map(|point| point.date));
        if rise.is_some() || run >= 3 || before.is_empty() {
            return Some(Level { size: last, tolerance: (last * LEAST_RISE).ceil(), rise });
        }
        let mut recent: Vec<f64> = points.iter().rev().take(RECENT).map(|point| point.size).collect();
        let size = median(&mut recent.iter().take(RECENT / 2).copied().collect::<Vec<f64>>())?;
        let (_, deviation) = median_and_mad(&mut recent)?;
        let tolerance = (3.0 * MAD_TO_SIGMA * deviation).max(size * LEAST_RISE).ceil();
        Some(Level { size, tolerance, rise: None })
    }
}

/// The price before a change, if at least the last two payments had one.
fn steady(before: &[Point]) -> Option<f64> {
    let recent: Vec<f64> = before.iter().rev().take(RECENT / 2).map(|point| point.size).collect();
    let last = *recent.first()?;
    let run = recent.iter().take_while(|size| (**size - last).abs() <= last * STEADY).count();
    (run >= 2).then_some(last)
}
