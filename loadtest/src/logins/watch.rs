//! People who are signed in and go on with what they do while others storm the door: heartbeats and dashboards at a
//! fixed rate. Every request has a moment at which it is meant to be sent, and its latency counts from there: a server
//! that stalls delays those behind as well, and they are measured.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{
    crowd::{Accounts, Truth, network},
    tally::Latencies,
    wire::{Connection, Target},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// How many requests a second all watchers together send.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub heartbeats: u32,
    pub reads: u32,
}

/// What the watchers saw of one kind of request.
#[derive(Debug, Clone, Default)]
pub struct Kind {
    /// While nothing else went on.
    pub quiet: Latencies,
    pub stormy: Latencies,
    /// Answers other than 200 and connections without one, by cause.
    pub failures: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub heartbeats: Kind,
    pub reads: Kind,
}

/// The watchers while they watch.
#[derive(Debug)]
pub struct Watch {
    state: Arc<State>,
    thread: JoinHandle<anyhow::Result<()>>,
}

#[derive(Debug, Default)]
struct State {
    is_over: AtomicBool,
    is_stormy: AtomicBool,
    heartbeats: Mutex<Kind>,
    reads: Mutex<Kind>,
}

impl Watch {
    /// Signs the watchers in and lets them begin, in a thread of their own so that no storm delays them.
    pub fn begin(target: &Target, accounts: &Accounts, rates: Rates) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let cookies = runtime.block_on(sign_in(target, accounts))?;
        let state = Arc::new(State::default());
        let (shared, target) = (Arc::clone(&state), target.clone());
        let thread = thread::Builder::new().name("watch".into()).spawn(move || {
            runtime.block_on(watch(target, &cookies, rates, shared));
            anyhow::Ok(())
        })?;
        Ok(Self { state, thread })
    }

    /// Whether what is sent from now on counts as sent in a storm.
    pub fn set_stormy(&self, is_stormy: bool) {
        self.state.is_stormy.store(is_stormy, Ordering::Relaxed);
    }

    /// Waits for the answers that are under way.
    pub fn end(self) -> anyhow::Result<Seen> {
        self.state.is_over.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the watchers panicked")??;
        let take = |kind: &Mutex<Kind>| kind.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Seen { heartbeats: take(&self.state.heartbeats), reads: take(&self.state.reads) })
    }
}

async fn sign_in(target: &Target, accounts: &Accounts) -> anyhow::Result<Vec<(u32, String)>> {
    let mut cookies = Vec::new();
    for number in accounts.watchers() {
        let request = accounts.login(target, number, number, Truth::Right);
        let answer = Connection::default().exchange(target, &request).await?;
        let cookie = answer.cookie.filter(|_| answer.status == 200);
        let cookie = cookie.with_context(|| {
            let status = answer.status;
            format!("seed-{number}@example.org cannot sign in ({status}): are the accounts seeded?")
        })?;
        cookies.push((number, cookie));
    }
    Ok(cookies)
}

async fn watch(target: Target, cookies: &[(u32, String)], rates: Rates, state: Arc<State>) {
    let mut people = JoinSet::new();
    let began = Instant::now();
    let people_count = u32::try_from(cookies.len()).unwrap_or(u32::MAX);
    for (person, (number, cookie)) in (0..).zip(cookies) {
        let headers = [format!("x-forwarded-for: {}", network(*number)), format!("cookie: {cookie}")];
        let beat = target.request("POST", "/api/v1/session/heartbeat", &headers, r#"{"active":true}"#);
        let read = target.request("GET", "/api/v1/dashboard", &headers, "");
        let beats: Drawer = |state| &state.heartbeats;
        let kinds = [(rates.heartbeats, beat, beats), (rates.reads, read, |state| &state.reads)];
        for (rate, request, drawer) in kinds.into_iter().filter(|(rate, ..)| *rate > 0) {
            let step = Duration::from_secs(1) / rate;
            let plan = Plan { first: began + step * person, every: step * people_count };
            people.spawn(repeat(target.clone(), request, plan, Arc::clone(&state), drawer));
        }
    }
    people.join_all().await;
}

/// Where the answers to a kind of request are counted.
type Drawer = fn(&State) -> &Mutex<Kind>;

/// When the requests of one person are meant to be sent.
#[derive(Debug, Clone, Copy)]
struct Plan {
    first: Instant,
    every: Duration,
}

async fn repeat(target: Target, request: Vec<u8>, plan: Plan, state: Arc<State>, drawer: Drawer) {
    let mut connection = Connection::default();
    let mut intended = plan.first;
    loop {
        sleep_until(intended).await;
        if state.is_over.load(Ordering::Relaxed) {
            return;
        }
        let is_stormy = state.is_stormy.load(Ordering::Relaxed);
        let answer = timeout(PATIENCE, connection.exchange(&target, &request)).await;
        let latency = intended.elapsed();
        let answer = answer.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer")));
        let mut kind = drawer(&state).lock().unwrap_or_else(PoisonError::into_inner);
        let failure = match answer {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(format!("status {}", answer.status)),
            Err(error) => Some(error.to_string()),
        };
        if let Some(cause) = failure {
            *kind.failures.entry(cause).or_default() += 1;
        }
        if is_stormy {
            kind.stormy.record(latency)
        } else {
            kind.quiet.record(latency)
        }
        intended += plan.every;
    }
}
