//! The journal as a replica set keeps it: a primary whose writes count when a majority has them, and after an election a
//! deposed primary that does not know it yet. It must not know the protocol: it neither forbids gaps nor checks chains.

use std::collections::BTreeMap;

use finbrain_domain::{
    change::Change,
    entry::Entry,
    ports::{AppendError, StoreError},
};

/// Who answers a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    Primary,
    /// Its reads are old, and what it takes is never acknowledged and rolled back.
    Deposed,
}

#[derive(Debug, Default)]
pub struct Store {
    /// What a majority has: it stays.
    durable: BTreeMap<u64, Entry>,
    /// What only the primary has.
    local: BTreeMap<u64, Entry>,
    deposed: Deposed,
    /// Of a closed book: up to here entries are reduced to their chain.
    reduced: u64,
}

#[derive(Debug, Default)]
struct Deposed {
    /// The last slot that it knows a majority to have.
    head: u64,
    local: BTreeMap<u64, Entry>,
}

impl Store {
    pub fn new(opening: Entry) -> Self {
        Self { durable: BTreeMap::from([(opening.slot, opening)]), ..Self::default() }
    }

    /// Takes an entry, if both unique indexes let it in. It counts once [`Store::replicate`] has been called. Where both
    /// stand against it, `key_first` says which is named.
    pub fn append(&mut self, member: Member, entry: Entry, key_first: bool) -> Result<(), AppendError> {
        let head = self.head(member);
        let seen = self.durable.range(..=head).map(|(_, entry)| entry);
        let local = if member == Member::Primary { &self.local } else { &self.deposed.local };
        let (mut slot, mut key) = (false, false);
        for standing in seen.chain(local.values()) {
            slot |= standing.slot == entry.slot;
            key |= entry.key.is_some()
                && standing.key.as_ref().map(|key| &key.key) == entry.key.as_ref().map(|key| &key.key);
        }
        if self.durable.range(..=head).next_back().is_some_and(|(_, last)| closes(last)) {
            return Err(AppendError::Closed);
        }
        match (slot, key) {
            (true, true) if key_first => return Err(AppendError::KeyTaken),
            (true, _) => return Err(AppendError::SlotTaken),
            (false, true) => return Err(AppendError::KeyTaken),
            (false, false) => {}
        }
        let local = if member == Member::Primary { &mut self.local } else { &mut self.deposed.local };
        local.insert(entry.slot, entry);
        Ok(())
    }

    /// A majority has everything that the primary has.
    pub fn replicate(&mut self) {
        self.durable.append(&mut self.local);
    }

    /// Another member becomes primary. What only the old one had is `lost`, or came to the new one just in time.
    pub fn elect(&mut self, lost: bool) {
        self.deposed = Deposed { head: self.head(Member::Primary), local: self.local.clone() };
        if lost {
            self.local.clear();
        } else {
            self.replicate();
        }
    }

    pub fn stands(&self, entry: &Entry) -> bool {
        self.durable.get(&entry.slot).is_some_and(|standing| standing.entry_id == entry.entry_id)
    }

    pub fn is_closed(&self) -> bool {
        self.durable.last_key_value().is_some_and(|(_, last)| closes(last))
    }

    pub const fn is_reduced(&self) -> bool {
        self.reduced > 0
    }

    /// Reduces some more entries of a closed book; `false` when none is left.
    pub fn reduce(&mut self, more: u64) -> bool {
        self.reduced = (self.reduced + more).min(self.head(Member::Primary));
        self.reduced < self.head(Member::Primary)
    }

    /// What a majority has behind a slot, as far as the member knows.
    pub fn since(&self, member: Member, after: u64) -> Result<Vec<Entry>, StoreError> {
        let head = self.head(member);
        if after < self.reduced && member == Member::Primary {
            return Err(StoreError::Closed);
        }
        let behind = self.durable.range(after + 1..).filter(|(slot, _)| **slot <= head);
        Ok(behind.map(|(_, entry)| entry.clone()).collect())
    }

    pub fn by_key(&self, member: Member, wanted: &str) -> Option<Entry> {
        let head = self.head(member);
        let has = |entry: &&Entry| {
            entry.slot > self.reduced && entry.key.as_ref().is_some_and(|key| key.key == wanted)
        };
        self.durable.range(..=head).map(|(_, entry)| entry).find(has).cloned()
    }

    pub fn head(&self, member: Member) -> u64 {
        match member {
            Member::Primary => self.durable.last_key_value().map_or(0, |(slot, _)| *slot),
            Member::Deposed => self.deposed.head,
        }
    }

    pub fn journal(&self) -> impl Iterator<Item = &Entry> {
        self.durable.values()
    }
}

fn closes(entry: &Entry) -> bool {
    entry.changes().is_ok_and(|changes| changes.contains(&Change::BookClosed))
}
