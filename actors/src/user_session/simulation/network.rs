//! Between pods and journal: messages that are slow, lost, doubled, or arrive long after their sender has given up, and
//! members of the replica set that answer what they know.

use std::time::Duration;

use finbrain_domain::{
    entry::Entry,
    ports::{AppendError, StoreError},
};

use super::{
    faults::Fault,
    pod::{Ask, Purpose, Told},
    store::Member,
    world::{Event, World},
};

/// How long a driver waits for the journal.
const DRIVER: Duration = Duration::from_millis(2500);

/// Who waits for an answer of the journal.
pub struct Call {
    pub pod: usize,
    pub life: u32,
    pub purpose: Purpose,
}

impl World<'_> {
    /// A pod asks the journal over the network.
    pub(super) fn call(&mut self, from: Call, ask: Ask) {
        self.numbers += 1;
        let call = self.numbers;
        self.note(|_| format!("pod {} asks {}: {ask:?}", from.pod, call));
        self.calls.insert(call, from);
        let is_append = matches!(ask, Ask::Append(_));
        if self.random.chance(self.weather.refused) {
            let told = failed(&ask, StoreError::Unavailable("no connection".into()));
            return self.after(Duration::from_millis(1), Event::Told { call, told });
        }
        let broken = if is_append { StoreError::OutcomeUnknown } else { StoreError::Unavailable };
        let silence = failed(&ask, broken("no reply".into()));
        // A connection that breaks tells its end sooner than one that is silent.
        let noticed = if self.random.chance(500) { DRIVER } else { self.millis(50..800) };
        self.after(noticed, Event::Told { call, told: silence.clone() });
        let member =
            if self.is_stale() && self.random.chance(500) { Member::Deposed } else { Member::Primary };
        let is_doubled = self.random.chance(self.weather.doubled);
        let reaches = |ask| Event::Reaches { call, member, ask, is_only: !is_doubled };
        if self.random.chance(self.weather.zombies) {
            let pauses = [self.millis(1..40), self.millis(0..30_000)];
            self.after(pauses[0], Event::Told { call, told: silence });
            return self.after(pauses[1], reaches(ask));
        }
        if is_doubled {
            let pause = self.millis(0..30_000);
            self.after(pause, reaches(ask.clone()));
        }
        if !self.random.chance(self.weather.lost_requests) {
            let pause = self.weather.delay(&mut self.random);
            self.after(pause, reaches(ask));
        }
    }

    /// Whether a deposed member still answers.
    fn is_stale(&self) -> bool {
        self.stale_until.is_some_and(|until| until > self.now)
    }

    /// A request has reached a member of the replica set.
    pub(super) fn reach(&mut self, call: u64, member: Member, ask: Ask, is_only: bool) {
        // The deposed member has stepped down meanwhile.
        let from = if self.is_stale() { member } else { Member::Primary };
        if from == Member::Primary && self.no_primary_until > self.now {
            // Where another sending is under way, a driver does not say that nothing was written.
            let is_certain = is_only || !matches!(ask, Ask::Append(_));
            let failure = if is_certain { StoreError::Unavailable } else { StoreError::OutcomeUnknown };
            return self.reply(call, failed(&ask, failure("no primary".into())));
        }
        let told = match ask {
            Ask::Append(entry) => return self.take_in(call, from, *entry),
            // A linearizable read asks a majority first.
            _ if from == Member::Deposed && !self.weather.majority => return,
            Ask::Since(after) => Told::Entries(self.store.since(from, after)),
            Ask::Slot(slot) => {
                let behind = self.store.since(from, slot - 1);
                let at = |entry: &Entry| entry.slot == slot;
                Told::Entry(behind.map(|behind| behind.into_iter().find(at).map(Box::new)))
            }
            Ask::Key(key) => Told::Entry(Ok(self.store.by_key(from, &key).map(Box::new))),
        };
        self.reply(call, told);
    }

    /// An append is answered when a majority has it, and never by a member that is deposed.
    fn take_in(&mut self, call: u64, from: Member, entry: Entry) {
        let key_first = self.random.chance(500);
        match self.store.append(from, entry.clone(), key_first) {
            Ok(()) if from == Member::Deposed => {}
            Ok(()) => {
                self.unacknowledged.push((call, entry));
                let pause = self.weather.delay(&mut self.random);
                self.after(pause, Event::Replicated);
            }
            Err(error) => self.reply(call, Told::Appended(Err(error))),
        }
    }

    fn reply(&mut self, call: u64, told: Told) {
        self.note(|_| format!("journal answers {call}: {told:?}"));
        if !self.random.chance(self.weather.lost_replies) {
            let pause = self.weather.delay(&mut self.random);
            self.after(pause, Event::Told { call, told });
        }
    }

    /// A majority has what the primary has.
    pub(super) fn replicated(&mut self) {
        let was_closed = self.store.is_closed();
        self.store.replicate();
        if self.store.is_closed() && !was_closed {
            let pause = self.millis(0..3_000);
            self.after(pause, Event::Fault(Fault::Reduce));
        }
        for (call, entry) in std::mem::take(&mut self.unacknowledged) {
            if self.store.stands(&entry) {
                self.reply(call, Told::Appended(Ok(())));
            }
        }
    }
}

/// The answer to a question that failed.
fn failed(ask: &Ask, error: StoreError) -> Told {
    match ask {
        Ask::Append(_) => Told::Appended(Err(AppendError::Store(error))),
        Ask::Since(_) => Told::Entries(Err(error)),
        Ask::Slot(_) | Ask::Key(_) => Told::Entry(Err(error)),
    }
}
