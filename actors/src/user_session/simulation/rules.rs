//! The protocol as the simulated pods follow it: the steps of the actor, and mutants that get one of them wrong.

use std::time::Duration;

use finbrain_domain::{
    change::Change,
    entry::Entry,
    ids::EntryId,
    ledger::Ledger,
    ports::{AppendError, StoreError},
};

use super::super::{
    command::{Job, Verdict},
    protocol::{Course, Next, Outcome, follow},
    view::View,
};
use crate::error::Error;

/// Every step is the actor's own unless a mutant takes its place.
pub trait Rules: Sync {
    fn decide(&self, job: &mut dyn Job, view: &View<'_>) -> Verdict {
        job.decide(view)
    }

    fn decided(&self, course: &mut Course, verdict: Verdict, job: &dyn Job, ledger: &Ledger) -> Next {
        course.decided(verdict, job.draft(), ledger)
    }

    fn appended(&self, turn: Turn<'_>, result: Result<(), AppendError>) -> Next {
        turn.course.appended(result, turn.waited)
    }

    fn tail_read(&self, turn: Turn<'_>, tail: Result<&[Entry], StoreError>) -> Next {
        turn.course.tail_read(tail, turn.waited)
    }

    fn follow(&self, ledger: &mut Ledger, entry: &Entry) -> Result<Option<Vec<Change>>, Error> {
        follow(ledger, entry)
    }

    /// What is answered to a command whose key stands in an entry.
    fn written(&self, entry: Entry, _: &dyn Job) -> Entry {
        entry
    }

    /// Whether a query has the journal asked. The hint is the newest version that the shared state told of.
    fn asks_journal(&self, _hint: u64, _ledger: &Ledger) -> bool {
        true
    }

    /// Whether a query that comes while a probe is under way is answered by it.
    fn shares_probe_under_way(&self) -> bool {
        false
    }

    /// What a pod makes of the highest version that the client says it has seen.
    fn seen(&self, seen: u64) -> u64 {
        seen
    }
}

/// A command at the moment of an answer.
pub struct Turn<'a> {
    pub course: &'a mut Course,
    pub job: &'a dyn Job,
    pub ledger: &'a Ledger,
    pub waited: Duration,
}

/// The protocol.
pub struct Protocol;

impl Rules for Protocol {}

/// Takes the next slot when it does not know whether its entry is in this one.
pub struct NewSlotAfterUnknown;

impl Rules for NewSlotAfterUnknown {
    fn appended(&self, turn: Turn<'_>, result: Result<(), AppendError>) -> Next {
        let is_unknown = matches!(result, Err(AppendError::Store(StoreError::OutcomeUnknown(_))));
        let next = turn.course.appended(result, turn.waited);
        let mut ahead = turn.ledger.clone();
        match (&next, turn.job.draft()) {
            (Next::Append(entry, _), Some(draft)) if is_unknown && ahead.apply(entry).is_ok() => {
                turn.course.decided(Verdict::Write, Some(draft), &ahead)
            }
            _ => next,
        }
    }
}

/// Does not ask the journal when the shared state says that memory is current.
pub struct TrustsHint;

impl Rules for TrustsHint {
    fn asks_journal(&self, hint: u64, ledger: &Ledger) -> bool {
        hint > ledger.version()
    }
}

/// Puts what it decided for a slot that was taken into the next.
pub struct DecidesOnce;

impl Rules for DecidesOnce {
    fn decide(&self, job: &mut dyn Job, view: &View<'_>) -> Verdict {
        if job.draft().is_some() { Verdict::Write } else { job.decide(view) }
    }
}

/// Answers whatever the client has seen elsewhere.
pub struct ForgetsLedgerMin;

impl Rules for ForgetsLedgerMin {
    fn seen(&self, _: u64) -> u64 {
        0
    }
}

/// Says that nothing was written when it does not know.
pub struct UnknownIsRefused;

impl Rules for UnknownIsRefused {
    fn appended(&self, turn: Turn<'_>, result: Result<(), AppendError>) -> Next {
        match result {
            Err(AppendError::Store(StoreError::OutcomeUnknown(cause))) => {
                Next::Answer(Outcome::Refused(StoreError::Unavailable(cause).into()))
            }
            result => turn.course.appended(result, turn.waited),
        }
    }
}

/// Takes every request with a known key for a repetition.
pub struct IgnoresRequestHash;

impl Rules for IgnoresRequestHash {
    fn decide(&self, job: &mut dyn Job, view: &View<'_>) -> Verdict {
        match (job.decide(view), &job.envelope().key) {
            (Verdict::Refuse(Error::KeyReused), Some(key)) => {
                let used = view.ledger.key_use(&key.key);
                used.map_or(Verdict::Refuse(Error::KeyReused), |used| Verdict::Replay(used.slot))
            }
            (verdict, _) => verdict,
        }
    }

    fn written(&self, mut entry: Entry, job: &dyn Job) -> Entry {
        entry.key.clone_from(&job.envelope().key);
        entry
    }
}

/// Looks for its own entry behind its memory, although a probe may have brought that past the slot meanwhile.
pub struct LooksBehindMemory;

impl Rules for LooksBehindMemory {
    fn tail_read(&self, turn: Turn<'_>, tail: Result<&[Entry], StoreError>) -> Next {
        let tail = tail.map(|tail| {
            let known = tail.iter().take_while(|entry| entry.slot <= turn.ledger.version()).count();
            if known > 0 { foreign(&tail[..known]) } else { tail.to_vec() }
        });
        turn.course.tail_read(tail.as_deref().map_err(Clone::clone), turn.waited)
    }
}

/// The same slots, held by others.
fn foreign(entries: &[Entry]) -> Vec<Entry> {
    let nobody = |entry: &Entry| EntryId::from_uuid(entry.book.uuid());
    entries.iter().map(|entry| Entry { entry_id: nobody(entry), ..entry.clone() }).collect()
}

/// Refuses over a ledger that another pod may have left behind.
pub struct RefusesWithoutLook;

impl Rules for RefusesWithoutLook {
    fn decided(&self, course: &mut Course, verdict: Verdict, job: &dyn Job, ledger: &Ledger) -> Next {
        match verdict {
            Verdict::Refuse(error) => Next::Answer(Outcome::Refused(error)),
            Verdict::Nothing => Next::Answer(Outcome::Unchanged),
            verdict => course.decided(verdict, job.draft(), ledger),
        }
    }
}

/// Answers a query with a probe that had begun before the query came.
pub struct SharesProbeUnderWay;

impl Rules for SharesProbeUnderWay {
    fn shares_probe_under_way(&self) -> bool {
        true
    }
}

/// Believes that a taken slot is lost although no read has shown whose entry is in it.
pub struct LosesUnseen;

impl Rules for LosesUnseen {
    fn tail_read(&self, turn: Turn<'_>, tail: Result<&[Entry], StoreError>) -> Next {
        match tail {
            Ok(tail) if tail.is_empty() && turn.job.draft().is_some() => {
                Next::Answer(Outcome::Refused(Error::Contended))
            }
            tail => turn.course.tail_read(tail, turn.waited),
        }
    }
}

/// Asks nobody but the ledger for a key, and that forgets after two days.
pub struct ForgetsOldKeys;

impl Rules for ForgetsOldKeys {
    fn decided(&self, course: &mut Course, verdict: Verdict, job: &dyn Job, ledger: &Ledger) -> Next {
        match course.decided(verdict, job.draft(), ledger) {
            Next::FindKey => course.found(Ok(None), ledger, Duration::ZERO),
            next => next,
        }
    }
}
