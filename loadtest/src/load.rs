//! `make load`: a server of its own, accounts in it, and the storms of [`crate::logins`] against it.

use std::process::ExitCode;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{
    logins,
    servers::{Limits, Pod, PodSettings, Store, seed},
};

/// Starts a server, makes accounts in it, and measures parallel logins against it
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub logins: logins::Args,
}

pub fn command(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = TempDir::with_prefix("finbrain-load-")?;
    let store = Store::Embedded { data_dir: folder.path().join("data") };
    let accounts = args.logins.accounts_needed();
    seed(&store, accounts, 0)?;
    let settings = PodSettings { limits: Limits::Generous, ..PodSettings::over(store) };
    let pod = runtime.block_on(Pod::start(settings))?;
    let measured = logins::Args {
        url: pod.url(),
        accounts: Some(accounts),
        pids: vec![pod.pid().context("the server has just been started")?],
        ..args.logins.clone()
    };
    logins::command(&measured)
}
