//! The passwords that wait for a thread, and who waits for them. Bounded in time of work, fair by address prefix.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use finbrain_domain::user::PasswordHash;
use tokio::sync::oneshot;

use super::{HashRefused, PoolSettings, Verdict};
use crate::auth::{address::AddressPrefix, fair_queue::FairQueue, password::Password};

/// Equal attempts that may share one hash; more of them are refused like any excess.
pub(super) const MAX_WAITERS: usize = 1024;

#[derive(Debug)]
pub(super) struct Backlog {
    queue: FairQueue<AddressPrefix, Job>,
    /// Who waits for which comparison.
    pub(super) flights: HashMap<FlightId, Vec<Reply<Verdict>>>,
    /// Time of one hash: a moving average of what was measured.
    pub(super) hash_time: Duration,
    pub(super) closed: bool,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) password: Password,
    pub(super) deadline: Instant,
    pub(super) task: Task,
}

#[derive(Debug)]
pub(super) enum Task {
    Hash { strength: Strength, reply: Reply<PasswordHash> },
    Verify { flight: FlightId, stored: PasswordHash },
}

#[derive(Debug)]
pub(super) enum Strength {
    Asked { about: Vec<String> },
    Granted,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, HashRefused>>;

/// A keyed digest of account, password and stored hash: a map must not hold passwords, and nobody outside can aim at it.
pub(super) type FlightId = [u8; 32];

impl Backlog {
    pub(super) fn new(hash_time: Duration) -> Self {
        Self { queue: FairQueue::new(), flights: HashMap::new(), hash_time, closed: false }
    }

    /// Puts a job into the queue, or says at once that there is no room. When somebody else fills the queue, their newest
    /// job makes room.
    pub(super) fn enqueue(
        &mut self,
        settings: &PoolSettings,
        from: AddressPrefix,
        password: &Password,
        task: Task,
    ) -> Result<(), HashRefused> {
        let threads = settings.threads;
        let room = settings.backlog.as_nanos() / self.hash_time.as_nanos().max(1) * threads as u128;
        if self.queue.len() as u128 >= room.max(threads as u128) {
            match self.queue.make_room(from) {
                Some(displaced) => self.drop_job(displaced, "displaced", threads),
                None => return Err(self.refuse("full", threads)),
            }
        }
        let deadline = Instant::now() + settings.patience;
        self.queue.push(from, Job { password: password.clone(), deadline, task });
        self.show_queue();
        Ok(())
    }

    /// The next job that somebody still waits for and that is not late.
    pub(super) fn take(&mut self, now: Instant, threads: usize) -> Option<Job> {
        while let Some(job) = self.queue.pop() {
            self.show_queue();
            if job.deadline <= now {
                self.drop_job(job, "late", threads);
            } else if self.is_abandoned(&job) {
                self.drop_job(job, "abandoned", threads);
            } else {
                return Some(job);
            }
        }
        None
    }

    fn is_abandoned(&self, job: &Job) -> bool {
        match &job.task {
            Task::Hash { reply, .. } => reply.is_closed(),
            Task::Verify { flight, .. } => {
                self.flights.get(flight).is_none_or(|waiters| waiters.iter().all(Reply::is_closed))
            }
        }
    }

    fn drop_job(&mut self, job: Job, reason: &'static str, threads: usize) {
        let refused = self.refuse(reason, threads);
        match job.task {
            Task::Hash { reply, .. } => {
                let _ = reply.send(Err(refused));
            }
            Task::Verify { flight, .. } => {
                for waiter in self.flights.remove(&flight).unwrap_or_default() {
                    let _ = waiter.send(Err(refused));
                }
            }
        }
    }

    /// Counts a refusal, and tells when what waits now will be done, in whole seconds.
    pub(super) fn refuse(&self, reason: &'static str, threads: usize) -> HashRefused {
        metrics::counter!("finbrain_password_refused_total", "reason" => reason).increment(1);
        let waiting = u32::try_from(self.queue.len() / threads.max(1)).unwrap_or(u32::MAX);
        let seconds = self.hash_time.saturating_mul(waiting).as_secs() + 1;
        HashRefused::Busy { retry_after: Duration::from_secs(seconds) }
    }

    fn show_queue(&self) {
        metrics::gauge!("finbrain_password_queue").set(self.queue.len() as f64);
    }
}
