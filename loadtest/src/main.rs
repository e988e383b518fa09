//! The command line of the load test.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use finbrain_loadtest::{cluster, faults, ledgercheck, load, logins, proxy};

/// Measures FinBrain from outside and tries to break it
#[derive(Debug, Parser)]
#[command(name = "finbrain-loadtest", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cluster(cluster::Args),
    Faults(faults::Args),
    Ledgercheck(ledgercheck::Args),
    Load(load::Args),
    Logins(logins::Args),
    Proxy(proxy::Args),
}

#[expect(clippy::print_stderr, reason = "where a command line says what went wrong")]
fn main() -> ExitCode {
    // One TLS library for the whole process; nobody was here before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match Cli::parse().command {
        Command::Cluster(args) => cluster::command(&args),
        Command::Faults(args) => wait_for(faults::command(args)),
        Command::Ledgercheck(args) => wait_for(ledgercheck::command(args)),
        Command::Load(args) => load::command(&args),
        Command::Logins(args) => logins::command(&args),
        Command::Proxy(args) => wait_for(proxy::command(args)),
    };
    result.unwrap_or_else(|error| {
        eprintln!("finbrain-loadtest: {error:#}");
        ExitCode::FAILURE
    })
}

fn wait_for(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}
