//! Folds the write-ahead log into the file in the background, so that commits need not. Sleeps while nobody writes.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::fault::settle;

const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    written: bool,
    stopped: bool,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("store-checkpoint".into()).spawn({
            let shared = shared.clone();
            move || run(&connection, &shared)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells that there is something to fold in.
    pub(super) fn written(&self) {
        let mut state = self.shared.lock();
        if !state.written {
            state.written = true;
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a write and then for the pause to pass; `false` when it is time to stop.
    fn wait(&self) -> bool {
        let idle = |state: &mut State| !state.written && !state.stopped;
        let state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, PAUSE, |state| !state.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        state.written = false;
        !state.stopped
    }
}

fn run(connection: &Connection, shared: &Shared) {
    while shared.wait() {
        if let Err(error) = passive(connection) {
            // The log keeps everything until a later checkpoint succeeds; only a lost flush matters, and ends here.
            tracing::debug!(error = %settle(error.into()), "checkpoint was put off");
        }
    }
}

fn passive(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Folds the whole log in and empties it; `false` when readers were in the way.
pub(super) fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(busy == 0)
}
