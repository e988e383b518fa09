//! The bundled history equals the file that the European Central Bank published.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use std::{io::Read, path::Path};

use finbrain::outbound::ecb;
use finbrain_domain::{money::Currency, ports::RateTable};

/// Only with `FINBRAIN_TEST_DATA`, the folder that holds the bank's own file; spot values are tested beside the
/// decoder in any case.
#[test]
fn the_bundled_history_equals_the_published_file() {
    let Ok(folder) = std::env::var("FINBRAIN_TEST_DATA") else {
        return;
    };
    let zip = std::fs::read(Path::new(&folder).join("ecb-reference-rates.zip")).unwrap();

    assert_eq!(ecb::table().unwrap(), published(&only_file(&zip)));
}

/// The one file of a zip archive: a local header of 30 bytes, name, extra field, then the deflated bytes.
fn only_file(zip: &[u8]) -> String {
    assert_eq!(zip[..4], *b"PK\x03\x04");
    let length = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let packed = &zip[30 + length(26) + length(28)..];
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

fn published(csv: &str) -> RateTable {
    let mut lines = csv.lines();
    let codes: Vec<_> = lines.next().unwrap().split(',').map(Currency::parse).collect();
    let days = lines.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let rates = codes.iter().zip(&cells).filter_map(|(code, cell)| {
            let currency = code.as_ref().ok()?;
            (*cell != "N/A").then(|| (*currency, cell.parse().unwrap()))
        });
        (cells[0].parse().unwrap(), rates.collect())
    });
    days.collect()
}
