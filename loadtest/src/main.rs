//! The command line of the load test.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use finbrain_loadtest::{cluster, load, logins};

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
    Load(load::Args),
    Logins(logins::Args),
}

#[expect(clippy::print_stderr, reason = "where a command line says what went wrong")]
fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Cluster(args) => cluster::command(&args),
        Command::Load(args) => load::command(&args),
        Command::Logins(args) => logins::command(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("finbrain-loadtest: {error:#}");
        ExitCode::FAILURE
    })
}
