//! A primary that Sentinels know, and its failover.

use std::{path::PathBuf, process::Command};

use finbrain_loadtest::servers::{Guarded, free_port};
use tempfile::TempDir;

use super::*;

struct Sentinel {
    port: u16,
    folder: TempDir,
    _process: Guarded,
}

impl Sentinel {
    fn watch(primary: &RedisServer) -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port().unwrap());
        let config = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\n",
            primary.port,
        );
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel");
        let log = folder.path().join("log");
        let process = Guarded::start(&PathBuf::from("redis-server"), &log, &mut command).unwrap();
        Self { port, folder, _process: process }
    }

    /// Whether it knows of a replica that can take over.
    async fn knows_replica(&self) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.contains("+slave slave")
    }
}

struct Watched {
    primary: RedisServer,
    replica: RedisServer,
    shared: RedisShared,
    _sentinel: Sentinel,
}

impl Watched {
    /// A primary with a replica that follows, a Sentinel that knows both, and a pod that has found the primary.
    async fn start() -> Self {
        let primary = RedisServer::start().await.unwrap();
        let replica_of = format!("127.0.0.1 {}", primary.port);
        let replica = RedisServer::start_with(&["--replicaof", &replica_of]).await.unwrap();
        until("the replica follows", async || {
            text(&replica, &["INFO", "replication"]).await.contains("master_link_status:up")
        })
        .await;
        let sentinel = Sentinel::watch(&primary);
        until("the sentinel knows the replica", || sentinel.knows_replica()).await;
        let url = format!("redis+sentinel://127.0.0.1:{}/mymaster", sentinel.port);
        let shared = RedisShared::connect(settings(url)).await.unwrap();
        until("the primary is found", || answers(&shared)).await;
        Self { primary, replica, shared, _sentinel: sentinel }
    }

    /// A session that the replica knows as well.
    async fn admitted(&self) -> Session {
        let session = session(now());
        self.shared.admit(session.clone(), now()).await.unwrap();
        until("the replica has it", async || keys(&self.replica).await.contains(&key_of(&session))).await;
        session
    }

    async fn fail_over(&mut self) {
        self.primary.kill();
        until("it is missed", async || !answers(&self.shared).await).await;
        until("the new primary is found", || answers(&self.shared)).await;
        assert!(text(&self.replica, &["INFO", "replication"]).await.contains("role:master"));
    }
}

#[tokio::test]
async fn a_failover_is_followed() {
    let mut watched = Watched::start().await;
    let session = watched.admitted().await;

    watched.fail_over().await;

    assert!(touch(&watched.shared, session.token, now()).await.is_ok(), "the replica knew it");
}

/// Which is why its revocation is in the journal.
#[tokio::test]
async fn what_a_stale_replica_brings_back_belongs_to_whom_it_belonged_and_can_be_ended_again() {
    let mut watched = Watched::start().await;
    let session = watched.admitted().await;
    // From here on the replica hears nothing any more.
    watched.replica.command(&["REPLICAOF", "127.0.0.1", "1"]).await.unwrap();
    watched.shared.evict(vec![session.token]).await.unwrap();
    assert_eq!(touch(&watched.shared, session.token, now()).await, Err(TouchRefused::Unknown));

    watched.fail_over().await;

    let back = touch(&watched.shared, session.token, now()).await.unwrap();
    assert_eq!((back.user, back.id), (session.user, session.id));
    watched.shared.evict(vec![session.token]).await.unwrap();
    assert_eq!(touch(&watched.shared, session.token, now()).await, Err(TouchRefused::Unknown));
}
