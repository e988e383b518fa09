//! Ports: what the house needs from the outside, as object-safe traits chosen at run time. Every adapter of a port
//! passes the same contract suite (`tests/contract`).

use std::{collections::BTreeMap, future::Future, pin::Pin, time::Duration};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use crate::{
    email::Email,
    entry::Entry,
    ids::{BookId, Digest, EntryId, UserId},
    money::Currency,
    session::{Ended, Session},
    user::User,
};

/// What an asynchronous port answers.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a store could not do what it was asked. No variant carries a driver's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not reachable, too slow or overloaded. Nothing was written.
    #[error("store is not available: {0}")]
    Unavailable(String),
    /// The write may or may not have happened: repeat the same write.
    #[error("outcome of the write is unknown: {0}")]
    OutcomeUnknown(String),
    /// The disk is full, or the file can no longer be written.
    #[error("store has no room: {0}")]
    NoRoom(String),
    #[error("store is damaged: {0}")]
    Damaged(String),
    /// The book is closed and its entries are reduced: nothing of it can be read any more.
    #[error("book is closed")]
    Closed,
}

/// Why an entry was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("slot is taken")]
    SlotTaken,
    #[error("idempotency key is taken")]
    KeyTaken,
    #[error("book is closed")]
    Closed,
    /// Packed, the changes are larger than [`MAX_PACKED`](crate::entry::MAX_PACKED).
    #[error("entry is too large")]
    TooLarge,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A ledger at one version, packed. Disposable: rebuilt when missing, corrupt, or of another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub book: BookId,
    pub version: u64,
    pub format: u32,
    pub bytes: Vec<u8>,
}

/// Journals: the truth.
pub trait Journal: Send + Sync {
    /// Appends to the entry's own slot. The slot must be the one after the journal's head: the unique index
    /// on (book, slot) is the compare-and-set. Durable when it returns.
    fn append(&self, entry: Entry) -> Answer<'_, Result<(), AppendError>>;

    /// Up to `limit` entries behind slot `after`, in order, and fewer when they are large: none means that there are none.
    /// Where the next one is reduced the answer is [`StoreError::Closed`], so that whoever slept through the closing learns
    /// of it.
    fn since(&self, book: BookId, after: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>>;

    /// Up to `limit` entries before slot `before`, newest first.
    fn before(&self, book: BookId, before: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>>;

    fn by_key(&self, book: BookId, key: &str) -> Answer<'_, Result<Option<Entry>, StoreError>>;

    fn by_id(&self, book: BookId, entry: EntryId) -> Answer<'_, Result<Option<Entry>, StoreError>>;

    /// The last slot; 0 for a book without entries.
    fn head(&self, book: BookId) -> Answer<'_, Result<u64, StoreError>>;

    /// Whether nobody else can write: then memory is current by itself and needs no probe.
    fn is_exclusive(&self) -> bool;

    /// The newest snapshot, if there is one that can be read.
    fn snapshot(&self, book: BookId) -> Answer<'_, Result<Option<Snapshot>, StoreError>>;

    /// Keeps a snapshot; an older one than that in place is dropped silently.
    fn keep_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), StoreError>>;

    /// Entries with undelivered effects, oldest first. One that cannot be read is reported once and left out from then on,
    /// so that it does not hold up the others.
    fn pending(&self, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>>;

    /// Marks the effects of an entry as delivered.
    fn delivered(&self, book: BookId, slot: u64) -> Answer<'_, Result<(), StoreError>>;

    /// Reduces every entry of a closed book to (slot, chain), oldest first, and drops the timed work planned for it when
    /// that is done. The last entry must be its closing.
    fn reduce(&self, book: BookId) -> Answer<'_, Result<(), StoreError>>;

    /// Every book behind `after`, in the order of ids, with whether it is reduced.
    fn books(
        &self,
        after: Option<BookId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<(BookId, bool)>, StoreError>>;

    /// The (slot, chain) pairs of a reduced book, in order.
    fn tombstones(&self, book: BookId) -> Answer<'_, Result<Vec<(u64, Digest)>, StoreError>>;
}

/// Why a user was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    #[error("e-mail address is taken")]
    EmailTaken,
    /// The row is not what the writer had read: read it again and decide again.
    #[error("user was changed meanwhile")]
    Conflict,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Identities, credentials, the durable part of sessions, and the server's keys.
pub trait Users: Send + Sync {
    fn create(&self, user: User) -> Answer<'_, Result<(), UserError>>;
    /// Many at once, for `finbrain seed`; skips those whose address is taken, and returns how many were created.
    fn create_all(&self, users: Vec<User>) -> Answer<'_, Result<usize, StoreError>>;
    fn user(&self, id: UserId) -> Answer<'_, Result<Option<User>, StoreError>>;
    fn by_email(&self, email: &Email) -> Answer<'_, Result<Option<User>, StoreError>>;
    /// Replaces `expected` by `user`: compare-and-set over the whole row.
    fn replace(&self, expected: User, user: User) -> Answer<'_, Result<(), UserError>>;
    /// Removes the person and their sessions.
    fn remove(&self, id: UserId) -> Answer<'_, Result<(), StoreError>>;
    fn count(&self) -> Answer<'_, Result<u64, StoreError>>;
    /// Demo accounts that are still there.
    fn count_demos(&self) -> Answer<'_, Result<u64, StoreError>>;

    fn start_session(&self, session: Session) -> Answer<'_, Result<(), StoreError>>;
    fn session(&self, token: Digest) -> Answer<'_, Result<Option<Session>, StoreError>>;
    /// Newest first.
    fn sessions(&self, user: UserId) -> Answer<'_, Result<Vec<Session>, StoreError>>;
    fn end_sessions(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>>;
    /// Writes back when sessions were last seen and active, many at once; unknown tokens are ignored.
    fn seen(&self, seen: Vec<Seen>) -> Answer<'_, Result<(), StoreError>>;
    /// Removes sessions created before the instant.
    fn purge_sessions(&self, created_before: Timestamp) -> Answer<'_, Result<u64, StoreError>>;

    /// The server key of this name: created from `fresh` when there is none yet, so that the first writer wins.
    fn server_key(&self, name: &str, fresh: [u8; 32]) -> Answer<'_, Result<[u8; 32], StoreError>>;
}

/// When a session was last seen and active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub token: Digest,
    pub seen_at: Timestamp,
    pub active_at: Timestamp,
}

/// Timed work: one row per piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub book: BookId,
    pub user: UserId,
    pub at: Timestamp,
    pub kind: DueKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DueKind {
    /// A demo that nobody kept is erased.
    DemoExpiry,
    /// What is left of an account whose book was closed is erased. Planned before the closing, for when the request that
    /// closes can no longer be under way: it finds either a closed book to finish, or one that never was closed.
    Erasure,
}

impl DueKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DemoExpiry => "demo_expiry",
            Self::Erasure => "erasure",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::DemoExpiry, Self::Erasure].into_iter().find(|kind| kind.as_str() == text)
    }
}

pub trait DueWork: Send + Sync {
    /// Plans a piece of work; one (book, kind) stands once, the later plan wins.
    fn plan(&self, due: Due) -> Answer<'_, Result<(), StoreError>>;
    /// Work whose time has come, oldest first. It stays until it is done.
    fn due(&self, now: Timestamp, limit: usize) -> Answer<'_, Result<Vec<Due>, StoreError>>;
    fn done(&self, book: BookId, kind: DueKind) -> Answer<'_, Result<(), StoreError>>;
}

/// What a request asks of the shared session state.
#[derive(Debug, Clone, Copy)]
pub struct Touch {
    pub token: Digest,
    pub now: Timestamp,
    /// An unsafe request or an active heartbeat.
    pub active: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchRefused {
    /// Nothing is known of the session here: ask the durable store.
    Unknown,
    Ended(Ended),
    /// Over the session's rate limit.
    Limited {
        retry_after: Duration,
    },
}

/// That a journal grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    pub book: BookId,
    pub version: u64,
}

/// State that pods share. It makes things fast; it never makes them true.
pub trait Shared: Send + Sync {
    /// Validates a session, slides its times and counts the request, in one round trip.
    fn touch(&self, touch: Touch) -> Answer<'_, Result<Result<Session, TouchRefused>, StoreError>>;
    /// Puts a session in place: after login, or restored from the durable store. `now` is by the clock of the session's
    /// times, which may not be the clock of the shared state.
    fn admit(&self, session: Session, now: Timestamp) -> Answer<'_, Result<(), StoreError>>;
    fn evict(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>>;
    /// The sessions of a person that are known here, with times by the clock that says `now`; the durable store may know
    /// of more.
    fn alive(&self, user: UserId, now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>>;
    /// Sessions touched since the last call, for the durable store.
    fn drain_seen(&self) -> Answer<'_, Result<Vec<Seen>, StoreError>>;
    /// One more of `what` (GCRA): `Err` is the time to wait.
    fn limit(&self, what: Limit<'_>) -> Answer<'_, Result<Result<(), Duration>, StoreError>>;
    /// Tells everyone that a journal grew. A hint.
    fn publish(&self, growth: Growth);
    /// Growth as it is told; may lose some.
    fn subscribe(&self) -> Box<dyn GrowthStream>;
}

/// A stream of growth hints.
pub trait GrowthStream: Send {
    /// `None` when the shared state has gone.
    fn next(&mut self) -> Answer<'_, Option<Growth>>;
}

/// A rate limit: at most `burst` at once, refilled at `per_second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit<'a> {
    pub name: &'static str,
    /// Who is limited: an address prefix, an account's digest.
    pub key: &'a str,
    /// Tokens a minute.
    pub per_minute: u32,
    pub burst: u32,
    pub now: Timestamp,
}

/// A trained model in its file form, with the number of its promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModel {
    pub number: u64,
    pub bytes: Vec<u8>,
    pub trained_at: Timestamp,
}

/// A correction that may teach the shared model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingExample {
    pub user: UserId,
    pub book: BookId,
    /// (book, slot, index) makes delivery harmless when it happens twice.
    pub slot: u64,
    pub index: u32,
    pub text: String,
    pub category: String,
}

/// A model that is kept, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelRecord {
    pub number: u64,
    pub trained_at: Timestamp,
    /// Bytes of its file.
    pub size: u64,
}

/// So many promoted models are kept; with the built-in one, ten to choose from.
pub const MODELS_KEPT: u64 = 9;

pub trait Models: Send + Sync {
    /// The pointer: the number of the model that serves, 0 for the built-in one. `None` when none was ever promoted. Every
    /// pod looks every few seconds.
    fn newest(&self) -> Answer<'_, Result<Option<u64>, StoreError>>;
    /// The model that the pointer names; `None` when it is the built-in one.
    fn current(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>>;
    /// The newest model with a lower number than the current one: what to fall back to when that cannot be read.
    fn previous(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>>;
    /// One that is kept.
    fn model(&self, number: u64) -> Answer<'_, Result<Option<StoredModel>, StoreError>>;
    /// Those that are kept, newest first, [`MODELS_KEPT`] at most.
    fn history(&self) -> Answer<'_, Result<Vec<ModelRecord>, StoreError>>;
    /// Stores a model and points to it: no reader sees one without the other. Its number is higher than any before.
    fn promote(&self, bytes: Vec<u8>, trained_at: Timestamp) -> Answer<'_, Result<u64, StoreError>>;
    /// Points to a model that is kept, or with 0 to the built-in one. False when no such model is kept.
    fn roll_back(&self, number: u64) -> Answer<'_, Result<bool, StoreError>>;
    fn add_examples(&self, examples: Vec<TrainingExample>) -> Answer<'_, Result<(), StoreError>>;
    /// The newest `limit` examples.
    fn examples(&self, limit: usize) -> Answer<'_, Result<Vec<TrainingExample>, StoreError>>;
    fn count_examples(&self) -> Answer<'_, Result<u64, StoreError>>;
    fn forget_examples(&self, user: UserId) -> Answer<'_, Result<(), StoreError>>;
    /// Forgets what a person taught about one text.
    fn forget_merchant(&self, user: UserId, text: String) -> Answer<'_, Result<(), StoreError>>;
}

/// Why no rates came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    #[error("rate source is switched off")]
    Off,
    #[error("rate source is not available: {0}")]
    Unavailable(String),
    #[error("rate source gave an answer that makes no sense: {0}")]
    Nonsense(String),
}

/// Units of a currency for one euro, by day of publication.
pub type RateTable = BTreeMap<Date, BTreeMap<Currency, Decimal>>;

/// Currency rates from outside.
pub trait RateSource: Send + Sync {
    /// The name under which answers cite the source.
    fn name(&self) -> &'static str;
    /// Euro rates published from `from` to `to`, both included.
    fn rates(&self, from: Date, to: Date) -> Answer<'_, Result<RateTable, RateError>>;
}

/// The time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}
