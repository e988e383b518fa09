//! The reference rates of the European Central Bank up to the day this version was built, inside the binary: the
//! floor under every conversion when no rate source can be reached. `README.md` says where the file comes from.

use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

use finbrain_domain::{
    calendar::parse_date,
    money::Currency,
    ports::RateTable,
    rates::{RateBook, Source},
};
use jiff::civil::Date;
use rust_decimal::Decimal;

static HISTORY: &[u8] = include_bytes!("history.bin");

/// More text than this is not our file; the real one has 1.7 MB.
const MAX_TEXT: u64 = 8 << 20;

/// How the bundled file can be broken. A test reads it, so that a build that was tested has none of these.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("history of rates cannot be unpacked")]
    Packed(#[from] std::io::Error),
    #[error("history of rates is malformed in line {line}")]
    Malformed { line: usize },
}

static BOOK: LazyLock<Arc<RateBook>> = LazyLock::new(|| {
    let table = table().expect("the bundled file is the one that the tests read");
    Arc::new(RateBook::default().merge(&table, Source::ECB))
});

/// The bundled rates as a book. Decoded once in a process: 30 ms, and 250 ms without optimisation.
pub fn book() -> Arc<RateBook> {
    Arc::clone(&BOOK)
}

/// The bundled rates.
pub fn table() -> Result<RateTable, HistoryError> {
    parse(&unpack(HISTORY)?)
}

fn unpack(packed: &[u8]) -> Result<String, HistoryError> {
    let mut text = String::new();
    zstd::stream::read::Decoder::with_buffer(packed)?.take(MAX_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

/// One line of dates, then one line a currency: its code and its rate on each of the dates, empty where it has none.
/// A column at a time packs a quarter smaller than the day at a time of the original.
fn parse(text: &str) -> Result<RateTable, HistoryError> {
    let mut lines = text.lines().enumerate();
    let (_, dates) = lines.next().ok_or(HistoryError::Malformed { line: 1 })?;
    let dates: Option<Vec<Date>> = dates.split(',').map(|text| parse_date(text).ok()).collect();
    let dates = dates.ok_or(HistoryError::Malformed { line: 1 })?;
    let mut table: RateTable = dates.iter().map(|&date| (date, Default::default())).collect();
    for (at, line) in lines {
        parse_column(line, &mut table).ok_or(HistoryError::Malformed { line: at + 1 })?;
    }
    Ok(table)
}

fn parse_column(line: &str, table: &mut RateTable) -> Option<()> {
    let (code, rates) = line.split_once(',')?;
    let currency = Currency::parse(code).ok()?;
    let mut days = table.values_mut();
    for rate in rates.split(',') {
        let day = days.next()?;
        if !rate.is_empty() {
            day.insert(currency, Decimal::from_str_exact(rate).ok()?);
        }
    }
    days.next().is_none().then_some(())
}

#[cfg(test)]
mod tests;
