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
    let book = unpack(HISTORY).and_then(|text| book_of(&text));
    Arc::new(book.expect("the bundled file is the one that the tests read"))
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

/// One currency at a time: a table of all of them is larger than the book, and the process would keep that memory.
fn book_of(text: &str) -> Result<RateBook, HistoryError> {
    let (dates, mut columns) = split(text)?;
    columns.try_fold(RateBook::default(), |book, (line, column)| {
        let (currency, rates) = parse_column(column, &dates).ok_or(HistoryError::Malformed { line })?;
        let table: RateTable =
            rates.into_iter().map(|(date, rate)| (date, [(currency, rate)].into())).collect();
        Ok(book.merge(&table, Source::ECB))
    })
}

fn parse(text: &str) -> Result<RateTable, HistoryError> {
    let (dates, columns) = split(text)?;
    let mut table: RateTable = dates.iter().map(|&date| (date, Default::default())).collect();
    for (line, column) in columns {
        let (currency, rates) = parse_column(column, &dates).ok_or(HistoryError::Malformed { line })?;
        for (date, rate) in rates {
            table.entry(date).or_default().insert(currency, rate);
        }
    }
    Ok(table)
}

/// One line of dates, then one line a currency, given here with its number: its code and its rate on each of the
/// dates, empty where it has none. A column at a time packs a quarter smaller than the day at a time of the original.
fn split(text: &str) -> Result<(Vec<Date>, impl Iterator<Item = (usize, &str)>), HistoryError> {
    let mut lines = text.lines().zip(1..).map(|(text, line)| (line, text));
    let (line, dates) = lines.next().ok_or(HistoryError::Malformed { line: 1 })?;
    let dates: Option<Vec<Date>> = dates.split(',').map(|text| parse_date(text).ok()).collect();
    Ok((dates.ok_or(HistoryError::Malformed { line })?, lines))
}

fn parse_column(line: &str, dates: &[Date]) -> Option<(Currency, Vec<(Date, Decimal)>)> {
    let (code, rates) = line.split_once(',')?;
    let currency = Currency::parse(code).ok()?;
    let mut days = dates.iter();
    let mut known = Vec::new();
    for rate in rates.split(',') {
        let day = *days.next()?;
        if !rate.is_empty() {
            known.push((day, Decimal::from_str_exact(rate).ok()?));
        }
    }
    days.next().is_none().then_some((currency, known))
}

#[cfg(test)]
mod tests;
