//! The rates actor: keeps the book of rates current. Readers have the newest book without asking anybody, convert
//! with what it has, and learn of a newer one by its revision; the actor fetches what is missing in the background.
//! It starts from the bundled history, so there is always a floor. It knows no HTTP and no currency by name.

mod plan;

use std::{sync::Arc, time::Duration};

use actix::{
    Actor, ActorFutureExt, Addr, ArbiterHandle, AsyncContext, Context, Handler, Message, WrapFuture,
};
use finbrain_domain::{
    calendar::day_number,
    ports::{Clock, RateError, RateSource, RateTable},
    rates::{FIRST_PUBLICATION, RateBook, Source},
};
use jiff::civil::Date;
use tokio::sync::watch;

use self::plan::{Ended, Plan, Request, today};
use crate::keeper::Keeper;

/// A source that takes longer has failed, whatever time-outs of its own it has.
const DEADLINE: Duration = Duration::from_secs(10);

/// The newest rates are asked for this often even when nobody looks, so that the first look of a day is served.
const TICK: Duration = Duration::from_secs(60 * 60);

pub fn describe_metrics() {
    metrics::describe_counter!(
        "finbrain_rates_fetch_total",
        metrics::Unit::Count,
        "Requests for currency rates by outcome: ok, empty, unavailable, nonsense, off"
    );
    metrics::describe_gauge!(
        "finbrain_rates_age_days",
        metrics::Unit::Count,
        "Days since the newest currency rate was published"
    );
    for outcome in ["ok", "empty", "unavailable", "nonsense", "off"] {
        metrics::counter!("finbrain_rates_fetch_total", "outcome" => outcome).increment(0);
    }
}

/// The way to the rates, for everybody. Clones share one actor.
#[derive(Clone)]
pub struct RatesHandle {
    book: Arc<watch::Sender<Arc<RateBook>>>,
    keeper: Arc<Keeper<Rates>>,
}

impl std::fmt::Debug for RatesHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RatesHandle").field("book", &self.book.borrow()).finish_non_exhaustive()
    }
}

impl RatesHandle {
    /// Starts the actor on an arbiter, with the bundled history as its floor.
    pub fn start(
        arbiter: &ArbiterHandle,
        floor: Arc<RateBook>,
        source: Arc<dyn RateSource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let first_unknown = first_unknown(&floor);
        let book = Arc::new(watch::Sender::new(floor));
        let outset = Outset { first_unknown, book: Arc::clone(&book), source, clock };
        let arbiter = arbiter.clone();
        let keeper = Arc::new(Keeper::new("rates", move || outset.start(&arbiter)));
        Self { book, keeper }
    }

    /// The newest book. Never waits for the actor.
    pub fn current(&self) -> Arc<RateBook> {
        Arc::clone(&self.book.borrow())
    }

    /// Asks for the rates of these days, both included, to be fetched if they are missing. Returns at once: what is
    /// converted now is converted with [`Self::current`]. When the actor is too busy to listen, the next caller asks
    /// again.
    pub fn ensure(&self, from: Date, to: Date) {
        let _ = self.keeper.tell(EnsureRates { from, to });
    }

    /// Every newer book from now on; one that changed nothing is not announced.
    pub fn subscribe(&self) -> watch::Receiver<Arc<RateBook>> {
        self.book.subscribe()
    }
}

fn first_unknown(floor: &RateBook) -> Date {
    floor.newest().map_or(FIRST_PUBLICATION, |newest| newest.tomorrow().unwrap_or(newest))
}

/// What an actor is made of: enough to make another when one has died. The book outlives them.
#[derive(Clone)]
struct Outset {
    first_unknown: Date,
    book: Arc<watch::Sender<Arc<RateBook>>>,
    source: Arc<dyn RateSource>,
    clock: Arc<dyn Clock>,
}

impl Outset {
    /// A fresh actor, from whatever thread.
    fn start(&self, arbiter: &ArbiterHandle) -> Addr<Rates> {
        let outset = self.clone();
        Rates::start_in_arbiter(arbiter, |_| Rates { plan: Plan::new(outset.first_unknown), outset })
    }
}

struct Rates {
    outset: Outset,
    plan: Plan,
}

impl Actor for Rates {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.refresh(ctx);
        ctx.run_interval(TICK, Self::refresh);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct EnsureRates {
    from: Date,
    to: Date,
}

impl Handler<EnsureRates> for Rates {
    type Result = ();

    fn handle(&mut self, EnsureRates { from, to }: EnsureRates, ctx: &mut Self::Context) {
        self.plan.want(from, to, self.outset.clock.now());
        self.fetch_what_waits(ctx);
    }
}

impl Rates {
    fn refresh(&mut self, ctx: &mut Context<Self>) {
        let now = self.outset.clock.now();
        self.plan.want(today(now), today(now), now);
        self.fetch_what_waits(ctx);
        self.show_age();
    }

    fn fetch_what_waits(&mut self, ctx: &mut Context<Self>) {
        while let Some(request) = self.plan.next(self.outset.clock.now()) {
            let fetched = fetch(Arc::clone(&self.outset.source), request.from, request.to);
            ctx.spawn(fetched.into_actor(self).map(move |result, rates, ctx| {
                rates.fetched(request, result);
                rates.fetch_what_waits(ctx);
            }));
        }
    }

    fn fetched(&mut self, request: Request, result: Result<RateTable, RateError>) {
        let (outcome, ended) = match &result {
            Ok(table) if table.is_empty() => ("empty", Ended::Failed),
            Ok(_) => ("ok", Ended::Answered),
            Err(RateError::Off) => ("off", Ended::Off),
            Err(RateError::Unavailable(_)) => ("unavailable", Ended::Failed),
            Err(RateError::Nonsense(_)) => ("nonsense", Ended::Failed),
        };
        metrics::counter!("finbrain_rates_fetch_total", "outcome" => outcome).increment(1);
        self.plan.ended(request.month, ended, self.outset.clock.now());
        let (source, month) = (self.outset.source.name(), request.month);
        match result {
            Ok(table) if table.is_empty() => {
                tracing::warn!(rates.source = source, rates.month = %month, "rate source has nothing for this month");
            }
            Ok(table) => {
                tracing::debug!(rates.source = source, rates.month = %month, rates.days = table.len(), "rates arrived");
                self.publish(&table);
            }
            Err(RateError::Off) => {}
            Err(error) => {
                tracing::warn!(rates.source = source, rates.month = %month, %error, "rates could not be fetched");
            }
        }
        self.show_age();
    }

    fn publish(&self, table: &RateTable) {
        let current = Arc::clone(&self.outset.book.borrow());
        let merged = Arc::new(current.merge(table, Source::named(self.outset.source.name())));
        self.outset.book.send_if_modified(|book| {
            let changed = merged.revision() != book.revision();
            *book = merged;
            changed
        });
    }

    fn show_age(&self) {
        let newest = self.outset.book.borrow().newest();
        if let Some(newest) = newest {
            let age = day_number(today(self.outset.clock.now())) - day_number(newest);
            metrics::gauge!("finbrain_rates_age_days").set(f64::from(age.max(0)));
        }
    }
}

/// A task of its own, so that a source that panics costs its answer and not the actor.
async fn fetch(source: Arc<dyn RateSource>, from: Date, to: Date) -> Result<RateTable, RateError> {
    let fetched = tokio::spawn(async move { tokio::time::timeout(DEADLINE, source.rates(from, to)).await });
    match fetched.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(RateError::Unavailable(format!("no answer within {} s", DEADLINE.as_secs()))),
        Err(_) => Err(RateError::Unavailable("it panicked".into())),
    }
}

#[cfg(test)]
mod tests;
