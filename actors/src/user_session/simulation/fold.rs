//! A fold of the journal that shares nothing with the ledger: rows by id, sums in 128 bits, and for every version what
//! an answer from it must say.

use std::collections::BTreeMap;

use finbrain_domain::{
    access::AccessChange,
    change::Change,
    entry::{Entry, Key},
    ids::{Digest, EntryId, TransactionId},
};

use super::history::{Violation, demand};

#[derive(Debug, Default)]
pub struct Fold {
    versions: Vec<Version>,
    slots: BTreeMap<EntryId, u64>,
    keys: BTreeMap<String, Digest>,
    rows: BTreeMap<TransactionId, i64>,
    /// When a row came and when it went.
    lives: BTreeMap<TransactionId, (u64, Option<u64>)>,
    ended: BTreeMap<Digest, u64>,
    raised: Option<u64>,
    closed: Option<u64>,
    name: String,
}

#[derive(Debug)]
struct Version {
    chain: Digest,
    entry: EntryId,
    key: Option<Key>,
    resource: String,
    name: String,
    count: usize,
    sum: i128,
}

impl Fold {
    /// Folds a journal, which must be contiguous, chained (I3), hold no key twice (I2), and follow from itself: every
    /// change takes away what is there.
    pub fn of<'a>(journal: impl Iterator<Item = &'a Entry>) -> Result<Self, Violation> {
        let mut fold = Self::default();
        for entry in journal {
            fold.follow(entry)?;
        }
        Ok(fold)
    }

    fn follow(&mut self, entry: &Entry) -> Result<(), Violation> {
        let slot = self.versions.len() as u64 + 1;
        let chain = self.versions.last().map_or(Digest::ZERO, |version| version.chain);
        demand(entry.slot == slot, || format!("I3: slot {} follows {}", entry.slot, slot - 1))?;
        demand(entry.verify(chain).is_ok(), || format!("I3: the chain breaks at slot {slot}"))?;
        demand(self.closed.is_none(), || format!("slot {slot} was written after the book was closed"))?;
        let twice = self.slots.insert(entry.entry_id, slot);
        demand(twice.is_none(), || format!("I2: {:?} stands at {twice:?} and {slot}", entry.entry_id))?;
        if let Some(key) = &entry.key {
            let twice = self.keys.insert(key.key.clone(), key.request).is_some();
            demand(!twice, || format!("I2: slot {slot} holds a key that stands before it"))?;
        }
        let mut resource = String::new();
        for change in entry.changes().map_err(|error| error.to_string())? {
            self.apply(&change, slot, &mut resource)?;
        }
        let (count, sum) = (self.rows.len(), self.rows.values().map(|minor| i128::from(*minor)).sum());
        let (chain, key, name) = (entry.chain, entry.key.clone(), self.name.clone());
        self.versions.push(Version { chain, entry: entry.entry_id, key, resource, name, count, sum });
        Ok(())
    }

    fn apply(&mut self, change: &Change, slot: u64, resource: &mut String) -> Result<(), Violation> {
        let stale = || format!("I6: slot {slot} was decided over another ledger than stood before it");
        match change {
            Change::Transaction { from, to } => {
                let id = to.as_ref().or(from.as_ref()).ok_or_else(stale)?.id;
                let before = from.as_ref().map(|row| row.original.minor());
                demand(self.rows.get(&id).copied() == before, stale)?;
                if let Some(row) = to {
                    self.rows.insert(id, row.original.minor());
                    self.lives.insert(id, (slot, None));
                    *resource = format!("{id} {}", row.original.minor());
                } else {
                    self.rows.remove(&id);
                    self.lives.entry(id).and_modify(|life| life.1 = Some(slot));
                }
            }
            Change::Settings { from, to } => {
                let before = from.as_ref().map_or("", |settings| settings.name.as_str());
                demand(self.name == before, stale)?;
                self.name =
                    to.as_ref().map(|settings| settings.name.as_str().to_owned()).ok_or_else(stale)?;
                resource.clone_from(&self.name);
            }
            Change::Access(AccessChange::SessionsRevoked { sessions }) => {
                for session in sessions {
                    self.ended.entry(session.token).or_insert(slot);
                }
            }
            Change::Access(AccessChange::GenerationRaised { .. }) => {
                self.raised.get_or_insert(slot);
            }
            Change::BookClosed => self.closed = Some(slot),
            Change::Account { .. }
            | Change::Category { .. }
            | Change::Merchant { .. }
            | Change::Silence { .. } => {}
        }
        Ok(())
    }

    fn version(&self, version: u64) -> Option<&Version> {
        self.versions.get(usize::try_from(version.checked_sub(1)?).ok()?)
    }

    pub fn head(&self) -> u64 {
        self.versions.len() as u64
    }

    pub fn chain(&self, version: u64) -> Option<Digest> {
        self.version(version).map(|version| version.chain)
    }

    pub fn entry(&self, version: u64) -> Option<(EntryId, &Option<Key>)> {
        self.version(version).map(|version| (version.entry, &version.key))
    }

    pub fn sum(&self, version: u64) -> Option<(usize, i128)> {
        self.version(version).map(|version| (version.count, version.sum))
    }

    pub fn name(&self, version: u64) -> Option<&String> {
        self.version(version).map(|version| &version.name)
    }

    /// What an answer says of what was written.
    pub fn resource(&self, version: u64) -> &str {
        self.version(version).map_or("", |version| &version.resource)
    }

    pub fn slot_of(&self, entry: EntryId) -> Option<u64> {
        self.slots.get(&entry).copied()
    }

    pub fn life(&self, row: TransactionId) -> Option<(u64, Option<u64>)> {
        self.lives.get(&row).copied()
    }

    /// The slot that ended a session.
    pub fn ended(&self, token: Digest) -> Option<u64> {
        self.ended.get(&token).copied()
    }

    pub fn raised(&self, head: u64) -> bool {
        self.raised.is_some_and(|raised| raised <= head)
    }

    pub const fn closed(&self) -> Option<u64> {
        self.closed
    }

    /// Whether the key stands for another request.
    pub fn is_reused(&self, key: &Key) -> bool {
        self.keys.get(&key.key).is_some_and(|request| *request != key.request)
    }
}
