//! Commands: one at a time, decided against the newest ledger, appended, then applied. Memory follows the journal,
//! never the other way round.

use finbrain_domain::{
    change::Change,
    entry::{Author, Draft, Entry, Key, Reversal},
    ids::{Digest, EntryId},
};
use jiff::Timestamp;

use crate::{error::Error, user_session::view::View};

/// Something that a person wants written into their book.
///
/// `decide` is called again when another writer was faster, so it must not consume anything.
pub trait Command: Send + 'static {
    type Output: Send + 'static;

    /// Decides against the ledger as it is. Calls one domain function; the rules live there.
    fn decide(&self, view: &View<'_>) -> Result<Decision<Self::Output>, Error>;

    /// The output again, from the entry that an earlier request with the same key wrote.
    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<Self::Output, Error>;
}

/// What a command comes to. Without changes nothing is appended.
#[derive(Debug)]
pub struct Decision<T> {
    pub changes: Vec<Change>,
    pub output: T,
    /// The entry that this one takes back.
    pub reverses: Option<Reversal>,
    /// Whether the worker has something to deliver for the entry.
    pub effects: bool,
}

impl<T> Decision<T> {
    pub const fn new(changes: Vec<Change>, output: T) -> Self {
        Self { changes, output, reverses: None, effects: false }
    }
}

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub author: Author,
    /// The session's token digest; the system has none.
    pub token: Option<Digest>,
    pub auth_generation: u64,
    pub key: Option<Key>,
    /// Made once per command, so that an unknown outcome can be told from a taken slot.
    pub entry_id: EntryId,
    /// The highest version that the client has seen.
    pub seen: u64,
}

impl Envelope {
    /// An envelope of the system itself.
    pub fn system() -> Self {
        Self {
            author: Author::System,
            token: None,
            auth_generation: u64::MAX,
            key: None,
            entry_id: EntryId::new(),
            seen: 0,
        }
    }

    pub(super) fn draft<T>(&self, decision: &Decision<T>, at: Timestamp, generation: u64) -> Draft {
        Draft {
            entry_id: self.entry_id,
            author: self.author,
            key: self.key.clone(),
            auth_generation: generation,
            at,
            reverses: decision.reverses,
            changes: decision.changes.clone(),
            pending: decision.effects,
        }
    }
}

/// What a command came to.
#[derive(Debug)]
pub struct Accepted<T> {
    pub output: T,
    /// The version that the book has with it.
    pub version: u64,
    /// `None` when nothing had to be written.
    pub entry_id: Option<EntryId>,
    /// An earlier request with the same key had been accepted; this one wrote nothing.
    pub replayed: bool,
}

/// Whether `entry` stands for the same request as `key`.
pub(super) fn same_request(entry: &Entry, key: &Key) -> bool {
    entry.key.as_ref().is_some_and(|written| written.request == key.request)
}
