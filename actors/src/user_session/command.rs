//! Commands: what a person wants written into their book.

use finbrain_domain::{
    change::Change,
    entry::{Author, Draft, Entry, Key, Reversal},
    ids::{Digest, EntryId},
};
use tokio::sync::oneshot;

use super::view::View;
use crate::error::Error;

/// Something that a person wants written into their book.
///
/// `decide` is called again when another writer was faster, so it must not consume anything.
pub trait Command: Send + 'static {
    type Output: Send + 'static;

    /// Decides against the ledger as it is. Calls one domain function; the rules live there.
    fn decide(&self, view: &View<'_>) -> Result<Decision<Self::Output>, Error>;

    /// The output again, from the entry that an earlier request with the same key wrote.
    fn replay(&self, written: &[Change], view: &View<'_>) -> Result<Self::Output, Error>;
}

/// What a command comes to. Without changes nothing is appended.
#[derive(Debug)]
pub struct Decision<T> {
    pub changes: Vec<Change>,
    pub output: T,
    /// The entry that this one takes back.
    pub reverses: Option<Reversal>,
    /// Whether the worker has something to deliver for the entry.
    pub effects: bool,
}

impl<T> Decision<T> {
    pub const fn new(changes: Vec<Change>, output: T) -> Self {
        Self { changes, output, reverses: None, effects: false }
    }
}

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub author: Author,
    /// The session's token digest; the system has none.
    pub token: Option<Digest>,
    pub auth_generation: u64,
    pub key: Option<Key>,
    /// Made once per command, so that an unknown outcome can be told from a taken slot.
    pub entry_id: EntryId,
    /// The highest version that the client has seen: a refusal is never said over an older ledger.
    pub seen: u64,
}

impl Envelope {
    /// An envelope of the system itself.
    pub fn system() -> Self {
        let entry_id = EntryId::new();
        Self { author: Author::System, token: None, auth_generation: u64::MAX, key: None, entry_id, seen: 0 }
    }
}

/// What a command came to.
#[derive(Debug)]
pub struct Accepted<T> {
    pub output: T,
    /// The version of the book with it.
    pub version: u64,
    /// `None` when nothing had to be written.
    pub entry_id: Option<EntryId>,
    /// An earlier request with the same key had been accepted; this one wrote nothing.
    pub replayed: bool,
    /// The worker has something to deliver.
    pub effects: bool,
}

/// What deciding a job led to.
#[derive(Debug)]
pub(crate) enum Verdict {
    Write,
    Nothing,
    /// The key was used in this slot.
    Replay(u64),
    Refuse(Error),
}

/// A command in the queue, with its type erased.
pub(crate) trait Job: Send {
    fn envelope(&self) -> &Envelope;
    fn decide(&mut self, view: &View<'_>) -> Verdict;
    /// What was decided last.
    fn draft(&self) -> Option<&Draft>;
    /// The draft, when its entry stands and its changes are applied.
    fn take_draft(&mut self) -> Option<Draft>;
    /// The entry stands at `version`.
    fn accept(self: Box<Self>, version: u64);
    /// Nothing had to be written; the book is at `version`.
    fn unchanged(self: Box<Self>, version: u64);
    fn replay(self: Box<Self>, entry: &Entry, view: &View<'_>);
    fn refuse(self: Box<Self>, error: Error);
}

pub(crate) struct Waiting<C: Command> {
    command: C,
    envelope: Envelope,
    reply: oneshot::Sender<Result<Accepted<C::Output>, Error>>,
    decided: Option<(C::Output, Option<Draft>)>,
    effects: bool,
}

impl<C: Command> Waiting<C> {
    pub const fn new(
        command: C,
        envelope: Envelope,
        reply: oneshot::Sender<Result<Accepted<C::Output>, Error>>,
    ) -> Self {
        Self { command, envelope, reply, decided: None, effects: false }
    }

    fn answer(self, version: u64, entry_id: Option<EntryId>) {
        let (output, _) = self.decided.expect("a job is answered after it was decided");
        // Whoever asked may have gone; what was written stays.
        let _ = self.reply.send(Ok(Accepted {
            output,
            version,
            entry_id,
            replayed: false,
            effects: self.effects,
        }));
    }

    fn replayed(&self, entry: &Entry, view: &View<'_>) -> Result<Accepted<C::Output>, Error> {
        let same = |key: &Key| entry.key.as_ref().is_some_and(|written| written.request == key.request);
        if !self.envelope.key.as_ref().is_some_and(same) {
            return Err(Error::KeyReused);
        }
        let output = self.command.replay(&entry.changes()?, view)?;
        Ok(Accepted {
            output,
            version: entry.slot,
            entry_id: Some(entry.entry_id),
            replayed: true,
            effects: false,
        })
    }

    fn try_decide(&mut self, view: &View<'_>) -> Result<Verdict, Error> {
        view.ledger.access().check(self.envelope.token, self.envelope.auth_generation)?;
        if let Some(key) = &self.envelope.key
            && let Some(used) = view.ledger.key_use(&key.key)
        {
            let same = used.request == key.request;
            return if same { Ok(Verdict::Replay(used.slot)) } else { Err(Error::KeyReused) };
        }
        let Decision { changes, output, reverses, effects } = self.command.decide(view)?;
        let draft = (!changes.is_empty()).then(|| Draft {
            entry_id: self.envelope.entry_id,
            author: self.envelope.author,
            key: self.envelope.key.clone(),
            auth_generation: view.ledger.auth_generation(),
            at: view.moment.at,
            reverses,
            changes,
            pending: effects,
        });
        let verdict = if draft.is_some() { Verdict::Write } else { Verdict::Nothing };
        self.effects = effects;
        self.decided = Some((output, draft));
        Ok(verdict)
    }
}

impl<C: Command> Job for Waiting<C> {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn decide(&mut self, view: &View<'_>) -> Verdict {
        self.try_decide(view).unwrap_or_else(Verdict::Refuse)
    }

    fn draft(&self) -> Option<&Draft> {
        self.decided.as_ref()?.1.as_ref()
    }

    fn take_draft(&mut self) -> Option<Draft> {
        self.decided.as_mut()?.1.take()
    }

    fn accept(self: Box<Self>, version: u64) {
        let entry_id = Some(self.envelope.entry_id);
        self.answer(version, entry_id);
    }

    fn unchanged(self: Box<Self>, version: u64) {
        self.answer(version, None);
    }

    fn replay(self: Box<Self>, entry: &Entry, view: &View<'_>) {
        let answer = self.replayed(entry, view);
        let _ = self.reply.send(answer);
    }

    fn refuse(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}
