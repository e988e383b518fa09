//! Where facts are kept: adapters of the store ports of the domain. They know the ports and a driver, and nothing of
//! requests, sessions' rules or ledgers.

pub mod embedded;
pub mod mongo;
mod packed_snapshot;
mod packing;

use std::{fmt, path::Path, sync::Arc};

use finbrain_domain::ports::{Answer, DueWork, Journal, Models, Users};

use self::{
    embedded::EmbeddedStore,
    mongo::{MongoSettings, MongoStore},
};

/// One store behind all the ports that it implements.
#[derive(Clone)]
pub struct Stores {
    pub journal: Arc<dyn Journal>,
    pub users: Arc<dyn Users>,
    pub due: Arc<dyn DueWork>,
    pub models: Arc<dyn Models>,
    driver: Arc<dyn Close>,
}

/// What a store does before the process ends.
trait Close: Send + Sync {
    fn close(&self) -> Answer<'_, ()>;
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stores")
    }
}

impl Stores {
    /// The embedded store, opened as its only writer.
    pub fn embedded(data_dir: &Path) -> Result<Self, embedded::OpenError> {
        Ok(Self::of(EmbeddedStore::open(data_dir)?))
    }

    /// The embedded store, opened to be read, also beside a running server.
    pub fn embedded_read_only(data_dir: &Path) -> Result<Self, embedded::OpenError> {
        Ok(Self::of(EmbeddedStore::open_read_only(data_dir)?))
    }

    /// MongoDB, for this pod and others.
    pub async fn mongo(settings: MongoSettings) -> Result<Self, mongo::OpenError> {
        Ok(Self::of(MongoStore::open(settings).await?))
    }

    fn of<S: Journal + Users + DueWork + Models + Close + 'static>(store: S) -> Self {
        let store = Arc::new(store);
        Self {
            journal: store.clone(),
            users: store.clone(),
            due: store.clone(),
            models: store.clone(),
            driver: store,
        }
    }

    /// Finishes what is under way. Later calls are refused.
    pub async fn close(&self) {
        self.driver.close().await;
    }
}

impl Close for EmbeddedStore {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(Self::close(self))
    }
}

impl Close for MongoStore {
    fn close(&self) -> Answer<'_, ()> {
        Box::pin(Self::close(self))
    }
}
