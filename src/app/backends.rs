//! What the server stands on, chosen by its settings: a store, and the state that is shared with other pods.

use std::sync::Arc;

use actix_web::web;
use anyhow::Context as _;
use finbrain_domain::ports::{Clock, RateSource, Shared};
use jiff::Timestamp;

use crate::{
    auth::keys::ServerKeys,
    config::{Config, ReadMode, StoreSettings},
    shared::{MemoryShared, Rate, RedisSettings, RedisShared},
    store::{
        Stores,
        mongo::{MongoSettings, ReadConcernKind},
    },
};

/// Opens the store, to write.
pub async fn open(settings: &StoreSettings) -> anyhow::Result<Stores> {
    match settings {
        StoreSettings::Embedded { data_dir } => {
            let data_dir = data_dir.clone();
            Ok(web::block(move || Stores::embedded(&data_dir)).await??)
        }
        StoreSettings::Cluster { mongodb_uri, read, .. } => {
            let read = match read {
                ReadMode::Majority => ReadConcernKind::Majority,
                ReadMode::Linearizable => ReadConcernKind::Linearizable,
            };
            Ok(Stores::mongo(MongoSettings::new(mongodb_uri.clone(), read)).await?)
        }
    }
}

/// Opens the store for [`check`](crate::check), beside the server that uses it.
pub async fn open_to_check(settings: &StoreSettings) -> anyhow::Result<Stores> {
    match settings {
        StoreSettings::Embedded { data_dir } => {
            let data_dir = data_dir.clone();
            Ok(web::block(move || Stores::embedded_read_only(&data_dir)).await??)
        }
        StoreSettings::Cluster { .. } => open(settings).await,
    }
}

/// What pods share, or what one process keeps for itself.
#[derive(Clone)]
pub enum SharedState {
    Memory(Arc<MemoryShared>),
    Redis(Arc<RedisShared>),
}

impl std::fmt::Debug for SharedState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory(_) => "shared state in this process",
            Self::Redis(_) => "shared state in Redis",
        })
    }
}

impl SharedState {
    /// Connects to Redis where one is named.
    pub async fn open(config: &Config, keys: &ServerKeys) -> anyhow::Result<Self> {
        let (life, rate) = (config.session.life, config.session_rate);
        let rate = Rate::per_minute(rate.per_minute, rate.burst);
        let StoreSettings::Cluster { redis: Some(redis), .. } = &config.store else {
            return Ok(Self::Memory(Arc::new(MemoryShared::new(life, rate))));
        };
        let authority = redis.authority.clone();
        let settings = RedisSettings::new(&redis.url, keys.shared_state_key(), life, rate);
        let settings = RedisSettings { authority, ..settings };
        let shared = RedisShared::connect(settings).await.context("FINBRAIN_REDIS_URL cannot be used")?;
        Ok(Self::Redis(Arc::new(shared)))
    }

    pub fn port(&self) -> Arc<dyn Shared> {
        match self {
            Self::Memory(shared) => shared.clone(),
            Self::Redis(shared) => shared.clone(),
        }
    }

    /// The clock by which sessions are judged: one for all pods where they share any.
    pub fn clock(&self, own: Arc<dyn Clock>) -> Arc<dyn Clock> {
        match self {
            Self::Memory(_) => own,
            Self::Redis(shared) => shared.clock(own),
        }
    }

    /// The source of rates, asked once for all pods where they share any.
    pub fn rates(&self, source: Arc<dyn RateSource>, clock: Arc<dyn Clock>) -> Arc<dyn RateSource> {
        match self {
            Self::Memory(_) => source,
            Self::Redis(shared) => Arc::new(shared.rates(source, clock)),
        }
    }

    /// Forgets what no longer matters.
    pub fn sweep(&self, now: Timestamp) {
        match self {
            Self::Memory(shared) => shared.sweep(now),
            Self::Redis(shared) => shared.sweep(now),
        }
    }
}
