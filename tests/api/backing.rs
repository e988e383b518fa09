//! The servers behind the servers: one mongod and one Redis for all tests of this run, each test with a database of its own.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use finbrain_loadtest::servers::Mongod;

static MONGOD: LazyLock<Mongod> = LazyLock::new(|| started(Mongod::start()));
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URI of a database that nobody uses yet.
pub fn new_database() -> String {
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    MONGOD.uri(&format!("test-{number}"))
}

/// A server outlives the runtime of the test that was the first to need it.
fn started<S: Send, E: std::fmt::Debug + Send>(start: impl Future<Output = Result<S, E>> + Send) -> S {
    thread::scope(|scope| {
        let starter = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(start).unwrap()
        });
        starter.join().unwrap()
    })
}
