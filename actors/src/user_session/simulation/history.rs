//! What clients did and were told, and whether that is what a book that stands in one place would have told them. It
//! must not know the protocol: it compares answers with the journal that is left, and with a fold of its own.

use std::{collections::BTreeMap, time::Duration};

use finbrain_domain::{
    Error as Refusal,
    entry::Key,
    ids::{Digest, EntryId, TransactionId},
    ports::StoreError,
};

use super::fold::Fold;
use crate::error::Error;

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    Look,
    Record {
        id: TransactionId,
        minor: i64,
    },
    Remove(TransactionId),
    Rename(String),
    /// Ends a session.
    Revoke(Digest),
    /// Ends all sessions that are older.
    Raise(u64),
    Close,
}

/// A wish, which may take several requests.
#[derive(Debug)]
pub struct Deed {
    pub wish: Wish,
    pub key: Option<Key>,
    /// Where it was written, and what was said of it.
    written: Option<(u64, String)>,
}

#[derive(Debug)]
pub struct Request {
    pub client: usize,
    pub deed: usize,
    pub pod: usize,
    pub entry: EntryId,
    pub token: Digest,
    /// The highest version that the client had seen.
    pub seen: u64,
    /// The highest version that anybody had been told of when it began.
    newest: u64,
    began: Duration,
    pub told: Option<Told>,
}

/// An answer that came, with the state of the world then.
#[derive(Debug)]
pub struct Told {
    pub answer: Answer,
    then: Then,
    /// No member was deposed while the request was under way.
    fresh: bool,
}

/// The journal at the time of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Then {
    pub head: u64,
    /// Until when a deposed member answered, or will.
    pub stale_until: Option<Duration>,
    /// The book is closed, and entries of it are gone.
    pub erased: bool,
}

impl Told {
    fn is_unavailable(&self) -> bool {
        let is_shut_out = Answer::Refused(Error::Domain(Refusal::SessionRevoked));
        self.answer.is_to_be_repeated() && self.answer != is_shut_out
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Looked {
        version: u64,
        count: usize,
        sum: i128,
    },
    Written {
        version: u64,
        entry: EntryId,
        replayed: bool,
        resource: String,
    },
    Unchanged {
        version: u64,
    },
    Refused(Error),
    /// No answer came.
    Silence,
}

impl Answer {
    /// Whether a command may or may not have been written.
    pub const fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::Silence
                | Self::Refused(
                    Error::Store(StoreError::OutcomeUnknown(_)) | Error::Deadline | Error::Stopped
                )
        )
    }

    /// Whether nothing was written, and a repetition may help.
    pub const fn is_to_be_repeated(&self) -> bool {
        matches!(
            self,
            Self::Refused(
                Error::Store(StoreError::Unavailable(_))
                    | Error::Busy { .. }
                    | Error::Contended
                    | Error::Behind { .. }
                    | Error::Domain(Refusal::SessionRevoked)
            )
        )
    }
}

pub type Violation = String;

#[derive(Debug, Default)]
pub struct History {
    pub deeds: Vec<Deed>,
    pub requests: Vec<Request>,
    newest: u64,
    followed: BTreeMap<u64, Digest>,
}

impl History {
    pub fn wish(&mut self, wish: Wish, key: Option<Key>) -> usize {
        self.deeds.push(Deed { wish, key, written: None });
        self.deeds.len() - 1
    }

    /// A request begins: `(client, deed, pod, entry, token, seen)`.
    pub fn begin(
        &mut self,
        now: Duration,
        sender: (usize, usize, usize),
        by: (EntryId, Digest, u64),
    ) -> usize {
        let ((client, deed, pod), (entry, token, seen)) = (sender, by);
        let newest = self.newest;
        self.requests.push(Request { client, deed, pod, entry, token, seen, newest, began: now, told: None });
        self.requests.len() - 1
    }

    /// A ledger stands at `version`, with this chain: any other must stand there with the same (I3).
    pub fn followed(&mut self, version: u64, chain: Digest) -> Result<(), Violation> {
        let before = *self.followed.entry(version).or_insert(chain);
        demand(before == chain, || format!("I3: two ledgers differ at version {version}"))
    }

    /// An answer came back. What can be judged now is judged now.
    pub fn answered(&mut self, id: usize, answer: Answer, then: Then) -> Result<(), Violation> {
        let request = &mut self.requests[id];
        let fresh = then.stale_until.is_none_or(|until| until <= request.began);
        let floor = if fresh { request.seen.max(request.newest) } else { request.seen };
        match &answer {
            Answer::Looked { version, .. } | Answer::Unchanged { version } => {
                demand(*version >= request.seen, || format!("I4: request {id} went back to {version}"))?;
                demand(*version >= floor, || {
                    format!("I5: request {id} was told of {version}, not of {floor}")
                })?;
                self.newest = self.newest.max(*version);
            }
            Answer::Written { version, replayed, resource, .. } => {
                let before = request.seen.max(request.newest);
                demand(*replayed || *version > before, || {
                    format!("I4: request {id} was written before {before}")
                })?;
                self.newest = self.newest.max(*version);
                let now = (*version, resource.clone());
                let before = self.deeds[request.deed].written.get_or_insert_with(|| now.clone());
                demand(*before == now, || {
                    format!("I2: request {id} was told {now:?}, before it {before:?}")
                })?;
            }
            Answer::Refused(_) | Answer::Silence => {}
        }
        request.told = Some(Told { answer, then, fresh });
        Ok(())
    }

    /// When nothing goes wrong, everybody is answered.
    pub fn check_answered(&self, from: usize) -> Result<(), Violation> {
        let is_silent = |request: &Request| {
            request.told.as_ref().is_none_or(|told| told.answer.is_unknown() || told.is_unavailable())
        };
        let silent = self.requests[from..].iter().filter(|request| is_silent(request)).count();
        demand(silent == 0, || format!("{silent} questions are not answered although nothing goes wrong"))
    }

    /// Compares everything with the journal that is left.
    pub fn check(&self, fold: &Fold) -> Result<(), Violation> {
        for (version, chain) in &self.followed {
            demand(fold.chain(*version) == Some(*chain), || {
                format!("I3: a ledger left the journal at {version}")
            })?;
        }
        for (id, request) in self.requests.iter().enumerate() {
            let slot = fold.slot_of(request.entry);
            if let (Some(slot), Some(ended)) = (slot, fold.ended(request.token)) {
                demand(slot <= ended, || {
                    format!("I7: request {id} wrote {slot}, its session ended at {ended}")
                })?;
            }
            if let Some(told) = &request.told {
                self.check_answer(id, request, told, fold)?;
            }
        }
        for id in 0..self.deeds.len() {
            let wrote = |request: &&Request| request.deed == id && fold.slot_of(request.entry).is_some();
            let times = self.requests.iter().filter(wrote).count();
            demand(times <= 1, || format!("I2: deed {id} was written {times} times"))?;
        }
        Ok(())
    }

    fn check_answer(&self, id: usize, request: &Request, told: &Told, fold: &Fold) -> Result<(), Violation> {
        let deed = &self.deeds[request.deed];
        match &told.answer {
            Answer::Looked { version, count, sum } => {
                demand(fold.sum(*version) == Some((*count, *sum)), || {
                    format!(
                        "I6: request {id} was told {count} rows, {sum} at {version}, not {:?}",
                        fold.sum(*version)
                    )
                })
            }
            Answer::Written { version, entry, replayed, resource } => {
                let standing = fold.entry(*version);
                let same = standing.is_some_and(|(stands, key)| stands == *entry && *key == deed.key);
                demand(same, || {
                    format!("I1: request {id} was accepted at {version}, {standing:?} stands there")
                })?;
                demand(*replayed || request.entry == *entry, || {
                    format!("I2: request {id} was given another's entry")
                })?;
                demand(fold.resource(*version) == resource, || {
                    format!("I6: request {id} was told of {resource}")
                })
            }
            Answer::Unchanged { version } => {
                let Wish::Rename(name) = &deed.wish else {
                    return Err(format!("request {id} changed nothing"));
                };
                demand(fold.name(*version) == Some(name), || format!("I6: request {id} found another name"))
            }
            Answer::Refused(_) if told.answer.is_unknown() => Ok(()),
            Answer::Refused(error) => {
                // Of an erased book nothing is left, whatever was written into it.
                let closed = Error::Domain(Refusal::BookClosed);
                let slot = fold.slot_of(request.entry).filter(|_| *error != closed || !told.then.erased);
                demand(slot.is_none(), || format!("I1: request {id} was refused, and stands at {slot:?}"))?;
                self.check_refusal(id, request, told, error, fold)
            }
            Answer::Silence => Ok(()),
        }
    }

    fn check_refusal(
        &self,
        id: usize,
        request: &Request,
        told: &Told,
        error: &Error,
        fold: &Fold,
    ) -> Result<(), Violation> {
        let Deed { wish, key, .. } = &self.deeds[request.deed];
        let floor = if told.fresh { request.seen.max(request.newest) } else { request.seen };
        let is_just = match (error, wish) {
            (Error::Domain(Refusal::NotFound { .. }), Wish::Remove(row)) => {
                let (added, removed) = fold.life(*row).unwrap_or((u64::MAX, None));
                added > floor || removed.is_some_and(|removed| removed <= told.then.head)
            }
            (Error::Domain(Refusal::SessionRevoked), _) => {
                fold.ended(request.token).is_some_and(|ended| ended <= told.then.head)
                    || fold.raised(told.then.head)
            }
            (Error::Domain(Refusal::BookClosed), _) => {
                fold.closed().is_some_and(|closed| closed <= told.then.head)
            }
            (Error::KeyReused, _) => key.as_ref().is_some_and(|key| fold.is_reused(key)),
            (Error::Overtaken, Wish::Raise(_)) => fold.raised(told.then.head),
            _ => told.answer.is_to_be_repeated() || *wish == Wish::Look,
        };
        demand(is_just, || format!("I5: request {id} was refused: {error}"))
    }
}

pub fn demand(holds: bool, broken: impl FnOnce() -> Violation) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(broken()) }
}
