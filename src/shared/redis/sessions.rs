//! Sessions in Redis: one hash each, with what a session is under our signature and the times that move beside it. A
//! value that is not ours counts as unknown, so that the durable store decides.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use finbrain_domain::{
    ids::{Digest, UserId},
    ports::{Seen, StoreError, Touch, TouchRefused},
    session::{Ended, Session, SessionLife},
};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use redis::ScriptInvocation;
use tokio::sync::Notify;

use super::{
    TimeSource,
    clock::{MOST_SKEW, RedisTime},
    link::Link,
    seal::Seal,
    seen::SeenHere,
};
use crate::shared::Rate;

/// For so long an ended session cannot come back: longer than any request that restores it can last.
const STAYS_ENDED: Duration = Duration::from_secs(300);
/// Sessions of a person that are listed; a person has ten.
const MOST_LISTED: usize = 64;
/// Evictions that failed and are owed to Redis. Further ones rest on the journal alone.
const MOST_OWED: usize = 10_000;
/// Between two attempts to pay what is owed.
const PAY_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_WAIT: u64 = 3_600_000_000;

#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) link: Arc<Link>,
    pub(super) seal: Seal,
    pub(super) life: SessionLife,
    pub(super) rate: Rate,
    pub(super) time: TimeSource,
    pub(super) redis_time: Arc<RedisTime>,
    pub(super) seen: SeenHere,
    pub(super) owed: Owed,
}

/// Outcome, Redis's now, time to wait, seen, active, and the sealed session.
type Touched = (u8, i64, i64, i64, i64, Vec<u8>);
/// Sealed, seen and active, as they stand in the hash.
type Held = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

impl Sessions {
    pub(super) async fn touch(&self, touch: Touch) -> Result<Result<Session, TouchRefused>, StoreError> {
        if self.owed.contains(touch.token) {
            return Ok(Err(TouchRefused::Unknown));
        }
        let script = self.touching(touch);
        let asked = self.link.ask("touch", |mut wire| async move { script.invoke_async(&mut wire).await });
        let (outcome, now, wait, seen, active, sealed): Touched = asked.await?;
        self.redis_time.told(now, Instant::now());
        let refused = match outcome {
            0 => None,
            2 => Some(TouchRefused::Ended(Ended::Idle)),
            3 => Some(TouchRefused::Ended(Ended::Inactive)),
            4 => Some(TouchRefused::Ended(Ended::Absolute)),
            5 => {
                let wait = wait.unsigned_abs().min(LONGEST_WAIT);
                Some(TouchRefused::Limited { retry_after: Duration::from_micros(wait) })
            }
            _ => Some(TouchRefused::Unknown),
        };
        if matches!(refused, None | Some(TouchRefused::Limited { .. })) {
            self.note(touch.token, seen, active, touch.now);
        }
        if let Some(refused) = refused {
            return Ok(Err(refused));
        }
        let Some(session) = self.seal.open_session(touch.token, &sealed) else {
            return Ok(Err(TouchRefused::Unknown));
        };
        let last =
            session.absolute_expires_at(&self.life).saturating_add(MOST_SKEW).unwrap_or(Timestamp::MAX);
        if touch.now > last {
            return Ok(Err(TouchRefused::Unknown));
        }
        Ok(Ok(Session {
            last_seen_at: rebased(seen, now, touch.now),
            last_active_at: rebased(active, now, touch.now),
            ..session
        }))
    }

    pub(super) async fn admit(&self, session: Session, now: Timestamp) -> Result<(), StoreError> {
        let Some(sealed) = self.seal.seal_session(&session) else { return Ok(()) };
        let (admit, own) = (self.admitting(&session, &sealed, now), self.owning(&session, now));
        let asked = self.link.ask("admit", |mut wire| async move {
            // A token without a session is left out of lists; a session without a token would be missing in them.
            own.invoke_async::<i64>(&mut wire).await?;
            admit.invoke_async::<i64>(&mut wire).await
        });
        let told = asked.await?;
        let age = |at: Timestamp| told.saturating_sub(age(at, now));
        self.note(session.token, age(session.last_seen_at), age(session.last_active_at), now);
        Ok(())
    }

    /// What cannot be evicted now is owed: unknown to this pod, and told to Redis when that is back.
    pub(super) async fn evict(&self, tokens: Vec<Digest>) -> Result<(), StoreError> {
        self.seen.forget(&tokens);
        let evicted = self.end(&tokens).await;
        if evicted.is_err() {
            self.owed.add(&tokens);
        }
        evicted
    }

    /// Pays what is owed whenever Redis is there. For ever.
    pub(super) async fn settle(self: Arc<Self>) {
        let mut closed = self.link.watch();
        loop {
            self.owed.due().await;
            if closed.wait_for(|is_closed| *is_closed).await.is_err() {
                return;
            }
            self.pay().await;
            tokio::time::sleep(PAY_PAUSE).await;
        }
    }

    async fn pay(&self) {
        let tokens = self.owed.all();
        // One person's worth at a time, so that each fits the deadline.
        for tokens in tokens.chunks(MOST_LISTED) {
            if self.end(tokens).await.is_err() {
                return;
            }
            self.owed.forget(tokens);
        }
    }

    pub(super) async fn alive(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let asked = self.link.ask("alive", |mut wire| async move {
            let mut listing = redis::cmd("ZRANGE");
            listing.arg(Seal::owner_key(user)).arg(0).arg(MOST_LISTED - 1);
            let listed: Vec<String> = listing.query_async(&mut wire).await?;
            let tokens: Vec<Digest> = listed.iter().filter_map(|token| token.parse().ok()).collect();
            let mut reading = redis::pipe();
            for token in &tokens {
                reading.cmd("HMGET").arg(Seal::session_key(*token)).arg(&["sealed", "seen", "active"]);
            }
            // An empty pipeline is an error to the driver.
            if tokens.is_empty() {
                return Ok((tokens, Vec::new(), (0, 0)));
            }
            let held: Vec<Held> = reading.query_async(&mut wire).await?;
            let time: (i64, i64) = redis::cmd("TIME").query_async(&mut wire).await?;
            Ok((tokens, held, time))
        });
        let (tokens, held, (seconds, micros)) = asked.await?;
        let there = match self.time {
            TimeSource::Redis => seconds.saturating_mul(1_000_000).saturating_add(micros),
            TimeSource::Caller => now.as_microsecond(),
        };
        let known = tokens.into_iter().zip(held).filter_map(|(token, (sealed, seen, active))| {
            let session = self.seal.open_session(token, &sealed?)?;
            let instant = |micros: Option<Vec<u8>>| Some(rebased(number(&micros?)?, there, now));
            let (last_seen_at, last_active_at) = (instant(seen)?, instant(active)?);
            Some(Session { last_seen_at, last_active_at, ..session })
        });
        Ok(known.filter(|session| session.user == user && !self.owed.contains(session.token)).collect())
    }

    async fn end(&self, tokens: &[Digest]) -> Result<(), StoreError> {
        let ending = |token: &Digest| {
            let mut script = self.link.scripts.evict.prepare_invoke();
            script.key(Seal::session_key(*token)).arg(STAYS_ENDED.as_millis() as u64);
            script
        };
        let scripts: Vec<ScriptInvocation<'_>> = tokens.iter().map(ending).collect();
        let asked = self.link.ask("evict", |wire| async move {
            let each = scripts.iter().map(|script| {
                let mut wire = wire.clone();
                async move { script.invoke_async::<i64>(&mut wire).await }
            });
            try_join_all(each).await
        });
        asked.await.map(|_| ())
    }

    fn touching(&self, touch: Touch) -> ScriptInvocation<'_> {
        let (life, kept) = (self.life, self.life.lenient());
        let mut script = self.link.scripts.touch.prepare_invoke();
        script.key(Seal::session_key(touch.token)).arg(self.brought(touch.now)).arg(u8::from(touch.active));
        for duration in [life.idle, life.inactive, life.absolute, kept.idle, kept.inactive] {
            script.arg(micros(duration));
        }
        script.arg(self.rate.interval()).arg(self.rate.room());
        script
    }

    fn admitting(&self, session: &Session, sealed: &[u8], now: Timestamp) -> ScriptInvocation<'_> {
        let kept = self.life.lenient();
        let mut script = self.link.scripts.admit.prepare_invoke();
        script.key(Seal::session_key(session.token)).arg(self.brought(now)).arg(sealed);
        for at in [session.created_at, session.last_seen_at, session.last_active_at] {
            script.arg(age(at, now));
        }
        for duration in [kept.absolute, kept.idle, kept.inactive] {
            script.arg(micros(duration));
        }
        script
    }

    fn owning(&self, session: &Session, now: Timestamp) -> ScriptInvocation<'_> {
        let mut script = self.link.scripts.own.prepare_invoke();
        script.key(Seal::owner_key(session.user)).arg(self.brought(now)).arg(session.token.to_string());
        script.arg(micros(self.life.lenient().absolute)).arg(MOST_LISTED);
        script
    }

    /// The time for a script: nothing, so that it asks Redis, or the caller's.
    pub(super) fn brought(&self, now: Timestamp) -> String {
        match self.time {
            TimeSource::Redis => String::new(),
            TimeSource::Caller => now.as_microsecond().to_string(),
        }
    }

    /// Writes down when a session was seen, by Redis's clock. The durable store must not learn of times that lie ahead:
    /// a session would live until then.
    fn note(&self, token: Digest, seen: i64, active: i64, now: Timestamp) {
        let latest = now.saturating_add(MOST_SKEW).unwrap_or(now);
        let instant = |micros| Timestamp::from_microsecond(micros).ok().filter(|at| *at <= latest);
        if let (Some(seen_at), Some(active_at)) = (instant(seen), instant(active)) {
            self.seen.add(Seen { token, seen_at, active_at });
        }
    }
}

/// Sessions whose eviction failed.
#[derive(Debug, Default)]
pub(super) struct Owed {
    since: Mutex<HashMap<Digest, Instant>>,
    added: Notify,
}

impl Owed {
    fn add(&self, tokens: &[Digest]) {
        let (mut owed, now) = (self.lock(), Instant::now());
        for token in tokens {
            if owed.len() < MOST_OWED {
                owed.insert(*token, now);
            }
        }
        drop(owed);
        self.added.notify_one();
    }

    /// Comes back when something is owed.
    async fn due(&self) {
        while self.lock().is_empty() {
            self.added.notified().await;
        }
    }

    fn contains(&self, token: Digest) -> bool {
        self.lock().contains_key(&token)
    }

    fn all(&self) -> Vec<Digest> {
        self.lock().keys().copied().collect()
    }

    fn forget(&self, tokens: &[Digest]) {
        let mut owed = self.lock();
        for token in tokens {
            owed.remove(token);
        }
    }

    /// Forgets what Redis has forgotten by itself by now.
    pub(super) fn sweep(&self, kept: SignedDuration) {
        let kept = kept.unsigned_abs();
        self.lock().retain(|_, since| since.elapsed() < kept);
    }

    /// Every change of the map is complete when it could unwind.
    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was at `at` by the clock that says `there`, by the clock that says `here`.
fn rebased(at: i64, there: i64, here: Timestamp) -> Timestamp {
    let ahead = SignedDuration::from_micros(at.saturating_sub(there));
    here.saturating_add(ahead).unwrap_or(here)
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// How long ago it was, in microseconds. What is still to come, by another pod's clock, is now.
fn age(at: Timestamp, now: Timestamp) -> i64 {
    now.as_microsecond().saturating_sub(at.as_microsecond()).max(0)
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
