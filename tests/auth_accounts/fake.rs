//! The least that accounts need from their ports: rows in memory, a journal that knows which entries stand, a clock that is
//! set by hand, and a shared state that can be flushed or taken away.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use finbrain::shared::{MemoryShared, Rate};
use finbrain_domain::{
    email::Email,
    entry::{Author, Draft, Entry},
    ids::{BookId, Digest, EntryId, UserId},
    ports::{
        Answer, AppendError, Clock, Due, DueKind, DueWork, Growth, GrowthStream, Journal, Limit, Seen,
        Shared, Snapshot, StoreError, Touch, TouchRefused, UserError, Users,
    },
    session::{Session, SessionLife},
    user::User,
};
use jiff::{SignedDuration, Timestamp};

fn ready<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(value))
}

/// An answer that is old by the time it arrives: whoever else wants to run, on this thread or the pool's, has run.
fn after_the_others<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(async move {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        value
    })
}

fn away() -> StoreError {
    StoreError::Unavailable("not in this test".into())
}

#[derive(Default)]
pub struct Rows {
    pub users: Mutex<Vec<User>>,
    pub sessions: Mutex<Vec<Session>>,
    /// Makes the session reads that follow the given number of reads find nothing, as if it were ended meanwhile.
    pub ended_after_reads: Mutex<Option<u32>>,
    pub is_read_only: AtomicBool,
    /// Raises the generation of everybody just before their session is stored, as a change of password does.
    pub is_raising: AtomicBool,
}

impl Users for Rows {
    fn create(&self, user: User) -> Answer<'_, Result<(), UserError>> {
        let mut users = self.users.lock().unwrap();
        let is_taken = user.email.is_some() && users.iter().any(|known| known.email == user.email);
        if !is_taken {
            users.push(user);
        }
        ready(if is_taken { Err(UserError::EmailTaken) } else { Ok(()) })
    }

    fn create_all(&self, _: Vec<User>) -> Answer<'_, Result<usize, StoreError>> {
        ready(Err(away()))
    }

    fn user(&self, id: UserId) -> Answer<'_, Result<Option<User>, StoreError>> {
        ready(Ok(self.users.lock().unwrap().iter().find(|user| user.id == id).cloned()))
    }

    fn by_email(&self, email: &Email) -> Answer<'_, Result<Option<User>, StoreError>> {
        let users = self.users.lock().unwrap();
        ready(Ok(users.iter().find(|user| user.email.as_ref() == Some(email)).cloned()))
    }

    fn replace(&self, expected: User, user: User) -> Answer<'_, Result<(), UserError>> {
        let mut users = self.users.lock().unwrap();
        let is_taken = user.email.is_some()
            && users.iter().any(|known| known.email == user.email && known.id != user.id);
        ready(match users.iter_mut().find(|known| **known == expected) {
            _ if is_taken => Err(UserError::EmailTaken),
            None => Err(UserError::Conflict),
            Some(known) => {
                *known = user;
                Ok(())
            }
        })
    }

    fn remove(&self, _: UserId) -> Answer<'_, Result<(), StoreError>> {
        ready(Err(away()))
    }

    fn count(&self) -> Answer<'_, Result<u64, StoreError>> {
        let count = self.users.lock().unwrap().len() as u64;
        after_the_others(Ok(count))
    }

    fn count_demos(&self) -> Answer<'_, Result<u64, StoreError>> {
        let count = self.users.lock().unwrap().iter().filter(|user| user.demo_until.is_some()).count() as u64;
        after_the_others(Ok(count))
    }

    fn start_session(&self, session: Session) -> Answer<'_, Result<(), StoreError>> {
        if self.is_raising.load(Ordering::Relaxed) {
            for user in &mut *self.users.lock().unwrap() {
                user.auth_generation += 1;
            }
        }
        self.sessions.lock().unwrap().insert(0, session);
        ready(Ok(()))
    }

    fn session(&self, token: Digest) -> Answer<'_, Result<Option<Session>, StoreError>> {
        if let Some(left) = &mut *self.ended_after_reads.lock().unwrap() {
            if *left == 0 {
                return ready(Ok(None));
            }
            *left -= 1;
        }
        let sessions = self.sessions.lock().unwrap();
        ready(Ok(sessions.iter().find(|session| session.token == token).cloned()))
    }

    fn sessions(&self, user: UserId) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        let sessions = self.sessions.lock().unwrap();
        ready(Ok(sessions.iter().filter(|session| session.user == user).cloned().collect()))
    }

    fn end_sessions(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        self.sessions.lock().unwrap().retain(|session| !tokens.contains(&session.token));
        ready(Ok(()))
    }

    fn seen(&self, seen: Vec<Seen>) -> Answer<'_, Result<(), StoreError>> {
        if self.is_read_only.load(Ordering::Relaxed) {
            return ready(Err(away()));
        }
        let mut sessions = self.sessions.lock().unwrap();
        for seen in seen {
            for session in sessions.iter_mut().filter(|session| session.token == seen.token) {
                session.last_seen_at = seen.seen_at;
                session.last_active_at = seen.active_at;
            }
        }
        ready(Ok(()))
    }

    fn purge_sessions(&self, _: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        ready(Err(away()))
    }

    fn server_key(&self, _: &str, fresh: [u8; 32]) -> Answer<'_, Result<[u8; 32], StoreError>> {
        ready(Ok(fresh))
    }
}

#[derive(Default)]
pub struct Standing(pub Mutex<HashSet<EntryId>>);

impl Journal for Standing {
    fn by_id(&self, book: BookId, entry: EntryId) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        let draft = Draft {
            entry_id: entry,
            author: Author::System,
            key: None,
            auth_generation: 0,
            at: Timestamp::UNIX_EPOCH,
            reverses: None,
            changes: Vec::new(),
            pending: false,
        };
        let stands = self.0.lock().unwrap().contains(&entry);
        ready(Ok(stands.then(|| Entry::seal(book, 1, Digest::ZERO, &draft).unwrap())))
    }

    fn append(&self, _: Entry) -> Answer<'_, Result<(), AppendError>> {
        ready(Err(away().into()))
    }
    fn since(&self, _: BookId, _: u64, _: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        ready(Err(away()))
    }
    fn before(&self, _: BookId, _: u64, _: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        ready(Err(away()))
    }
    fn by_key(&self, _: BookId, _: &str) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        ready(Err(away()))
    }
    fn head(&self, _: BookId) -> Answer<'_, Result<u64, StoreError>> {
        ready(Err(away()))
    }
    fn is_exclusive(&self) -> bool {
        true
    }
    fn snapshot(&self, _: BookId) -> Answer<'_, Result<Option<Snapshot>, StoreError>> {
        ready(Err(away()))
    }
    fn keep_snapshot(&self, _: Snapshot) -> Answer<'_, Result<(), StoreError>> {
        ready(Err(away()))
    }
    fn pending(&self, _: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        ready(Err(away()))
    }
    fn delivered(&self, _: BookId, _: u64) -> Answer<'_, Result<(), StoreError>> {
        ready(Err(away()))
    }
    fn reduce(&self, _: BookId) -> Answer<'_, Result<(), StoreError>> {
        ready(Err(away()))
    }
    fn books(&self, _: Option<BookId>, _: usize) -> Answer<'_, Result<Vec<(BookId, bool)>, StoreError>> {
        ready(Err(away()))
    }
    fn tombstones(&self, _: BookId) -> Answer<'_, Result<Vec<(u64, Digest)>, StoreError>> {
        ready(Err(away()))
    }
}

#[derive(Default)]
pub struct Plans {
    pub planned: Mutex<Vec<Due>>,
    pub is_away: AtomicBool,
}

impl DueWork for Plans {
    fn plan(&self, due: Due) -> Answer<'_, Result<(), StoreError>> {
        if self.is_away.load(Ordering::Relaxed) {
            return ready(Err(away()));
        }
        self.planned.lock().unwrap().push(due);
        ready(Ok(()))
    }

    fn due(&self, _: Timestamp, _: usize) -> Answer<'_, Result<Vec<Due>, StoreError>> {
        ready(Err(away()))
    }

    fn done(&self, _: BookId, _: DueKind) -> Answer<'_, Result<(), StoreError>> {
        ready(Err(away()))
    }
}

/// Starts at the present, because the ids of entries carry the time at which they are made.
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub fn new() -> Self {
        Self(Mutex::new(Timestamp::now()))
    }

    pub fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The shared state of the process, behind a line that can be cut.
pub struct Line {
    state: Mutex<MemoryShared>,
    pub is_cut: AtomicBool,
}

impl Line {
    pub fn new() -> Self {
        Self { state: Mutex::new(empty()), is_cut: AtomicBool::new(false) }
    }

    pub fn flush(&self) {
        *self.state.lock().unwrap() = empty();
    }

    /// The adapter answers at its first poll, so its answer is taken while the lock is held.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&MemoryShared) -> Answer<'_, Result<T, StoreError>>,
    ) -> Answer<'static, Result<T, StoreError>> {
        if self.is_cut.load(Ordering::Relaxed) {
            return ready(Err(away()));
        }
        let state = self.state.lock().unwrap();
        let mut answer = question(&state);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match answer.as_mut().poll(&mut context) {
            std::task::Poll::Ready(answer) => ready(answer),
            std::task::Poll::Pending => ready(Err(away())),
        }
    }
}

fn empty() -> MemoryShared {
    MemoryShared::new(SessionLife::default(), Rate::per_second(100, 500))
}

impl Shared for Line {
    fn touch(&self, touch: Touch) -> Answer<'_, Result<Result<Session, TouchRefused>, StoreError>> {
        self.ask(|state| state.touch(touch))
    }
    fn admit(&self, session: Session, now: Timestamp) -> Answer<'_, Result<(), StoreError>> {
        self.ask(|state| state.admit(session, now))
    }
    fn evict(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        self.ask(|state| state.evict(tokens))
    }
    fn alive(&self, user: UserId, now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        self.ask(|state| state.alive(user, now))
    }
    fn drain_seen(&self) -> Answer<'_, Result<Vec<Seen>, StoreError>> {
        self.ask(MemoryShared::drain_seen)
    }
    fn limit(&self, what: Limit<'_>) -> Answer<'_, Result<Result<(), Duration>, StoreError>> {
        self.ask(|state| state.limit(what))
    }
    fn publish(&self, growth: Growth) {
        self.state.lock().unwrap().publish(growth);
    }
    fn subscribe(&self) -> Box<dyn GrowthStream> {
        self.state.lock().unwrap().subscribe()
    }
}
