//! A pod: a session actor without actix. It carries the steps of the protocol out as the actor does, but hands everything
//! that leaves it to the world.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use finbrain_domain::{
    entry::Entry,
    ids::Digest,
    ledger::{Ledger, Moment},
    ports::{AppendError, StoreError},
    rates::RateBook,
};

use super::{
    super::{
        command::Job,
        corrections::Taught,
        insights::Insights,
        protocol::{Course, Next, Outcome, Probes},
        view::{Cubes, View, WaitingQuery},
    },
    rules::{Rules, Turn},
};
use crate::error::Error;

/// What is asked of the journal.
#[derive(Debug, Clone)]
pub enum Ask {
    Append(Box<Entry>),
    Since(u64),
    Slot(u64),
    Key(String),
}

/// What the journal tells.
#[derive(Debug, Clone)]
pub enum Told {
    Appended(Result<(), AppendError>),
    Entries(Result<Vec<Entry>, StoreError>),
    Entry(Result<Option<Box<Entry>>, StoreError>),
}

/// For what the journal was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The command of this number.
    Command(u64),
    Probe,
    Opening,
}

/// What comes to a pod.
pub enum Input {
    Command(Box<dyn Job>),
    Query(Box<dyn WaitingQuery>),
    Told(Purpose, Told),
    /// The pause of a command is over.
    Woken(u64, Box<Next>),
    /// The shared state tells of a version.
    Hint(u64),
}

/// What a pod wants of the world.
#[derive(Debug)]
pub enum Effect {
    Ask(Ask, Purpose),
    Wake(Duration, u64, Box<Next>),
    /// An entry was accepted: the others are told.
    Grew(u64),
    /// The ledger stands at this version, with this chain.
    Followed(u64, Digest),
    /// The ledger could not follow the journal.
    Damaged(Error),
}

/// What a pod finds around itself when something comes to it.
pub struct Around<'a> {
    pub rules: &'a dyn Rules,
    /// Time since the beginning.
    pub now: Duration,
    /// What the pod's clock says.
    pub moment: Moment,
    pub rates: &'a Arc<RateBook>,
    pub insights: &'a Insights,
    pub taught: &'a Taught,
    pub effects: Vec<Effect>,
}

/// The place of the actor: it is opened when something comes.
#[derive(Default)]
pub struct Pod {
    actor: Option<Actor>,
    opening: Option<(Ledger, Vec<Input>)>,
}

struct Actor {
    ledger: Ledger,
    probes: Probes<Box<dyn WaitingQuery>>,
    /// Those who came while a probe was under way, when a mutant lets them share it.
    late: Vec<Box<dyn WaitingQuery>>,
    queue: VecDeque<(Box<dyn Job>, Duration)>,
    flight: Option<Flight>,
    flights: u64,
    hint: u64,
}

struct Flight {
    job: Box<dyn Job>,
    course: Course,
    queued: Duration,
}

impl Pod {
    /// Something comes. An actor that is not there yet is opened from `snapshot`.
    pub fn receive(&mut self, input: Input, snapshot: &Ledger, around: &mut Around<'_>) {
        if let (Input::Told(Purpose::Opening, told), Some((ledger, waiting))) = (&input, &mut self.opening) {
            let opened = open(ledger, told, around);
            let waiting = std::mem::take(waiting);
            self.opening = None;
            match opened {
                Ok(actor) => {
                    self.actor = Some(actor);
                    for input in waiting {
                        self.receive(input, snapshot, around);
                    }
                }
                Err(error) => waiting.into_iter().for_each(|input| turn_away(input, &error)),
            }
            return;
        }
        match (&mut self.actor, &mut self.opening) {
            (Some(actor), _) => actor.receive(input, around),
            (None, Some((_, waiting))) => waiting.push(input),
            (None, None) if matches!(input, Input::Command(_) | Input::Query(_)) => {
                around.effects.push(Effect::Ask(Ask::Since(snapshot.version()), Purpose::Opening));
                self.opening = Some((snapshot.clone(), vec![input]));
            }
            (None, None) => {}
        }
    }

    pub fn ledger(&self) -> Option<&Ledger> {
        self.actor.as_ref().map(|actor| &actor.ledger)
    }

    /// The actor stops because nobody needs it.
    pub fn stop_when_idle(&mut self) {
        let idle =
            |actor: &mut Actor| actor.flight.is_none() && actor.queue.is_empty() && actor.probes.is_idle();
        self.actor.take_if(idle);
    }
}

fn open(ledger: &mut Ledger, told: &Told, around: &mut Around<'_>) -> Result<Actor, Error> {
    let Told::Entries(entries) = told else { unreachable!("a book is opened by reading") };
    for entry in entries.as_ref().map_err(Clone::clone)? {
        around.rules.follow(ledger, entry)?;
    }
    Ok(Actor {
        ledger: ledger.clone(),
        probes: Probes::default(),
        late: Vec::new(),
        queue: VecDeque::new(),
        flight: None,
        flights: 0,
        hint: 0,
    })
}

fn turn_away(input: Input, error: &Error) {
    match input {
        Input::Command(job) => job.refuse(error.clone()),
        Input::Query(query) => query.fail(error.clone()),
        _ => {}
    }
}

impl Actor {
    fn receive(&mut self, input: Input, around: &mut Around<'_>) {
        match input {
            Input::Command(job) => self.queue.push_back((job, around.now)),
            Input::Query(query) => self.ask(query, around),
            Input::Told(Purpose::Probe, Told::Entries(tail)) => self.probed(tail, around),
            Input::Told(Purpose::Command(flight), told) if self.is_in_flight(flight) => {
                self.told(told, around);
            }
            Input::Woken(flight, next) if self.is_in_flight(flight) => self.take(*next, around),
            Input::Hint(version) => {
                self.hint = version;
                if version > self.ledger.version() {
                    self.probe(around);
                }
            }
            Input::Told(..) | Input::Woken(..) => {}
        }
        while self.flight.is_none() {
            let Some((job, queued)) = self.queue.pop_front() else { return };
            let course = Course::new(job.envelope(), false);
            let next = course.begin(around.now - queued);
            self.flights += 1;
            self.flight = Some(Flight { job, course, queued });
            self.take(next, around);
        }
    }

    fn is_in_flight(&self, number: u64) -> bool {
        self.flight.is_some() && self.flights == number
    }

    fn ask(&mut self, query: Box<dyn WaitingQuery>, around: &mut Around<'_>) {
        if !around.rules.asks_journal(self.hint, &self.ledger) {
            query.answer(&view(&self.ledger, around), &mut Cubes::default());
        } else if around.rules.shares_probe_under_way() && !self.probes.is_idle() {
            self.late.push(query);
        } else {
            self.probes.wait(query);
            self.probe(around);
        }
    }

    fn probe(&mut self, around: &mut Around<'_>) {
        if self.probes.begin() {
            around.effects.push(Effect::Ask(Ask::Since(self.ledger.version()), Purpose::Probe));
        }
    }

    fn probed(&mut self, tail: Result<Vec<Entry>, StoreError>, around: &mut Around<'_>) {
        let current = tail.map_err(Error::from).and_then(|tail| self.follow(&tail, around));
        let sharing = self.probes.end();
        for query in sharing.into_iter().chain(self.late.drain(..)) {
            match &current {
                Ok(()) => query.answer(&view(&self.ledger, around), &mut Cubes::default()),
                Err(error) => query.fail(error.clone()),
            }
        }
        if self.probes.is_wanted() {
            self.probe(around);
        }
    }

    fn follow(&mut self, tail: &[Entry], around: &mut Around<'_>) -> Result<(), Error> {
        for entry in tail {
            let followed = around.rules.follow(&mut self.ledger, entry);
            let followed =
                followed.inspect_err(|error| around.effects.push(Effect::Damaged(error.clone())))?;
            if followed.is_some() {
                around.effects.push(Effect::Followed(self.ledger.version(), self.ledger.chain()));
            }
        }
        Ok(())
    }

    fn told(&mut self, told: Told, around: &mut Around<'_>) {
        let Some(flight) = &mut self.flight else { return };
        let waited = around.now - flight.queued;
        let Flight { job, course, .. } = flight;
        let turn = Turn { course, job: job.as_ref(), ledger: &self.ledger, waited };
        let next = match told {
            Told::Appended(result) => around.rules.appended(turn, result),
            Told::Entry(found) => {
                turn.course.found(found.map(|entry| entry.map(|entry| *entry)), turn.ledger, waited)
            }
            Told::Entries(tail) => {
                let next = around.rules.tail_read(turn, tail.as_deref().map_err(Clone::clone));
                match self.follow(&tail.unwrap_or_default(), around) {
                    Ok(()) => next,
                    Err(error) => Next::Answer(Outcome::Refused(error)),
                }
            }
        };
        self.take(next, around);
    }

    fn take(&mut self, next: Next, around: &mut Around<'_>) {
        let purpose = Purpose::Command(self.flights);
        let ask = match next {
            Next::Decide(Duration::ZERO) => return self.decide(around),
            Next::Answer(outcome) => return self.answer(outcome, around),
            Next::Append(entry, Duration::ZERO) => Ask::Append(Box::new(entry)),
            Next::ReadSlot(slot, Duration::ZERO) => Ask::Slot(slot),
            Next::ReadTail { after } => Ask::Since(after),
            Next::FindKey => Ask::Key(self.key()),
            Next::Decide(pause) => return self.pause(pause, Next::Decide(Duration::ZERO), around),
            Next::Append(entry, pause) => {
                return self.pause(pause, Next::Append(entry, Duration::ZERO), around);
            }
            Next::ReadSlot(slot, pause) => {
                return self.pause(pause, Next::ReadSlot(slot, Duration::ZERO), around);
            }
        };
        around.effects.push(Effect::Ask(ask, purpose));
    }

    fn pause(&self, pause: Duration, next: Next, around: &mut Around<'_>) {
        around.effects.push(Effect::Wake(pause, self.flights, Box::new(next)));
    }

    fn key(&self) -> String {
        let key = self.flight.as_ref().and_then(|flight| flight.job.envelope().key.as_ref());
        key.map(|key| key.key.clone()).unwrap_or_default()
    }

    fn decide(&mut self, around: &mut Around<'_>) {
        let Some(flight) = &mut self.flight else { return };
        let verdict = around.rules.decide(flight.job.as_mut(), &view(&self.ledger, around));
        let next = around.rules.decided(&mut flight.course, verdict, flight.job.as_ref(), &self.ledger);
        self.take(next, around);
    }

    fn answer(&mut self, outcome: Outcome, around: &mut Around<'_>) {
        let Some(Flight { mut job, .. }) = self.flight.take() else { return };
        match outcome {
            Outcome::Appended(entry) => {
                if self.ledger.version() < entry.slot {
                    let draft = job.take_draft().expect("an entry in flight was sealed from a draft");
                    if let Err(error) = self.ledger.advance(&entry, &draft.changes) {
                        around.effects.push(Effect::Damaged(error.into()));
                    }
                    around.effects.push(Effect::Followed(self.ledger.version(), self.ledger.chain()));
                }
                around.effects.push(Effect::Grew(entry.slot));
                job.accept(entry.slot);
            }
            Outcome::Accepted(slot) => {
                around.effects.push(Effect::Grew(slot));
                job.accept(slot);
            }
            Outcome::Written(entry) => {
                let entry = around.rules.written(entry, job.as_ref());
                job.replay(&entry, &view(&self.ledger, around));
            }
            Outcome::Unchanged => job.unchanged(self.ledger.version()),
            Outcome::Refused(error) => job.refuse(error),
        }
    }
}

fn view<'a>(ledger: &'a Ledger, around: &Around<'a>) -> View<'a> {
    let Around { moment, rates, insights, taught, .. } = *around;
    View { ledger, moment, rates, insights, taught }
}
