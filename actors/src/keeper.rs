//! Supervision. actix does not restart an actor whose handler panicked: its address stays dead. A keeper makes a fresh
//! actor from its factory the next time somebody needs it, and lets one that keeps failing rest.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use actix::{
    Actor, Addr, Context, Handler, Message,
    dev::{MessageResponse, SendError, ToEnvelope},
};

use crate::error::Error;

/// So many deaths within [`WINDOW`] and the actor rests.
const MOST_DEATHS: usize = 3;
const WINDOW: Duration = Duration::from_secs(60);

pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        "finbrain_actor_restarts_total",
        metrics::Unit::Count,
        "Actors that died of a panic, by kind; they are started again"
    );
    for kind in ["user_session", "classifier", "rates", "worker"] {
        metrics::counter!("finbrain_actor_restarts_total", "actor" => kind).increment(0);
    }
}

/// The deaths of one actor, as far as they matter.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    times: VecDeque<Instant>,
}

impl Deaths {
    /// Counts a death; an error while the actor has to rest.
    pub fn count(&mut self, kind: &'static str, now: Instant) {
        self.times.push_back(now);
        metrics::counter!("finbrain_actor_restarts_total", "actor" => kind).increment(1);
        tracing::error!(actor = kind, "actor died and is started again");
    }

    pub fn check(&mut self, now: Instant) -> Result<(), Error> {
        while self.times.front().is_some_and(|&death| now.duration_since(death) >= WINDOW) {
            self.times.pop_front();
        }
        match self.times.front() {
            Some(&oldest) if self.times.len() >= MOST_DEATHS => {
                Err(Error::Quarantined { retry_after: WINDOW.saturating_sub(now.duration_since(oldest)) })
            }
            _ => Ok(()),
        }
    }
}

/// Keeps one actor alive.
pub struct Keeper<A: Actor> {
    kind: &'static str,
    make: Box<dyn Fn() -> Addr<A> + Send + Sync>,
    kept: Mutex<Kept<A>>,
}

struct Kept<A: Actor> {
    /// `None` while the actor rests.
    addr: Option<Addr<A>>,
    deaths: Deaths,
}

impl<A: Actor<Context = Context<A>>> std::fmt::Debug for Keeper<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "keeper of {}", self.kind)
    }
}

impl<A: Actor<Context = Context<A>>> Keeper<A> {
    pub fn new(kind: &'static str, make: impl Fn() -> Addr<A> + Send + Sync + 'static) -> Self {
        let addr = Some(make());
        let kept = Mutex::new(Kept { addr, deaths: Deaths::default() });
        Self { kind, make: Box::new(make), kept }
    }

    /// Puts a message into the mailbox of the living actor.
    pub fn tell<M>(&self, message: M) -> Result<(), Error>
    where
        M: Message + Send + 'static,
        M::Result: MessageResponse<A, M> + Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        match self.living()?.try_send(message) {
            Ok(()) => Ok(()),
            Err(SendError::Full(_)) => Err(Error::Busy { retry_after: Duration::from_secs(1) }),
            Err(SendError::Closed(_)) => Err(Error::Stopped),
        }
    }

    fn living(&self) -> Result<Addr<A>, Error> {
        let mut kept = self.lock();
        let now = Instant::now();
        if kept.addr.take_if(|addr| !addr.connected()).is_some() {
            kept.deaths.count(self.kind, now);
        }
        if let Some(addr) = &kept.addr {
            return Ok(addr.clone());
        }
        kept.deaths.check(now)?;
        let addr = (self.make)();
        kept.addr = Some(addr.clone());
        Ok(addr)
    }

    fn lock(&self) -> MutexGuard<'_, Kept<A>> {
        // What is kept is whole between any two statements, so a poisoned lock hides no half-done work.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
