//! The writing half of the actor: the queue of commands and the walk through the protocol, one command at a time.

use std::{sync::Arc, time::Duration};

use actix::{ActorContext, ActorFutureExt, AsyncContext, Context, WrapFuture};
use finbrain_domain::{
    entry::Entry,
    ports::{AppendError, Growth, StoreError},
};

use super::{
    QUEUE, Run, UserSession,
    command::{Job, Verdict},
    open,
    protocol::{AfterAppend, AfterTail, Attempt},
};
use crate::error::Error;

/// A command in flight.
struct Flight {
    job: Box<dyn Job>,
    attempt: Attempt,
    started: std::time::Instant,
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
        self.queue.push_back(job);
        self.start_next(ctx);
    }

    fn start_next(&mut self, ctx: &mut Context<Self>) {
        while !self.writing {
            let Some(job) = self.queue.pop_front() else { return };
            self.writing = true;
            let flight = Flight { job, attempt: Attempt::default(), started: std::time::Instant::now() };
            self.decide(flight, ctx);
        }
    }

    fn decide(&mut self, mut flight: Flight, ctx: &mut Context<Self>) {
        match self.look(|view, _| flight.job.decide(view)) {
            Verdict::Refuse(error) => self.refuse(flight, error, ctx),
            Verdict::Nothing => {
                let version = self.ledger.version();
                self.finish(&flight, "unchanged", ctx);
                flight.job.unchanged(version);
            }
            Verdict::Replay(slot) => self.replay_slot(flight, slot, ctx),
            Verdict::Write => {
                let draft = flight.job.draft().expect("a verdict to write comes with a draft");
                let (book, slot) = (self.ledger.book(), self.ledger.version() + 1);
                match Entry::seal(book, slot, self.ledger.chain(), draft) {
                    Ok(entry) => self.append(flight, entry, Duration::ZERO, ctx),
                    Err(error) => self.refuse(flight, error.into(), ctx),
                }
            }
        }
    }

    fn append(&mut self, flight: Flight, entry: Entry, pause: Duration, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let sending = entry.clone();
        let append = async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            journal.append(sending).await
        };
        ctx.spawn(append.into_actor(self).map(move |result, session, ctx| {
            session.appended(flight, entry, result, ctx);
        }));
    }

    fn appended(
        &mut self,
        mut flight: Flight,
        entry: Entry,
        result: Result<(), AppendError>,
        ctx: &mut Context<Self>,
    ) {
        match flight.attempt.after_append(result) {
            AfterAppend::Apply => self.apply_own(flight, entry, ctx),
            AfterAppend::Repeat(pause) => self.append(flight, entry, pause, ctx),
            AfterAppend::ReadTail => self.read_tail(flight, ctx),
            AfterAppend::ReadKey => self.replay_key(flight, ctx),
            AfterAppend::Fail(error) => self.refuse(flight, error, ctx),
        }
    }

    /// Memory follows the journal. A probe may have applied the entry already.
    fn apply_own(&mut self, mut flight: Flight, entry: Entry, ctx: &mut Context<Self>) {
        let version = entry.slot;
        if self.ledger.version() < version {
            let draft = flight.job.take_draft().expect("an entry in flight was sealed from a draft");
            if let Err(error) = self.ledger.advance(&entry, &draft.changes) {
                // Half-way between two versions: nobody may find this ledger again.
                ctx.terminate();
                flight.job.refuse(error.into());
                return;
            }
            self.applied(&Arc::new(entry), Arc::new(draft.changes));
        }
        self.ports.shared.publish(Growth { book: self.ledger.book(), version });
        self.finish(&flight, "accepted", ctx);
        flight.job.accept(version);
    }

    fn read_tail(&mut self, flight: Flight, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let (book, version) = (self.ledger.book(), self.ledger.version());
        let tail = async move { open::tail(&*journal, book, version).await };
        ctx.spawn(tail.into_actor(self).map(move |tail, session, ctx| match tail {
            Ok(tail) => session.decide_after(flight, tail, ctx),
            Err(error) => session.refuse(flight, unknown(error).into(), ctx),
        }));
    }

    fn decide_after(&mut self, mut flight: Flight, tail: Vec<Entry>, ctx: &mut Context<Self>) {
        let mine = flight.job.envelope().entry_id;
        let slot = tail.iter().find(|entry| entry.entry_id == mine).map(|entry| entry.slot);
        let next = flight.attempt.after_tail(mine, &tail);
        if let Err(error) = self.follow(tail, ctx) {
            self.refuse(flight, error, ctx);
            return;
        }
        match next {
            AfterTail::Mine => {
                self.finish(&flight, "accepted", ctx);
                flight.job.accept(slot.unwrap_or(self.ledger.version()));
            }
            AfterTail::DecideAgain => self.decide(flight, ctx),
            AfterTail::Fail(error) => self.refuse(flight, error, ctx),
        }
    }

    fn replay_slot(&mut self, flight: Flight, slot: u64, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let book = self.ledger.book();
        let entry =
            async move { journal.since(book, slot - 1, 1).await.map(|entries| entries.into_iter().next()) };
        ctx.spawn(entry.into_actor(self).map(move |entry, session, ctx| session.replay(flight, entry, ctx)));
    }

    fn replay_key(&mut self, flight: Flight, ctx: &mut Context<Self>) {
        let journal = Arc::clone(&self.ports.journal);
        let book = self.ledger.book();
        let key = flight.job.envelope().key.as_ref().map(|key| key.key.clone()).unwrap_or_default();
        let entry = async move { journal.by_key(book, &key).await };
        ctx.spawn(entry.into_actor(self).map(move |entry, session, ctx| session.replay(flight, entry, ctx)));
    }

    fn replay(&mut self, flight: Flight, entry: Result<Option<Entry>, StoreError>, ctx: &mut Context<Self>) {
        match entry {
            Ok(Some(entry)) => {
                self.finish(&flight, "replayed", ctx);
                self.look(|view, _| flight.job.replay(&entry, view));
            }
            Ok(None) => self.refuse(flight, Error::Contended, ctx),
            Err(error) => self.refuse(flight, error.into(), ctx),
        }
    }

    fn refuse(&mut self, flight: Flight, error: Error, ctx: &mut Context<Self>) {
        self.finish(&flight, "refused", ctx);
        flight.job.refuse(error);
    }

    /// The command is over: the next one may start, after this turn.
    fn finish(&mut self, flight: &Flight, outcome: &'static str, ctx: &mut Context<Self>) {
        metrics::counter!("finbrain_commands_total", "outcome" => outcome).increment(1);
        metrics::histogram!("finbrain_command_seconds").record(flight.started.elapsed());
        self.writing = false;
        if !self.queue.is_empty() {
            ctx.notify(Run(Box::new(Self::start_next)));
        }
    }
}

/// After a taken slot the outcome of this command is unknown until the tail has been read.
fn unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(cause) => StoreError::OutcomeUnknown(cause),
        other => other,
    }
}
