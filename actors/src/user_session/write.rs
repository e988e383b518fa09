//! The writing half of the actor: the queue of commands, one in flight, and the steps of the protocol as they are
//! carried out over the journal.

use std::{sync::Arc, time::Duration};

use actix::{ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use finbrain_domain::{entry::Entry, ports::Growth};
use tokio::time::Instant;

use super::{
    QUEUE, Run, UserSession,
    command::Job,
    open,
    protocol::{Course, Next, Outcome},
};
use crate::error::Error;

/// A command that waits for its turn.
pub(super) struct Queued {
    job: Box<dyn Job>,
    since: Instant,
}

/// A command in flight.
struct Flight {
    job: Box<dyn Job>,
    course: Course,
    queued: Instant,
    started: Instant,
}

impl Flight {
    fn waited(&self) -> Duration {
        self.queued.elapsed()
    }
}

impl UserSession {
    /// Puts a command into the queue, and starts it when none is in flight.
    pub(crate) fn enqueue(&mut self, job: Box<dyn Job>, ctx: &mut Context<Self>) {
        self.published.touch(self.ports.clock.now());
        if self.queue.len() >= QUEUE {
            metrics::counter!("finbrain_commands_total", "outcome" => "busy").increment(1);
            job.refuse(Error::Busy { retry_after: Duration::from_secs(1) });
            return;
        }
        self.queue.push_back(Queued { job, since: Instant::now() });
        self.start_next(ctx);
    }

    fn start_next(&mut self, ctx: &mut Context<Self>) {
        while !self.writing {
            let Some(Queued { job, since }) = self.queue.pop_front() else { return };
            self.writing = true;
            let course = Course::new(job.envelope(), self.ports.journal.is_exclusive());
            let flight = Flight { job, course, queued: since, started: Instant::now() };
            let next = flight.course.begin(flight.waited());
            self.take(flight, next, ctx);
        }
    }

    /// Takes the next step of the protocol.
    fn take(&mut self, flight: Flight, next: Next, ctx: &mut Context<Self>) {
        match next {
            Next::Decide(pause) if pause.is_zero() => self.decide(flight, ctx),
            Next::Decide(pause) => {
                let pause = tokio::time::sleep(pause).into_actor(self);
                ctx.spawn(pause.map(move |(), session, ctx| session.decide(flight, ctx)));
            }
            Next::Append(entry, pause) => self.append(flight, entry, pause, ctx),
            Next::ReadTail { after } => self.read_tail(flight, after, ctx),
            Next::ReadSlot(slot, pause) => self.read_slot(flight, slot, pause, ctx),
            Next::FindKey => self.find_key(flight, ctx),
            Next::Answer(outcome) => self.answer(flight, outcome, ctx),
        }
    }

    fn decide(&mut self, mut flight: Flight, ctx: &mut Context<Self>) {
        let verdict = self.look(|view, _| flight.job.decide(view));
        let next = flight.course.decided(verdict, flight.job.draft(), &self.ledger);
        self.take(flight, next, ctx);
    }

    fn append(&mut self, mut flight: Flight, entry: Entry, pause: Duration, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let append = async move {
            pass(pause).await;
            journal.append(entry).await
        };
        ctx.spawn(append.into_actor(self).map(move |result, session, ctx| {
            let next = flight.course.appended(result, flight.waited());
            session.take(flight, next, ctx);
        }));
    }

    fn read_tail(&mut self, mut flight: Flight, after: u64, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let book = self.ledger.book();
        let tail = async move { open::tail(&*journal, book, after).await };
        ctx.spawn(tail.into_actor(self).map(move |tail, session, ctx| {
            let next = flight.course.tail_read(tail.as_deref().map_err(Clone::clone), flight.waited());
            match session.follow(tail.unwrap_or_default(), ctx) {
                Ok(()) => session.take(flight, next, ctx),
                Err(error) => session.answer(flight, Outcome::Refused(error), ctx),
            }
        }));
    }

    fn read_slot(&mut self, mut flight: Flight, slot: u64, pause: Duration, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let book = self.ledger.book();
        let entry = async move {
            pass(pause).await;
            journal.since(book, slot - 1, 1).await.map(|entries| entries.into_iter().next())
        };
        ctx.spawn(entry.into_actor(self).map(move |found, session, ctx| {
            let next = flight.course.found(found, &session.ledger, flight.waited());
            session.take(flight, next, ctx);
        }));
    }

    fn find_key(&mut self, mut flight: Flight, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let book = self.ledger.book();
        let key = flight.job.envelope().key.as_ref().map(|key| key.key.clone()).unwrap_or_default();
        let entry = async move { journal.by_key(book, &key).await };
        ctx.spawn(entry.into_actor(self).map(move |found, session, ctx| {
            let next = flight.course.found(found, &session.ledger, flight.waited());
            session.take(flight, next, ctx);
        }));
    }

    /// The command is over: it is answered, and the next one may start after this turn.
    fn answer(&mut self, mut flight: Flight, outcome: Outcome, ctx: &mut Context<Self>) {
        let outcome = match outcome {
            Outcome::Appended(entry) => match self.apply_own(&mut flight, entry) {
                Ok(slot) => Outcome::Accepted(slot),
                Err(error) => {
                    // Half-way between two versions: nobody may find this ledger again.
                    ctx.terminate();
                    flight.job.refuse(error.into());
                    return;
                }
            },
            outcome => outcome,
        };
        metrics::counter!("finbrain_commands_total", "outcome" => outcome.name()).increment(1);
        metrics::histogram!("finbrain_command_seconds").record(flight.started.elapsed());
        match outcome {
            Outcome::Appended(Entry { slot: version, .. }) | Outcome::Accepted(version) => {
                self.ports.shared.publish(Growth { book: self.ledger.book(), version });
                flight.job.accept(version);
            }
            Outcome::Written(entry) => self.look(|view, _| flight.job.replay(&entry, view)),
            Outcome::Unchanged => flight.job.unchanged(self.ledger.version()),
            Outcome::Refused(error) => flight.job.refuse(error),
        }
        self.writing = false;
        if !self.queue.is_empty() {
            ctx.notify(Run(Box::new(Self::start_next)));
        }
    }

    /// Memory follows the journal. A probe may have applied the entry already.
    fn apply_own(&mut self, flight: &mut Flight, entry: Entry) -> Result<u64, finbrain_domain::Error> {
        let slot = entry.slot;
        if self.ledger.version() < slot {
            let draft = flight.job.take_draft().expect("an entry in flight was sealed from a draft");
            self.ledger.advance(&entry, &draft.changes)?;
            self.applied(&Arc::new(entry), Arc::new(draft.changes));
        }
        Ok(slot)
    }
}

async fn pass(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}
