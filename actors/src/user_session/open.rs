//! Opening a book: the newest snapshot, then the tail of the journal; the first entry when there is none yet.

use finbrain_domain::{
    book,
    entry::{Author, Draft, Entry},
    ids::{BookId, Digest, EntryId, UserId},
    ledger::Ledger,
    ports::{AppendError, Journal, StoreError},
};
use jiff::Timestamp;

use crate::{Ports, error::Error};

/// Entries that are read at a time.
const BATCH: usize = 1000;

/// A ledger as it was opened.
#[derive(Debug)]
pub struct Opened {
    pub ledger: Ledger,
    /// The version of the snapshot that it was opened from; 0 when there was none.
    pub snapshot: u64,
}

/// Opens the ledger of a book.
pub async fn open(ports: &Ports, user: UserId, book: BookId) -> Result<Opened, Error> {
    let ledger = match ports.journal.snapshot(book).await? {
        Some(snapshot) => in_background(move || Ledger::unpack(&snapshot)).await?,
        None => None,
    };
    let mut ledger = ledger.unwrap_or_else(|| Ledger::empty(book));
    let snapshot = ledger.version();
    loop {
        ledger = catch_up(ports, ledger).await?;
        if ledger.version() > 0 {
            return Ok(Opened { ledger, snapshot });
        }
        // A lost race is fine: then the other one's first entry is read.
        match ports.journal.append(first_entry(ports, user, book).await?).await {
            Ok(()) | Err(AppendError::SlotTaken) => {}
            Err(AppendError::Closed) => return Err(finbrain_domain::Error::BookClosed.into()),
            Err(AppendError::KeyTaken | AppendError::TooLarge) => {
                unreachable!("the first entry has no key and a dozen changes")
            }
            Err(AppendError::Store(error)) => return Err(error.into()),
        }
    }
}

async fn first_entry(ports: &Ports, user: UserId, book: BookId) -> Result<Entry, Error> {
    let user = ports.users.user(user).await?.ok_or(finbrain_domain::Error::BookClosed)?;
    let at = ports.clock.now();
    let draft = Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: None,
        auth_generation: user.auth_generation,
        at: Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at),
        reverses: None,
        changes: book::open(user.opening),
        pending: false,
    };
    Ok(Entry::seal(book, 1, Digest::ZERO, &draft)?)
}

async fn catch_up(ports: &Ports, mut ledger: Ledger) -> Result<Ledger, Error> {
    loop {
        let entries = ports.journal.since(ledger.book(), ledger.version(), BATCH).await?;
        if entries.is_empty() {
            return Ok(ledger);
        }
        let folded = in_background(move || {
            entries.iter().try_fold((), |(), entry| ledger.apply(entry).map(drop)).map(|()| ledger)
        });
        ledger = folded.await??;
    }
}

/// Everything behind `version`.
pub(super) async fn tail(
    journal: &dyn Journal,
    book: BookId,
    version: u64,
) -> Result<Vec<Entry>, StoreError> {
    let mut tail: Vec<Entry> = Vec::new();
    loop {
        let after = tail.last().map_or(version, |entry| entry.slot);
        let batch = journal.since(book, after, BATCH).await?;
        if batch.is_empty() {
            return Ok(tail);
        }
        tail.extend(batch);
    }
}

/// Runs what takes longer than a query off the async threads; its panic becomes an error.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)
}
