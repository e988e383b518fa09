//! How fast people get in who come one after the other, each to an account of their own, beside the rate at which this
//! machine hashes passwords in as many threads. The two are measured in turn, because a machine has its moods.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::Serialize;
use tokio::task::JoinSet;

use super::{
    crowd::{Accounts, Mix, flaw},
    tally::Tally,
    wire::{Connection, Target},
};

const TURN: Duration = Duration::from_millis(2500);
const TURNS: u32 = 2;
/// Logins under way for each thread that hashes: enough that it never waits for one.
const AT_ONCE: usize = 4;
/// The parameters of the server: 19 MiB and two passes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// The steps of priority by which its hashing threads give way.
const NICE: i32 = 10;

/// Logins a second beside hashes a second.
#[derive(Debug, Clone, Serialize)]
pub struct Pace {
    pub threads: usize,
    pub raw_per_second: f64,
    pub logins_per_second: f64,
    pub share_percent: f64,
    pub p99_ms: f64,
    #[serde(skip)]
    pub tally: Tally,
}

/// Measures both, with `threads` hashing threads in all pods together.
pub fn measure(target: &Target, accounts: &Arc<Accounts>, threads: usize) -> anyhow::Result<Pace> {
    let (mut raw, mut logins, mut tally) = (0.0, 0.0, Tally::default());
    let next = Arc::new(AtomicU32::new(0));
    for _ in 0..TURNS {
        raw += hashes_a_second(threads)? / f64::from(TURNS);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (turn, seconds) = runtime.block_on(sign_in(target, accounts, &next, AT_ONCE * threads));
        logins += turn.count(200) as f64 / seconds / f64::from(TURNS);
        tally.merge(&turn);
    }
    Ok(Pace {
        threads,
        raw_per_second: raw,
        logins_per_second: logins,
        share_percent: 100.0 * logins / raw,
        p99_ms: tally.latencies().summary().p99_ms,
        tally,
    })
}

async fn sign_in(
    target: &Target,
    accounts: &Arc<Accounts>,
    next: &Arc<AtomicU32>,
    at_once: usize,
) -> (Tally, f64) {
    let began = Instant::now();
    let mut lanes = JoinSet::new();
    for _ in 0..at_once {
        let (target, accounts, next) = (target.clone(), Arc::clone(accounts), Arc::clone(next));
        lanes.spawn(async move {
            let (mut tally, mut connection) = (Tally::default(), Connection::default());
            while began.elapsed() < TURN {
                let attempt = accounts.attempt(&target, Mix::Many, next.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                match connection.exchange(&target, &attempt.request).await {
                    Ok(answer) => {
                        tally.answered(answer.status, flaw(attempt.truth, &answer), sent.elapsed());
                    }
                    Err(error) => tally.broke(error.to_string()),
                }
            }
            tally
        });
    }
    let mut whole = Tally::default();
    lanes.join_all().await.iter().for_each(|tally| whole.merge(tally));
    (whole, began.elapsed().as_secs_f64())
}

fn hashes_a_second(threads: usize) -> anyhow::Result<f64> {
    let began = Instant::now();
    let end = began + TURN;
    let threads: Vec<_> = (0..threads).map(|_| thread::spawn(move || hash_until(end))).collect();
    let mut hashes = 0;
    for thread in threads {
        hashes += thread.join().ok().context("a thread that hashes panicked")??;
    }
    Ok(f64::from(hashes) / began.elapsed().as_secs_f64())
}

fn hash_until(end: Instant) -> anyhow::Result<u32> {
    // As the threads of the server do; where it is refused, theirs are refused as well.
    let _ = rustix::process::nice(NICE);
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32))?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hashes = 0;
    while Instant::now() < end {
        let mut output = [0; 32];
        argon.hash_password_into_with_memory(
            b"a password of a person",
            &[7; 16],
            &mut output,
            &mut memory,
        )?;
        hashes += 1;
    }
    Ok(hashes)
}
