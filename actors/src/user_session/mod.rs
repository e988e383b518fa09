//! UserSession: one actor per person per pod. It owns the ledger, the queue of commands, the event streams of open tabs
//! and the heartbeats of the person's devices. It must not know HTTP, nor any rule: those are in the domain.

mod access;
mod categories;
mod command;
mod corrections;
mod history;
mod insights;
mod observed;
mod open;
mod protocol;
mod published;
mod reports;
mod settings;
mod similar;
#[cfg(test)]
mod simulation;
mod stream;
mod transactions;
mod view;
mod write;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use finbrain_domain::{
    change::Change,
    entry::Entry,
    ids::{SessionId, UserId},
    ledger::{Ledger, Moment},
    ports::Journal,
    rates::RateBook,
};
use jiff::{SignedDuration, Timestamp};

pub use self::{
    access::{CloseBook, RaiseGeneration, RevokeSessions},
    categories::{
        AmendCategory, AmendedCategory, CategoryItem, CreateCategory, ListCategories, RemoveCategory,
    },
    command::{Accepted, Command, Decision, Envelope},
    corrections::{Corrections, ForgetCorrection, GetCorrections},
    history::{LastStep, Reversible, Step, Undo, Which},
    insights::{
        Against, Anomalies, Anomaly, CategoryForecast, GetAnomalies, GetForecast, GetHealth, GetRecurring,
        Insights, MonthlyForecast, PriceRise, Range, RecurringItem, RecurringItems, SilenceAnomaly,
    },
    open::{Opened, open},
    published::Published,
    reports::{AccountItem, GetBreakdown, GetDashboard, GetMonthly, ListAccounts, Report, Sourced},
    settings::{AmendSettings, GetSettings},
    similar::{FindSimilar, RecategoriseSimilar, Similar},
    stream::{Event, Subscription},
    transactions::{
        AmendTransaction, Amended, Converted, Found, GetTransaction, ListTransactions, Listed,
        ListedTransaction, RecordMany, RecordTransaction, Recorded, RemoveTransaction, SuggestCategory,
    },
    view::{Answered, Cubes, Query, Reader, View},
};
pub(crate) use self::{
    command::Waiting,
    observed::describe_metrics,
    settings::{GetCurrent, GetSharing},
    view::Asked,
};
use self::{corrections::Taught, protocol::Probes, stream::Streams, view::WaitingQuery, write::Queued};
use crate::{Ports, rates::RatesHandle};

/// When an actor that nobody uses stops.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Without request, stream or heartbeat for this long it stops.
    pub idle: SignedDuration,
    /// How often it looks whether it is idle.
    pub check_every: Duration,
}

impl Default for Life {
    fn default() -> Self {
        Self { idle: SignedDuration::from_secs(90), check_every: Duration::from_secs(15) }
    }
}

/// Entries between two snapshots.
const SNAPSHOT_EVERY: u64 = 1000;
/// Commands that may wait.
const QUEUE: usize = 256;
/// Messages that may wait in the mailbox.
const MAILBOX: usize = 1024;

pub struct UserSession {
    ports: Ports,
    user: UserId,
    rates: RatesHandle,
    life: Life,
    ledger: Ledger,
    published: Arc<Published>,
    cubes: Cubes,
    insights: Insights,
    taught: Taught,
    queue: VecDeque<Queued>,
    /// A command is in flight.
    writing: bool,
    probes: Probes<Box<dyn WaitingQuery>>,
    streams: Streams,
    devices: HashMap<SessionId, Timestamp>,
    snapshot_version: u64,
    /// The actor stops because it wants to. actix also calls `stopped` while a panic unwinds.
    leaving: bool,
}

impl std::fmt::Debug for UserSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "session actor of {:?} at version {}", self.user, self.ledger.version())
    }
}

impl UserSession {
    /// An actor over a ledger that has been opened, with what it publishes.
    pub fn new(
        ports: Ports,
        user: UserId,
        rates: RatesHandle,
        life: Life,
        opened: Opened,
    ) -> (Self, Arc<Published>) {
        let Opened { ledger, snapshot } = opened;
        let published = Arc::new(Published::of(&ledger, ports.clock.now()));
        let session = Self {
            snapshot_version: snapshot,
            ports,
            user,
            rates,
            life,
            ledger,
            published: Arc::clone(&published),
            cubes: Cubes::default(),
            insights: Insights::default(),
            taught: Taught::default(),
            queue: VecDeque::new(),
            writing: false,
            probes: Probes::default(),
            streams: Streams::default(),
            devices: HashMap::new(),
            leaving: false,
        };
        (session, published)
    }

    fn moment(&self) -> Moment {
        let at = self.ports.clock.now();
        // The chain covers microseconds; what is finer would not survive a store.
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        Moment { at, today: self.ledger.settings().today(at) }
    }

    /// Calls `look` with a view of the ledger and the kept sums.
    fn look<T>(&mut self, look: impl FnOnce(&View<'_>, &mut Cubes) -> T) -> T {
        let rates: Arc<RateBook> = self.rates.current();
        let moment = self.moment();
        let (insights, taught) = (&self.insights, &self.taught);
        let view = View { ledger: &self.ledger, moment, rates: &rates, insights, taught };
        let looked = look(&view, &mut self.cubes);
        self.weigh();
        if let Some((first, last)) = self.cubes.take_wanting() {
            self.rates.ensure(first.first_day(), last.last_day());
        }
        looked
    }

    /// Says what the book holds in memory: its rows, and the index when somebody asked for insights.
    fn weigh(&self) {
        let held = self.ledger.rows().memory().0 + self.insights.memory();
        self.published.memory.store(held, Ordering::Relaxed);
    }

    /// Everything that follows from an entry that now is in the ledger.
    fn applied(&mut self, entry: &Arc<Entry>, changes: Arc<Vec<Change>>) {
        self.insights.follow(&self.ledger, &changes);
        self.taught.follow(&changes);
        if changes.iter().any(|change| matches!(change, Change::Settings { .. })) {
            self.published.settings.store(Arc::new(self.ledger.settings().clone()));
        }
        if changes.iter().any(Change::ends_access) {
            self.published.access.store(Arc::new(self.ledger.access().clone()));
        }
        self.weigh();
        self.published.version.store(self.ledger.version(), Ordering::Release);
        self.streams.send(&Event::new(entry, changes));
        self.published.streams.store(self.streams.len(), Ordering::Relaxed);
        if self.ledger.version() - self.snapshot_version >= SNAPSHOT_EVERY {
            self.snapshot_version = self.ledger.version();
            actix::spawn(keep_snapshot(Arc::clone(&self.ports.journal), self.ledger.clone()));
        }
    }

    /// Whether somebody waits for an answer.
    fn is_working(&self) -> bool {
        self.writing || !self.probes.is_idle() || !self.queue.is_empty()
    }

    fn stop_when_idle(&mut self, ctx: &mut Context<Self>) {
        self.streams.drop_closed();
        self.published.streams.store(self.streams.len(), Ordering::Relaxed);
        let now = self.ports.clock.now();
        self.devices.retain(|_, seen| now.duration_since(*seen) < self.life.idle);
        let idle = now.as_second() - self.published.used() >= self.life.idle.as_secs();
        if idle && !self.is_working() && self.streams.len() == 0 {
            self.leave(ctx);
        }
    }

    fn leave(&mut self, ctx: &mut Context<Self>) {
        self.leaving = true;
        ctx.stop();
    }
}

impl Actor for UserSession {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        metrics::gauge!("finbrain_user_sessions").increment(1.0);
        ctx.run_interval(self.life.check_every, Self::stop_when_idle);
        if !self.ports.journal.is_exclusive() {
            ctx.run_interval(stream::PROBE_EVERY, |session, ctx| {
                if session.streams.len() > 0 {
                    session.probe(ctx);
                }
            });
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        // After a panic the ledger may be half-way between two versions: nobody may find it again.
        if !self.leaving {
            self.published.settled.store(true, Ordering::Release);
            return;
        }
        self.published.stopped.store(true, Ordering::Release);
        let published = Arc::clone(&self.published);
        if self.ledger.version() == self.snapshot_version || self.ledger.is_closed() {
            published.settled.store(true, Ordering::Release);
            return;
        }
        let book = self.ledger.book();
        let ledger = std::mem::replace(&mut self.ledger, Ledger::empty(book));
        let kept = keep_snapshot(Arc::clone(&self.ports.journal), ledger);
        actix::spawn(async move {
            kept.await;
            published.settled.store(true, Ordering::Release);
        });
    }
}

/// Packs and stores a snapshot, off the mailbox.
async fn keep_snapshot(journal: Arc<dyn Journal>, ledger: Ledger) {
    let Ok(snapshot) = tokio::task::spawn_blocking(move || ledger.pack()).await else { return };
    match journal.keep_snapshot(snapshot).await {
        Ok(()) => metrics::counter!("finbrain_snapshots_total").increment(1),
        // The journal holds everything that the snapshot does: opening is slower, no more.
        Err(error) => tracing::warn!(error = %error, "snapshot was not written"),
    }
}

impl Drop for UserSession {
    fn drop(&mut self) {
        metrics::gauge!("finbrain_user_sessions").decrement(1.0);
        if !self.published.has_stopped() {
            self.published.settled.store(true, Ordering::Release);
        }
    }
}

/// Something to do with the actor on its own thread. The only message: the queue of commands, not the mailbox, gives
/// writes their order.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Run(pub(crate) Work);

type Work = Box<dyn FnOnce(&mut UserSession, &mut Context<UserSession>) + Send>;

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("run")
    }
}

impl Handler<Run> for UserSession {
    type Result = ();

    fn handle(&mut self, message: Run, ctx: &mut Self::Context) {
        (message.0)(self, ctx);
    }
}

impl UserSession {
    /// Answers a query: at once where this process is the only writer, or where the same request has probed the journal
    /// before, else after a probe.
    pub(crate) fn ask(&mut self, query: Box<dyn WaitingQuery>, ctx: &mut Context<Self>) {
        self.published.touch(self.ports.clock.now());
        let is_proven = query.proven().is_some_and(|version| version <= self.ledger.version());
        if self.ports.journal.is_exclusive() || is_proven {
            self.look(|view, cubes| query.answer(view, cubes));
        } else {
            self.probes.wait(query);
            self.probe(ctx);
        }
    }

    /// Opens a stream of everything that is applied from now on.
    pub(crate) fn subscribe(&mut self, reader: Reader) -> Result<Subscription, crate::Error> {
        self.ledger.access().check(reader.token, reader.auth_generation)?;
        let version = self.ledger.version();
        if reader.seen > version {
            return Err(crate::Error::Behind { version, seen: reader.seen });
        }
        let subscription = self.streams.subscribe(version);
        self.published.streams.store(self.streams.len(), Ordering::Relaxed);
        Ok(subscription)
    }

    /// Ends all streams; whoever reads one resumes.
    pub(crate) fn end_streams(&mut self) {
        self.streams = Streams::default();
        self.published.streams.store(0, Ordering::Relaxed);
    }

    /// Somebody says that the journal grew. Only open streams want to know before somebody asks.
    pub(crate) fn hear(&mut self, version: u64, ctx: &mut Context<Self>) {
        if version > self.ledger.version() && self.streams.len() > 0 {
            self.probe(ctx);
        }
    }

    /// A device is alive.
    pub(crate) fn beat(&mut self, session: SessionId) {
        let now = self.ports.clock.now();
        self.devices.insert(session, now);
        self.published.touch(now);
    }

    /// Stops in good order: after the commands and the questions that wait.
    pub(crate) fn retire(&mut self, ctx: &mut Context<Self>) {
        if self.is_working() {
            ctx.run_later(Duration::from_millis(20), Self::retire);
        } else {
            self.leave(ctx);
        }
    }

    /// Asks the journal for what is behind the ledger; answers waiting queries when it has been applied.
    pub(crate) fn probe(&mut self, ctx: &mut Context<Self>) {
        if !self.probes.begin() {
            return;
        }
        let journal = Arc::clone(&self.ports.journal);
        let (book, version) = (self.ledger.book(), self.ledger.version());
        let tail = async move { open::tail(&*journal, book, version).await };
        let probe = tail.into_actor(self).map(move |tail, session, ctx| {
            let current = tail.map_err(crate::Error::from).and_then(|tail| session.follow(tail, ctx));
            let sharing = session.probes.end();
            session.look(|view, cubes| {
                for query in sharing {
                    match &current {
                        Ok(()) => query.answer(view, cubes),
                        Err(error) => query.fail(error.clone()),
                    }
                }
            });
            if session.probes.is_wanted() {
                session.probe(ctx);
            }
        });
        ctx.spawn(probe);
    }

    /// Applies entries that others wrote. A ledger that could not is half-way between two versions: the actor dies with
    /// it, and the next request opens the book anew.
    fn follow(&mut self, tail: Vec<Entry>, ctx: &mut Context<Self>) -> Result<(), crate::Error> {
        for entry in tail {
            let followed = protocol::follow(&mut self.ledger, &entry).inspect_err(|_| ctx.terminate())?;
            if let Some(changes) = followed {
                self.applied(&Arc::new(entry), Arc::new(changes));
            }
        }
        Ok(())
    }
}
