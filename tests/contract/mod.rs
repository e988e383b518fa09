//! Contract suites: what every adapter of a port must do. An adapter's test file gives a function that makes an empty
//! store; each clause becomes a test of its own, whose name is the sentence that it proves.
//!
//! ```ignore
//! async fn empty() -> Subject<EmbeddedStore> { … }
//! contract::journal_suite!(empty);
//! ```

use std::{any::Any, sync::Arc};

pub mod closing;
pub mod due;
pub mod journal;
pub mod models;
pub mod snapshots;
pub mod users;

/// An empty store under test, with whatever must outlive it, such as its directory.
pub struct Subject<S> {
    pub store: Arc<S>,
    _keep: Box<dyn Any>,
}

impl<S> Subject<S> {
    pub fn new(store: Arc<S>, keep: impl Any) -> Self {
        Self { store, _keep: Box::new(keep) }
    }
}

/// One test for each clause of `$suite`, on a store of its own.
macro_rules! clauses {
    ($make:path, $suite:ident: $($clause:ident)+) => {
        mod $suite {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $clause() {
                    let subject = $make().await;
                    $crate::contract::$suite::$clause(subject.store.clone()).await;
                }
            )+
        }
    };
}
pub(crate) use clauses;
