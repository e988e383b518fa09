//! The store of many pods: the contracts of its ports on a real mongod, and what is true of it alone.
// A test fails by panicking.
#![allow(clippy::unwrap_used)]

mod contract;
mod mongo;

use std::sync::Arc;

use finbrain::store::mongo::MongoStore;

use contract::{
    Subject, closing::closing_suite, due::due_suite, journal::journal_suite, models::models_suite,
    snapshots::snapshots_suite, users::users_suite,
};

async fn empty() -> Subject<MongoStore> {
    Subject::new(Arc::new(mongo::opened().await.1), ())
}

journal_suite!(empty);
snapshots_suite!(empty);
closing_suite!(empty);
users_suite!(empty);
due_suite!(empty);
models_suite!(empty);
