//! The embedded store: the contracts of its ports, and what is true of it alone.

mod contract;

use std::sync::Arc;

use finbrain::store::embedded::EmbeddedStore;

use contract::{Subject, journal::journal_suite};

async fn empty() -> Subject<EmbeddedStore> {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    Subject::new(Arc::new(store), dir)
}

journal_suite!(empty);
