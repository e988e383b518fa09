//! The registry: person -> session actor, started on first use, spread over a fixed set of arbiters, started again when
//! one died. The only way to a book.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use actix::{Actor, Addr, Arbiter, ArbiterHandle, dev::SendError};
use arc_swap::ArcSwapOption;
use dashmap::DashMap;
use finbrain_domain::{
    entry::Author,
    ids::{BookId, EntryId, SessionId, UserId},
    ports::{Growth, GrowthStream, StoreError},
    settings::Settings,
};
use tokio::sync::{Mutex, oneshot};

use crate::{
    Ports,
    error::Error,
    keeper::Deaths,
    rates::RatesHandle,
    user_session::{
        Accepted, Answered, Asked, Command, Envelope, GetCurrent, LastStep, Life, Published, Query, Reader,
        Run, Step, Subscription, Undo, UserSession, Waiting, Which, open,
    },
};

/// A request waits this long for an actor.
const DEADLINE: Duration = Duration::from_secs(10);
/// So often a message is handed to a fresh actor when the old one stopped just then.
const TRIES: usize = 3;
/// So often the last step is looked up again when another command came between.
const UNDO_TRIES: usize = 5;

pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("finbrain_user_sessions", Unit::Count, "Session actors alive");
    describe_counter!(
        "finbrain_ledgers_opened_total",
        Unit::Count,
        "Ledgers opened from snapshot and journal"
    );
    describe_histogram!("finbrain_ledger_open_seconds", Unit::Seconds, "Time to open a ledger");
    describe_counter!(
        "finbrain_ledgers_evicted_total",
        Unit::Count,
        "Session actors stopped for want of memory"
    );
    metrics::gauge!("finbrain_user_sessions").increment(0.0);
    metrics::counter!("finbrain_ledgers_opened_total").increment(0);
    metrics::counter!("finbrain_ledgers_evicted_total").increment(0);
    // Registered, so that it is there before the first ledger is opened.
    let _ = metrics::histogram!("finbrain_ledger_open_seconds");
}

/// Whose book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    pub user: UserId,
    pub book: BookId,
}

#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    ports: Ports,
    rates: RatesHandle,
    slots: DashMap<BookId, Arc<Slot>>,
    arbiters: Vec<ArbiterHandle>,
    next: AtomicUsize,
    /// Bytes that all ledgers together may hold.
    memory: usize,
    life: Life,
}

/// The place of one book's actor.
#[derive(Default)]
struct Slot {
    handle: ArcSwapOption<Handle>,
    /// Held while the actor is started, so that many requests open a ledger once.
    starting: Mutex<Deaths>,
}

#[derive(Clone)]
struct Handle {
    addr: Addr<UserSession>,
    published: Arc<Published>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "registry of {} books", self.inner.slots.len())
    }
}

impl Registry {
    /// A registry over `arbiters` threads of its own. Needs a running actix system.
    pub fn new(ports: Ports, rates: RatesHandle, arbiters: usize, memory: usize) -> Self {
        Self::with_life(ports, rates, arbiters, memory, Life::default())
    }

    /// The same with other times after which an actor that nobody uses stops.
    pub fn with_life(ports: Ports, rates: RatesHandle, arbiters: usize, memory: usize, life: Life) -> Self {
        let arbiters = (0..arbiters.max(1)).map(|_| Arbiter::new().handle()).collect();
        let inner =
            Inner { ports, rates, slots: DashMap::new(), arbiters, next: AtomicUsize::new(0), memory, life };
        let registry = Self { inner: Arc::new(inner) };
        if !registry.inner.ports.journal.is_exclusive() {
            let hints = registry.inner.ports.shared.subscribe();
            registry.inner.arbiters[0].spawn(hear(Arc::downgrade(&registry.inner), hints));
        }
        registry
    }

    /// Writes into a book.
    pub async fn command<C: Command>(
        &self,
        owner: Owner,
        command: C,
        envelope: Envelope,
    ) -> Result<Accepted<C::Output>, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Waiting::new(command, envelope, reply));
        self.run(owner, Run(Box::new(move |session, ctx| session.enqueue(job, ctx)))).await?;
        wait(answer).await
    }

    /// Asks a book.
    pub async fn query<Q: Query>(
        &self,
        owner: Owner,
        query: Q,
        reader: Reader,
    ) -> Result<Answered<Q::Output>, Error> {
        self.query_proven(owner, query, reader, None).await
    }

    /// Asks a book that [`Registry::current`] found at version `proven` within the same request.
    pub async fn query_proven<Q: Query>(
        &self,
        owner: Owner,
        query: Q,
        reader: Reader,
        proven: Option<u64>,
    ) -> Result<Answered<Q::Output>, Error> {
        let (reply, answer) = oneshot::channel();
        let asked = Box::new(Asked { query, reader, proven, reply });
        self.run(owner, Run(Box::new(move |session, ctx| session.ask(asked, ctx)))).await?;
        wait(answer).await.map_err(|error| match error {
            // A question changes nothing, so there is no outcome to be unsure of.
            Error::Stopped | Error::Deadline => Error::Unanswered,
            error => error,
        })
    }

    /// Follows a book: every entry from now on.
    pub async fn subscribe(&self, owner: Owner, reader: Reader) -> Result<Subscription, Error> {
        // Where others write, too: a stream begins at what was current when it was asked for, and the book has to let
        // its reader in as it is now.
        self.current(owner, reader).await?;
        let (reply, answer) = oneshot::channel();
        let subscribe = move |session: &mut UserSession, _: &mut actix::Context<UserSession>| {
            // Whoever asked may have gone; the stream is dropped then.
            let _ = reply.send(session.subscribe(reader));
        };
        self.run(owner, Run(Box::new(subscribe))).await?;
        wait(answer).await
    }

    /// A device of the person is alive. Gives the newest version that is known here, without asking the journal: a
    /// heartbeat goes on while the store is away.
    pub async fn beat(&self, owner: Owner, reader: Reader, session: SessionId) -> Result<u64, Error> {
        let handle = match self.handle(owner).await {
            Ok(handle) => handle,
            Err(Error::Store(StoreError::Unavailable(_))) => return Ok(reader.seen),
            Err(error) => return Err(error),
        };
        handle.published.check_access(reader)?;
        handle.published.touch(self.inner.ports.clock.now());
        self.run(owner, Run(Box::new(move |actor, _| actor.beat(session)))).await?;
        Ok(handle.published.version().max(reader.seen))
    }

    /// Version and settings of a book, current as of this call. Costs a probe of the journal, or, where this process is
    /// the only writer, not even a message to the actor.
    pub async fn current(&self, owner: Owner, reader: Reader) -> Result<(u64, Arc<Settings>), Error> {
        if !self.inner.ports.journal.is_exclusive() {
            let Answered { output, version } = self.query(owner, GetCurrent, reader).await?;
            return Ok((version, output));
        }
        let handle = self.handle(owner).await?;
        handle.published.check_access(reader)?;
        handle.published.touch(self.inner.ports.clock.now());
        Ok((handle.published.version(), handle.published.settings()))
    }

    /// Undoes or redoes: the named entry, or the author's newest one.
    pub async fn undo(
        &self,
        owner: Owner,
        which: Which,
        named: Option<EntryId>,
        envelope: Envelope,
    ) -> Result<Accepted<Vec<finbrain_domain::change::Change>>, Error> {
        if let Some(id) = named {
            return self.reverse(owner, which, id, Step::Named, envelope).await;
        }
        for _ in 0..UNDO_TRIES {
            let id = match self.last_step(owner, which, envelope.author).await {
                Ok(id) => id,
                // A repeated request may find nothing left, because it was done before: its key knows.
                Err(error) => self.written_with(owner, &envelope).await?.ok_or(error)?,
            };
            match self.reverse(owner, which, id, Step::Last(envelope.author), envelope.clone()).await {
                Err(Error::Overtaken) => {}
                reversed => return reversed,
            }
        }
        Err(Error::Overtaken)
    }

    async fn reverse(
        &self,
        owner: Owner,
        which: Which,
        id: EntryId,
        step: Step,
        envelope: Envelope,
    ) -> Result<Accepted<Vec<finbrain_domain::change::Change>>, Error> {
        let entry = self.inner.ports.journal.by_id(owner.book, id).await?;
        let entry = entry.ok_or(finbrain_domain::Error::NotFound { noun: "entry" })?;
        self.command(owner, Undo { which, entry, step }, envelope).await
    }

    async fn last_step(&self, owner: Owner, which: Which, author: Author) -> Result<EntryId, Error> {
        let reader = Reader { token: None, auth_generation: u64::MAX, seen: 0 };
        Ok(self.query(owner, LastStep { which, author }, reader).await?.output)
    }

    /// The entry that an earlier request with the same key wrote.
    async fn written_with(&self, owner: Owner, envelope: &Envelope) -> Result<Option<EntryId>, Error> {
        let Some(key) = &envelope.key else { return Ok(None) };
        let entry = self.inner.ports.journal.by_key(owner.book, &key.key).await?;
        Ok(entry.map(|entry| entry.entry_id))
    }

    /// Runs something on the actor of a book, which is started when it is not there.
    async fn run(&self, owner: Owner, mut message: Run) -> Result<(), Error> {
        for _ in 0..TRIES {
            let handle = self.handle(owner).await?;
            message = match handle.addr.try_send(message) {
                Ok(()) => return Ok(()),
                Err(SendError::Full(_)) => return Err(Error::Busy { retry_after: Duration::from_secs(1) }),
                Err(SendError::Closed(message)) => message,
            };
        }
        Err(Error::Stopped)
    }

    async fn handle(&self, owner: Owner) -> Result<Arc<Handle>, Error> {
        let slot = match self.inner.slots.get(&owner.book) {
            Some(slot) => Arc::clone(&slot),
            None => Arc::clone(&self.inner.slots.entry(owner.book).or_default()),
        };
        if let Some(handle) = living(&slot) {
            return Ok(handle);
        }
        let mut deaths = slot.starting.lock().await;
        if let Some(handle) = living(&slot) {
            return Ok(handle);
        }
        let now = Instant::now();
        // Taken out of its place, so that a death is counted once however many requests come while the book rests.
        if slot.handle.swap(None).is_some_and(|old| !old.published.has_stopped()) {
            deaths.count("user_session", now);
        }
        deaths.check(now)?;
        let handle = Arc::new(self.start(owner).await?);
        slot.handle.store(Some(Arc::clone(&handle)));
        drop(deaths);
        self.make_room(owner.book);
        Ok(handle)
    }

    async fn start(&self, owner: Owner) -> Result<Handle, Error> {
        let started = Instant::now();
        let inner = &self.inner;
        let opened = open(&inner.ports, owner.user, owner.book).await?;
        metrics::counter!("finbrain_ledgers_opened_total").increment(1);
        metrics::histogram!("finbrain_ledger_open_seconds").record(started.elapsed());
        let (session, published) =
            UserSession::new(inner.ports.clone(), owner.user, inner.rates.clone(), inner.life, opened);
        let at = inner.next.fetch_add(1, Ordering::Relaxed) % inner.arbiters.len();
        let addr = UserSession::start_in_arbiter(&inner.arbiters[at], move |_| session);
        // Until the actor has started and widened its mailbox, that takes no more than sixteen messages, and everybody
        // who waited for the book would be sent away.
        addr.send(Run(Box::new(|_, _| ()))).await.map_err(|_| Error::Stopped)?;
        Ok(Handle { addr, published })
    }

    /// Stops the least recently used actors, never one with a stream, until the ledgers fit their memory again.
    fn make_room(&self, newest: BookId) {
        let mut living: Vec<(BookId, Arc<Handle>)> = self
            .inner
            .slots
            .iter()
            .filter_map(|slot| Some((*slot.key(), slot.handle.load_full()?)))
            .filter(|(_, handle)| handle.addr.connected())
            .collect();
        let mut held: usize = living.iter().map(|(_, handle)| handle.published.memory()).sum();
        living.retain(|(book, handle)| *book != newest && !handle.published.has_streams());
        living.sort_by_key(|(_, handle)| handle.published.used());
        for (_, handle) in living {
            if held <= self.inner.memory {
                return;
            }
            held -= handle.published.memory();
            metrics::counter!("finbrain_ledgers_evicted_total").increment(1);
            // A full mailbox means that it is in use after all.
            let _ = handle.addr.try_send(Run(Box::new(UserSession::retire)));
        }
    }

    /// How many actors are alive.
    pub fn alive(&self) -> usize {
        let living =
            |slot: &Arc<Slot>| slot.handle.load().as_ref().is_some_and(|handle| handle.addr.connected());
        self.inner.slots.iter().filter(|slot| living(slot)).count()
    }

    /// Forgets the places of actors that stopped.
    pub fn sweep(&self) {
        self.inner.slots.retain(|_, slot| {
            let stopped = slot.handle.load().as_ref().is_none_or(|handle| handle.published.has_stopped());
            // Somebody who holds the place may be starting an actor in it, and a book that rests has to be remembered.
            let remembered =
                || slot.starting.try_lock().map_or(true, |mut deaths| !deaths.are_forgotten(Instant::now()));
            !stopped || Arc::strong_count(slot) > 1 || remembered()
        });
    }

    /// Ends the streams that are open now; their readers resume elsewhere.
    pub fn end_streams(&self) {
        for slot in &self.inner.slots {
            if let Some(handle) = slot.handle.load_full().filter(|handle| handle.published.has_streams()) {
                // A full mailbox is emptied, and somebody asks again.
                let _ = handle.addr.try_send(Run(Box::new(|session, _| session.end_streams())));
            }
        }
    }

    /// Stops every actor in good order; each writes its snapshot.
    pub async fn shut_down(&self) {
        for slot in &self.inner.slots {
            if let Some(handle) = slot.handle.load_full() {
                let _ = handle.addr.try_send(Run(Box::new(UserSession::retire)));
            }
        }
        let settled = || {
            self.inner
                .slots
                .iter()
                .all(|slot| slot.handle.load().as_ref().is_none_or(|handle| handle.published.has_settled()))
        };
        let deadline = Instant::now() + DEADLINE;
        while !settled() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Passes on what other pods say of journals that grew. They are hints: an actor that hears none probes all the same.
async fn hear(registry: Weak<Inner>, mut hints: Box<dyn GrowthStream>) {
    while let Some(Growth { book, version }) = hints.next().await {
        let Some(inner) = registry.upgrade() else { return };
        let handle = inner.slots.get(&book).and_then(|slot| slot.handle.load_full());
        let Some(handle) = handle.filter(|handle| handle.published.version() < version) else { continue };
        if handle.published.has_streams() {
            // A full mailbox means that it is about to probe anyway.
            let _ = handle.addr.try_send(Run(Box::new(move |session, ctx| session.hear(version, ctx))));
        }
    }
}

fn living(slot: &Slot) -> Option<Arc<Handle>> {
    slot.handle.load_full().filter(|handle| handle.addr.connected())
}

async fn wait<T>(answer: oneshot::Receiver<Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(DEADLINE, answer).await {
        Ok(Ok(answer)) => answer,
        // The actor died with the request in hand.
        Ok(Err(_)) => Err(Error::Stopped),
        Err(_) => Err(Error::Deadline),
    }
}
