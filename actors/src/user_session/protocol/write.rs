//! The writing half: the course of one command. It keeps the entry that it sent until it is certain who holds the slot:
//! what may have landed is sent again, the same to the same slot, and another slot is taken only after a read has shown
//! somebody else's entry in this one.

use std::time::Duration;

use finbrain_domain::{
    entry::{Draft, Entry, MAX_PACKED},
    ledger::Ledger,
    ports::{AppendError, StoreError},
};

use super::pause::Pauses;
use crate::{
    error::Error,
    user_session::command::{Envelope, Verdict},
};

/// So often a command loses its slot before it gives up.
const MOST_LOSSES: u32 = 5;
/// A command whose turn comes later than this after it was queued is not begun: whoever waits for it leaves after 10 s.
pub(crate) const LAST_START: Duration = Duration::from_secs(7);
/// Nothing is asked of the journal again any later than this after the command was queued. A call takes 2.5 s at most, so
/// that a store that does not answer at all is told of after one.
pub(crate) const LAST_CALL: Duration = Duration::from_millis(2_400);

/// One command on its way through the protocol. `waited` is always the time since it was queued.
#[derive(Debug)]
pub(crate) struct Course {
    stage: Stage,
    /// The highest version that the client has seen.
    seen: u64,
    /// The ledger holds everything that was acknowledged before the command came.
    current: bool,
    /// The command has a key that only the ledger, which forgets, was asked for.
    asks_key: bool,
    losses: u32,
    pauses: Pauses,
}

#[derive(Debug)]
enum Stage {
    /// Nothing of this command stands in the journal or can still come to.
    Deciding,
    /// The ledger knows that the command's key stands in this slot.
    Known(u64),
    Sent(Box<Sent>),
}

#[derive(Debug)]
struct Sent {
    entry: Entry,
    /// Some sending of it may have landed, or may land yet.
    uncertain: bool,
}

/// What a command needs next. The answer goes to the method named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// After a pause, a decision against the ledger as it is then: [`Course::decided`].
    Decide(Duration),
    /// After a pause, this entry in the journal: [`Course::appended`].
    Append(Entry, Duration),
    /// Everything behind a slot, which the ledger is to follow: [`Course::tail_read`].
    ReadTail { after: u64 },
    /// After a pause, the entry of a slot: [`Course::found`].
    ReadSlot(u64, Duration),
    /// The entry that holds the command's key: [`Course::found`].
    FindKey,
    /// Nothing more: the command is over.
    Answer(Outcome),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The journal took this entry: the ledger is to follow it, if it has not.
    Appended(Entry),
    /// The command's entry stands in this slot, and the ledger has followed it.
    Accepted(u64),
    /// The command's key stands in this entry.
    Written(Entry),
    /// Nothing had to be written.
    Unchanged,
    Refused(Error),
}

impl Outcome {
    /// As metrics call it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Appended(_) | Self::Accepted(_) => "accepted",
            Self::Written(_) => "replayed",
            Self::Unchanged => "unchanged",
            Self::Refused(_) => "refused",
        }
    }
}

impl Course {
    /// The course of a command that has just been queued. Where nobody else can write, the ledger is current by itself.
    pub fn new(envelope: &Envelope, exclusive: bool) -> Self {
        Self {
            stage: Stage::Deciding,
            seen: envelope.seen,
            current: exclusive,
            asks_key: envelope.key.is_some(),
            losses: 0,
            pauses: Pauses::of(envelope.entry_id),
        }
    }

    /// It is the command's turn.
    pub fn begin(&self, waited: Duration) -> Next {
        if waited > LAST_START {
            return refuse(Error::Busy { retry_after: Duration::from_secs(1) });
        }
        Next::Decide(Duration::ZERO)
    }

    /// The command was decided against `ledger`. A verdict to write comes with a draft.
    pub fn decided(&mut self, verdict: Verdict, draft: Option<&Draft>, ledger: &Ledger) -> Next {
        self.stage = Stage::Deciding;
        match verdict {
            Verdict::Write => {
                let draft = draft.expect("a verdict to write comes with a draft");
                match Entry::seal(ledger.book(), ledger.version() + 1, ledger.chain(), draft) {
                    Ok(entry) => self.send(entry),
                    Err(error) => refuse(error.into()),
                }
            }
            Verdict::Replay(slot) => {
                self.stage = Stage::Known(slot);
                Next::ReadSlot(slot, Duration::ZERO)
            }
            Verdict::Refuse(error) if is_final(&error) => refuse(error),
            verdict => self.doubt(verdict, ledger),
        }
    }

    /// Nothing would be appended that could collide with what another pod wrote, or with the key's first use: before that
    /// is believed, the journal is asked.
    fn doubt(&mut self, verdict: Verdict, ledger: &Ledger) -> Next {
        if !self.current {
            return Next::ReadTail { after: ledger.version() };
        }
        if std::mem::take(&mut self.asks_key) {
            return Next::FindKey;
        }
        if self.seen > ledger.version() {
            return refuse(Error::Behind { version: ledger.version(), seen: self.seen });
        }
        match verdict {
            Verdict::Refuse(error) => refuse(error),
            _ => Next::Answer(Outcome::Unchanged),
        }
    }

    fn send(&mut self, entry: Entry) -> Next {
        let sent = Sent { entry: entry.clone(), uncertain: false };
        self.stage = Stage::Sent(Box::new(sent));
        Next::Append(entry, Duration::ZERO)
    }

    /// The journal answered an append.
    pub fn appended(&mut self, result: Result<(), AppendError>, waited: Duration) -> Next {
        let Stage::Sent(sent) = std::mem::replace(&mut self.stage, Stage::Deciding) else {
            unreachable!("an append is answered after it was sent")
        };
        match result {
            Ok(()) => Next::Answer(Outcome::Appended(sent.entry)),
            Err(AppendError::TooLarge) => {
                refuse(finbrain_domain::Error::EntryTooLarge { limit: MAX_PACKED }.into())
            }
            Err(AppendError::Store(error)) if is_hopeless(&error) => refuse(error.into()),
            // Nothing of this sending was written, and there was none before.
            Err(AppendError::Store(error @ (StoreError::Unavailable(_) | StoreError::NoRoom(_))))
                if !sent.uncertain =>
            {
                refuse(error.into())
            }
            Err(error) => self.uncertain(sent, &error, waited),
        }
    }

    /// What holds the slot or the key, or closed the book, may be this very entry, sent before or twice by a driver; and it
    /// may be something that is not durable yet. Only a read can tell.
    fn uncertain(&mut self, mut sent: Box<Sent>, error: &AppendError, waited: Duration) -> Next {
        let after = sent.entry.slot - 1;
        sent.uncertain = true;
        self.stage = Stage::Sent(sent);
        match error {
            AppendError::Store(_) => self.send_again(waited),
            _ if waited > LAST_CALL => self.give_up(),
            AppendError::KeyTaken => Next::FindKey,
            _ => Next::ReadTail { after },
        }
    }

    /// The journal answered what stands behind a slot, or that it could not. To be called before the ledger follows it.
    pub fn tail_read(&mut self, tail: Result<&[Entry], StoreError>, waited: Duration) -> Next {
        let tail = match tail {
            Ok(tail) => tail,
            Err(error) if is_hopeless(&error) => return refuse(error.into()),
            Err(_) if matches!(self.stage, Stage::Sent(_)) => return self.send_again(waited),
            Err(error) => return refuse(error.into()),
        };
        self.current = true;
        let Stage::Sent(sent) = &self.stage else { return self.decide_again(Duration::ZERO, waited) };
        match tail.iter().find(|entry| entry.slot == sent.entry.slot) {
            Some(holder) if holder.entry_id == sent.entry.entry_id => {
                Next::Answer(Outcome::Accepted(holder.slot))
            }
            Some(_) => {
                self.losses += 1;
                let pause = self.pauses.after_loss(self.losses);
                self.decide_again(pause, waited)
            }
            // The read was stale, or what held the slot was rolled back. A book that is closed has an entry there, too.
            None => self.send_again(waited),
        }
    }

    /// The journal answered which entry stands in the slot, or with the key, or that it could not.
    pub fn found(
        &mut self,
        found: Result<Option<Entry>, StoreError>,
        ledger: &Ledger,
        waited: Duration,
    ) -> Next {
        let entry = match found {
            Ok(Some(entry)) => entry,
            Err(error) if is_hopeless(&error) => return refuse(error.into()),
            Ok(None) if matches!(self.stage, Stage::Deciding) => {
                return self.decide_again(Duration::ZERO, waited);
            }
            Err(error) if matches!(self.stage, Stage::Deciding) => return refuse(error.into()),
            // The read was stale, or what held the key was rolled back.
            Ok(None) | Err(_) => return self.send_again(waited),
        };
        let after = match &self.stage {
            Stage::Sent(sent) if sent.entry.entry_id == entry.entry_id => entry.slot - 1,
            _ if entry.slot <= ledger.version() => return Next::Answer(Outcome::Written(entry)),
            // What was sent with a key that stands elsewhere can never land. The ledger follows up to there first.
            _ => {
                self.stage = Stage::Deciding;
                ledger.version()
            }
        };
        if waited > LAST_CALL { self.give_up() } else { Next::ReadTail { after } }
    }

    /// Only when nothing that was sent can still land.
    fn decide_again(&mut self, pause: Duration, waited: Duration) -> Next {
        self.stage = Stage::Deciding;
        if self.losses >= MOST_LOSSES || waited + pause > LAST_CALL {
            return self.give_up();
        }
        Next::Decide(pause)
    }

    /// Once more what was asked last, after a pause: the same entry in the same slot.
    fn send_again(&mut self, waited: Duration) -> Next {
        let pause = self.pauses.next();
        match &self.stage {
            _ if waited + pause > LAST_CALL => self.give_up(),
            Stage::Sent(sent) => Next::Append(sent.entry.clone(), pause),
            Stage::Known(slot) => Next::ReadSlot(*slot, pause),
            Stage::Deciding => Next::Decide(pause),
        }
    }

    /// There is no time left. Only what can still come to stand, or stands, leaves the outcome open.
    fn give_up(&self) -> Next {
        match &self.stage {
            Stage::Deciding => refuse(Error::Contended),
            Stage::Known(_) | Stage::Sent(_) => {
                let cause = "no certain answer of the journal before the last call".to_owned();
                refuse(StoreError::OutcomeUnknown(cause).into())
            }
        }
    }
}

/// What the ledger refuses for ever, whatever else it will learn.
const fn is_final(error: &Error) -> bool {
    use finbrain_domain::Error as Refusal;
    matches!(error, Error::KeyReused | Error::Domain(Refusal::SessionRevoked | Refusal::BookClosed))
}

/// What no repetition cures: a damaged journal, or one that is closed and reduced to its chain.
const fn is_hopeless(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged(_) | StoreError::Closed)
}

const fn refuse(error: Error) -> Next {
    Next::Answer(Outcome::Refused(error))
}
