//! Two pods behind nginx over MongoDB and Redis, everything on this machine: what is left of the figures of one server
//! when nothing that it knows is its own.

use std::time::Duration;

use anyhow::Context as _;
use finbrain_loadtest::{
    cluster::{Cluster, Topology},
    servers::{Limits, seed},
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    load::{Load, Outcome, ask},
    server::{get, login, post},
    table::{Table, Target, Unit, milliseconds},
};

/// Persons who read, with this many rows each.
const READERS: u32 = 8;
const ROWS: u32 = 10_000;
/// Persons who write, each with a connection.
const WRITERS: u32 = 64;
const CONNECTIONS: usize = 64;
const TURN: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const PROBES: &str = "finbrain_journal_probes_total";

struct Stage {
    cluster: Cluster,
    runtime: Runtime,
    address: std::net::SocketAddr,
}

/// What one kind of request did, and what it cost the servers behind.
#[derive(Default)]
struct Measured {
    outcome: Outcome,
    scripts: f64,
    probes: f64,
}

pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    table.begin("two pods behind nginx, MongoDB and Redis");
    let stage = Stage::set()?;
    let readers = (0..READERS).map(|number| stage.sign_in(number)).collect::<anyhow::Result<Vec<_>>>()?;
    let writers = (READERS..READERS + WRITERS).map(|number| stage.sign_in(number));
    let writers = writers.collect::<anyhow::Result<Vec<_>>>()?;
    let sessions = readers.iter().cycle().take(CONNECTIONS);
    let read = |cookie: &String| vec![get(stage.address, "/api/v1/dashboard", &[("cookie", cookie)])];
    let reads: Vec<_> = sessions.map(read).collect();
    let row = json!({
        "date": jiff::Timestamp::now().strftime("%F").to_string(),
        "description": "coffee with friends",
        "amount": "-18.00",
        "currency": "ILS",
    });
    let write = |cookie: &String| vec![post(stage.address, "/api/v1/transactions", Some(cookie), &row)];
    let writes: Vec<_> = writers.iter().map(write).collect();
    let (mut read, mut written) = (Measured::default(), Measured::default());
    // Opens every book on both pods.
    stage.run(&reads, 200, Duration::from_secs(1), &mut Measured::default())?;
    for _ in 0..ROUNDS {
        stage.run(&reads, 200, TURN, &mut read)?;
        stage.run(&writes, 201, TURN, &mut written)?;
    }
    report(table, "dashboard, 10,000 rows, 8 persons", &mut read, 3000.0);
    report(table, "durable writes, 64 persons at once", &mut written, 500.0);
    Ok(())
}

fn report(table: &mut Table, what: &str, measured: &mut Measured, least: f64) {
    table.add(what, measured.outcome.rate(), Unit::PerSecond, Target::AtLeast(least));
    let (p50, p99) = (measured.outcome.quantile(0.5), measured.outcome.quantile(0.99));
    table.remark(format!("p50 {:.1} ms, p99 {:.1} ms", milliseconds(p50), milliseconds(p99)));
    let each = |count: f64| count / measured.outcome.answers() as f64;
    let (scripts, probes) = (each(measured.scripts), each(measured.probes));
    table.add(format!("{what}: Redis scripts a request"), scripts, Unit::Each, Target::AtMost(1.05));
    table.add(format!("{what}: probes a request"), probes, Unit::Each, Target::None);
    table.remark("requests that wait together share one");
}

impl Stage {
    fn set() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let topology = Topology { limits: Limits::Generous, ..Topology::of(2) };
        let cluster = runtime.block_on(Cluster::start(&topology))?;
        seed(&cluster.store(), READERS, ROWS)?;
        seed(&cluster.store(), READERS + WRITERS, 0)?;
        let address = ([127, 0, 0, 1], cluster.nginx.port).into();
        Ok(Self { cluster, runtime, address })
    }

    fn sign_in(&self, number: u32) -> anyhow::Result<String> {
        let answer = ask(self.address, &login(self.address, number))?;
        anyhow::ensure!(answer.status == 200, "signing in was answered with {}", answer.status);
        Ok(answer.header("set-cookie")?.split(';').next().unwrap_or_default().to_owned())
    }

    fn run(
        &self,
        connections: &[Vec<Vec<u8>>],
        status: u16,
        lasts: Duration,
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let load =
            Load { address: self.address, connections: connections.to_vec(), lasts, pace: None, status };
        let (scripts, probes) = (self.scripts()?, self.probes()?);
        measured.outcome.merge(load.run()?);
        measured.scripts += self.scripts()? - scripts;
        measured.probes += self.probes()? - probes;
        Ok(())
    }

    /// Scripts that Redis ran so far; commands inside them are not round trips.
    fn scripts(&self) -> anyhow::Result<f64> {
        let info = self.runtime.block_on(self.cluster.redis.command(&["INFO", "commandstats"]))?;
        let info: String = redis::from_redis_value(info)?;
        let calls = info.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let counts = ["eval", "evalsha", "fcall"].contains(&name);
            counts.then(|| rest.split(',').next()?.parse::<f64>().ok()).flatten()
        });
        Ok(calls.sum())
    }

    fn probes(&self) -> anyhow::Result<f64> {
        let counts = self.cluster.pods.iter().map(|pod| self.runtime.block_on(pod.metric(PROBES)));
        counts.sum::<Option<f64>>().context("a pod does not tell its metrics")
    }
}
