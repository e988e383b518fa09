//! What the clients of a run share: the plan, the accounts, the log, the clock and the counts.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{RngExt as _, rngs::StdRng};
use serde::Serialize;
use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use super::{
    client::Client,
    finish, footprint,
    listener::Listener,
    log::{Log, LogError},
    record::{Record, Rules, Start},
    send::Door,
};

/// What is to be done to which server.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Base URLs of pods or of a proxy before them; each request goes to one of them by lot.
    pub urls: Vec<String>,
    /// Base URLs of the pods that are asked for their journals at the end; `urls` when empty.
    pub pods: Vec<String>,
    /// The public URL of the server.
    pub origin: String,
    pub clients: usize,
    /// The clients share so many accounts.
    pub accounts: usize,
    pub seed: u64,
    /// Where everything is recorded.
    pub log: PathBuf,
    /// The run ends after so many operations, or when it is told to stop.
    pub operations: Option<u64>,
    /// Pause of a client after each operation.
    pub pause: Duration,
    /// After so long a request counts as lost.
    pub timeout: Duration,
    /// For so long an operation is repeated until its outcome is known.
    pub patience: Duration,
    /// For so long the pods are waited for when their journals are read at the end.
    pub settle: Duration,
    /// The pods on this machine whose memory and descriptors are watched.
    pub pids: Vec<u32>,
    pub rules: Rules,
}

impl Plan {
    /// Sixteen clients of four accounts.
    pub fn new(urls: Vec<String>, origin: impl Into<String>, log: impl Into<PathBuf>) -> Self {
        Self {
            urls,
            pods: Vec::new(),
            origin: origin.into(),
            clients: 16,
            accounts: 4,
            seed: 1,
            log: log.into(),
            operations: None,
            pause: Duration::ZERO,
            timeout: Duration::from_secs(6),
            patience: Duration::from_secs(45),
            settle: Duration::from_secs(60),
            pids: Vec::new(),
            rules: Rules::default(),
        }
    }

    /// The pods whose journals are read at the end.
    pub fn pods(&self) -> &[String] {
        if self.pods.is_empty() { &self.urls } else { &self.pods }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the plan has no URL, no client or no account")]
    EmptyPlan,
    #[error("{0} is no URL of a server")]
    Url(String),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the HTTP client cannot be built: {0}")]
    Http(#[from] reqwest::Error),
    #[error("{0} does not answer for the last reading")]
    Unreachable(String),
}

/// What has happened so far, for a person who watches.
#[derive(Debug, Default)]
pub struct Counts {
    pub operations: AtomicU64,
    pub requests: AtomicU64,
    pub acknowledged: AtomicU64,
    pub refused: AtomicU64,
    pub unavailable: AtomicU64,
    pub lost: AtomicU64,
    pub events: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Recording {
    pub operations: u64,
    pub requests: u64,
    /// Requests that were answered with success.
    pub acknowledged: u64,
    pub refused: u64,
    pub unavailable: u64,
    /// Requests without an answer.
    pub lost: u64,
    pub events: u64,
}

impl Counts {
    pub fn now(&self) -> Recording {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Recording {
            operations: count(&self.operations),
            requests: count(&self.requests),
            acknowledged: count(&self.acknowledged),
            refused: count(&self.refused),
            unavailable: count(&self.unavailable),
            lost: count(&self.lost),
            events: count(&self.events),
        }
    }
}

/// A session of an account, which several tabs may share.
#[derive(Debug)]
pub struct Session {
    pub number: u64,
    /// As it is sent: name and value of the cookie.
    pub cookie: String,
    over: AtomicBool,
}

impl Session {
    pub const fn new(number: u64, cookie: String) -> Self {
        Self { number, cookie, over: AtomicBool::new(false) }
    }

    /// Nobody begins to use it any more.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// A transaction that somebody may want to change.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    /// The slot of its last change, as far as a client knows.
    pub changed: u64,
}

/// Somebody invented, and what the clients know of their book.
#[derive(Debug)]
pub struct Account {
    pub index: usize,
    pub email: String,
    pub password: String,
    registered: AtomicBool,
    sessions: Mutex<Vec<Arc<Session>>>,
    pub known: Mutex<Known>,
}

#[derive(Debug, Default)]
pub struct Known {
    pub rows: Vec<Row>,
    pub categories: Vec<String>,
    pub entries: Vec<String>,
    /// The highest version that anybody has seen.
    pub version: u64,
}

impl Account {
    fn new(index: usize, marker: &str) -> Self {
        let email = format!("{marker}{index}@private.example");
        let password = format!("{marker} ferry {index} at noon");
        let registered = AtomicBool::new(false);
        Self { index, email, password, registered, sessions: Mutex::default(), known: Mutex::default() }
    }

    pub fn is_registered(&self) -> bool {
        self.registered.load(Ordering::Acquire)
    }

    pub fn set_registered(&self) {
        self.registered.store(true, Ordering::Release);
    }

    pub fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn keep(&self, session: &Arc<Session>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| !session.is_over());
        sessions.push(Arc::clone(session));
    }

    /// A session that another tab uses, by lot.
    pub fn any_session(&self, random: &mut StdRng) -> Option<Arc<Session>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| !session.is_over());
        if sessions.is_empty() {
            return None;
        }
        let at = random.random_range(0..sessions.len());
        Some(Arc::clone(&sessions[at]))
    }
}

/// What all clients of a run share.
#[derive(Debug)]
pub struct Run {
    pub plan: Plan,
    pub door: Door,
    pub accounts: Vec<Arc<Account>>,
    pub marker: String,
    pub stop: watch::Receiver<bool>,
    pub counts: Arc<Counts>,
    /// Operations that may still begin.
    left: AtomicU64,
}

impl Run {
    fn new(plan: Plan, stop: watch::Receiver<bool>, counts: Arc<Counts>) -> Result<Self, Error> {
        if plan.urls.is_empty() || plan.clients == 0 || plan.accounts == 0 {
            return Err(Error::EmptyPlan);
        }
        // The same seed may meet the same server twice, so that names come from elsewhere.
        let marker = format!("zq{}", &Uuid::new_v4().simple().to_string()[..12]);
        let door = Door::new(&plan, Log::create(&plan.log)?, Arc::clone(&counts))?;
        let accounts = (0..plan.accounts).map(|index| Arc::new(Account::new(index, &marker))).collect();
        let left = AtomicU64::new(plan.operations.unwrap_or(u64::MAX));
        Ok(Self { plan, door, accounts, marker, stop, counts, left })
    }

    /// Whether another operation may begin; counts it when it may.
    pub fn begins(&self) -> bool {
        if *self.stop.borrow() {
            return false;
        }
        let begins = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if begins.is_ok() {
            self.counts.operations.fetch_add(1, Ordering::Relaxed);
        }
        begins.is_ok()
    }

    /// Whether the clients are to come to an end.
    pub fn is_over(&self) -> bool {
        *self.stop.borrow() || self.left.load(Ordering::Relaxed) == 0
    }
}

/// Drives the clients until `stop` is true or the operations are done, then reads the journals from every pod.
pub async fn run(plan: Plan, stop: watch::Receiver<bool>, counts: Arc<Counts>) -> Result<Recording, Error> {
    let run = Arc::new(Run::new(plan, stop, Arc::clone(&counts))?);
    let Plan { seed, rules, pids, .. } = &run.plan;
    let start = Start { seed: *seed, marker: run.marker.clone(), rules: rules.clone() };
    run.door.log(Record::Start(start)).await?;
    let before: Vec<_> = pids.iter().filter_map(|pid| footprint::of(*pid, run.door.now())).collect();
    for footprint in &before {
        run.door.log(Record::Footprint(*footprint)).await?;
    }
    let mut tasks = JoinSet::new();
    for index in 0..run.plan.clients {
        tasks.spawn(Client::new(Arc::clone(&run), index).run());
    }
    for account in &run.accounts {
        tasks.spawn(Listener::new(Arc::clone(&run), Arc::clone(account)).run());
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("a client does not panic")?;
    }
    run.door.log(Record::Stopped { at: run.door.now() }).await?;
    finish::read_journals(&run).await?;
    footprint::settle(&run, &before).await?;
    Ok(counts.now())
}

/// The clock of a run.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
