//! The embedded store: one SQLite file for journals, users, timed work and models. One thread writes, a few
//! connections read, and a lock on the data directory makes this process the only writer. No SQLite type leaves here.

mod checkpoint;
mod columns;
mod due;
mod entries;
mod fault;
mod journal;
mod models;
mod open;
mod readers;
mod schema;
mod sessions;
mod snapshots;
mod users;
mod writer;

use std::{fmt, path::Path};

use finbrain_domain::ports::StoreError;
use rusqlite::Connection;

pub use open::OpenError;
pub use writer::describe_metrics;

use fault::Fault;
use readers::Readers;
use writer::Writer;

/// The name of the database in the data directory.
pub const FILE: &str = "finbrain.sqlite3";
/// The name of the lock beside it, held for as long as a server runs.
pub const LOCK: &str = "lock";

/// All durable state of a server on one machine, shared as an `Arc` between the ports that it implements.
///
/// Dropping it waits for what is queued; [`EmbeddedStore::close`] also folds the write-ahead log into the file.
pub struct EmbeddedStore {
    readers: Readers,
    /// `None` when the store was opened to be read only.
    writer: Option<Writer>,
}

impl EmbeddedStore {
    /// Opens the store as its only writer, and creates directory and file when there are none.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let opened = open::to_write(data_dir)?;
        Ok(Self { readers: Readers::new(opened.readers), writer: Some(opened.writer) })
    }

    /// Opens an existing store to read it, also beside a running server. Every write is refused.
    pub fn open_read_only(data_dir: &Path) -> Result<Self, OpenError> {
        Ok(Self { readers: Readers::new(open::to_read(data_dir)?), writer: None })
    }

    /// Finishes the writes and reads that are under way and leaves the file complete in itself. Later calls are
    /// refused.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
        self.readers.close().await;
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.run(work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer()?.run(work).await
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::Unavailable("opened to be read only".into()))
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("writes", &self.writer.is_some()).finish_non_exhaustive()
    }
}
