//! Access facts in a journal: ended sessions and raised auth generations. Digests and numbers only; left out of
//! history, undo and export.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{error::Error, ids::Digest};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "access")]
pub enum AccessChange {
    /// Sessions that may write nothing any more, each until its absolute end (after which no session can live).
    SessionsRevoked { sessions: Vec<Revoked> },
    /// Every session and token of an older generation is void.
    GenerationRaised { from: u64, to: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// SHA-256 of the session's token.
    pub token: Digest,
    /// The absolute end of the session, or later; the ledger forgets the revocation then.
    pub until: Timestamp,
}

/// Who may still come to a book: the fold of its access facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub(crate) closed: bool,
    pub(crate) generation: u64,
    pub(crate) revoked: HashMap<Digest, Timestamp>,
}

impl Access {
    /// Refuses a session that was ended or whose generation is void, and everyone once the book is closed.
    pub fn check(&self, token: Option<Digest>, generation: u64) -> Result<(), Error> {
        if self.closed {
            return Err(Error::BookClosed);
        }
        let is_revoked = token.is_some_and(|token| self.revoked.contains_key(&token));
        if is_revoked || generation < self.generation {
            return Err(Error::SessionRevoked);
        }
        Ok(())
    }
}
