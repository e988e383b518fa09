//! Sessions after their start: who a token stands for, which a person has, and how they end. The shared state answers; the
//! durable store is asked when that knows nothing or is away.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use finbrain_domain::{
    ids::{Digest, UserId},
    ports::{Seen, Touch, TouchRefused},
    session::Session,
};
use jiff::Timestamp;

use super::{accounts::Auth, error::AuthError, token::Token};

/// Times of more sessions than these are not kept while the store is away: they cost memory, losing them costs precision.
const MOST_UNSAVED: usize = 100_000;

/// What the counter of this module means, for `/metrics`.
pub fn describe_metrics() {
    metrics::describe_counter!(
        "finbrain_session_fallback_total",
        "Requests whose session was looked up in the durable store because the shared state was away"
    );
    metrics::counter!("finbrain_session_fallback_total").increment(0);
}

impl Auth {
    /// Whose token this is, counting the request. `active` is whether the request is a sign of activity.
    pub async fn identify(&self, token: &str, now: Timestamp, active: bool) -> Result<Session, AuthError> {
        let token = Token::parse(token, &self.tag_keys).ok_or(AuthError::NoSession)?.digest();
        let touch = Touch { token, now, active };
        match self.ports.shared.touch(touch).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(TouchRefused::Ended(ended))) => Err(AuthError::SessionEnded(ended)),
            Ok(Err(TouchRefused::Limited { retry_after })) => Err(AuthError::TooManyRequests { retry_after }),
            Ok(Err(TouchRefused::Unknown)) => self.restore(touch).await,
            Err(_) => {
                // The adapter has logged why; this would be said with every request.
                metrics::counter!("finbrain_session_fallback_total").increment(1);
                self.look_up(touch).await
            }
        }
    }

    /// The sessions of a person that are not over, newest first.
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, AuthError> {
        let now = self.now();
        let durable = self.ports.users.sessions(user).await?;
        let alive = self.ports.shared.alive(user, now).await.unwrap_or_default();
        let alive: HashMap<Digest, Session> =
            alive.into_iter().map(|session| (session.token, session)).collect();
        let life = &self.settings.life;
        let current = durable.into_iter().filter_map(|stored| match alive.get(&stored.token) {
            Some(session) => session.ended(now, life).is_none().then(|| session.clone()),
            None => stored.ended(now, &life.lenient()).is_none().then_some(stored),
        });
        Ok(current.collect())
    }

    /// Whether a session still lives, without counting as a request. For streams, which are open for hours.
    pub async fn check(&self, session: &Session) -> Result<(), AuthError> {
        let stored = self.ports.users.session(session.token).await?.ok_or(AuthError::NoSession)?;
        let now = self.now();
        let alive = self.ports.shared.alive(session.user, now).await.unwrap_or_default();
        let shared = alive.into_iter().find(|other| other.token == session.token);
        let life = self.settings.life;
        let ended = match shared {
            Some(shared) => shared.ended(now, &life),
            None => stored.ended(now, &life.lenient()),
        };
        ended.map_or(Ok(()), |ended| Err(AuthError::SessionEnded(ended)))
    }

    /// Ends sessions whose revocation the caller has appended to the journal: in the durable store, then in the shared
    /// state.
    pub async fn end(&self, sessions: &[Session]) -> Result<(), AuthError> {
        let tokens: Vec<Digest> = sessions.iter().map(|session| session.token).collect();
        if tokens.is_empty() {
            return Ok(());
        }
        self.ports.users.end_sessions(tokens.clone()).await?;
        self.unsaved.forget(&tokens);
        self.evict(tokens).await;
        Ok(())
    }

    /// Writes down when sessions were last seen. To be called every few seconds and before the process ends.
    pub async fn flush_seen(&self) -> Result<(), AuthError> {
        let drained = self.ports.shared.drain_seen().await.unwrap_or_default();
        self.unsaved.add(drained);
        let seen = self.unsaved.take();
        if seen.is_empty() {
            return Ok(());
        }
        if let Err(cause) = self.ports.users.seen(seen.clone()).await {
            self.unsaved.add(seen);
            return Err(cause.into());
        }
        Ok(())
    }

    /// Removes sessions from the durable store that have been over for so long that none of them could be restored. To be
    /// called every few minutes.
    pub async fn purge_sessions(&self) -> Result<u64, AuthError> {
        let life = self.settings.life.lenient();
        let age = life.absolute.saturating_add(life.idle);
        let before = self.now().saturating_sub(age).unwrap_or(Timestamp::MIN);
        Ok(self.ports.users.purge_sessions(before).await?)
    }

    /// Puts a session into the shared state. Without it the durable store is asked, so failing costs time only.
    pub(super) async fn admit(&self, session: Session) {
        if let Err(cause) = self.ports.shared.admit(session, self.now()).await {
            tracing::warn!(%cause, "session is not in the shared state");
        }
    }

    /// A session that the shared state does not know, because it was flushed, goes on if the durable store saw it lately.
    async fn restore(&self, touch: Touch) -> Result<Session, AuthError> {
        let session = self.resume(self.stored(touch.token).await?, touch)?;
        self.admit(session.clone()).await;
        // It may have been ended since it was read. Whoever ends it removes it from the durable store before they evict
        // it: either it is gone from there by now, or their eviction is still to come.
        if self.ports.users.session(touch.token).await?.is_none() {
            self.evict(vec![touch.token]).await;
            return Err(AuthError::NoSession);
        }
        Ok(session)
    }

    /// A session while the shared state is away: nobody is logged out for that.
    async fn look_up(&self, touch: Touch) -> Result<Session, AuthError> {
        let stored = self.stored(touch.token).await?;
        let active_at = if touch.active { touch.now } else { stored.last_active_at };
        let session = self.resume(stored, touch)?;
        self.unsaved.add(vec![Seen { token: touch.token, seen_at: touch.now, active_at }]);
        Ok(session)
    }

    /// The durable session, with what it has not been told yet.
    async fn stored(&self, token: Digest) -> Result<Session, AuthError> {
        let mut session = self.ports.users.session(token).await?.ok_or(AuthError::NoSession)?;
        self.unsaved.apply(&mut session);
        Ok(session)
    }

    fn resume(&self, stored: Session, touch: Touch) -> Result<Session, AuthError> {
        let mut session = stored.resumed(touch.now, &self.settings.life).map_err(AuthError::SessionEnded)?;
        if touch.active {
            session.last_active_at = session.last_active_at.max(touch.now);
        }
        Ok(session)
    }

    /// Failing is harmless: the journal refuses whatever an ended session still tries.
    async fn evict(&self, tokens: Vec<Digest>) {
        if let Err(cause) = self.ports.shared.evict(tokens).await {
            tracing::warn!(%cause, "ended sessions stay in the shared state until they expire");
        }
    }
}

/// When sessions were seen, as far as the durable store has not been told.
#[derive(Debug, Default)]
pub(super) struct Unsaved(Mutex<HashMap<Digest, Seen>>);

impl Unsaved {
    fn add(&self, seen: Vec<Seen>) {
        let mut unsaved = self.lock();
        for seen in seen {
            if unsaved.len() >= MOST_UNSAVED && !unsaved.contains_key(&seen.token) {
                continue;
            }
            let known = unsaved.entry(seen.token).or_insert(seen);
            known.seen_at = known.seen_at.max(seen.seen_at);
            known.active_at = known.active_at.max(seen.active_at);
        }
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    fn forget(&self, tokens: &[Digest]) {
        let mut unsaved = self.lock();
        for token in tokens {
            unsaved.remove(token);
        }
    }

    fn apply(&self, session: &mut Session) {
        if let Some(seen) = self.lock().get(&session.token) {
            session.last_seen_at = session.last_seen_at.max(seen.seen_at);
            session.last_active_at = session.last_active_at.max(seen.active_at);
        }
    }

    /// Every change of the map is complete when it could unwind.
    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
