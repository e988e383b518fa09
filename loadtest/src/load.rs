//! `make load`: servers of its own, accounts in them, and the storms of [`crate::logins`] against them: one pod that keeps
//! its data in a folder, and pods behind nginx over MongoDB and Redis.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::value_parser;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    cluster::{Cluster, Topology},
    logins,
    servers::{Limits, Pod, PodSettings, Store, seed},
};

/// Starts servers, makes accounts in them, and measures parallel logins against them
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many pods, run after run: one keeps its data in a folder, more share MongoDB and Redis behind nginx
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,2")]
    #[arg(value_parser = value_parser!(u16).range(1..=16))]
    pub pods: Vec<u16>,
    #[command(flatten)]
    pub logins: logins::Args,
}

/// Runs one after the other; fails when one of them does.
#[expect(clippy::print_stdout, reason = "the tables say nothing of the servers")]
pub fn command(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut all = ExitCode::SUCCESS;
    for &pods in &args.pods {
        let code = match pods {
            1 => {
                println!("# One pod, its data in a folder\n");
                one(&runtime, &args.logins)?
            }
            _ => {
                println!("# {pods} pods behind nginx, over MongoDB and Redis\n");
                many(&runtime, pods.into(), &args.logins)?
            }
        };
        if code != ExitCode::SUCCESS {
            all = code;
        }
    }
    Ok(all)
}

fn one(runtime: &Runtime, logins: &logins::Args) -> anyhow::Result<ExitCode> {
    let folder = TempDir::with_prefix("finbrain-load-")?;
    let store = Store::Embedded { data_dir: folder.path().join("data") };
    seed(&store, logins.accounts_needed(), 0)?;
    let settings = PodSettings { limits: Limits::Generous, ..PodSettings::over(store) };
    let pod = runtime.block_on(Pod::start(settings))?;
    measure(logins, pod.url(), std::slice::from_ref(&pod))
}

fn many(runtime: &Runtime, pods: usize, logins: &logins::Args) -> anyhow::Result<ExitCode> {
    let topology = Topology { limits: Limits::Generous, ..Topology::of(pods) };
    let cluster = runtime.block_on(Cluster::start(&topology))?;
    seed(&cluster.store(), logins.accounts_needed(), 0)?;
    measure(logins, cluster.url(), &cluster.pods)
}

fn measure(logins: &logins::Args, url: String, pods: &[Pod]) -> anyhow::Result<ExitCode> {
    let pids = pods.iter().map(|pod| pod.pid().context("a server has ended"));
    let threads = logins.hash_threads.unwrap_or(pods.len() * logins::half_of_the_processors());
    logins::command(&logins::Args {
        url,
        accounts: Some(logins.accounts_needed()),
        pids: pids.collect::<anyhow::Result<_>>()?,
        hash_threads: Some(threads),
        // One file for each run.
        json: logins.json.as_ref().map(|file| match pods.len() {
            1 => file.clone(),
            many => file.with_extension(format!("{many}-pods.json")),
        }),
        ..logins.clone()
    })
}
