//! Where faults are done: three pods behind nginx, a replica set of three, Redis; and one pod over the embedded store. A
//! stage that was broken is whole again before the next scenario begins.

use std::{
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;
use mongodb::bson::{Bson, doc};
use tempfile::TempDir;

use super::embedded::{self, Volume};
use crate::{
    proxy::{Kind, Proxy},
    servers::{
        Clock, Limits, Nginx, Pod, PodSettings, RedisServer, ReplicaSet, Store, Upstream, free_port, origin,
    },
};

const PODS: usize = 3;
const MEMBERS: usize = 3;
const DATABASE: &str = "finbrain";
/// Until a member that was killed or frozen has caught up.
const WHOLE: Duration = Duration::from_secs(90);

/// What the scenes of all stages need.
pub trait Ground {
    fn pods(&self) -> &[Pod];
    /// The public URL.
    fn origin(&self) -> String;
    /// Where the clients of `ledgercheck` go, each time to one of them.
    fn doors(&self) -> Vec<String>;
    /// What the servers before the pods complain about.
    fn proxy_log(&self) -> Option<PathBuf>;
}

/// How current the reads of the pods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    Majority,
    Linearizable,
}

/// How the pods reach MongoDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As a driver does: it knows all members and follows the primary.
    Set,
    /// Through the fault proxy to the primary alone. A driver that knows the members would go round the proxy.
    Proxy,
}

/// How the pods are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dress {
    pub reads: Reads,
    pub way: Way,
    /// Seconds from the signal to the end of listening.
    pub drain: u8,
}

impl Dress {
    pub const USUAL: Self = Self { reads: Reads::Majority, way: Way::Set, drain: 0 };
}

/// The whole of it.
#[derive(Debug)]
pub struct Stage {
    // They end in this order, so that nobody complains about those behind it.
    pub nginx: Nginx,
    pub pods: Vec<Pod>,
    /// Between the pods and Redis.
    pub redis_proxy: Proxy,
    pub redis: RedisServer,
    /// Between the pods and the primary, where they were told to take that way.
    pub mongo_proxy: Option<Proxy>,
    pub mongo: ReplicaSet,
}

impl Stage {
    /// Starts the servers; the pods start when they are [dressed](Self::dress).
    pub async fn start() -> anyhow::Result<Self> {
        let mongo = ReplicaSet::start(MEMBERS).await?;
        let redis = RedisServer::start().await?;
        let redis_proxy = Proxy::start(address(redis.port)).await?;
        let port = free_port()?;
        let store = Store::Cluster {
            mongodb_uri: mongo.uri(DATABASE),
            redis_url: Some(format!("redis://{}", redis_proxy.address())),
        };
        let settings = PodSettings {
            public_url: Some(origin(port)),
            limits: Limits::Generous,
            ..PodSettings::over(store)
        };
        let pods: Vec<Pod> = (0..PODS).map(|_| Pod::prepare(settings.clone())).collect::<Result<_, _>>()?;
        let upstreams: Vec<Upstream> = pods.iter().map(|pod| Upstream::open(pod.address())).collect();
        let nginx = Nginx::start_on(port, &upstreams).await?;
        Ok(Self { nginx, pods, redis_proxy, redis, mongo_proxy: None, mongo })
    }

    /// Makes everything whole, and starts again those pods that are dressed otherwise.
    pub async fn dress(&mut self, dress: Dress) -> anyhow::Result<()> {
        self.redis_proxy.set(Kind::Pass);
        if self.redis.process().is_none() {
            self.redis.launch().await?;
        }
        self.mend_mongo().await?;
        let store = self.store(dress.way).await?;
        let reads = match dress.reads {
            Reads::Majority => "majority",
            Reads::Linearizable => "linearizable",
        };
        let environment = vec![
            ("FINBRAIN_READ".to_owned(), reads.to_owned()),
            ("FINBRAIN_DRAIN".to_owned(), dress.drain.to_string()),
        ];
        let launches = self.pods.iter_mut().map(|pod| async {
            let settings = &mut pod.settings;
            let is_dressed = settings.store == store
                && settings.environment == environment
                && settings.clock == Clock::Right;
            (settings.store, settings.environment) = (store.clone(), environment.clone());
            settings.clock = Clock::Right;
            if !is_dressed || !pod.is_ready().await {
                pod.kill();
                pod.launch().await?;
            }
            anyhow::Ok(())
        });
        try_join_all(launches).await?;
        Ok(())
    }

    async fn store(&mut self, way: Way) -> anyhow::Result<Store> {
        let mongodb_uri = match way {
            Way::Set => {
                self.mongo_proxy = None;
                self.mongo.uri(DATABASE)
            }
            Way::Proxy => {
                let primary = &self.mongo.members[self.mongo.primary().await?];
                let proxy = Proxy::start(address(primary.port)).await?;
                let uri = format!("mongodb://{}/{DATABASE}?directConnection=true", proxy.address());
                self.mongo_proxy = Some(proxy);
                uri
            }
        };
        let redis_url = Some(format!("redis://{}", self.redis_proxy.address()));
        Ok(Store::Cluster { mongodb_uri, redis_url })
    }

    /// Starts and thaws the members that need it, and waits until the set has a primary and two who follow it.
    pub async fn mend_mongo(&mut self) -> anyhow::Result<()> {
        for number in 0..self.mongo.members.len() {
            self.mongo.thaw(number);
            if self.mongo.members[number].process().is_none_or(|process| !process.is_running()) {
                self.mongo.launch(number)?;
            }
        }
        let deadline = Instant::now() + WHOLE;
        loop {
            let primary = self.mongo.primary().await?;
            let status = self.mongo.members[primary].try_command(doc! { "replSetGetStatus": 1 }).await;
            let members = status.as_ref().and_then(|status| status.get_array("members").ok());
            // 1 is a primary, 2 a secondary.
            let state = |member: &Bson| member.as_document().and_then(|member| member.get_i32("state").ok());
            let states: Vec<_> = members.into_iter().flatten().map(state).collect();
            let is_whole = states.len() == MEMBERS && states.iter().all(|state| matches!(state, Some(1 | 2)));
            if is_whole && states.iter().filter(|state| **state == Some(1)).count() == 1 {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the replica set is not whole within {WHOLE:?}; states of its members: {states:?}");
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The proxy before MongoDB, which scenes that break it have asked for.
    pub fn mongo_proxy(&self) -> anyhow::Result<&Proxy> {
        self.mongo_proxy.as_ref().context("the pods do not reach MongoDB through the proxy")
    }
}

impl Ground for Stage {
    fn pods(&self) -> &[Pod] {
        &self.pods
    }

    fn origin(&self) -> String {
        self.nginx.url()
    }

    /// As often through nginx as directly.
    fn doors(&self) -> Vec<String> {
        let nginx = std::iter::repeat_n(self.nginx.url(), self.pods.len());
        nginx.chain(self.pods.iter().map(Pod::url)).collect()
    }

    fn proxy_log(&self) -> Option<PathBuf> {
        Some(self.nginx.log())
    }
}

/// Where an embedded store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Usual,
    /// A file system of its own, which can be filled.
    Small,
    /// Its flushes can be made to fail.
    Failing,
}

/// One pod over the embedded store.
#[derive(Debug)]
pub struct Single {
    pods: [Pod; 1],
    pub data_dir: PathBuf,
    // What holds the data goes after the pod.
    _folder: TempDir,
    _volume: Option<Volume>,
}

impl Single {
    pub async fn start(disk: Disk) -> anyhow::Result<Self> {
        let volume = (disk == Disk::Small).then(Volume::mount).transpose()?;
        let folder = match &volume {
            Some(volume) => volume.folder()?,
            None => TempDir::with_prefix("finbrain-faults-")?,
        };
        let environment = match disk {
            Disk::Failing => embedded::with_failing_flushes(folder.path())?,
            Disk::Usual | Disk::Small => Vec::new(),
        };
        let data_dir = folder.path().join("data");
        let settings = PodSettings {
            limits: Limits::Generous,
            environment,
            ..PodSettings::over(Store::Embedded { data_dir: data_dir.clone() })
        };
        Ok(Self { pods: [Pod::start(settings).await?], data_dir, _folder: folder, _volume: volume })
    }

    pub fn pod(&mut self) -> &mut Pod {
        &mut self.pods[0]
    }
}

impl Ground for Single {
    fn pods(&self) -> &[Pod] {
        &self.pods
    }

    fn origin(&self) -> String {
        self.pods[0].url()
    }

    fn doors(&self) -> Vec<String> {
        vec![self.origin()]
    }

    fn proxy_log(&self) -> Option<PathBuf> {
        None
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
