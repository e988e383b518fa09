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

#[tokio::test]
async fn a_failover_is_followed() {
    let mut primary = RedisServer::start().await.unwrap();
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
    let session = session(now());
    shared.admit(session.clone(), now()).await.unwrap();
    until("the replica has it", async || keys(&replica).await.contains(&key_of(&session))).await;

    primary.kill();

    until("it is missed", async || !answers(&shared).await).await;
    until("the new primary is found", || answers(&shared)).await;
    assert!(touch(&shared, session.token, now()).await.is_ok(), "the replica knew it");
    assert!(text(&replica, &["INFO", "replication"]).await.contains("role:master"));
}
