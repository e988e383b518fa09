//! What is true of the store on MongoDB alone. One mongod serves every test of the program, each on a database of its own.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use finbrain::store::mongo::{MongoSettings, MongoStore, ReadConcernKind};
use finbrain_loadtest::servers::Mongod;
use mongodb::{Client, Database};
use tokio::sync::OnceCell;

mod faults;
mod journal;
mod opening;

static MONGOD: OnceCell<Mongod> = OnceCell::const_new();

pub async fn mongod() -> &'static Mongod {
    MONGOD
        .get_or_init(async || {
            // An error means that another test was first.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Mongod::start().await.unwrap()
        })
        .await
}

/// Settings for a new database.
pub async fn settings() -> MongoSettings {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let database = format!("test{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let settings = MongoSettings::new(mongod().await.uri(&database), ReadConcernKind::Majority);
    // What is tested is not how fast this machine is.
    let patient = Duration::from_secs(60);
    MongoSettings { answer: patient, bulk: patient, confirm: patient, select: patient, ..settings }
}

/// A new database, and a store on it.
pub async fn opened() -> (MongoSettings, MongoStore) {
    let settings = settings().await;
    (settings.clone(), MongoStore::open(settings).await.unwrap())
}

/// The database as any other client sees it.
pub async fn database(settings: &MongoSettings) -> Database {
    let client = Client::with_uri_str(&settings.uri).await.unwrap();
    client.default_database().expect("the URI names it")
}
