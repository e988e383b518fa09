//! A Redis that asks who one is, and one behind TLS.

use std::{path::Path, process::Command};

use finbrain::shared::ConnectError;
use finbrain_loadtest::servers::free_port;
use tempfile::TempDir;

use super::*;

/// The line that the adapter's documentation tells operators.
fn documented_rights() -> Vec<String> {
    let source = include_str!("../../src/shared/redis/mod.rs");
    let text: String =
        source.lines().filter_map(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join(" ");
    let line = text.split("`ACL SETUSER finbrain on >… ").nth(1).unwrap().split('`').next().unwrap();
    line.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_documented_rights_are_enough() {
    let redis = RedisServer::start().await.unwrap();
    let rights = documented_rights();
    let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
    redis.command(&[&["ACL", "SETUSER", "finbrain", "on", ">hush"], &rights[..]].concat()).await.unwrap();

    let shared = connect_as(&redis, "finbrain", "hush").await;
    until("it is found", || answers(&shared)).await;
    use_all(&shared).await;
    until("it listens", async || {
        let counted = redis.command(&["PUBSUB", "NUMSUB", "finbrain:1:growth"]).await.unwrap();
        redis::from_redis_value::<(String, u64)>(counted).unwrap().1 == 1
    })
    .await;

    let denied = redis.command(&["ACL", "LOG"]).await.unwrap();
    assert_eq!(redis::from_redis_value::<Vec<redis::Value>>(denied).unwrap(), []);
}

async fn connect_as(redis: &RedisServer, user: &str, password: &str) -> Arc<RedisShared> {
    let url = format!("redis://{user}:{password}@127.0.0.1:{}/0", redis.port);
    Arc::new(RedisShared::connect(settings(url)).await.unwrap())
}

#[tokio::test]
async fn whoever_redis_does_not_know_does_without_it() {
    let redis = RedisServer::start().await.unwrap();
    redis.command(&["ACL", "SETUSER", "finbrain", "on", ">hush", "~*", "&*", "+@all"]).await.unwrap();

    let wrong = connect_as(&redis, "finbrain", "wrong").await;

    assert!(!answers(&wrong).await);
    let right = connect_as(&redis, "finbrain", "hush").await;
    until("it is found", || answers(&right)).await;
}

#[tokio::test]
async fn a_redis_behind_tls_is_reached_by_its_authority_alone() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = TempDir::new().unwrap();
    certify(folder.path());
    let port = free_port().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key, authority) = (file("server.pem"), file("server.key"), file("ca.pem"));
    let tls_port = port.to_string();
    let _redis = RedisServer::start_with(&[
        "--tls-port",
        &tls_port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &authority,
        "--tls-auth-clients",
        "no",
    ])
    .await
    .unwrap();
    let url = format!("rediss://localhost:{port}");
    let authority = Some(std::fs::read(authority).unwrap());

    let stranger = RedisShared::connect(settings(&*url)).await.unwrap();
    let ours = RedisSettings { authority, ..settings(&*url) };
    let ours = Arc::new(RedisShared::connect(ours).await.unwrap());

    assert!(!answers(&stranger).await, "no public authority has signed it");
    until("it is found", || answers(&ours)).await;
    use_all(&ours).await;
    let nonsense = RedisSettings { authority: Some(b"-----BEGIN".to_vec()), ..settings(&*url) };
    let refused = RedisShared::connect(nonsense).await;
    assert!(matches!(refused, Err(ConnectError::Authority)));
}

/// An authority and a certificate of it for localhost.
fn certify(folder: &Path) {
    std::fs::write(folder.join("san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let openssl = |line: &str| {
        let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {curve} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
    openssl(&format!("req {curve} -keyout server.key -out server.csr -subj /CN=localhost"));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem",
    );
}
