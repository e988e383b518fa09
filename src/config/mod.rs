//! The settings: flags and environment, read once into a [`Config`] that the rest of the house believes.
//!
//! Owns the names, defaults and bounds of all settings and what contradicts what. It opens nothing and knows no
//! feature. A setting is declared in one place, below; the list of known environment variables is read off it.

mod environment;
mod resolve;
#[cfg(test)]
mod tests;
mod value;

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, builder::BoolishValueParser, value_parser};

pub use self::{
    resolve::{Config, ConfigError, Rate, RatesSource, RedisSettings, SessionTimes, StoreSettings},
    value::{ByteSize, Given},
};
use crate::{auth::address::TrustedProxies, telemetry::LogFormat};

/// Where your money goes, without giving it to a cloud.
#[derive(Debug, Parser)]
#[command(name = "finbrain", version, about, max_term_width = 100)]
#[command(
    after_help = "Without a command, finbrain serves. Every flag can be given before or after the command."
)]
pub struct Cli {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// What was asked for; without a command it is serving.
    pub fn requested(&self) -> Command {
        self.command.clone().unwrap_or(Command::Serve)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve until told to stop
    Serve,
    /// Read every book and say whether the data are whole
    Check,
    /// Create accounts for load tests, all with one password
    Seed(Seed),
    /// Train the model now from what ships and what was corrected, and let it serve if it is not worse
    Train,
    /// Say how good the model that serves is on a CSV of description,category
    Evaluate(Evaluate),
    /// Ask a running server on its second port whether it is ready; exit 0 when it is, 1 otherwise
    Healthcheck,
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Evaluate {
    /// The labelled rows
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Seed {
    /// How many accounts
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub users: u32,
    /// How many transactions in each book
    #[arg(long, value_name = "M", default_value_t = 0, value_parser = value_parser!(u32).range(..=1_000_000))]
    pub transactions: u32,
}

/// The settings as given; [`Config::resolve`] decides whether they make sense together.
#[derive(Debug, Args)]
pub struct Settings {
    /// Address for people and programs
    #[arg(long, env = "FINBRAIN_LISTEN", global = true, default_value = "127.0.0.1:8080")]
    #[arg(value_name = "IP:PORT")]
    pub listen: SocketAddr,

    /// Address for the operator: health and metrics
    #[arg(long, env = "FINBRAIN_OPS_LISTEN", global = true, default_value = "127.0.0.1:9080")]
    #[arg(value_name = "IP:PORT")]
    pub ops_listen: SocketAddr,

    /// Folder of the data; created when missing
    #[arg(long, env = "FINBRAIN_DATA_DIR", global = true, default_value = "./finbrain-data")]
    #[arg(value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// MongoDB that keeps everything instead of the data folder, shared by many pods; may be a path to a file that holds it
    #[arg(long, env = "FINBRAIN_MONGODB_URI", global = true, hide_env_values = true, value_name = "URI")]
    pub mongodb_uri: Option<Given>,

    /// Redis that holds what pods share; needs MongoDB; may be a path to a file that holds it
    #[arg(long, env = "FINBRAIN_REDIS_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<Given>,

    /// Certificate in PEM that a rediss:// server is checked against [default: the public roots]
    #[arg(long, env = "FINBRAIN_REDIS_CA", global = true, value_name = "FILE")]
    pub redis_ca: Option<PathBuf>,

    /// How MongoDB is read: `linearizable` is right even while a deposed primary still answers, and slower
    #[arg(long, env = "FINBRAIN_READ", global = true, value_enum, default_value_t = ReadMode::Majority)]
    pub read: ReadMode,

    /// URL under which browsers reach the server [default: http://<listen>]
    #[arg(long, env = "FINBRAIN_PUBLIC_URL", global = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Accept a public URL with http that is not of this machine: passwords cross the network unprotected
    #[arg(long, env = "FINBRAIN_ALLOW_INSECURE_HTTP", global = true, action = ArgAction::SetTrue)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub allow_insecure_http: bool,

    /// Proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas
    #[arg(long, env = "FINBRAIN_TRUSTED_PROXIES", global = true, default_value = "")]
    #[arg(value_name = "NETWORK,…", hide_default_value = true, value_parser = TrustedProxies::parse)]
    pub trusted_proxies: TrustedProxies,

    /// Source of currency rates, or `off`; may be a path to a file that holds it
    #[arg(long, env = "FINBRAIN_RATES_URL", global = true, hide_env_values = true)]
    #[arg(value_name = "URL", default_value = "https://api.frankfurter.dev/v1")]
    pub rates_url: Given,

    /// E-mail address whose account becomes administrator; may be a path to a file that holds it
    #[arg(long, env = "FINBRAIN_ADMIN_EMAIL", global = true, hide_env_values = true, value_name = "EMAIL")]
    pub admin_email: Option<Given>,

    /// Whether anybody may register [default: open on a public URL of this machine, closed elsewhere]
    #[arg(long, env = "FINBRAIN_REGISTRATION", global = true)]
    pub registration: Option<Registration>,

    /// Whether anybody may try a demo [default: on on a public URL of this machine, off elsewhere]
    #[arg(long, env = "FINBRAIN_DEMO", global = true)]
    pub demo: Option<Switch>,

    /// Seconds without any request after which a session ends
    #[arg(long, env = "FINBRAIN_IDLE_TIMEOUT", global = true, value_name = "SECONDS", default_value_t = 90)]
    #[arg(value_parser = value_parser!(u32).range(3..=3_600))]
    pub idle_timeout: u32,

    /// Seconds without activity after which a session ends
    #[arg(long, env = "FINBRAIN_INACTIVE_TIMEOUT", global = true, value_name = "SECONDS")]
    #[arg(default_value_t = 300, value_parser = value_parser!(u32).range(5..=86_400))]
    pub inactive_timeout: u32,

    /// Seconds after which a session ends in any case
    #[arg(long, env = "FINBRAIN_ABSOLUTE_TIMEOUT", global = true, value_name = "SECONDS")]
    #[arg(default_value_t = 43_200, value_parser = value_parser!(u32).range(10..=2_592_000))]
    pub absolute_timeout: u32,

    /// Requests a second of one session
    #[arg(long, env = "FINBRAIN_SESSION_RATE", global = true, value_name = "N", default_value_t = 100)]
    #[arg(value_parser = value_parser!(u32).range(1..=100_000))]
    pub session_rate: u32,

    /// Requests of one session at once
    #[arg(long, env = "FINBRAIN_SESSION_BURST", global = true, value_name = "N", default_value_t = 500)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub session_burst: u32,

    /// Attempts to sign in a minute from one network
    #[arg(long, env = "FINBRAIN_LOGIN_RATE", global = true, value_name = "N", default_value_t = 30)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub login_rate: u32,

    /// Attempts to sign in at once from one network
    #[arg(long, env = "FINBRAIN_LOGIN_BURST", global = true, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub login_burst: u32,

    /// Seconds between a stop signal and the last request that is taken, for balancers to look elsewhere
    /// [default: 5 with MongoDB, 0 without]
    #[arg(long, env = "FINBRAIN_DRAIN", global = true, value_name = "SECONDS")]
    #[arg(value_parser = value_parser!(u8).range(0..=9))]
    pub drain: Option<u8>,

    /// Memory for open books, such as 512MiB
    #[arg(long, env = "FINBRAIN_LEDGER_MEMORY", global = true, value_name = "SIZE")]
    #[arg(default_value = "512MiB")]
    pub ledger_memory: ByteSize,

    /// Threads that answer requests [default: one per processor]
    #[arg(long, env = "FINBRAIN_WORKERS", global = true, value_name = "N")]
    #[arg(value_parser = value_parser!(u16).range(1..=512))]
    pub workers: Option<u16>,

    /// What is logged, such as info or finbrain=debug
    #[arg(long, env = "FINBRAIN_LOG", global = true, value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// How it is logged
    #[arg(long, env = "FINBRAIN_LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Auto)]
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadMode {
    Majority,
    Linearizable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}
