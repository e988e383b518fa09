//! Ten thousand people at the door at once, while others are inside and must notice nothing. A client from outside: it
//! knows the API, the accounts that `finbrain seed` makes, and the pids whose memory it is told to look at.

mod crowd;
mod pace;
mod report;
mod room;
mod storm;
mod tally;
mod thresholds;
mod watch;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::{Args as ClapArgs, value_parser};
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    crowd::Accounts,
    storm::Storm,
    tally::Tally,
    watch::{Rates, Watch},
    wire::Target,
};
pub use self::{
    crowd::Mix,
    report::{Findings, Report},
    thresholds::{Check, Thresholds},
};
use crate::servers::process;

/// How long the watchers are alone before the first storm and after each one.
const CALM: Duration = Duration::from_secs(1);

/// Parallel logins, round after round, while heartbeats and dashboards of other people are measured
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Where the server or its proxy is, under its public URL
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// How many sign in at the same moment
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u32).range(1..))]
    pub parallel: u32,
    /// How often; each round has one storm of each mix
    #[arg(long, value_name = "R", default_value_t = 10, value_parser = value_parser!(u32).range(1..))]
    pub rounds: u32,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "one,many,wrong")]
    pub mix: Vec<Mix>,
    /// Accounts that `finbrain seed --users` made [default: one for each who signs in and each who watches]
    #[arg(long, value_name = "N")]
    pub accounts: Option<u32>,
    /// The password of all of them
    #[arg(long, default_value = "load-test-password-7319")]
    pub password: String,
    /// People who are signed in throughout
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    pub sessions: u32,
    /// Heartbeats a second of all of them
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub heartbeats: u32,
    /// Dashboards a second of all of them
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub reads: u32,
    /// Processes of the server, whose memory is looked at
    #[arg(long = "pid", value_name = "PID")]
    pub pids: Vec<u32>,
    /// Threads that hash passwords in all pods together; 0 leaves the comparison with the raw hash out [default: half of
    /// the processors]
    #[arg(long, value_name = "N")]
    pub hash_threads: Option<usize>,
    /// Where the figures go, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    #[command(flatten)]
    pub thresholds: Thresholds,
}

impl Args {
    /// One account for each who signs in, one on which all do, and one for each who watches.
    pub const fn accounts_needed(&self) -> u32 {
        self.parallel + 1 + self.sessions
    }
}

/// Runs it, prints the tables, and says whether all thresholds hold.
#[expect(clippy::print_stdout, reason = "the tables are what the command says")]
pub fn command(args: &Args) -> anyhow::Result<ExitCode> {
    let report = Report::new(run(args)?, &args.thresholds);
    println!("{}", report.tables());
    if let Some(file) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures everything. Fails when something cannot be measured, not when it is bad.
pub fn run(args: &Args) -> anyhow::Result<Findings> {
    let began = Instant::now();
    room::make(args.parallel + 2 * args.sessions, &args.pids)?;
    let target = Target::parse(&args.url)?;
    let accounts = Arc::new(Accounts {
        count: args.accounts.unwrap_or(args.accounts_needed()),
        password: args.password.clone(),
        watching: args.sessions,
    });
    let threads = args.hash_threads.unwrap_or_else(half_of_the_processors);
    let pace = (threads > 0).then(|| pace::measure(&target, &accounts, threads)).transpose()?;
    let rates = Rates { heartbeats: args.heartbeats, reads: args.reads };
    let watch = Watch::begin(&target, &accounts, rates)?;
    thread::sleep(CALM);
    let before = memory_before(&args.pids)?;
    let storms = storms(args, &target, &accounts, &watch)?;
    let peak = |pid| process::peak_resident_bytes(pid).with_context(|| format!("process {pid} has ended"));
    let memory = before.into_iter().map(|(pid, before)| Ok((pid, (before, peak(pid)?))));
    Ok(Findings {
        rounds: args.rounds,
        parallel: args.parallel,
        memory: memory.collect::<anyhow::Result<_>>()?,
        storms,
        pace,
        seen: watch.end()?,
        elapsed: began.elapsed(),
    })
}

fn storms(
    args: &Args,
    target: &Target,
    accounts: &Arc<Accounts>,
    watch: &Watch,
) -> anyhow::Result<BTreeMap<Mix, Tally>> {
    let mixes: BTreeSet<Mix> = args.mix.iter().copied().collect();
    let logins = u64::from(args.rounds) * u64::from(args.parallel) * mixes.len() as u64;
    let progress = progress(logins)?;
    let mut tallies: BTreeMap<Mix, Tally> = BTreeMap::new();
    for round in 1..=args.rounds {
        for &mix in &mixes {
            progress.set_message(format!("round {round}, {}", mix.name()));
            let (target, accounts) = (target.clone(), Arc::clone(accounts));
            let storm = Storm { target, accounts, mix, users: args.parallel };
            let bar = progress.clone();
            watch.set_stormy(true);
            let tally = storm.rage(move || bar.inc(1))?;
            watch.set_stormy(false);
            tallies.entry(mix).or_default().merge(&tally);
            thread::sleep(CALM);
        }
    }
    progress.finish_and_clear();
    Ok(tallies)
}

/// Drawn on a terminal only.
fn progress(logins: u64) -> anyhow::Result<ProgressBar> {
    let style =
        ProgressStyle::with_template("{msg} [{wide_bar}] {human_pos} of {human_len} logins, {elapsed}")?;
    Ok(ProgressBar::new(logins).with_style(style))
}

fn memory_before(pids: &[u32]) -> anyhow::Result<BTreeMap<u32, u64>> {
    let before = |&pid: &u32| {
        process::forget_peak(pid);
        let bytes = process::resident_bytes(pid).with_context(|| format!("there is no process {pid}"))?;
        Ok((pid, bytes))
    };
    pids.iter().map(before).collect()
}

/// As many threads as a server on this machine hashes passwords in.
pub fn half_of_the_processors() -> usize {
    (thread::available_parallelism().map_or(1, usize::from) / 2).max(1)
}
