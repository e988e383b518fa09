//! What is true of the embedded store alone.

use std::path::Path;

use finbrain::store::embedded::{EmbeddedStore, FILE};
use rusqlite::Connection;
use tempfile::TempDir;

mod disk;
mod life;
mod opening;

pub fn opened() -> (TempDir, EmbeddedStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    (dir, store)
}

/// The database as any other client sees it.
pub fn shell(dir: &Path) -> Connection {
    Connection::open(dir.join(FILE)).unwrap()
}
