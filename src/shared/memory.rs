//! Shared state inside one process: what the embedded server runs on, and what every pod would do alone. Bounded and
//! disposable: nothing here is a truth.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use dashmap::{DashMap, mapref::entry::Entry};
use finbrain_domain::{
    ids::{Digest, UserId},
    ports::{Answer, Growth, GrowthStream, Limit, Seen, Shared, StoreError, Touch, TouchRefused},
    session::{Session, SessionLife},
};
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::{gcra::Rate, listener::Listener};

/// At most this many limited keys have a counter of their own …
const LIMIT_CELLS: usize = 500_000;
/// … and further ones share these, so that a flood of addresses costs strangers precision and never memory.
const OVERFLOW_CELLS: u64 = 4096;
/// Growth hints that a slow listener may be behind before it loses some.
const GROWTH_BACKLOG: usize = 1024;

#[derive(Debug)]
pub struct MemoryShared {
    life: SessionLife,
    session_rate: Rate,
    sessions: DashMap<Digest, Held>,
    /// Which tokens a person holds. May name sessions that are gone, never the other way round for long.
    of_user: DashMap<UserId, Vec<Digest>>,
    /// From the keyed hash of (limit, who) to the state of its counter: no texts, no allocation, nothing to guess.
    limits: DashMap<u64, i64>,
    limit_hash: RandomState,
    limit_cells: usize,
    growth: broadcast::Sender<Growth>,
}

#[derive(Debug)]
struct Held {
    session: Session,
    full_at: i64,
    /// Whether it was touched since the last [`Shared::drain_seen`].
    seen: bool,
}

impl MemoryShared {
    pub fn new(life: SessionLife, session_rate: Rate) -> Self {
        Self {
            life,
            session_rate,
            sessions: DashMap::new(),
            of_user: DashMap::new(),
            limits: DashMap::new(),
            limit_hash: RandomState::new(),
            limit_cells: LIMIT_CELLS,
            growth: broadcast::Sender::new(GROWTH_BACKLOG),
        }
    }

    /// Forgets what no longer matters: sessions that are over and full buckets. To be called about once a minute.
    ///
    /// A session that is over stays known until the durable store, whose times lag, agrees that it is over: else it
    /// would be `Unknown` here and be restored from there.
    pub fn sweep(&self, now: Timestamp) {
        let lenient = self.life.lenient();
        let mut gone = Vec::new();
        self.sessions.retain(|token, held| {
            let over = held.session.ended(now, &lenient).is_some();
            if over {
                gone.push((held.session.user, *token));
            }
            !over
        });
        for (user, token) in gone {
            self.disown(user, token);
        }
        self.limits.retain(|_, full_at| *full_at > now.as_microsecond());
    }

    fn touched(&self, touch: Touch) -> Result<Session, TouchRefused> {
        let mut held = self.sessions.get_mut(&touch.token).ok_or(TouchRefused::Unknown)?;
        if let Some(ended) = held.session.ended(touch.now, &self.life) {
            return Err(TouchRefused::Ended(ended));
        }
        // Requests of one session race each other here: time must not run backwards. One that is over its limit
        // still shows that somebody is there.
        held.session.last_seen_at = held.session.last_seen_at.max(touch.now);
        if touch.active {
            held.session.last_active_at = held.session.last_active_at.max(touch.now);
        }
        held.seen = true;
        self.session_rate
            .take(&mut held.full_at, touch.now.as_microsecond())
            .map_err(|retry_after| TouchRefused::Limited { retry_after })?;
        Ok(held.session.clone())
    }

    fn put(&self, session: Session) {
        let (user, token) = (session.user, session.token);
        let held = match self.sessions.entry(token) {
            // Restored a second time by a request that ran beside the first: the bucket stays as it is.
            Entry::Occupied(mut known) => {
                known.get_mut().session = session;
                return;
            }
            Entry::Vacant(vacant) => vacant.insert(Held { session, full_at: 0, seen: true }),
        };
        drop(held);
        let mut tokens = self.of_user.entry(user).or_default();
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }

    fn remove(&self, token: Digest) {
        if let Some((_, held)) = self.sessions.remove(&token) {
            self.disown(held.session.user, token);
        }
    }

    fn disown(&self, user: UserId, token: Digest) {
        self.of_user.remove_if_mut(&user, |_, tokens| {
            tokens.retain(|known| *known != token);
            tokens.is_empty()
        });
    }

    fn held_by(&self, user: UserId) -> Vec<Session> {
        let tokens = self.of_user.get(&user).map(|tokens| tokens.clone()).unwrap_or_default();
        tokens.iter().filter_map(|token| Some(self.sessions.get(token)?.session.clone())).collect()
    }

    fn drained(&self) -> Vec<Seen> {
        let fresh = self.sessions.iter_mut().filter(|held| held.seen);
        let drained = fresh.map(|mut held| {
            held.seen = false;
            let Session { token, last_seen_at: seen_at, last_active_at: active_at, .. } = held.session;
            Seen { token, seen_at, active_at }
        });
        drained.collect()
    }

    fn counted(&self, what: &Limit<'_>) -> Result<(), Duration> {
        self.take(self.cell(what.name, what.key), Rate::from(what), what.now)
    }

    /// Where the counter of a limited key stands.
    pub(super) fn cell(&self, name: &str, key: &str) -> u64 {
        self.limit_hash.hash_one((name, key))
    }

    /// Counts a request of a session that is not held here.
    pub(super) fn counted_stranger(&self, touch: &Touch) -> Result<(), Duration> {
        self.take(self.limit_hash.hash_one(touch.token), self.session_rate, touch.now)
    }

    pub(super) fn take(&self, key: u64, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        let now = now.as_microsecond();
        if let Some(mut full_at) = self.limits.get_mut(&key) {
            return rate.take(&mut full_at, now);
        }
        let key = if self.limits.len() < self.limit_cells { key } else { key % OVERFLOW_CELLS };
        rate.take(&mut self.limits.entry(key).or_insert(0), now)
    }
}

impl Shared for MemoryShared {
    fn touch(&self, touch: Touch) -> Answer<'_, Result<Result<Session, TouchRefused>, StoreError>> {
        Box::pin(async move { Ok(self.touched(touch)) })
    }

    fn admit(&self, session: Session, _now: Timestamp) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.put(session);
            Ok(())
        })
    }

    fn evict(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            tokens.into_iter().for_each(|token| self.remove(token));
            Ok(())
        })
    }

    fn alive(&self, user: UserId, _now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        Box::pin(async move { Ok(self.held_by(user)) })
    }

    fn drain_seen(&self) -> Answer<'_, Result<Vec<Seen>, StoreError>> {
        Box::pin(async move { Ok(self.drained()) })
    }

    fn limit(&self, what: Limit<'_>) -> Answer<'_, Result<Result<(), Duration>, StoreError>> {
        // Counted at once, because the borrowed key may not outlive the call.
        let counted = self.counted(&what);
        Box::pin(async move { Ok(counted) })
    }

    fn publish(&self, growth: Growth) {
        // Fails when nobody listens, which is fine.
        let _ = self.growth.send(growth);
    }

    fn subscribe(&self) -> Box<dyn GrowthStream> {
        Box::new(Listener(self.growth.subscribe()))
    }
}

#[cfg(test)]
mod tests {
    use finbrain_domain::{
        ids::{BookId, SessionId},
        session::Ended,
    };
    use jiff::SignedDuration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_secs(1_800_000_000 + seconds)).unwrap()
    }

    fn session(token: u8) -> Session {
        Session {
            id: SessionId::new(),
            token: Digest([token; 32]),
            user: UserId::new(),
            book: BookId::new(),
            auth_generation: 0,
            created_at: at(0),
            last_seen_at: at(0),
            last_active_at: at(0),
            device: "Firefox on Linux".into(),
            address: "203.0.113.0/24".into(),
        }
    }

    fn shared() -> MemoryShared {
        MemoryShared::new(SessionLife::default(), Rate::per_second(100, 500))
    }

    #[test]
    fn a_session_that_is_over_is_remembered_until_the_durable_store_agrees() {
        let shared = shared();
        let session = session(1);
        shared.put(session.clone());
        let touch = |seconds| shared.touched(Touch { token: session.token, now: at(seconds), active: false });

        shared.sweep(at(119));
        assert_eq!(touch(119), Err(TouchRefused::Ended(Ended::Idle)));
        assert_eq!(shared.held_by(session.user).len(), 1);

        shared.sweep(at(120));
        assert_eq!(touch(120), Err(TouchRefused::Unknown));
        assert!(shared.of_user.is_empty());
    }

    #[test]
    fn a_flood_of_keys_shares_counters_instead_of_filling_the_memory() {
        let mut shared = shared();
        shared.limit_cells = 100;
        let count = |key: &str| {
            let limit = Limit { name: "login", key, per_minute: 1, burst: 1, now: at(0) };
            shared.counted(&limit)
        };
        assert_eq!(count("owner"), Ok(()));

        for stranger in 0..20_000 {
            let _ = count(&stranger.to_string());
        }

        assert!(shared.limits.len() <= 100 + OVERFLOW_CELLS as usize);
        assert!(count("owner").is_err(), "a known key keeps its own counter");
        shared.sweep(at(61));
        assert!(shared.limits.is_empty());
    }

    #[test]
    fn a_second_restoration_does_not_refill_the_bucket() {
        let shared = MemoryShared::new(SessionLife::default(), Rate::per_second(1, 1));
        let session = session(1);
        let touch = Touch { token: session.token, now: at(0), active: false };
        shared.put(session.clone());
        assert!(shared.touched(touch).is_ok());

        shared.put(session);

        assert!(matches!(shared.touched(touch), Err(TouchRefused::Limited { .. })));
    }
}
