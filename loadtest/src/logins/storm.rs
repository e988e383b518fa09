//! Many logins at the same moment, each on a connection of its own. They run in a thread that gives way to others: in
//! life they come from other machines, and must not take the processor from the server whose answers are timed.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::{
    crowd::{Accounts, Attempt, Mix, flaw},
    tally::Tally,
    wire::{Answer, Connection, Target},
};

/// Whoever has no answer by then has none. Well after the moment at which one is too late.
const PATIENCE: Duration = Duration::from_secs(20);
/// Steps of priority by which the storm gives way.
const NICE: i32 = 5;

/// One storm.
#[derive(Debug, Clone)]
pub struct Storm {
    pub target: Target,
    pub accounts: Arc<Accounts>,
    pub mix: Mix,
    /// How many users sign in at the same moment.
    pub users: u32,
}

impl Storm {
    /// Runs it to its end. `answered` is called for each user whose fate is known.
    pub fn rage(self, answered: impl Fn() + Send + 'static) -> anyhow::Result<Tally> {
        let storm = thread::Builder::new().name("storm".into()).spawn(move || {
            give_way();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            anyhow::Ok(runtime.block_on(self.drive(answered)))
        })?;
        storm.join().ok().context("the storm panicked")?
    }

    async fn drive(self, answered: impl Fn()) -> Tally {
        // Made beforehand, so that nothing but the sending begins late.
        let attempts: Vec<Attempt> =
            (0..self.users).map(|user| self.accounts.attempt(&self.target, self.mix, user)).collect();
        let mut users = JoinSet::new();
        let began = Instant::now();
        for attempt in attempts {
            let target = self.target.clone();
            users.spawn(async move {
                let answer = sign_in(&target, &attempt.request).await;
                (attempt.truth, answer, began.elapsed())
            });
        }
        let mut tally = Tally::default();
        while let Some(user) = users.join_next().await {
            match user {
                Ok((truth, Ok(answer), latency)) => {
                    tally.answered(answer.status, flaw(truth, &answer), latency);
                }
                Ok((_, Err(error), _)) => tally.broke(error.to_string()),
                Err(error) => tally.broke(error.to_string()),
            }
            answered();
        }
        tally
    }
}

async fn sign_in(target: &Target, request: &[u8]) -> io::Result<Answer> {
    let mut connection = Connection::default();
    let answer = tokio::time::timeout(PATIENCE, connection.exchange(target, request)).await;
    answer.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer")))
}

/// Lowers the priority of this thread. Where that is refused, the figures are only worse.
pub fn give_way() {
    let _ = rustix::process::nice(NICE);
}
