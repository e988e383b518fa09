//! A session: one login. The durable form that stores keep and the limits of its life.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{BookId, Digest, SessionId, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    /// SHA-256 of the token; the token itself is known to the browser alone.
    pub token: Digest,
    pub user: UserId,
    pub book: BookId,
    /// The person's auth generation when the session began.
    pub auth_generation: u64,
    pub created_at: Timestamp,
    /// The last request of any kind.
    pub last_seen_at: Timestamp,
    /// The last unsafe request or active heartbeat.
    pub last_active_at: Timestamp,
    /// What the browser called itself, shortened.
    pub device: String,
    /// The address prefix it came from (/24 or /48).
    pub address: String,
}

/// How long a session lives without requests, without activity, and at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    pub idle: SignedDuration,
    pub inactive: SignedDuration,
    pub absolute: SignedDuration,
}

impl Default for SessionLife {
    fn default() -> Self {
        Self {
            idle: SignedDuration::from_secs(90),
            inactive: SignedDuration::from_secs(300),
            absolute: SignedDuration::from_hours(12),
        }
    }
}

/// How far the durable times of a session may lag behind the shared ones.
const DURABLE_LAG: SignedDuration = SignedDuration::from_secs(30);

impl SessionLife {
    /// The life by which durable times are judged, which lag: a session that lived a moment ago by the shared state is
    /// not over because its last request was not written down yet. 120 s without a request by default.
    #[must_use]
    pub fn lenient(&self) -> Self {
        Self { idle: self.idle + DURABLE_LAG, inactive: self.inactive + DURABLE_LAG, absolute: self.absolute }
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Idle,
    Inactive,
    Absolute,
}

impl Session {
    pub fn idle_expires_at(&self, life: &SessionLife) -> Timestamp {
        later(self.last_seen_at, life.idle)
    }

    pub fn inactive_expires_at(&self, life: &SessionLife) -> Timestamp {
        later(self.last_active_at, life.inactive)
    }

    pub fn absolute_expires_at(&self, life: &SessionLife) -> Timestamp {
        later(self.created_at, life.absolute)
    }

    /// Whether the session is over at `now`, and why.
    pub fn ended(&self, now: Timestamp, life: &SessionLife) -> Option<Ended> {
        if now >= self.absolute_expires_at(life) {
            Some(Ended::Absolute)
        } else if now >= self.inactive_expires_at(life) {
            Some(Ended::Inactive)
        } else if now >= self.idle_expires_at(life) {
            Some(Ended::Idle)
        } else {
            None
        }
    }

    /// The session as it goes on with a request at `now` when only its durable times are known, which lag; or why it is
    /// over.
    pub fn resumed(mut self, now: Timestamp, life: &SessionLife) -> Result<Self, Ended> {
        if let Some(ended) = self.ended(now, &life.lenient()) {
            return Err(ended);
        }
        self.last_active_at = later(self.last_active_at, DURABLE_LAG).min(now).max(self.last_active_at);
        self.last_seen_at = self.last_seen_at.max(now);
        Ok(self)
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-24T08:00:00Z".parse().unwrap()
    }

    fn session() -> Session {
        let start = start();
        Session {
            id: SessionId::new(),
            token: Digest::ZERO,
            user: UserId::new(),
            book: BookId::new(),
            auth_generation: 0,
            created_at: start,
            last_seen_at: start,
            last_active_at: start,
            device: String::new(),
            address: String::new(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        start().saturating_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_session_ends_idle_inactive_or_absolutely() {
        let life = SessionLife::default();
        let mut session = session();

        assert_eq!(session.ended(at(89), &life), None);
        assert_eq!(session.ended(at(90), &life), Some(Ended::Idle));
        session.last_seen_at = at(299);
        assert_eq!(session.ended(at(300), &life), Some(Ended::Inactive));
        session.last_active_at = at(43_199);
        session.last_seen_at = at(43_199);
        assert_eq!(session.ended(at(43_200), &life), Some(Ended::Absolute));
    }
    #[test]
    fn a_session_seen_within_two_minutes_by_lagging_times_goes_on() {
        let life = SessionLife::default();

        let resumed = session().resumed(at(119), &life).unwrap();

        assert_eq!((resumed.last_seen_at, resumed.last_active_at), (at(119), at(30)));
        assert_eq!(resumed.ended(at(119), &life), None);
        assert_eq!(session().resumed(at(120), &life), Err(Ended::Idle));
        assert_eq!(session().resumed(at(43_200), &life), Err(Ended::Absolute));
    }

    #[test]
    fn a_session_that_goes_on_is_not_over_at_once() {
        let life = SessionLife::default();
        let mut session = session();
        session.last_seen_at = at(320);

        let resumed = session.clone().resumed(at(325), &life).unwrap();

        assert_eq!(resumed.ended(at(325), &life), None);
        assert_eq!(session.resumed(at(330), &life), Err(Ended::Inactive));
    }
}
