//! The store of many pods: MongoDB for journals, users, timed work and models, on the official driver, of which no type
//! leaves here.
//!
//! Every write is one document, or does no harm when only some of its documents were written: there are no transactions.
//! Writes are acknowledged by a majority, in its journals on disk. Every read goes to the primary and sees what a majority
//! has; see [`ReadConcernKind`] for what that is worth while primaries change.
//!
//! **The driver repeats no write.** A write whose outcome is unknown is for the caller to repeat: the same entry at the
//! same slot, which the unique index makes harmless. The driver's way to the same end keeps a record on the server for
//! each write.

mod call;
mod closing;
mod due;
mod entries;
mod fault;
mod fields;
mod journal;
mod models;
mod open;
mod schema;
mod sessions;
mod snapshots;
mod users;

use std::{fmt, time::Duration};

use mongodb::{
    Client, Collection, Database,
    bson::{Bson, Document, doc},
};

pub use self::{call::describe_metrics, open::OpenError};

use self::{call::Deadline, fault::Fault, schema::Collections};

/// How current a probe of the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadConcernKind {
    /// As the primary knows it. One that was deposed and does not know it yet may answer with what was.
    Majority,
    /// The primary makes sure of being one, at the price of a round to a majority.
    Linearizable,
}

/// Where the store is, and how patient it is with it.
#[derive(Clone)]
pub struct MongoSettings {
    /// Hosts, credentials, TLS and the name of the database (`finbrain` if it names none).
    pub uri: String,
    pub read: ReadConcernKind,
    /// Connections to each member at most, unless the URI says.
    pub pool: u32,
    /// How long to look for a primary.
    pub select: Duration,
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long a majority may take to confirm a write, and the server to work on a read.
    pub confirm: Duration,
    /// How long a call may take in all.
    pub answer: Duration,
    /// The same for work on many documents, such as reducing a book.
    pub bulk: Duration,
}

impl MongoSettings {
    pub const fn new(uri: String, read: ReadConcernKind) -> Self {
        Self {
            uri,
            read,
            pool: 64,
            select: Duration::from_secs(2),
            connect: Duration::from_secs(1),
            confirm: Duration::from_secs(2),
            answer: Duration::from_millis(2_500),
            bulk: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for MongoSettings {
    /// Not the URI, which may carry a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoSettings")
            .field("read", &self.read)
            .field("pool", &self.pool)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

/// All durable state of many pods, shared as an `Arc` between the ports that it implements.
pub struct MongoStore {
    client: Client,
    database: Database,
    collections: Collections,
    read: ReadConcernKind,
    patience: Patience,
}

#[derive(Debug, Clone, Copy)]
struct Patience {
    confirm: Duration,
    answer: Duration,
    bulk: Duration,
}

impl MongoStore {
    /// Connects, and creates what is missing: collections, indexes, the version of the schema.
    pub async fn open(settings: MongoSettings) -> Result<Self, OpenError> {
        open::open(settings).await
    }

    /// Closes the connections. Later calls are refused.
    pub async fn close(&self) {
        self.client.clone().shutdown().immediate(true).await;
    }

    fn soon(&self) -> Deadline {
        Deadline::within(self.patience.answer)
    }

    fn in_bulk(&self) -> Deadline {
        Deadline::within(self.patience.bulk)
    }

    /// The one document that fits.
    async fn one(
        &self,
        collection: &Collection<Document>,
        filter: Document,
    ) -> Result<Option<Document>, Fault> {
        Ok(collection.find_one(filter).max_time(self.patience.confirm).await?)
    }

    /// All documents that fit, in order.
    async fn all(
        &self,
        collection: &Collection<Document>,
        filter: Document,
        sort: Document,
        limit: usize,
    ) -> Result<Vec<Document>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = collection.find(filter).sort(sort).limit(limit);
        let mut cursor = found.max_time(self.patience.confirm).await?;
        let mut documents = Vec::new();
        while cursor.advance().await? {
            documents.push(cursor.deserialize_current()?);
        }
        Ok(documents)
    }

    async fn count_of(&self, collection: &Collection<Document>, filter: Document) -> Result<u64, Fault> {
        Ok(collection.count_documents(filter).max_time(self.patience.confirm).await?)
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore").field("read", &self.read).finish_non_exhaustive()
    }
}

/// A document that names one thing.
fn by_id(id: impl Into<Bson>) -> Document {
    doc! { "_id": id.into() }
}
