//! The shared state in Redis, for many pods. Redis makes things fast and never true: whatever happens to it, a pod goes on
//! with the durable store, with limits of its own, and nobody is logged out. What comes out of it is not believed without
//! our signature. It must not know who may sign in or what a book holds.
//!
//! **Whose time it is.** Redis's clock decides how old a session is and how full a bucket; the pods' clocks only turn ages
//! into instants and back. [`Shared::admit`] hands over ages by the caller's clock, and sessions come back with
//! `last_seen_at` and `last_active_at` by the clock that asked, so that a caller may compare them with its own now; their
//! `created_at` is the signed one, as in the durable store. What [`Shared::drain_seen`] hands to the durable store is by
//! Redis's clock, which is the same for all pods; whoever judges durable times does so by [`RedisShared::clock`]. So a pod
//! whose clock is an hour off ends nobody's session and lengthens none.
//!
//! **What an operator must allow.** Redis 6 or newer. With an ACL, a user needs no more than
//! `ACL SETUSER finbrain on >… ~finbrain:* &finbrain:* -@all +evalsha +script|load +time +hmget +hset +pexpire +del
//! +zadd +zrange +zremrangebyscore +zremrangebyrank +type +get +set +publish +subscribe +unsubscribe +ping +select`, and
//! behind Sentinels `+role`.

mod address;
mod circuit;
mod clock;
mod growth;
mod link;
mod metrics;
mod rates;
mod scripts;
mod seal;
mod seen;
mod sessions;

use std::{fmt, sync::Arc, time::Duration};

use finbrain_domain::{
    ids::{Digest, UserId},
    ports::{
        Answer, Clock, Growth, GrowthStream, Limit, RateSource, Seen, Shared, StoreError, Touch, TouchRefused,
    },
    session::{Session, SessionLife},
};
use jiff::Timestamp;
use tokio::task::JoinSet;

use self::{
    address::Address,
    clock::{RedisTime, SharedClock},
    growth::Hints,
    link::Link,
    seal::Seal,
    seen::SeenHere,
    sessions::{Owed, Sessions},
};
pub use self::{address::ConnectError, metrics::describe_metrics, rates::SharedRates};
use super::{MemoryShared, Rate};

/// How long a request waits for Redis before it does without.
const DEADLINE: Duration = Duration::from_millis(60);
const LONGEST_WAIT: u64 = 3_600_000_000;

/// How to reach Redis, and what holds there.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://user:password@host:6379/0`, `rediss://…` or `redis+sentinel://user:password@host:26379,host/name/0`.
    pub url: String,
    /// The certificate, in PEM, that a `rediss` address is checked against; `None` for the public roots.
    pub authority: Option<Vec<u8>>,
    /// Signs what is written to Redis: the same for all pods, and not in Redis.
    pub key: [u8; 32],
    pub life: SessionLife,
    /// How many requests a session may make.
    pub session_rate: Rate,
    /// How long a request waits for Redis.
    pub deadline: Duration,
}

impl RedisSettings {
    pub fn new(url: impl Into<String>, key: [u8; 32], life: SessionLife, session_rate: Rate) -> Self {
        Self { url: url.into(), authority: None, key, life, session_rate, deadline: DEADLINE }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, authority: _, key: _, life, session_rate, deadline } = self;
        let mut shown = f.debug_struct("RedisSettings");
        shown.field("life", life).field("session_rate", session_rate).field("deadline", deadline);
        shown.finish_non_exhaustive()
    }
}

/// Whose clock scripts go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeSource {
    Redis,
    Caller,
}

/// Shared state in Redis. Its tasks end when it is dropped.
#[derive(Debug)]
pub struct RedisShared {
    sessions: Arc<Sessions>,
    hints: Hints,
    /// Limits while Redis is away.
    alone: MemoryShared,
    _tasks: JoinSet<()>,
}

impl RedisShared {
    /// Connects, from within a runtime that lives as long. A Redis that is away is no error: it is looked for until it is
    /// there.
    pub async fn connect(settings: RedisSettings) -> Result<Self, ConnectError> {
        Self::connect_by(settings, TimeSource::Redis).await
    }

    /// As [`Self::connect`], with time as callers tell it. For the contract suite, whose instants are made up.
    pub async fn connect_on_callers_time(settings: RedisSettings) -> Result<Self, ConnectError> {
        Self::connect_by(settings, TimeSource::Caller).await
    }

    async fn connect_by(settings: RedisSettings, time: TimeSource) -> Result<Self, ConnectError> {
        let RedisSettings { url, authority, key, life, session_rate: rate, deadline } = settings;
        let link = Link::new(Address::parse(&url, authority.as_deref())?, deadline);
        link.first_probe().await;
        let (hints, wires) = Hints::new(Arc::clone(&link));
        let sessions = Arc::new(Sessions {
            link: Arc::clone(&link),
            seal: Seal::new(key),
            life,
            rate,
            time,
            redis_time: Arc::default(),
            seen: SeenHere::default(),
            owed: Owed::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&link).keep());
        tasks.spawn(wires.run());
        tasks.spawn(Arc::clone(&sessions).settle());
        Ok(Self { sessions, hints, alone: MemoryShared::new(life, rate), _tasks: tasks })
    }

    /// The clock for whoever judges the times of sessions: `own`, set right by Redis's when it is off by up to two hours.
    #[must_use]
    pub fn clock(&self, own: Arc<dyn Clock>) -> Arc<dyn Clock> {
        let redis: Arc<RedisTime> = Arc::clone(&self.sessions.redis_time);
        Arc::new(SharedClock { own, redis })
    }

    /// A source of rates that asks Redis first.
    #[must_use]
    pub fn rates(&self, inner: Arc<dyn RateSource>, clock: Arc<dyn Clock>) -> SharedRates {
        let Sessions { link, seal, .. } = &*self.sessions;
        SharedRates { inner, link: Arc::clone(link), seal: seal.clone(), clock }
    }

    /// Forgets what this pod remembers for itself and no longer matters. To be called about once a minute.
    pub fn sweep(&self, now: Timestamp) {
        self.alone.sweep(now);
        self.sessions.owed.sweep(self.sessions.life.absolute);
    }

    async fn touched(&self, touch: Touch) -> Result<Result<Session, TouchRefused>, StoreError> {
        let touched = self.sessions.touch(touch).await;
        if touched.is_err()
            && let Err(retry_after) = self.alone.counted_stranger(&touch)
        {
            return Ok(Err(TouchRefused::Limited { retry_after }));
        }
        touched
    }

    async fn counted(&self, script: redis::ScriptInvocation<'_>) -> Result<Result<(), Duration>, StoreError> {
        let asked =
            self.sessions.link.ask("limit", |mut wire| async move { script.invoke_async(&mut wire).await });
        let wait: i64 = asked.await?;
        let wait = Duration::from_micros(wait.max(0).unsigned_abs().min(LONGEST_WAIT));
        Ok(if wait.is_zero() { Ok(()) } else { Err(wait) })
    }

    fn counting(&self, what: &Limit<'_>) -> redis::ScriptInvocation<'_> {
        let (rate, sessions) = (Rate::from(what), &self.sessions);
        let mut script = sessions.link.scripts.limit.prepare_invoke();
        script.key(sessions.seal.limit_key(what.name, what.key)).arg(sessions.brought(what.now));
        script.arg(rate.interval()).arg(rate.room());
        script
    }
}

impl Shared for RedisShared {
    fn touch(&self, touch: Touch) -> Answer<'_, Result<Result<Session, TouchRefused>, StoreError>> {
        Box::pin(self.touched(touch))
    }

    fn admit(&self, session: Session, now: Timestamp) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.sessions.admit(session, now))
    }

    fn evict(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.sessions.evict(tokens))
    }

    fn alive(&self, user: UserId, now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        Box::pin(self.sessions.alive(user, now))
    }

    fn drain_seen(&self) -> Answer<'_, Result<Vec<Seen>, StoreError>> {
        Box::pin(async move { Ok(self.sessions.seen.drain()) })
    }

    /// Counted across pods, or in this pod alone while Redis is away.
    fn limit(&self, what: Limit<'_>) -> Answer<'_, Result<Result<(), Duration>, StoreError>> {
        // The borrowed key may not outlive the call.
        let (script, rate, now) = (self.counting(&what), Rate::from(&what), what.now);
        let cell = self.alone.cell(what.name, what.key);
        Box::pin(async move {
            match self.counted(script).await {
                Ok(counted) => Ok(counted),
                Err(_) => Ok(self.alone.take(cell, rate, now)),
            }
        })
    }

    fn publish(&self, growth: Growth) {
        self.hints.publish(growth);
    }

    fn subscribe(&self) -> Box<dyn GrowthStream> {
        self.hints.subscribe()
    }
}
