//! The program under test in a process of its own: started, frozen, killed, told to stop, started again on its ports.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Guarded, ServerError, free_port, process};

const START: Duration = Duration::from_secs(60);
/// Where Debian and its kin keep the library that lies about the time.
const FAKETIME: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];
/// Limits that no measurement reaches: they are there against abuse, and a load test looks like it.
pub const GENEROUS: [(&str, &str); 6] = [
    ("FINBRAIN_SESSION_RATE", "100000"),
    ("FINBRAIN_SESSION_BURST", "1000000"),
    ("FINBRAIN_LOGIN_RATE", "1000000"),
    ("FINBRAIN_LOGIN_BURST", "1000000"),
    ("FINBRAIN_IDLE_TIMEOUT", "3600"),
    ("FINBRAIN_INACTIVE_TIMEOUT", "3600"),
];

/// Where a pod keeps its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    Embedded { data_dir: PathBuf },
    Cluster { mongodb_uri: String, redis_url: Option<String> },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Limits {
    /// Those of the program.
    #[default]
    AsShipped,
    /// None that a load test reaches.
    Generous,
}

/// What a pod believes the time to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Clock {
    #[default]
    Right,
    /// As libfaketime writes it, such as `+1h` or `-1h`. The time since the start stays right.
    Off(String),
}

#[derive(Debug, Clone)]
pub struct PodSettings {
    pub store: Store,
    /// Under which browsers reach it; its own address when there is none.
    pub public_url: Option<String>,
    pub limits: Limits,
    pub clock: Clock,
    /// Further environment, such as `("FINBRAIN_READ", "linearizable")`.
    pub environment: Vec<(String, String)>,
}

impl PodSettings {
    /// The settings as shipped, over this store.
    pub const fn over(store: Store) -> Self {
        Self {
            store,
            public_url: None,
            limits: Limits::AsShipped,
            clock: Clock::Right,
            environment: Vec::new(),
        }
    }
}

/// A FinBrain server, running or not.
#[derive(Debug)]
pub struct Pod {
    pub port: u16,
    pub ops_port: u16,
    /// Those of the next start.
    pub settings: PodSettings,
    program: PathBuf,
    folder: TempDir,
    process: Option<Guarded>,
    http: reqwest::Client,
}

impl Pod {
    /// Starts one on free ports and waits until it is ready.
    pub async fn start(settings: PodSettings) -> Result<Self, ServerError> {
        let mut pod = Self::prepare(settings)?;
        pod.launch().await?;
        Ok(pod)
    }

    /// One that has ports and does not run yet.
    pub fn prepare(settings: PodSettings) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Start { program: "finbrain".into(), source };
        Ok(Self {
            port: free_port().map_err(failed)?,
            ops_port: free_port().map_err(failed)?,
            settings,
            program: finbrain()?,
            folder: TempDir::with_prefix("finbrain-pod-").map_err(failed)?,
            process: None,
            http: http_client(),
        })
    }

    /// Starts the process and waits until it is ready.
    pub async fn launch(&mut self) -> Result<(), ServerError> {
        let mut command = self.command()?;
        self.process = Some(Guarded::start(&self.program, &self.log(), &mut command)?);
        let deadline = Instant::now() + START;
        while !self.is_ready().await {
            let has_ended = self.process.as_ref().is_none_or(|process| !process.is_running());
            if has_ended || Instant::now() > deadline {
                return Err(ServerError::NotReady { program: "finbrain", cause: self.last_words() });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn command(&self) -> Result<Command, ServerError> {
        let mut command = clean(&self.program);
        command.env("FINBRAIN_LISTEN", self.address()).env("FINBRAIN_OPS_LISTEN", self.ops_address());
        command.env("FINBRAIN_RATES_URL", "off").env("FINBRAIN_LOG_FORMAT", "json");
        command.env("FINBRAIN_TRUSTED_PROXIES", "127.0.0.1");
        command.envs(self.settings.public_url.as_ref().map(|url| ("FINBRAIN_PUBLIC_URL", url)));
        if self.settings.limits == Limits::Generous {
            command.envs(GENEROUS);
        }
        name_store(&mut command, &self.settings.store);
        if let Clock::Off(offset) = &self.settings.clock {
            let library = FAKETIME.into_iter().find(|place| Path::new(place).exists());
            let library = library.ok_or(ServerError::Missing("libfaketime"))?;
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME", offset)
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command.envs(self.settings.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Freezes it in the middle of what it does.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on as if nothing had happened.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Tells it to stop, and returns its exit status.
    pub async fn terminate(&mut self, within: Duration) -> Result<i32, ServerError> {
        self.signal("TERM");
        let Some(process) = &mut self.process else {
            return Err(ServerError::Refused { program: "finbrain", cause: "it does not run".into() });
        };
        let status = process.ended(within).await;
        let status = status.ok_or(ServerError::Endless { program: "finbrain", within })?;
        self.process = None;
        Ok(status)
    }

    pub fn signal(&self, name: &str) {
        if let Some(process) = &self.process {
            process.signal(name);
        }
    }

    /// The process, while it runs.
    pub const fn process(&self) -> Option<&Guarded> {
        self.process.as_ref()
    }

    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Guarded::pid)
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn ops_address(&self) -> String {
        format!("127.0.0.1:{}", self.ops_port)
    }

    /// Where it answers without a proxy. It answers only to the host of its public URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its second port: health and metrics.
    pub fn ops_url(&self) -> String {
        format!("http://{}", self.ops_address())
    }

    /// What it wrote, over all its starts.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Whether it says that it can serve.
    pub async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/health/ready", self.ops_url())).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// The value of a metric, all its labels added up. `None` while it does not answer.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let answer = self.http.get(format!("{}/metrics", self.ops_url())).send().await.ok()?;
        let text = answer.text().await.ok()?;
        let samples = text.lines().filter_map(|line| line.strip_prefix(name));
        let samples = samples.filter(|rest| rest.starts_with([' ', '{']));
        Some(samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Bytes in memory now.
    pub fn resident_bytes(&self) -> Option<u64> {
        self.pid().and_then(process::resident_bytes)
    }

    /// Open files and sockets.
    pub fn descriptors(&self) -> Option<usize> {
        self.pid().and_then(process::descriptors)
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        log.lines().last().unwrap_or("it said nothing").to_owned()
    }
}

/// Runs `finbrain seed` over a store that no embedded server holds.
pub fn seed(store: &Store, users: u32, transactions: u32) -> Result<(), ServerError> {
    let failed = |source| ServerError::Start { program: "finbrain seed".into(), source };
    let mut command = clean(&finbrain()?);
    name_store(&mut command, store);
    command.args(["seed", "--users", &users.to_string(), "--transactions", &transactions.to_string()]);
    let output = command.output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let cause = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(ServerError::Refused { program: "finbrain seed", cause })
}

/// The program, with nothing from the starter's environment.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FINBRAIN_")) {
        command.env_remove(name);
    }
    command
}

fn name_store(command: &mut Command, store: &Store) {
    match store {
        Store::Embedded { data_dir } => {
            command.env("FINBRAIN_DATA_DIR", data_dir);
        }
        Store::Cluster { mongodb_uri, redis_url } => {
            command.env("FINBRAIN_MONGODB_URI", mongodb_uri);
            command.envs(redis_url.as_ref().map(|url| ("FINBRAIN_REDIS_URL", url)));
        }
    }
}

/// The binary that `FINBRAIN_BIN` names, or the one that was built beside this program.
pub fn finbrain() -> Result<PathBuf, ServerError> {
    let named = std::env::var_os("FINBRAIN_BIN").map(PathBuf::from);
    let this = std::env::current_exe().unwrap_or_default();
    // target/<profile>/finbrain-loadtest, or a test in target/<profile>/deps.
    let beside = this.ancestors().skip(1).take(2).map(|folder| folder.join("finbrain"));
    let mut places = named.into_iter().chain(beside);
    places.find(|place| place.is_file()).ok_or(ServerError::NotBuilt)
}

/// One connection a request: a process that was killed has none that could be kept.
fn http_client() -> reqwest::Client {
    // Fails when another crate was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    let client = client.timeout(Duration::from_secs(2)).build();
    client.expect("a client without settings from outside can be built")
}
