//! The worker: everything that is due or must be delivered. No leader: running a piece of work twice is harmless.

use std::{sync::Arc, time::Duration};

use actix::{Actor, ActorFutureExt, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture};
use finbrain_domain::ports::{Due, DueKind, StoreError};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Ports,
    classifier::{ClassifierHandle, Sharing},
    erasure,
    error::Error,
    keeper::Keeper,
    lessons,
    registry::{Owner, Registry},
};

/// How often the worker looks without being told.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Work that failed is tried again after this time, behind whatever has become due by then.
const POSTPONED_BY: SignedDuration = SignedDuration::from_secs(60);
/// Pieces of work that are taken at a time.
const BATCH: usize = 100;

pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter};
    describe_counter!(
        "finbrain_effects_delivered_total",
        Unit::Count,
        "Entries whose effects were delivered"
    );
    describe_counter!("finbrain_due_done_total", Unit::Count, "Pieces of timed work done, by kind");
    describe_counter!(
        "finbrain_worker_failures_total",
        Unit::Count,
        "Pieces of work that failed and stay due"
    );
    metrics::counter!("finbrain_effects_delivered_total").increment(0);
    for kind in [DueKind::DemoExpiry, DueKind::Erasure] {
        metrics::counter!("finbrain_due_done_total", "kind" => kind.as_str()).increment(0);
    }
    metrics::counter!("finbrain_worker_failures_total").increment(0);
}

#[derive(Clone)]
pub struct WorkerHandle {
    keeper: Arc<Keeper<Worker>>,
}

impl std::fmt::Debug for WorkerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("worker")
    }
}

impl WorkerHandle {
    /// Starts the worker on an arbiter.
    pub fn start(
        arbiter: &ArbiterHandle,
        ports: Ports,
        registry: Registry,
        classifier: ClassifierHandle,
        sharing: Sharing,
    ) -> Self {
        let arbiter = arbiter.clone();
        let keeper = Keeper::new("worker", move || {
            let tools = Tools {
                ports: ports.clone(),
                registry: registry.clone(),
                classifier: classifier.clone(),
                sharing,
            };
            Worker::start_in_arbiter(&arbiter, |_| Worker { tools, working: false, again: false })
        });
        Self { keeper: Arc::new(keeper) }
    }

    /// There may be something to do. A hint: the worker also looks by itself.
    pub fn wake(&self) {
        if let Err(error) = self.keeper.tell(Wake) {
            tracing::debug!(error = %error, "worker was not woken");
        }
    }
}

#[derive(Clone)]
struct Tools {
    ports: Ports,
    registry: Registry,
    classifier: ClassifierHandle,
    sharing: Sharing,
}

struct Worker {
    tools: Tools,
    working: bool,
    /// Somebody woke the worker while it worked.
    again: bool,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Wake;

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.work(ctx);
        ctx.run_interval(LOOK_EVERY, |worker, ctx| {
            worker.tools.registry.sweep();
            worker.work(ctx);
        });
    }
}

impl Handler<Wake> for Worker {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Self::Context) {
        self.work(ctx);
    }
}

impl Worker {
    fn work(&mut self, ctx: &mut Context<Self>) {
        if self.working {
            self.again = true;
            return;
        }
        self.working = true;
        self.again = false;
        let tools = self.tools.clone();
        let work = async move {
            if let Err(error) = deliver(&tools).await {
                failed(&error, "effects");
            }
            if let Err(error) = run_due(&tools).await {
                failed(&error, "due work");
            }
        };
        ctx.spawn(work.into_actor(self).map(|(), worker, ctx| {
            worker.working = false;
            if worker.again {
                worker.work(ctx);
            }
        }));
    }
}

fn failed(error: &Error, what: &'static str) {
    metrics::counter!("finbrain_worker_failures_total").increment(1);
    tracing::warn!(error = %error, work = what, "work failed and stays due");
}

/// Delivers the effects of entries: at least once, told apart by (book, slot, index).
async fn deliver(tools: &Tools) -> Result<(), Error> {
    loop {
        let entries = tools.ports.journal.pending(BATCH).await?;
        if entries.is_empty() {
            return Ok(());
        }
        for entry in &entries {
            match lessons::deliver(&tools.ports, &tools.registry, tools.sharing, entry).await {
                // Said once: it counts as delivered, so that the entries behind it are.
                Err(error @ (Error::Domain(_) | Error::Store(StoreError::Damaged(_)))) => {
                    metrics::counter!("finbrain_worker_failures_total").increment(1);
                    let (book, slot) = (entry.book, entry.slot);
                    tracing::warn!(%error, %book, slot, "entry cannot be read and teaches nothing");
                }
                taught => taught?,
            }
            tools.ports.journal.delivered(entry.book, entry.slot).await?;
            metrics::counter!("finbrain_effects_delivered_total").increment(1);
        }
        if let Err(error) = tools.classifier.examples_grew() {
            failed(&error, "classifier");
        }
    }
}

async fn run_due(tools: &Tools) -> Result<(), Error> {
    let now = tools.ports.clock.now();
    for due in tools.ports.due.due(now, BATCH).await? {
        let (owner, kind) = (Owner { user: due.user, book: due.book }, due.kind);
        let outcome = match kind {
            DueKind::DemoExpiry => erasure::expire_demo(&tools.ports, &tools.registry, owner).await,
            DueKind::Erasure => erasure::finish(&tools.ports, owner).await,
        };
        if let Err(error) = outcome {
            failed(&error, kind.as_str());
            let at = now.saturating_add(POSTPONED_BY).unwrap_or(Timestamp::MAX);
            tools.ports.due.plan(Due { at, ..due }).await?;
            continue;
        }
        tools.ports.due.done(due.book, kind).await?;
        metrics::counter!("finbrain_due_done_total", "kind" => kind.as_str()).increment(1);
    }
    Ok(())
}
