use finbrain_domain::money::Currency;
use jiff::civil::date;

use super::*;

fn rate(table: &RateTable, date: Date, code: &str) -> Option<Decimal> {
    table.get(&date)?.get(&Currency::parse(code).unwrap()).copied()
}

#[test]
fn the_bundled_history_has_the_published_rates() {
    let table = table().unwrap();

    let spots = [
        (date(1999, 1, 4), "USD", Some("1.1789")),
        (date(1999, 1, 4), "ILS", None),
        (date(2008, 12, 9), "ISK", Some("290")),
        (date(2008, 12, 10), "ISK", None),
        (date(2022, 12, 30), "HRK", Some("7.5365")),
        (date(2023, 1, 2), "HRK", None),
        (date(2026, 10, 30), "ILS", Some("3.495")),
        (date(2026, 10, 30), "IDR", Some("20275.17")),
        (date(2026, 10, 31), "USD", None),
    ];
    for (date, code, expected) in spots {
        let expected = expected.map(|text| text.parse().unwrap());
        assert_eq!(rate(&table, date, code), expected, "{code} on {date}");
    }
    assert_eq!(table.len(), 7126);
}

#[test]
fn the_bundled_book_converts_from_the_first_day_to_the_last() {
    let book = book();
    let pair = book.pair(Currency::USD, Currency::EUR);

    let on = |date| pair.convert_on(11789, date);

    assert_eq!(on(date(1999, 1, 3)), None);
    assert_eq!(on(date(1999, 1, 4)), Some(10000));
    assert!((1..=28).all(|day| on(date(2003, 4, day)).is_some()), "no hole is longer than a week");
    assert!(on(date(2026, 11, 6)).is_some());
    assert_eq!(on(date(2026, 11, 7)), None);
    assert_eq!(book.newest(), Some(date(2026, 10, 30)));
    assert!(book.knows(Currency::ILS));
}

#[test]
fn a_broken_history_is_refused() {
    assert!(matches!(unpack(b"no such frame"), Err(HistoryError::Packed(_))));
    for (text, broken) in [
        ("", 1),
        ("2026-13-01", 1),
        ("2026-10-29,2026-10-30\nUSD,1", 2),
        ("2026-10-30\nUSD,1,2", 2),
        ("2026-10-30\nUSD,1\nXXX,1", 3),
        ("2026-10-30\nUSD,N/A", 2),
    ] {
        assert!(matches!(parse(text), Err(HistoryError::Malformed { line }) if line == broken), "{text:?}");
    }
}

#[test]
fn an_unpacked_history_is_bounded() {
    let bomb = zstd::encode_all(&vec![b' '; usize::try_from(MAX_TEXT).unwrap() + 1][..], 3).unwrap();

    assert_eq!(unpack(&bomb).unwrap().len() as u64, MAX_TEXT);
}
