//! A small table of things that rows point at: accounts, categories. A thing keeps its place for the life of the
//! ledger, also when it is removed and comes back by undo.

use std::{collections::HashMap, hash::Hash};

/// Where a thing stands in its table.
pub type Place = u16;

#[derive(Debug, Clone)]
pub struct Table<K, T> {
    slots: Vec<Slot<K, T>>,
    places: HashMap<K, Place>,
}

#[derive(Debug, Clone)]
struct Slot<K, T> {
    key: K,
    value: Option<T>,
    /// The journal slot of its last change.
    changed: u64,
}

/// More things than this no book has: a place must fit a column.
pub const MAX_PLACES: usize = 10_000;

impl<K, T> Default for Table<K, T> {
    fn default() -> Self {
        Self { slots: Vec::new(), places: HashMap::new() }
    }
}

impl<K: Clone + Eq + Hash, T> Table<K, T> {
    pub fn get(&self, key: &K) -> Option<&T> {
        self.at(self.place(key)?)
    }

    pub fn place(&self, key: &K) -> Option<Place> {
        self.places.get(key).copied()
    }

    pub fn at(&self, place: Place) -> Option<&T> {
        self.slots.get(usize::from(place))?.value.as_ref()
    }

    pub fn key_at(&self, place: Place) -> Option<&K> {
        self.slots.get(usize::from(place)).map(|slot| &slot.key)
    }

    pub fn changed(&self, key: &K) -> Option<u64> {
        Some(self.slots[usize::from(self.place(key)?)].changed)
    }

    /// What is there now, in the order of first appearance.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_ref())
    }

    /// How many places there are, those of removed things included.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// Puts `value` in the place of `key`, or a new one. `None` when the table is full.
    pub fn put(&mut self, key: K, value: Option<T>, changed: u64) -> Option<Place> {
        if let Some(place) = self.place(&key) {
            let slot = &mut self.slots[usize::from(place)];
            slot.value = value;
            slot.changed = changed;
            return Some(place);
        }
        if self.slots.len() >= MAX_PLACES {
            return None;
        }
        let place = Place::try_from(self.slots.len()).ok()?;
        self.places.insert(key.clone(), place);
        self.slots.push(Slot { key, value, changed });
        Some(place)
    }

    /// Every slot as it is, for snapshots.
    pub fn slots(&self) -> impl Iterator<Item = (&K, Option<&T>, u64)> {
        self.slots.iter().map(|slot| (&slot.key, slot.value.as_ref(), slot.changed))
    }
}
