//! When the sessions that passed through this pod were seen, until the durable store is told. Bounded; losing one costs
//! precision after a loss of Redis, nothing else.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use finbrain_domain::{ids::Digest, ports::Seen};

const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct SeenHere(Mutex<HashMap<Digest, Seen>>);

impl SeenHere {
    pub(super) fn add(&self, seen: Seen) {
        let mut all = self.lock();
        let is_full = all.len() >= MOST;
        match all.entry(seen.token) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.seen_at = known.seen_at.max(seen.seen_at);
                known.active_at = known.active_at.max(seen.active_at);
            }
            Entry::Vacant(_) if is_full => {}
            Entry::Vacant(vacant) => {
                vacant.insert(seen);
            }
        }
    }

    pub(super) fn forget(&self, tokens: &[Digest]) {
        let mut all = self.lock();
        for token in tokens {
            all.remove(token);
        }
    }

    pub(super) fn drain(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// Every change of the map is complete when it could unwind.
    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
