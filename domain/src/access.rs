//! Access facts in a journal: ended sessions and raised auth generations. Digests and numbers only; left out of
//! history, undo and export.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::Digest;

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
    /// The absolute end of the session; the ledger forgets the revocation then.
    pub until: Timestamp,
}
