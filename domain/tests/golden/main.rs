//! Journals that were written once and open for ever: `tests/golden/format-<n>.json`. A change of the code that alters
//! a digest or a figure here would alter the books of people.

#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

mod script;
mod stored;

use std::{collections::BTreeMap, fs};

use finbrain_domain::{
    entry::{Entry, FORMAT},
    error::Error,
    ids::Digest,
    ledger::Ledger,
};

use self::stored::{Figures, Golden, Sum};

const FORMAT_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/format-1.json");

fn golden() -> Golden {
    Golden::parse(&fs::read_to_string(FORMAT_1).expect("the golden file is part of the repository"))
}

fn fold(entries: &[Entry]) -> Result<Ledger, Error> {
    let mut ledger = Ledger::empty(entries[0].book);
    for entry in entries {
        ledger.apply(entry)?;
    }
    Ok(ledger)
}

fn figures(ledger: &Ledger) -> Figures {
    let mut sums = BTreeMap::new();
    for row in ledger.rows().between(None, None) {
        for line in row.to_transaction(ledger.tables()).lines {
            *sums.entry((line.category.to_string(), row.currency())).or_insert(0) += i128::from(line.amount);
        }
    }
    let sum = |((category, currency), minor)| Sum { category, currency, minor };
    Figures {
        version: ledger.version(),
        digest: ledger.digest(),
        closed: ledger.is_closed(),
        transactions: ledger.rows().len(),
        sums: sums.into_iter().map(sum).collect(),
    }
}

#[test]
fn journals_of_format_1_open_with_the_same_digest_and_figures() {
    let golden = golden();
    assert_eq!(golden.books.len(), 3);

    for book in golden.books {
        let ledger = fold(&book.entries()).unwrap();

        assert_eq!(figures(&ledger), book.expected, "{}", book.name);
        let unpacked = Ledger::unpack(&ledger.pack()).unwrap();
        assert_eq!(figures(&unpacked), book.expected, "{}", book.name);
    }
}

/// `FINBRAIN_WRITE_GOLDEN=1` writes the file instead, which is right only before a format is released. Once this
/// version writes another format, the file stays and this test goes.
#[test]
fn format_1_is_still_written_byte_for_byte() {
    assert_eq!(FORMAT, 1);
    let books = script::journals().map(|(name, entries)| {
        let expected = figures(&fold(&entries).unwrap());
        (name, entries, expected)
    });

    let written = Golden::of(books).to_text();

    if std::env::var_os("FINBRAIN_WRITE_GOLDEN").is_some() {
        fs::write(FORMAT_1, &written).unwrap();
    }
    assert!(
        fs::read_to_string(FORMAT_1).unwrap() == written,
        "the code writes format 1 otherwise than it did"
    );
}

#[test]
fn a_golden_journal_with_one_altered_byte_does_not_open() {
    let entries = golden().books[0].entries();
    for at in 0..entries.len() {
        let mut altered = entries.clone();
        let payload = altered[at].payload.as_mut().unwrap();
        let middle = payload.len() / 2;
        payload[middle] ^= 1;

        assert!(matches!(fold(&altered), Err(Error::JournalDamaged { slot, .. }) if slot == at as u64 + 1));
    }
    let mut unchained = entries;
    unchained[3].chain = Digest::ZERO;
    assert!(fold(&unchained).is_err());
}
