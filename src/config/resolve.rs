//! From settings as given to a [`Config`] that makes sense, or a message that names what does not.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
    thread,
    time::Duration,
};

use finbrain_domain::{email::Email, session::SessionLife};
use jiff::SignedDuration;
use reqwest::Url;

use super::{ByteSize, Given, ReadMode, Registration, Settings, Switch, environment};
use crate::{auth::address::TrustedProxies, telemetry::LogFormat};

const MIN_LEDGER_MEMORY: ByteSize = ByteSize(16 << 20);
/// Browsers send a heartbeat this often, or three times within a shorter idle timeout.
const HEARTBEAT: u32 = 30;
/// They warn this long before inactivity ends a session, or for the last fifth of a shorter timeout.
const WARNING: u32 = 60;

/// A balancer that looks every two seconds has seen by then that a pod is not ready.
const DRAIN: u8 = 5;

/// Settings that make sense together.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub ops_listen: SocketAddr,
    pub store: StoreSettings,
    pub allow_insecure_http: bool,
    pub trusted_proxies: TrustedProxies,
    pub rates: RatesSource,
    pub admin_email: Option<Email>,
    pub registration: Registration,
    pub demo: Switch,
    pub session: SessionTimes,
    /// Requests of one session.
    pub session_rate: Rate,
    /// Attempts to sign in from one network.
    pub login_rate: Rate,
    /// From the signal to stop to the last request that is taken.
    pub drain: Duration,
    /// Bytes for open books.
    pub ledger_memory: u64,
    pub workers: NonZeroUsize,
    pub log: String,
    pub log_format: LogFormat,
    public_url: Option<String>,
}

/// Where facts are kept and what pods share.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// One process, one folder.
    Embedded { data_dir: PathBuf },
    /// Many pods. Both addresses may carry passwords and are never shown.
    Cluster { mongodb_uri: String, read: ReadMode, redis: Option<RedisSettings> },
}

impl StoreSettings {
    /// Where it is, as people may be told.
    pub fn place(&self) -> String {
        match self {
            Self::Embedded { data_dir } => data_dir.display().to_string(),
            Self::Cluster { .. } => "the database".to_owned(),
        }
    }
}

impl std::fmt::Debug for StoreSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded { data_dir } => write!(f, "embedded in {}", data_dir.display()),
            Self::Cluster { read, .. } => write!(f, "MongoDB, read {read:?}"),
        }
    }
}

/// Where Redis is, and how it is known to be ours.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    pub url: String,
    /// In PEM.
    pub authority: Option<Vec<u8>>,
}

impl std::fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redis, {}", if self.authority.is_some() { "own authority" } else { "public roots" })
    }
}

/// Where currency rates come from.
#[derive(Clone, PartialEq, Eq)]
pub enum RatesSource {
    /// The bundled history alone.
    Off,
    /// An `https` URL, or `http` on this machine. It may carry a key and is never shown.
    Url(String),
}

impl std::fmt::Debug for RatesSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Off { "off" } else { "url" })
    }
}

/// At most `burst` at once, refilled at `per_minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

/// The life of a session, and what a browser has to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    pub life: SessionLife,
    pub heartbeat_seconds: u32,
    pub warning_seconds: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("unknown settings in the environment: {}; `finbrain --help` lists those that exist", .0.join(", "))]
    UnknownVariables(Vec<String>),
    #[error("FINBRAIN_LISTEN and FINBRAIN_OPS_LISTEN name the same address, {0}")]
    SameAddress(SocketAddr),
    #[error(
        "FINBRAIN_PUBLIC_URL is not of the form https://money.example.org or http://localhost:8080, without path, \
         query and password"
    )]
    PublicUrlMalformed,
    #[error(
        "FINBRAIN_PUBLIC_URL has http and a host that is not this machine: passwords would cross the network \
         unprotected. Put a proxy with TLS in front and set FINBRAIN_PUBLIC_URL to its https address, or accept \
         the risk with --allow-insecure-http"
    )]
    PublicUrlInsecure,
    #[error(
        "FINBRAIN_LISTEN is {0}, which other machines may reach, and FINBRAIN_PUBLIC_URL does not say how: set it to \
         the https address of a proxy with TLS, to http://localhost:{port} when only this machine asks, or to \
         another http address together with --allow-insecure-http", port = .0.port()
    )]
    PublicUrlMissing(SocketAddr),
    #[error("--allow-insecure-http contradicts FINBRAIN_PUBLIC_URL, which needs no permission")]
    InsecureHttpUnneeded,
    #[error("FINBRAIN_RATES_URL is neither `off` nor an https URL (http on this machine only)")]
    RatesUrl,
    #[error("FINBRAIN_MONGODB_URI is not of the form mongodb://host:27017/finbrain")]
    MongodbUri,
    #[error("FINBRAIN_REDIS_URL is not of the form redis://host:6379, rediss:// or redis+sentinel://")]
    RedisUrl,
    #[error(
        "FINBRAIN_REDIS_URL is set and FINBRAIN_MONGODB_URI is not: only pods that share a MongoDB have anything to \
         share in Redis"
    )]
    RedisAlone,
    #[error(
        "FINBRAIN_READ=linearizable is set and FINBRAIN_MONGODB_URI is not: the data folder has one writer"
    )]
    ReadAlone,
    #[error("FINBRAIN_ADMIN_EMAIL is not an e-mail address")]
    AdminEmail,
    #[error("{name} names a file that cannot be read")]
    File { name: &'static str, source: std::io::Error },
    #[error("{shorter} is longer than {longer}: a session would never reach the first")]
    Timeouts { shorter: &'static str, longer: &'static str },
    #[error("FINBRAIN_LEDGER_MEMORY is less than 16MiB")]
    LedgerMemory,
    #[error("FINBRAIN_LOG is not a filter such as info or finbrain=debug")]
    LogFilter,
}

impl Config {
    /// Checks the settings against each other and against the names of the process's environment variables.
    pub fn resolve(settings: Settings, variables: impl Iterator<Item = String>) -> Result<Self, ConfigError> {
        let unknown = environment::unknown(variables);
        if !unknown.is_empty() {
            return Err(ConfigError::UnknownVariables(unknown));
        }
        check_addresses(settings.listen, settings.ops_listen)?;
        let reach = check_public_url(&settings)?;
        let on_this_machine = reach == Reach::ThisMachine;
        if settings.ledger_memory < MIN_LEDGER_MEMORY {
            return Err(ConfigError::LedgerMemory);
        }
        if tracing_subscriber::EnvFilter::try_new(&settings.log).is_err() {
            return Err(ConfigError::LogFilter);
        }
        Ok(Self {
            session: session_times(&settings)?,
            rates: rates_source(&settings.rates_url)?,
            admin_email: settings.admin_email.as_ref().map(admin_email).transpose()?,
            listen: settings.listen,
            ops_listen: settings.ops_listen,
            drain: drain(&settings),
            store: store_settings(&settings)?,
            allow_insecure_http: settings.allow_insecure_http,
            trusted_proxies: settings.trusted_proxies,
            registration: settings.registration.unwrap_or(match on_this_machine {
                true => Registration::Open,
                false => Registration::Closed,
            }),
            demo: settings.demo.unwrap_or(if on_this_machine { Switch::On } else { Switch::Off }),
            session_rate: Rate { per_minute: settings.session_rate * 60, burst: settings.session_burst },
            login_rate: Rate { per_minute: settings.login_rate, burst: settings.login_burst },
            ledger_memory: settings.ledger_memory.0,
            workers: workers(settings.workers),
            log: settings.log,
            log_format: settings.log_format,
            public_url: settings.public_url,
        })
    }

    /// The public URL, which unless it was set is that of the address to which the server was bound.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{bound}"))
    }
}

/// Port 0 is a free port, and two of those differ.
fn check_addresses(listen: SocketAddr, ops: SocketAddr) -> Result<(), ConfigError> {
    let overlap = listen.ip() == ops.ip() || listen.ip().is_unspecified() || ops.ip().is_unspecified();
    if overlap && listen.port() == ops.port() && listen.port() != 0 {
        return Err(ConfigError::SameAddress(listen));
    }
    Ok(())
}

/// Who can reach the public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    ThisMachine,
    Others,
}

fn check_public_url(settings: &Settings) -> Result<Reach, ConfigError> {
    let Some(text) = &settings.public_url else {
        return match (settings.listen.ip().is_loopback(), settings.allow_insecure_http) {
            (true, false) => Ok(Reach::ThisMachine),
            (true, true) => Err(ConfigError::InsecureHttpUnneeded),
            (false, true) if !settings.listen.ip().is_unspecified() => Ok(Reach::Others),
            (false, _) => Err(ConfigError::PublicUrlMissing(settings.listen)),
        };
    };
    let url = Url::parse(text).map_err(|_| ConfigError::PublicUrlMalformed)?;
    let is_origin = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !is_origin || has_user || !matches!(url.scheme(), "http" | "https") {
        return Err(ConfigError::PublicUrlMalformed);
    }
    let reach = if is_loopback(&url) { Reach::ThisMachine } else { Reach::Others };
    match (url.scheme() == "http" && reach == Reach::Others, settings.allow_insecure_http) {
        (true, false) => Err(ConfigError::PublicUrlInsecure),
        (false, true) => Err(ConfigError::InsecureHttpUnneeded),
        _ => Ok(reach),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

fn rates_source(given: &Given) -> Result<RatesSource, ConfigError> {
    let text = read(given, "FINBRAIN_RATES_URL")?;
    if text == "off" {
        return Ok(RatesSource::Off);
    }
    let url = Url::parse(&text).map_err(|_| ConfigError::RatesUrl)?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if is_safe && url.has_host() { Ok(RatesSource::Url(text)) } else { Err(ConfigError::RatesUrl) }
}

fn store_settings(settings: &Settings) -> Result<StoreSettings, ConfigError> {
    let Some(given) = &settings.mongodb_uri else {
        return match (&settings.redis_url, settings.read) {
            (Some(_), _) => Err(ConfigError::RedisAlone),
            (None, ReadMode::Linearizable) => Err(ConfigError::ReadAlone),
            (None, ReadMode::Majority) => Ok(StoreSettings::Embedded { data_dir: settings.data_dir.clone() }),
        };
    };
    let mongodb_uri = read(given, "FINBRAIN_MONGODB_URI")?;
    if !["mongodb://", "mongodb+srv://"].iter().any(|scheme| mongodb_uri.starts_with(scheme)) {
        return Err(ConfigError::MongodbUri);
    }
    Ok(StoreSettings::Cluster { mongodb_uri, read: settings.read, redis: redis(settings)? })
}

fn redis(settings: &Settings) -> Result<Option<RedisSettings>, ConfigError> {
    let Some(given) = &settings.redis_url else { return Ok(None) };
    let url = read(given, "FINBRAIN_REDIS_URL")?;
    let schemes = ["redis://", "rediss://", "redis+sentinel://", "rediss+sentinel://"];
    if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(ConfigError::RedisUrl);
    }
    let authority = settings.redis_ca.as_ref().map(std::fs::read).transpose();
    let authority = authority.map_err(|source| ConfigError::File { name: "FINBRAIN_REDIS_CA", source })?;
    Ok(Some(RedisSettings { url, authority }))
}

fn admin_email(given: &Given) -> Result<Email, ConfigError> {
    let text = read(given, "FINBRAIN_ADMIN_EMAIL")?;
    Email::parse(&text).map_err(|_| ConfigError::AdminEmail)
}

fn read(given: &Given, name: &'static str) -> Result<String, ConfigError> {
    given.read().map_err(|source| ConfigError::File { name, source })
}

fn session_times(settings: &Settings) -> Result<SessionTimes, ConfigError> {
    let (idle, inactive) = (settings.idle_timeout, settings.inactive_timeout);
    if idle > inactive {
        let (shorter, longer) = ("FINBRAIN_IDLE_TIMEOUT", "FINBRAIN_INACTIVE_TIMEOUT");
        return Err(ConfigError::Timeouts { shorter, longer });
    }
    if inactive > settings.absolute_timeout {
        let (shorter, longer) = ("FINBRAIN_INACTIVE_TIMEOUT", "FINBRAIN_ABSOLUTE_TIMEOUT");
        return Err(ConfigError::Timeouts { shorter, longer });
    }
    let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
    let absolute = seconds(settings.absolute_timeout);
    Ok(SessionTimes {
        life: SessionLife { idle: seconds(idle), inactive: seconds(inactive), absolute },
        heartbeat_seconds: HEARTBEAT.min(idle / 3),
        warning_seconds: inactive - WARNING.min(inactive / 5),
    })
}

/// One server alone has no balancer that could look elsewhere.
fn drain(settings: &Settings) -> Duration {
    let usual = if settings.mongodb_uri.is_some() { DRAIN } else { 0 };
    Duration::from_secs(settings.drain.unwrap_or(usual).into())
}

fn workers(given: Option<u16>) -> NonZeroUsize {
    match given.and_then(|workers| NonZeroUsize::new(workers.into())) {
        Some(workers) => workers,
        None => thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    }
}
