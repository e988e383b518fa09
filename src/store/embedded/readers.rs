//! Connections that only read. A read takes one, works on a blocking thread, and puts it back even when its caller
//! has gone.

use std::sync::{Arc, Mutex, PoisonError};

use finbrain_domain::ports::StoreError;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::{Fault, settle};

pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    count: u32,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            count: u32::try_from(connections.len()).expect("there are a handful of readers"),
            idle: Arc::new(Mutex::new(connections)),
        }
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let idle = self.idle.clone();
        tokio::task::spawn_blocking(move || {
            let lent = Lent::take(idle, permit);
            work(lent.connection()).map_err(settle)
        })
        .await
        .map_err(|_| StoreError::Unavailable("the read was cut short".into()))?
    }

    /// Waits for the reads under way and closes the connections.
    pub(super) async fn close(&self) {
        // An error means that someone else has closed them already.
        if let Ok(all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
            lock(&self.idle).clear();
            all.forget();
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".into())
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    // A vector is whole whenever its lock is released, panic or not.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on loan; it goes back before its permit does.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    fn take(idle: Arc<Mutex<Vec<Connection>>>, permit: OwnedSemaphorePermit) -> Self {
        let connection = lock(&idle).pop();
        Self { connection, idle, _permit: permit }
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("there are as many connections as permits")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        lock(&self.idle).extend(self.connection.take());
    }
}
