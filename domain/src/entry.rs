//! Entries: the links of a journal. One accepted command is one entry, sealed once and chained to the one before.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::{
    change::Change,
    error::Error,
    ids::{BookId, Digest, EntryId, UserId},
};

/// The form in which this version writes entries.
pub const FORMAT: u32 = 1;
/// At most this many changes in one entry …
pub const MAX_CHANGES: usize = 100_000;
/// … this many bytes of changes, before packing …
pub const MAX_PAYLOAD: usize = 64 * 1024 * 1024;
/// … and this many as a store packs them.
pub const MAX_PACKED: usize = 8 * 1024 * 1024;

/// Who wrote an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Author {
    User(UserId),
    System,
}

/// An idempotency key with the digest of the request that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub key: String,
    pub request: Digest,
}

/// An accepted command that has not been sealed yet.
#[derive(Debug, Clone)]
pub struct Draft {
    pub entry_id: EntryId,
    pub author: Author,
    pub key: Option<Key>,
    pub auth_generation: u64,
    pub at: Timestamp,
    /// The entry that this one undoes or redoes.
    pub reverses: Option<Reversal>,
    pub changes: Vec<Change>,
    /// Whether effects (a training example, later mail and webhooks) wait for delivery.
    pub pending: bool,
}

/// That an entry takes back an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "entry")]
pub enum Reversal {
    Undo(EntryId),
    Redo(EntryId),
}

/// An entry as a journal keeps it. The payload is what was first written, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    pub book: BookId,
    pub slot: u64,
    pub entry_id: EntryId,
    pub format: u32,
    pub author: Author,
    pub key: Option<Key>,
    pub auth_generation: u64,
    pub at: Timestamp,
    pub reverses: Option<Reversal>,
    /// JSON of the changes, uncompressed; stores may pack it. `None` once erased: the digest stays.
    pub payload: Option<Vec<u8>>,
    pub digest: Digest,
    pub chain: Digest,
    /// Outside the chain.
    pub pending: bool,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at slot {} of {:?}", self.entry_id, self.slot, self.book)
    }
}

impl Entry {
    /// Seals a draft into `slot`, behind the entry whose chain is `previous` ([`Digest::ZERO`] before slot 1).
    pub fn seal(book: BookId, slot: u64, previous: Digest, draft: &Draft) -> Result<Self, Error> {
        if draft.changes.len() > MAX_CHANGES {
            return Err(Error::EntryTooLarge { limit: MAX_CHANGES });
        }
        let payload =
            serde_json::to_vec(&draft.changes).expect("changes have string keys and finite numbers");
        if payload.len() > MAX_PAYLOAD {
            return Err(Error::EntryTooLarge { limit: MAX_PAYLOAD });
        }
        let mut entry = Self {
            book,
            slot,
            entry_id: draft.entry_id,
            format: FORMAT,
            author: draft.author,
            key: draft.key.clone(),
            auth_generation: draft.auth_generation,
            at: draft.at,
            reverses: draft.reverses,
            digest: Digest::of(&payload),
            payload: Some(payload),
            chain: Digest::ZERO,
            pending: draft.pending,
        };
        entry.chain = entry.link(previous);
        Ok(entry)
    }

    /// Reads the changes. An erased payload has none.
    pub fn changes(&self) -> Result<Vec<Change>, Error> {
        if self.format > FORMAT {
            return Err(Error::FormatUnknown { format: self.format });
        }
        match &self.payload {
            None => Ok(Vec::new()),
            Some(payload) => serde_json::from_slice(payload)
                .map_err(|_| Error::JournalDamaged { slot: self.slot, what: "changes cannot be read" }),
        }
    }

    /// Verifies payload and chain against the entry before.
    pub fn verify(&self, previous: Digest) -> Result<(), Error> {
        let damaged = |what| Err(Error::JournalDamaged { slot: self.slot, what });
        if self.payload.as_ref().is_some_and(|payload| Digest::of(payload) != self.digest) {
            return damaged("digest does not match the changes");
        }
        if self.link(previous) != self.chain {
            return damaged("chain is broken");
        }
        Ok(())
    }

    /// SHA-256 of the previous chain, every other field with its length before it, and the digest.
    fn link(&self, previous: Digest) -> Digest {
        let mut hash = sha2::Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        field(&previous.0);
        field(self.book.as_bytes());
        field(&self.slot.to_be_bytes());
        field(self.entry_id.as_bytes());
        field(&self.format.to_be_bytes());
        match self.author {
            Author::User(user) => field(user.as_bytes()),
            Author::System => field(b"system"),
        }
        match &self.key {
            Some(key) => {
                field(key.key.as_bytes());
                field(&key.request.0);
            }
            None => field(b""),
        }
        field(&self.auth_generation.to_be_bytes());
        field(&self.at.as_microsecond().to_be_bytes());
        match self.reverses {
            Some(Reversal::Undo(entry)) => field(&[b"undo".as_slice(), entry.as_bytes()].concat()),
            Some(Reversal::Redo(entry)) => field(&[b"redo".as_slice(), entry.as_bytes()].concat()),
            None => field(b""),
        }
        field(&self.digest.0);
        Digest(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            entry_id: EntryId::new(),
            author: Author::System,
            key: Some(Key { key: "k".into(), request: Digest::of(b"request") }),
            auth_generation: 3,
            at: "2026-11-24T08:00:00.123456Z".parse().unwrap(),
            reverses: None,
            changes: vec![Change::BookClosed],
            pending: false,
        }
    }

    #[test]
    fn an_entry_verifies_behind_its_predecessor_only() {
        let entry = Entry::seal(BookId::new(), 1, Digest::ZERO, &draft()).unwrap();

        assert_eq!(entry.verify(Digest::ZERO), Ok(()));
        assert!(entry.verify(Digest::of(b"other")).is_err());
    }

    #[test]
    fn every_tampered_field_breaks_the_chain() {
        let sealed = Entry::seal(BookId::new(), 1, Digest::ZERO, &draft()).unwrap();
        let tampered: [fn(&mut Entry); 9] = [
            |e| e.slot = 2,
            |e| e.book = BookId::new(),
            |e| e.entry_id = EntryId::new(),
            |e| e.format = 2,
            |e| e.author = Author::User(UserId::new()),
            |e| e.key = None,
            |e| e.auth_generation = 4,
            |e| e.at = Timestamp::UNIX_EPOCH,
            |e| e.payload = Some(b"[]".to_vec()),
        ];

        for tamper in tampered {
            let mut entry = sealed.clone();
            tamper(&mut entry);
            assert!(entry.verify(Digest::ZERO).is_err());
        }
    }

    #[test]
    fn an_erased_payload_leaves_the_chain_whole() {
        let mut entry = Entry::seal(BookId::new(), 1, Digest::ZERO, &draft()).unwrap();

        entry.payload = None;

        assert_eq!(entry.verify(Digest::ZERO), Ok(()));
        assert_eq!(entry.changes(), Ok(vec![]));
    }

    #[test]
    fn an_entry_of_a_newer_format_is_not_guessed_at() {
        let mut entry = Entry::seal(BookId::new(), 1, Digest::ZERO, &draft()).unwrap();
        entry.format = FORMAT + 1;

        assert_eq!(entry.changes(), Err(Error::FormatUnknown { format: FORMAT + 1 }));
    }
}
