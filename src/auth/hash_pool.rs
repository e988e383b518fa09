//! Threads that hash passwords, and the bounded, fair queue before them. Hashing is the one expensive thing that
//! strangers can ask for, so it has memory and threads of its own and says no before it is drowned. It knows nothing of
//! people: an account is a text by which equal attempts are recognised.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use finbrain_domain::user::PasswordHash;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::oneshot;

use self::backlog::{Backlog, FlightId, Job, MAX_WAITERS, Reply, Strength, Task};
pub use super::argon::{HashCost, Verdict};
use super::{
    address::AddressPrefix,
    argon::Arena,
    password::{Password, PasswordError},
};

mod backlog;

#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    pub threads: usize,
    pub cost: HashCost,
    /// How much work may wait, in time of the whole pool.
    pub backlog: Duration,
    /// What waited longer than this is dropped unhashed: nobody waits for it any more.
    pub patience: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: (cores / 2).max(1),
            cost: HashCost::default(),
            backlog: Duration::from_secs(2),
            patience: Duration::from_secs(5),
        }
    }
}

/// Why a password was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashRefused {
    #[error("too many passwords wait to be checked")]
    Busy { retry_after: Duration },
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("stored password hash is damaged")]
    Damaged,
}

/// Why a pool did not start.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("password hashes cannot use {memory_kib} KiB and {passes} passes")]
    Cost { memory_kib: u32, passes: u32 },
    #[error("thread for password hashes did not start")]
    Thread(#[source] std::io::Error),
    #[error("system gives no random numbers")]
    Random(#[source] getrandom::Error),
}

/// One attempt to prove a password.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub account: &'a str,
    pub from: AddressPrefix,
    pub password: &'a Password,
    /// `None` when there is no such account or it has no password: the same work is done, and nothing matches.
    pub stored: Option<&'a PasswordHash>,
}

#[derive(Debug)]
pub struct HashPool {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

impl HashPool {
    /// Hashes once to learn how long that takes, then starts the threads.
    pub fn start(settings: PoolSettings) -> Result<Self, PoolError> {
        let mut pool = Self { desk: Arc::new(Desk::open(settings)?), threads: Vec::new() };
        for number in 0..settings.threads.max(1) {
            let desk = Arc::clone(&pool.desk);
            let thread = thread::Builder::new().name(format!("password-{number}"));
            pool.threads.push(thread.spawn(move || desk.work()).map_err(PoolError::Thread)?);
        }
        Ok(pool)
    }

    /// The hash of a new password, if it is strong. `about` is what an attacker knows of the person.
    pub async fn hash_new(
        &self,
        password: &Password,
        about: Vec<String>,
        from: AddressPrefix,
    ) -> Result<PasswordHash, HashRefused> {
        self.hash(password, Strength::Asked { about }, from).await
    }

    /// A dearer hash of a password that is in use.
    pub async fn rehash(
        &self,
        password: &Password,
        from: AddressPrefix,
    ) -> Result<PasswordHash, HashRefused> {
        self.hash(password, Strength::Granted, from).await
    }

    async fn hash(
        &self,
        password: &Password,
        strength: Strength,
        from: AddressPrefix,
    ) -> Result<PasswordHash, HashRefused> {
        let (reply, answer) = oneshot::channel();
        let task = Task::Hash { strength, reply };
        self.desk.backlog().enqueue(&self.desk.settings, from, password, task)?;
        self.desk.wake.notify_one();
        answer.await.unwrap_or(Err(CLOSED))
    }

    /// Compares in constant time. Equal attempts at the same time share one hash.
    pub async fn verify(&self, attempt: Attempt<'_>) -> Result<Verdict, HashRefused> {
        let (reply, answer) = oneshot::channel();
        self.desk.join_or_start(attempt, reply)?;
        let verdict = answer.await.unwrap_or(Err(CLOSED))?;
        Ok(Verdict { matches: verdict.matches && attempt.stored.is_some(), ..verdict })
    }

    /// Turns away somebody for whom there is no place before the queue, as the queue does when it is full.
    pub fn full(&self) -> HashRefused {
        self.desk.backlog().refuse("full", self.desk.settings.threads)
    }

    /// How many passwords were worked on since the start.
    pub fn hashes(&self) -> u64 {
        self.desk.hashes.load(Ordering::Relaxed)
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.desk.backlog().closed = true;
        self.desk.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of a hash was caught and counted where it happened.
            let _ = thread.join();
        }
    }
}

pub(super) fn describe_metrics() {
    metrics::describe_histogram!(
        "finbrain_password_hash_seconds",
        metrics::Unit::Seconds,
        "Time of one password check, without waiting: a hash, and the strength of a new password"
    );
    metrics::describe_gauge!("finbrain_password_queue", "Passwords that wait to be hashed");
    metrics::describe_counter!(
        "finbrain_password_refused_total",
        "Passwords dropped before hashing, by reason: full, displaced, late, abandoned"
    );
    for reason in ["full", "displaced", "late"] {
        metrics::counter!("finbrain_password_refused_total", "reason" => reason).increment(0);
    }
    metrics::gauge!("finbrain_password_queue").set(0.0);
    // Registered, so that it is there before the first password.
    let _ = metrics::histogram!("finbrain_password_hash_seconds");
}

/// The pool is being dropped, so the process is about to end.
const CLOSED: HashRefused = HashRefused::Busy { retry_after: Duration::from_secs(1) };

#[derive(Debug)]
struct Desk {
    settings: PoolSettings,
    /// Stands in for the hash of accounts that do not exist.
    dummy: PasswordHash,
    flight_key: [u8; 32],
    backlog: Mutex<Backlog>,
    wake: Condvar,
    hashes: AtomicU64,
}

impl Desk {
    fn open(settings: PoolSettings) -> Result<Self, PoolError> {
        if !settings.cost.is_payable() {
            let HashCost { memory_kib, passes } = settings.cost;
            return Err(PoolError::Cost { memory_kib, passes });
        }
        let mut flight_key = [0; 32];
        getrandom::fill(&mut flight_key).map_err(PoolError::Random)?;
        let nobody = Password::parse("nobody has this password".into()).expect("it is long enough");
        let started = Instant::now();
        let dummy = Arena::new(settings.cost).hash(&nobody, &fresh_salt());
        let backlog = Backlog::new(started.elapsed());
        Ok(Self {
            settings,
            dummy,
            flight_key,
            backlog: Mutex::new(backlog),
            wake: Condvar::new(),
            hashes: AtomicU64::new(0),
        })
    }

    /// No invariant spans a panic: every change of the backlog is complete when it can unwind.
    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join_or_start(&self, attempt: Attempt<'_>, reply: Reply<Verdict>) -> Result<(), HashRefused> {
        let stored = attempt.stored.unwrap_or(&self.dummy);
        let flight = self.flight(&attempt, stored);
        let mut backlog = self.backlog();
        if let Some(waiters) = backlog.flights.get_mut(&flight) {
            if waiters.len() < MAX_WAITERS {
                waiters.push(reply);
                return Ok(());
            }
            return Err(backlog.refuse("full", self.settings.threads));
        }
        let task = Task::Verify { flight, stored: stored.clone() };
        backlog.enqueue(&self.settings, attempt.from, attempt.password, task)?;
        backlog.flights.insert(flight, vec![reply]);
        drop(backlog);
        self.wake.notify_one();
        Ok(())
    }

    fn flight(&self, attempt: &Attempt<'_>, stored: &PasswordHash) -> FlightId {
        let mut digest =
            Hmac::<Sha256>::new_from_slice(&self.flight_key).expect("a key of any length will do");
        for part in [attempt.account.as_bytes(), attempt.password.as_bytes(), stored.0.as_bytes()] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into_bytes().into()
    }

    /// The life of a thread.
    fn work(&self) {
        // Answering requests comes before checking passwords.
        #[cfg(target_os = "linux")]
        if let Err(cause) = rustix::process::nice(10) {
            tracing::debug!(%cause, "password thread keeps its priority");
        }
        let mut arena = Arena::new(self.settings.cost);
        while let Some(job) = self.wait() {
            self.serve(job, &mut arena);
        }
    }

    fn wait(&self) -> Option<Job> {
        let mut backlog = self.backlog();
        loop {
            if backlog.closed {
                return None;
            }
            if let Some(job) = backlog.take(Instant::now(), self.settings.threads) {
                return Some(job);
            }
            backlog = self.wake.wait(backlog).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn serve(&self, job: Job, arena: &mut Arena) {
        let Job { password, task, .. } = job;
        match task {
            Task::Hash { strength, reply } => {
                let hash = self.timed(|| {
                    if let Strength::Asked { about } = &strength {
                        password.check_strength(about)?;
                    }
                    Ok(arena.hash(&password, &fresh_salt()))
                });
                // Fails when the person has left.
                let _ = reply.send(hash);
            }
            Task::Verify { flight, stored } => {
                let verdict =
                    self.timed(|| arena.verify(&password, &stored).map_err(|_| HashRefused::Damaged));
                let waiters = self.backlog().flights.remove(&flight).unwrap_or_default();
                for waiter in waiters {
                    let _ = waiter.send(verdict);
                }
            }
        }
    }

    /// Does and measures one piece of work. A panic is an error of this one attempt.
    fn timed<T>(&self, hash: impl FnOnce() -> Result<T, HashRefused>) -> Result<T, HashRefused> {
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(hash)).unwrap_or(Err(HashRefused::Damaged));
        let took = started.elapsed();
        self.hashes.fetch_add(1, Ordering::Relaxed);
        metrics::histogram!("finbrain_password_hash_seconds").record(took.as_secs_f64());
        let mut backlog = self.backlog();
        backlog.hash_time = (backlog.hash_time * 7 + took) / 8;
        result
    }
}

/// Random, unless the system has no random numbers: then the process cannot go on.
fn fresh_salt() -> [u8; 16] {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).expect("the system gave random numbers when the pool started");
    salt
}

#[cfg(test)]
mod tests;
