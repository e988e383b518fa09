//! The irrevocable conversion rates of the currencies that the euro replaced.

use jiff::civil::{Date, date};

use super::SCALE;
use crate::{calendar::day_number, money::Currency};

/// A currency of the past: its last day of its own, and what one euro is in it from the day after.
struct Absorbed {
    code: &'static str,
    /// Millionths of a unit for one euro: the regulations give six significant figures.
    micros: i64,
    last_day: Date,
}

const fn absorbed(code: &'static str, micros: i64, year: i16, month: i8, day: i8) -> Absorbed {
    Absorbed { code, micros, last_day: date(year, month, day) }
}

/// Source: Council Regulation (EC) No 2866/98 and its amendments, one for each enlargement of the euro area.
const ABSORBED: [Absorbed; 21] = [
    absorbed("ATS", 13_760_300, 1998, 12, 31),
    absorbed("BEF", 40_339_900, 1998, 12, 31),
    absorbed("DEM", 1_955_830, 1998, 12, 31),
    absorbed("ESP", 166_386_000, 1998, 12, 31),
    absorbed("FIM", 5_945_730, 1998, 12, 31),
    absorbed("FRF", 6_559_570, 1998, 12, 31),
    absorbed("IEP", 787_564, 1998, 12, 31),
    absorbed("ITL", 1_936_270_000, 1998, 12, 31),
    absorbed("LUF", 40_339_900, 1998, 12, 31),
    absorbed("NLG", 2_203_710, 1998, 12, 31),
    absorbed("PTE", 200_482_000, 1998, 12, 31),
    absorbed("GRD", 340_750_000, 2000, 12, 31),
    absorbed("SIT", 239_640_000, 2006, 12, 31),
    absorbed("CYP", 585_274, 2007, 12, 31),
    absorbed("MTL", 429_300, 2007, 12, 31),
    absorbed("SKK", 30_126_000, 2008, 12, 31),
    absorbed("EEK", 15_646_600, 2010, 12, 31),
    absorbed("LVL", 702_804, 2013, 12, 31),
    absorbed("LTL", 3_452_800, 2014, 12, 31),
    absorbed("HRK", 7_534_500, 2022, 12, 31),
    absorbed("BGN", 1_955_830, 2025, 12, 31),
];

/// What holds for an absorbed currency behind its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fixed {
    pub last_day: i32,
    /// Units for one euro, times [`SCALE`].
    pub rate: i64,
}

/// The absorbed currencies that money can be in. The older ones are no [`Currency`] and wait here for the day
/// that they become one.
pub(super) fn fixed() -> impl Iterator<Item = (Currency, Fixed)> {
    ABSORBED.iter().filter_map(|absorbed| {
        let currency = Currency::parse(absorbed.code).ok()?;
        let rate = absorbed.micros * (SCALE / 1_000_000);
        Some((currency, Fixed { last_day: day_number(absorbed.last_day), rate }))
    })
}
