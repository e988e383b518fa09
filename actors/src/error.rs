//! Why an actor could not do what it was asked.

use std::time::Duration;

use finbrain_domain::ports::StoreError;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The rules said no.
    #[error(transparent)]
    Domain(#[from] finbrain_domain::Error),
    /// The rules said no to one row of many.
    #[error("row {row}: {cause}")]
    Row { row: usize, cause: finbrain_domain::Error },
    #[error(transparent)]
    Store(StoreError),
    /// A queue is full; nothing was done.
    #[error("too many requests wait for this book")]
    Busy { retry_after: Duration },
    /// The deadline passed; a command may still be applied.
    #[error("no answer within the deadline")]
    Deadline,
    /// Other writers took the slot each time; nothing was written.
    #[error("the book is written to by others at the same time")]
    Contended,
    /// Another command of the same person came between.
    #[error("another command of the same person came between")]
    Overtaken,
    /// The ledger here is older than what the client has seen.
    #[error("ledger is at version {version}, the client has seen {seen}")]
    Behind { version: u64, seen: u64 },
    /// The idempotency key was used for another request.
    #[error("idempotency key was used for another request")]
    KeyReused,
    /// The actor failed several times within a minute and rests.
    #[error("the book failed repeatedly and rests")]
    Quarantined { retry_after: Duration },
    /// The actor stopped, or took too long, over a question. Nothing was changed.
    #[error("the question was not answered")]
    Unanswered,
    /// The actor stopped in the middle of the request.
    #[error("the book's actor stopped")]
    Stopped,
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            // Told by the journal instead of the ledger, but the same fact.
            StoreError::Closed => Self::Domain(finbrain_domain::Error::BookClosed),
            other => Self::Store(other),
        }
    }
}
