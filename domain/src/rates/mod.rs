//! Currency rates by day, and conversion with them. Pure: knows neither where rates come from nor when to ask for
//! them.
//!
//! Rates are euro reference rates: units of a currency for one euro, as published on a day. The rate of a date is
//! the newest one published on or before it and at most [`MAX_AGE_DAYS`] older; otherwise it is missing, and what
//! cannot be converted is reported as such, never taken 1:1. So a date ahead of today has a rate only while the
//! newest one is that young. Before 1999-01-04 there are none. A currency that the euro absorbed keeps its fixed
//! rate behind its last day, for ever.

mod column;
mod fixed;
mod pair;

use std::{collections::BTreeMap, fmt, sync::Arc};

use jiff::civil::{Date, date};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use crate::{
    calendar::{day_date, day_number},
    money::Currency,
    ports::RateTable,
    rates::column::{Column, Published},
};

pub use pair::Pair;

/// A rate older than this, seen from the date it is wanted for, is missing.
pub const MAX_AGE_DAYS: u8 = 7;

/// The day of the first reference rates.
pub const FIRST_PUBLICATION: Date = date(1999, 1, 4);

/// The last day that a table may speak of; a book has no later one.
const LAST_PUBLICATION: Date = date(2999, 12, 31);

/// Rates are held as integers, in 10^-9 units for one euro: published ones have at most six decimals.
const SCALE_DIGITS: u32 = 9;
const SCALE: i64 = 1_000_000_000;

/// The most units of a currency that one euro may be. Beyond any rate in history of money still in use.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// Where a rate comes from, as answers cite it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Source(&'static str);

impl Source {
    /// By treaty: the euro itself and the currencies that it absorbed.
    pub const FIXED: Self = Self("fixed");
    /// The European Central Bank.
    pub const ECB: Self = Self("ecb");

    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The rate of a day: units of the one currency for one unit of the other, when it was published and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub rate: Decimal,
    pub date: Date,
    pub source: Source,
}

/// All rates that are known. Immutable: a merge gives a new book, and columns that did not change are shared.
#[derive(Clone, PartialEq, Eq)]
pub struct RateBook {
    columns: BTreeMap<Currency, Arc<Column>>,
    sources: Vec<Source>,
    revision: u64,
}

impl Default for RateBook {
    /// The fixed rates alone.
    fn default() -> Self {
        let columns =
            fixed::fixed().map(|(currency, fixed)| (currency, Arc::new(Column::of_fixed(fixed)))).collect();
        Self { columns, sources: Vec::new(), revision: 0 }
    }
}

impl RateBook {
    /// This book with the table's rates in it. Where both speak, the table wins: it is the later word, and today's
    /// rates may still change during the day. A rate that is not above zero, above [`MAX_UNITS`] or outside the
    /// days of publication is left out; more than nine decimals are rounded half to even.
    #[must_use]
    pub fn merge(&self, table: &RateTable, source: Source) -> Self {
        let mut news: BTreeMap<Currency, Vec<Published>> = BTreeMap::new();
        for (&date, rates) in table.range(FIRST_PUBLICATION..=LAST_PUBLICATION) {
            let day = day_number(date);
            for (&currency, &rate) in rates {
                if currency != Currency::EUR
                    && let Some(rate) = scaled(rate)
                {
                    news.entry(currency).or_default().push(Published { day, rate });
                }
            }
        }
        self.publish(news, source)
    }

    fn publish(&self, news: BTreeMap<Currency, Vec<Published>>, source: Source) -> Self {
        let mut merged = self.clone();
        for (currency, mut published) in news {
            let column = merged.columns.entry(currency).or_default();
            published.retain(|new| column.published(new.day).is_none_or(|old| old.rate != new.rate));
            if published.is_empty() {
                continue;
            }
            for new in &published {
                let old = column.published(new.day).map_or(0, |old| fingerprint(currency, new.day, old.rate));
                let new = fingerprint(currency, new.day, new.rate);
                merged.revision = merged.revision.wrapping_sub(old).wrapping_add(new);
            }
            let source = source_index(&mut merged.sources, source);
            Arc::make_mut(column).publish(&published, source);
        }
        merged
    }

    /// Stands for the published rates: the same in every process that knows the same ones, and another as soon as
    /// one of them differs (but for a chance of 2^-64). It is no counter.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether there is any rate of this currency, on whatever day.
    pub fn knows(&self, currency: Currency) -> bool {
        currency == Currency::EUR || self.columns.contains_key(&currency)
    }

    /// Every currency that has a rate on some day, in the order of the codes.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut all: Vec<_> = self.columns.keys().copied().chain([Currency::EUR]).collect();
        all.sort_unstable();
        all
    }

    /// The last day of publication.
    pub fn newest(&self) -> Option<Date> {
        self.columns.values().filter_map(|column| column.newest()).max().map(day_date)
    }

    /// Two currencies, ready for a hot loop.
    pub fn pair(&self, from: Currency, to: Currency) -> Pair<'_> {
        Pair::of(self, from, to)
    }

    fn source(&self, index: u8) -> Source {
        self.sources[usize::from(index)]
    }
}

impl fmt::Debug for RateBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateBook")
            .field("currencies", &self.columns.len())
            .field("newest", &self.newest())
            .field("sources", &self.sources)
            .field("revision", &self.revision)
            .finish()
    }
}

/// A rate as an integer, if it makes sense.
fn scaled(rate: Decimal) -> Option<i64> {
    if rate <= Decimal::ZERO || rate > Decimal::from(MAX_UNITS) {
        return None;
    }
    let mut rounded = rate.round_dp_with_strategy(SCALE_DIGITS, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(SCALE_DIGITS);
    i64::try_from(rounded.mantissa()).ok().filter(|&scaled| scaled > 0)
}

fn source_index(sources: &mut Vec<Source>, source: Source) -> u8 {
    let at = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
        sources.push(source);
        sources.len() - 1
    });
    u8::try_from(at).expect("sources are named in the program, a handful of them")
}

/// A well-mixed word for one published rate; their sum is the revision. The finalizer is that of `SplitMix64`.
fn fingerprint(currency: Currency, day: i32, rate: i64) -> u64 {
    let mut word = (u64::from(currency.numeric()) << 32) | u64::from(day.cast_unsigned());
    for part in [rate.cast_unsigned(), 0] {
        word = (word ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
    }
    word
}

#[cfg(test)]
mod tests;
