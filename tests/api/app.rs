//! A server for one test: its own ports, directory and clock, and its own end when the test ends.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, OnceLock, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use clap::Parser as _;
use finbrain::{
    app::{Application, backends, describe_metrics},
    config::{Cli, Config},
    store::Stores,
    telemetry::Metrics,
};
use finbrain_actors::registry::Registry;
use finbrain_domain::{ids::BookId, ports::Clock};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    backing,
    client::{Client, Person},
    log,
};

/// When every test begins.
pub const START: &str = "2026-11-24T08:00:00Z";
/// The civil day of [`START`].
pub const TODAY: &str = "2026-11-24";

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn new() -> Self {
        let start: Timestamp = START.parse().unwrap();
        Self(AtomicI64::new(start.as_second()))
    }

    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Where a running server listens. It moves when the server is started again.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    pub public: SocketAddr,
    pub ops: SocketAddr,
}

pub struct App {
    pub clock: Arc<TestClock>,
    flags: Vec<String>,
    places: Arc<RwLock<Places>>,
    http: reqwest::Client,
    running: Option<Running>,
    // Dropped last: the server is gone by then.
    dir: TempDir,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
    registry: Registry,
}

/// A server with the defaults, but for limits that a test on one address would meet by chance.
pub fn spawn_app() -> App {
    spawn_app_with(&[])
}

pub fn spawn_app_with(flags: &[&str]) -> App {
    log::collect();
    let provider = rustls::crypto::ring::default_provider();
    // Another test may have been faster.
    let _ = provider.install_default();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new());
    let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    if runs_on_mongodb() && !flags.iter().any(|flag| flag.starts_with("--mongodb-uri")) {
        flags.push(format!("--mongodb-uri={}", backing::new_database()));
    }
    let (running, places) = start(dir.path(), &flags, Arc::clone(&clock));
    App {
        clock,
        flags,
        places: Arc::new(RwLock::new(places)),
        http: reqwest::Client::builder().build().unwrap(),
        running: Some(running),
        dir,
    }
}

/// Whether this run of the suite is the one on the store of many pods: `FINBRAIN_TEST_STORE=mongodb`.
fn runs_on_mongodb() -> bool {
    std::env::var_os("FINBRAIN_TEST_STORE").is_some_and(|store| store == "mongodb")
}

impl App {
    /// Somebody without a session.
    pub fn stranger(&self) -> Client {
        Client::new(self.http.clone(), Arc::clone(&self.places))
    }

    /// A new account with a name, signed in.
    pub async fn register(&self, name: &str) -> Person {
        self.stranger().register(name).await
    }

    pub fn places(&self) -> Places {
        *self.places.read().unwrap()
    }

    /// What is stored, beside the running server.
    pub async fn stores(&self) -> Stores {
        let config = config(self.dir.path(), &self.flags);
        backends::open_to_check(&config.store).await.unwrap()
    }

    pub fn registry(&self) -> Registry {
        self.running.as_ref().unwrap().registry.clone()
    }

    /// What the operator's port says.
    pub async fn ops(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.places().ops);
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Stops the server in good order.
    pub fn stop(&mut self) {
        if let Some(Running { stop, thread, .. }) = self.running.take() {
            // A server that failed has nobody who listens any more; the thread tells why.
            let _ = stop.send(());
            thread.join().unwrap();
        }
    }

    /// Stops the server and starts another one on the same directory. Clients find it.
    pub fn restart(&mut self) {
        self.stop();
        let (running, places) = start(self.dir.path(), &self.flags, Arc::clone(&self.clock));
        self.running = Some(running);
        *self.places.write().unwrap() = places;
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(Running { stop, thread, .. }) = self.running.take() {
                let _ = stop.send(());
                let _ = thread.join();
            }
            return;
        }
        self.stop();
        log::assert_nothing_private();
    }
}

fn config(data_dir: &Path, flags: &[String]) -> Config {
    let data_dir = data_dir.to_str().unwrap();
    let name = |flag: &str| flag.split('=').next().unwrap().to_owned();
    let usual = [
        "--listen=127.0.0.1:0",
        "--ops-listen=127.0.0.1:0",
        "--rates-url=off",
        "--workers=1",
        "--session-rate=100000",
        "--session-burst=1000000",
        "--drain=0",
    ];
    let usual = usual.into_iter().filter(|usual| flags.iter().all(|flag| name(flag) != name(usual)));
    let line = ["finbrain", "--data-dir", data_dir].into_iter().chain(usual);
    let cli = Cli::try_parse_from(line.chain(flags.iter().map(String::as_str))).unwrap();
    Config::resolve(cli.settings, std::iter::empty()).unwrap()
}

/// The server has an actix system and threads of its own, so that tests are ordinary ones.
fn start(data_dir: &Path, flags: &[String], clock: Arc<TestClock>) -> (Running, Places) {
    let config = config(data_dir, flags);
    let (ready, started) = std::sync::mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let system = actix_web::rt::System::new();
        system.block_on(async move {
            let app = Application::start(config, clock, metrics()).await.unwrap();
            let places = Places { public: app.address(), ops: app.ops_address() };
            ready.send((places, app.registry().clone())).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            app.run_until(stopped).await.unwrap();
        });
        // The threads of the actors end with the system.
        actix_web::rt::System::current().stop();
        system.run().unwrap();
    });
    let (places, registry) = started.recv().expect("the server starts");
    (Running { stop, thread, registry }, places)
}

/// One recorder for the process, as in the real one.
pub fn metrics() -> Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    let metrics = METRICS.get_or_init(|| {
        let metrics = Metrics::install().unwrap();
        describe_metrics();
        metrics
    });
    metrics.clone()
}

/// The books on disk, each with whether it was closed and reduced.
pub async fn books(app: &App) -> Vec<(BookId, bool)> {
    app.stores().await.journal.books(None, 500).await.unwrap()
}

/// Waits for what other threads of the server do by themselves.
pub async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "it did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
