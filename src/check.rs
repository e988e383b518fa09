//! `finbrain check`: folds every journal and verifies every chain. Reads only, also beside a running server.

use std::process::ExitCode;

use finbrain_domain::{
    ids::BookId,
    ledger::Ledger,
    ports::{Journal, StoreError},
};

/// Entries that are read at a time.
const BATCH: usize = 1000;
/// Books that are listed at a time.
const BOOKS: usize = 500;

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    books: u64,
    closed: u64,
    entries: u64,
    transactions: u64,
    damaged: u64,
}

/// Checks every book of a journal, which is kept at `place`; exit code 1 when one is damaged.
#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
pub async fn check(journal: &dyn Journal, place: &str) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    let mut after = None;
    loop {
        let books = list(journal, after, place).await?;
        let Some((last, _)) = books.last() else { break };
        after = Some(*last);
        for (book, reduced) in books {
            findings.books += 1;
            if let Err(reason) = check_book(journal, book, reduced, &mut findings).await? {
                findings.damaged += 1;
                println!("book {book}: {reason}");
            }
        }
    }
    let Findings { books, closed, entries, transactions, damaged } = findings;
    println!(
        "{books} books ({closed} closed), {entries} entries, {transactions} transactions: {}",
        match damaged {
            0 => "all chains hold".to_owned(),
            _ => format!("{damaged} damaged; keep a copy of {place}, then restore a backup"),
        }
    );
    Ok(if damaged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The next books. A store whose list of books cannot be read is damaged as a whole.
async fn list(
    journal: &dyn Journal,
    after: Option<BookId>,
    place: &str,
) -> anyhow::Result<Vec<(BookId, bool)>> {
    Ok(match journal.books(after, BOOKS).await {
        Err(StoreError::Damaged(what)) => {
            anyhow::bail!("{place} is damaged ({what}); keep a copy of it, then restore a backup")
        }
        answer => answer?,
    })
}

/// What is wrong with a book is a finding; an error means that nothing can be found out.
async fn check_book(
    journal: &dyn Journal,
    book: BookId,
    reduced: bool,
    findings: &mut Findings,
) -> Result<Result<(), String>, StoreError> {
    if reduced {
        findings.closed += 1;
        return check_tombstones(journal, book).await;
    }
    let mut ledger = Ledger::empty(book);
    loop {
        let entries = match journal.since(book, ledger.version(), BATCH).await {
            Err(StoreError::Damaged(what)) => return Ok(Err(what)),
            answer => answer?,
        };
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            if let Err(error) = ledger.apply(entry) {
                return Ok(Err(error.to_string()));
            }
            findings.entries += 1;
        }
    }
    findings.transactions += u64::try_from(ledger.rows().len()).unwrap_or(0);
    Ok(Ok(()))
}

async fn check_tombstones(journal: &dyn Journal, book: BookId) -> Result<Result<(), String>, StoreError> {
    let tombstones = journal.tombstones(book).await?;
    let gap = tombstones.iter().zip(1u64..).find(|((slot, _), expected)| slot != expected);
    Ok(match gap {
        Some((_, expected)) => Err(format!("closed, and slot {expected} is missing")),
        None => Ok(()),
    })
}
