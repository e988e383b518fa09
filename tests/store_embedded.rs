//! The embedded store: the contracts of its ports, and what is true of it alone.
// A test fails by panicking.
#![allow(clippy::unwrap_used)]

mod contract;
mod embedded;

use std::sync::Arc;

use finbrain::store::embedded::EmbeddedStore;

use contract::{
    Subject, closing::closing_suite, due::due_suite, journal::journal_suite, models::models_suite,
    snapshots::snapshots_suite, users::users_suite,
};

async fn empty() -> Subject<EmbeddedStore> {
    let (dir, store) = embedded::opened();
    Subject::new(Arc::new(store), dir)
}

journal_suite!(empty);
snapshots_suite!(empty);
closing_suite!(empty);
users_suite!(empty);
due_suite!(empty);
models_suite!(empty);
