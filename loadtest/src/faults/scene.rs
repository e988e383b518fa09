//! A scene: a stage, the clients of `ledgercheck` who use it the whole time, a witness who asks for what was broken, and
//! what has been seen so far. It knows nothing of any single fault.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::{sync::watch, task::JoinHandle};

use super::{stage::Ground, witness::Witness};
use crate::{
    ledgercheck::{self, Counts, Plan, Recording, Report, Rules},
    servers::{Pod, process},
};

/// Until the first person is signed in and the clients are under way.
const WARM_UP: Duration = Duration::from_secs(60);
/// Until what was healed works again, where a scene says nothing else.
pub const RECOVERY: Duration = Duration::from_secs(45);
/// Until clients that are told to stop have read all journals: what they may wait for, and room.
const END: Duration = Duration::from_secs(300);
/// Until pods have let go of connections that have ended.
const SETTLE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// How much is done to a stage, and with how much patience.
#[derive(Debug, Clone, Copy)]
pub struct Pressure {
    pub clients: usize,
    pub accounts: usize,
    /// Pause of a client after each operation.
    pub pause: Duration,
    /// After so long a request counts as lost.
    pub timeout: Duration,
}

/// What was found in one scene.
#[derive(Debug)]
pub struct Finding {
    pub counts: Recording,
    pub report: Report,
    pub violations: Vec<String>,
    pub recovery: Option<Duration>,
}

#[derive(Debug)]
pub struct Scene<S> {
    pub stage: S,
    pub witness: Witness,
    pub rounds: u32,
    counts: Arc<Counts>,
    running: JoinHandle<Result<Recording, ledgercheck::Error>>,
    stop: watch::Sender<bool>,
    log: PathBuf,
    /// Descriptors and memory of each pod before anything was done to it.
    base: Vec<(usize, u64)>,
    rules: Rules,
    violations: Vec<String>,
    recovery: Option<Duration>,
}

impl<S: Ground> Scene<S> {
    /// Starts the clients and waits until they are under way.
    pub async fn begin(
        stage: S,
        rounds: u32,
        doors: Vec<String>,
        (pressure, rules): (Pressure, Rules),
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let origin = stage.origin();
        let witness = Witness::register(&origin, &origin, WARM_UP).await?;
        for pod in stage.pods() {
            witness.until_written(&pod.url(), WARM_UP).await?;
        }
        let base = stage.pods().iter().map(footprint).collect::<anyhow::Result<_>>()?;
        let log = folder.join("ledgercheck.log");
        let plan = Plan {
            pods: stage.pods().iter().map(Pod::url).collect(),
            clients: pressure.clients,
            accounts: pressure.accounts,
            pause: pressure.pause,
            timeout: pressure.timeout,
            rules: rules.clone(),
            ..Plan::new(doors, origin, &log)
        };
        let (stop, stopped) = watch::channel(false);
        let counts = Arc::new(Counts::default());
        let running = tokio::spawn(ledgercheck::run(plan, stopped, Arc::clone(&counts)));
        let (violations, recovery) = (Vec::new(), None);
        let scene =
            Self { stage, witness, rounds, counts, running, stop, log, base, rules, violations, recovery };
        scene.load_goes_on(WARM_UP).await?;
        Ok(scene)
    }

    /// Waits until the clients had some more answers of success.
    pub async fn load_goes_on(&self, within: Duration) -> anyhow::Result<()> {
        const ENOUGH: u64 = 20;
        let before = self.counts.now();
        let told = || format!("clients got {:?} after {before:?}", self.counts.now());
        until(within, told, async || self.counts.now().acknowledged >= before.acknowledged + ENOUGH).await
    }

    /// What the clients have had so far.
    pub fn counts(&self) -> Recording {
        self.counts.now()
    }

    /// Waits until a write at `url` succeeds, and notes how long that is after `since`.
    pub async fn recovers(&mut self, url: &str, since: Instant) -> anyhow::Result<()> {
        self.witness.until_written(url, RECOVERY).await?;
        self.recovered(since);
        Ok(())
    }

    /// The same for all pods, one after the other.
    pub async fn all_recover(&mut self, since: Instant) -> anyhow::Result<()> {
        let urls: Vec<String> = self.stage.pods().iter().map(Pod::url).collect();
        for url in urls {
            self.recovers(&url, since).await?;
        }
        Ok(())
    }

    /// What was broken at `since` works again.
    pub fn recovered(&mut self, since: Instant) {
        self.recovery = self.recovery.max(Some(since.elapsed()));
    }

    /// Something that must not be.
    pub fn found(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Ends the clients, reads all journals, and judges what was recorded.
    pub async fn end(mut self) -> (S, anyhow::Result<Finding>) {
        let judged = self.judge().await;
        (self.stage, judged)
    }

    async fn judge(&mut self) -> anyhow::Result<Finding> {
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(END, &mut self.running).await;
        let counts = ended.context("the clients do not come to an end")???;
        self.given_back().await?;
        let (log, pod_logs) = (self.log.clone(), self.stage.pods().iter().map(Pod::log).collect::<Vec<_>>());
        let report = tokio::task::spawn_blocking(move || ledgercheck::check(&log, &pod_logs)).await??;
        let mut violations = std::mem::take(&mut self.violations);
        violations.extend(report.violations.iter().map(|violation| {
            let ledgercheck::Violation { invariant, line, what } = violation;
            format!("{invariant:?}, line {line}: {what}")
        }));
        Ok(Finding { counts, report, violations, recovery: self.recovery })
    }

    /// Memory and descriptors of each pod come back to what they were.
    async fn given_back(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + SETTLE;
        let Rules { memory_margin, descriptor_margin, .. } = self.rules;
        let descriptor_margin = usize::try_from(descriptor_margin).unwrap_or(usize::MAX);
        for number in 0..self.base.len() {
            let (descriptors, resident) = self.base[number];
            let mut now = footprint(&self.stage.pods()[number])?;
            while now.0 > descriptors.saturating_add(descriptor_margin) && Instant::now() < deadline {
                tokio::time::sleep(POLL).await;
                now = footprint(&self.stage.pods()[number])?;
            }
            if now.0 > descriptors.saturating_add(descriptor_margin) {
                self.found(format!("pod {number} holds {} descriptors, {descriptors} before", now.0));
            }
            if now.1 > resident.saturating_add(memory_margin) {
                self.found(format!("pod {number} holds {} MiB, {} before", now.1 >> 20, resident >> 20));
            }
        }
        Ok(())
    }
}

fn footprint(pod: &Pod) -> anyhow::Result<(usize, u64)> {
    let footprint =
        pod.pid().and_then(|pid| Some((process::descriptors(pid)?, process::resident_bytes(pid)?)));
    footprint.context("a pod does not run")
}

/// Polls until `holds`, and says what was `told` when it does not within the time.
pub async fn until(
    within: Duration,
    told: impl Fn() -> String,
    mut holds: impl AsyncFnMut() -> bool,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + within;
    while !holds().await {
        if Instant::now() > deadline {
            bail!("not within {within:?}: {}", told());
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
