//! Pods behind nginx over a replica set and Redis, all on this machine: what `make cluster` shows to people and what
//! faults are done to.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::value_parser;
use tokio::signal::unix::{SignalKind, signal};

use crate::servers::{
    Limits, Nginx, Pod, PodSettings, RedisServer, ReplicaSet, ServerError, Store, Upstream, free_port, origin,
};

/// The database of the pods.
const DATABASE: &str = "finbrain";
/// A pod that is told to stop has done so by then.
const STOP: Duration = Duration::from_secs(30);

/// Whether Redis has somebody to take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    None,
    Replica,
}

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct Topology {
    pub pods: usize,
    /// Members of the replica set: 1 or 3.
    pub members: usize,
    pub standby: Standby,
    pub limits: Limits,
    /// The port of nginx; a free one when there is none.
    pub port: Option<u16>,
    /// Where MongoDB's data stay; nowhere when there is none.
    pub folder: Option<PathBuf>,
    /// Further environment of every pod.
    pub environment: Vec<(String, String)>,
}

impl Topology {
    /// So many pods over one mongod and one Redis.
    pub const fn of(pods: usize) -> Self {
        Self {
            pods,
            members: 1,
            standby: Standby::None,
            limits: Limits::AsShipped,
            port: None,
            folder: None,
            environment: Vec::new(),
        }
    }
}

/// A running cluster. Its parts may be killed, frozen and started again one by one.
#[derive(Debug)]
pub struct Cluster {
    // They end in this order, so that nobody complains about those behind it.
    pub nginx: Nginx,
    pub pods: Vec<Pod>,
    pub redis: RedisServer,
    /// Redis' replica, where there is one.
    pub replica: Option<RedisServer>,
    pub mongo: ReplicaSet,
}

impl Cluster {
    /// Starts everything and waits until every pod is ready.
    pub async fn start(topology: &Topology) -> Result<Self, ServerError> {
        let mongo = match &topology.folder {
            Some(folder) => ReplicaSet::start_in(folder, topology.members).await?,
            None => ReplicaSet::start(topology.members).await?,
        };
        let redis = RedisServer::start().await?;
        let replica = match topology.standby {
            Standby::None => None,
            Standby::Replica => Some(redis.replica().await?),
        };
        let port = match topology.port {
            Some(port) => port,
            None => free_port().map_err(|source| ServerError::Start { program: "nginx".into(), source })?,
        };
        let settings = PodSettings {
            public_url: Some(origin(port)),
            limits: topology.limits,
            environment: topology.environment.clone(),
            ..PodSettings::over(store(&mongo, &redis))
        };
        let pods = (0..topology.pods).map(|_| Pod::prepare(settings.clone()));
        let mut pods: Vec<Pod> = pods.collect::<Result<_, _>>()?;
        for pod in &mut pods {
            pod.launch().await?;
        }
        let nginx = Nginx::start_on(port, &upstreams(&pods, &[])).await?;
        Ok(Self { nginx, pods, redis, replica, mongo })
    }

    /// Where a browser or a client goes.
    pub fn url(&self) -> String {
        self.nginx.url()
    }

    /// Where all pods keep their facts.
    pub fn store(&self) -> Store {
        store(&self.mongo, &self.redis)
    }

    /// Sends new requests to all pods but these.
    pub async fn close(&self, pods: &[usize]) -> Result<(), ServerError> {
        self.nginx.route(&upstreams(&self.pods, pods)).await
    }

    /// Replaces every pod by a new process, one after the other, as an operator does: out of the way, told to stop,
    /// started, ready, back in. Returns the exit status of each. Needs two pods, or nobody is there meanwhile.
    pub async fn rolling_restart(&mut self) -> Result<Vec<i32>, ServerError> {
        let mut statuses = Vec::new();
        for number in 0..self.pods.len() {
            self.close(&[number]).await?;
            statuses.push(self.pods[number].terminate(STOP).await?);
            self.pods[number].launch().await?;
            self.close(&[]).await?;
        }
        Ok(statuses)
    }

    /// Puts Redis' replica in its place, as a failover does that nobody asked the old one about. The pods learn of it
    /// when they are started again, or by a proxy between.
    pub async fn fail_over_redis(&mut self) -> Result<(), ServerError> {
        let Some(replica) = self.replica.take() else {
            return Err(ServerError::Refused { program: "redis-server", cause: "it has no replica".into() });
        };
        replica.promote().await?;
        self.redis = replica;
        Ok(())
    }
}

fn store(mongo: &ReplicaSet, redis: &RedisServer) -> Store {
    Store::Cluster { mongodb_uri: mongo.uri(DATABASE), redis_url: Some(redis.url()) }
}

fn upstreams(pods: &[Pod], closed: &[usize]) -> Vec<Upstream> {
    let upstream = |(number, pod): (usize, &Pod)| Upstream {
        address: pod.address(),
        is_open: !closed.contains(&number),
    };
    pods.iter().enumerate().map(upstream).collect()
}

/// Runs pods behind nginx over MongoDB and Redis on this machine, until Ctrl-C
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many pods
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u16).range(1..=16))]
    pub pods: u16,
    /// Where to point the browser
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Folder in which the data stay [default: they go with the cluster]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Members of the replica set
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u8).range(1..=7))]
    pub members: u8,
}

/// Starts it, says where it is, and ends it with the first signal.
#[expect(clippy::print_stdout, reason = "whoever starts a cluster wants to know where it is")]
pub fn command(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let topology = Topology {
            members: args.members.into(),
            port: Some(args.port),
            folder: args.data.clone(),
            ..Topology::of(args.pods.into())
        };
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let cluster = tokio::select! {
            cluster = Cluster::start(&topology) => cluster?,
            _ = interrupt.recv() => return Ok(ExitCode::FAILURE),
            _ = terminate.recv() => return Ok(ExitCode::FAILURE),
        };
        println!("FinBrain runs at {}", cluster.url());
        for pod in &cluster.pods {
            println!(
                "  pod {}, health and metrics at {}, log in {}",
                pod.url(),
                pod.ops_url(),
                pod.log().display()
            );
        }
        println!("  {}", cluster.mongo.uri(DATABASE));
        println!("  {}", cluster.redis.url());
        println!("Ctrl-C ends it.");
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        let mut cluster = cluster;
        for pod in &mut cluster.pods {
            pod.terminate(STOP).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}
