//! `ledgercheck` as a program: runs, shows how far it is, checks and tells.

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use super::{Counts, Plan, Recording, Rules, check, run};

/// Drives a server with many clients and checks that nothing was lost, doubled or stale
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["urls", "check_only"])))]
pub struct Args {
    /// Base URL of a pod, or of a proxy before them; may be given more than once
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<String>,
    /// Base URL of a pod that tells its journals at the end, where the others are of a proxy
    #[arg(long = "pod", value_name = "URL")]
    pods: Vec<String>,
    /// Public URL of the server [default: the first URL]
    #[arg(long, value_name = "URL")]
    origin: Option<String>,
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// The clients share so many accounts
    #[arg(long, default_value_t = 4)]
    accounts: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where everything is recorded
    #[arg(long, value_name = "FILE", default_value = "ledgercheck.log")]
    log: PathBuf,
    /// Ends after so many operations
    #[arg(long, value_name = "N")]
    operations: Option<u64>,
    /// Ends after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// A pod on this machine whose memory and descriptors are watched
    #[arg(long = "pid", value_name = "PID")]
    pids: Vec<u32>,
    /// Log of a pod that must hold no secret
    #[arg(long = "pod-log", value_name = "FILE")]
    pod_logs: Vec<PathBuf>,
    /// Redis is broken on purpose: when sessions end is not judged
    #[arg(long)]
    idle_may_suffer: bool,
    /// MongoDB elects while majority reads are on: stale answers are counted apart
    #[arg(long)]
    elections: bool,
    /// The URLs are of a proxy, which may repeat requests
    #[arg(long)]
    proxied: bool,
    /// Check a run that was recorded before
    #[arg(long, value_name = "FILE")]
    check_only: Option<PathBuf>,
    /// Tell the result as JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn plan(&self) -> Plan {
        let origin = self.origin.clone().or_else(|| self.urls.first().cloned()).unwrap_or_default();
        let rules = Rules {
            idle_may_suffer: self.idle_may_suffer,
            elections: self.elections,
            proxied: self.proxied,
            ..Rules::default()
        };
        Plan {
            pods: self.pods.clone(),
            clients: self.clients,
            accounts: self.accounts,
            seed: self.seed,
            operations: self.operations,
            pids: self.pids.clone(),
            rules,
            ..Plan::new(self.urls.clone(), origin, &self.log)
        }
    }
}

/// Fails when there is a violation.
#[expect(clippy::print_stdout, reason = "the result is what the program tells")]
pub async fn command(args: Args) -> anyhow::Result<ExitCode> {
    let log = match &args.check_only {
        Some(log) => log.clone(),
        None => {
            record(&args).await?;
            args.log.clone()
        }
    };
    let pod_logs = args.pod_logs.clone();
    let report = tokio::task::spawn_blocking(move || check(&log, &pod_logs)).await??;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs until the time is over, the operations are done, or somebody interrupts.
async fn record(args: &Args) -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let counts = Arc::new(Counts::default());
    let running = tokio::spawn(run(args.plan(), stopped, Arc::clone(&counts)));
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    let over = tokio::time::sleep(Duration::from_secs(args.seconds));
    tokio::pin!(over);
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    while !running.is_finished() {
        tokio::select! {
            () = &mut over, if !*stop.borrow() => drop(stop.send_replace(true)),
            _ = tokio::signal::ctrl_c() => drop(stop.send_replace(true)),
            _ = tick.tick() => bar.set_message(told(counts.now())),
        }
    }
    bar.finish_and_clear();
    running.await??;
    Ok(())
}

fn told(counts: Recording) -> String {
    let Recording { operations, requests, acknowledged, refused, unavailable, lost, events } = counts;
    format!(
        "{operations} operations, {requests} requests: {acknowledged} ok, {refused} refused, \
         {unavailable} unavailable, {lost} lost; {events} events"
    )
}
