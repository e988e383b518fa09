//! Logins of distinct accounts, against the raw hash in as many threads as the pool of the server has.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use finbrain::auth::hash_pool::PoolSettings;

use super::{
    load::{Load, Outcome},
    server::{Server, login},
    table::{Table, Target, Unit, milliseconds},
};

const TURN: Duration = Duration::from_millis(2500);
const ROUNDS: u32 = 2;
/// Logins under way for each thread of the pool: enough that it never waits for one.
const AT_ONCE: u32 = 4;
/// Accounts of each connection, so that no account is tried too often.
const ACCOUNTS: u32 = 64;

/// Takes [`accounts`] seeded accounts from `first` on.
pub fn measure(table: &mut Table, server: &Server, first: u32) -> anyhow::Result<()> {
    table.begin("logins of distinct accounts");
    let settings = PoolSettings::default();
    let connections = connections();
    let (mut raw, mut whole) = (0.0, Outcome::default());
    for round in 0..ROUNDS {
        raw += hashes_a_second(settings)? / f64::from(ROUNDS);
        let number = |connection, account| first + (round * connections + connection) * ACCOUNTS + account;
        let logins = |connection| -> Vec<Vec<u8>> {
            (0..ACCOUNTS).map(|account| login(server.address, number(connection, account))).collect()
        };
        let connections = (0..connections).map(logins).collect();
        let load = Load { address: server.address, connections, lasts: TURN, pace: None, status: 200 };
        whole.merge(load.run()?);
    }
    let threads = settings.threads;
    table.add(format!("raw argon2id, {threads} thread(s)"), raw, Unit::PerSecond, Target::None);
    table.remark(format!("{:.1} ms each", 1e3 * threads as f64 / raw));
    let share = 100.0 * whole.rate() / raw;
    table.add("share of the raw rate", share, Unit::Percent, Target::AtLeast(85.0));
    let slow = milliseconds(whole.quantile(0.99));
    table.remark(format!("{:.0}/s, p99 {slow:.0} ms with {connections} at once", whole.rate()));
    Ok(())
}

/// How many accounts one run takes.
pub fn accounts() -> u32 {
    ROUNDS * connections() * ACCOUNTS
}

fn connections() -> u32 {
    AT_ONCE * u32::try_from(PoolSettings::default().threads).unwrap_or(1)
}

fn hashes_a_second(settings: PoolSettings) -> anyhow::Result<f64> {
    let began = Instant::now();
    let end = began + TURN;
    let threads: Vec<_> =
        (0..settings.threads).map(|_| thread::spawn(move || hash_until(settings, end))).collect();
    let mut hashes = 0;
    for thread in threads {
        hashes += thread.join().ok().context("a thread that hashes panicked")??;
    }
    Ok(f64::from(hashes) / began.elapsed().as_secs_f64())
}

fn hash_until(settings: PoolSettings, end: Instant) -> anyhow::Result<u32> {
    // As the threads of the pool do.
    rustix::process::nice(10)?;
    let params = Params::new(settings.cost.memory_kib, settings.cost.passes, 1, Some(32))?;
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
