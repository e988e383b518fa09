//! The proxy as a program of its own.

use std::{net::SocketAddr, process::ExitCode};

use super::{Fault, Proxy};

/// Stands between a client and one server, and breaks on demand
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server behind it
    #[arg(long, value_name = "IP:PORT")]
    upstream: SocketAddr,
    /// Where clients connect to
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where it is told what to do: `GET /` and `PUT /fault`
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// The fault at the start, as JSON
    #[arg(long, value_name = "JSON", value_parser = parse_fault)]
    fault: Option<Fault>,
    /// Equal seeds draw equal lots
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn parse_fault(text: &str) -> Result<Fault, serde_json::Error> {
    serde_json::from_str(text)
}

/// Runs until it is interrupted.
#[expect(clippy::print_stdout, reason = "the addresses are what the program tells")]
pub async fn command(args: Args) -> anyhow::Result<ExitCode> {
    let proxy = Proxy::start_at(args.upstream, args.listen, args.control, args.seed).await?;
    if let Some(fault) = args.fault {
        proxy.set(fault);
    }
    println!("{} -> {}, controlled at {}", proxy.address(), args.upstream, proxy.control_url());
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}
