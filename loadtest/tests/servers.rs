//! The servers that tests run against start, answer, and end with their starter.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use finbrain_loadtest::servers::{Mongod, RedisServer};
use mongodb::bson::doc;

#[tokio::test]
async fn a_mongod_is_a_writable_replica_set_and_ends_when_it_is_dropped() {
    let mongod = Mongod::start().await.unwrap();
    let pid = mongod.process().unwrap().pid();

    let hello = mongod.command(doc! { "hello": 1 }).await.unwrap();

    assert_eq!(hello.get_str("setName").unwrap(), "rs0");
    drop(mongod);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn a_redis_answers_and_comes_back_empty_after_a_kill() {
    let mut server = RedisServer::start().await.unwrap();
    server.command(&["SET", "key", "value"]).await.unwrap();

    server.kill();
    assert!(server.command(&["GET", "key"]).await.is_err());
    server.launch().await.unwrap();

    assert_eq!(server.command(&["GET", "key"]).await.unwrap(), redis::Value::Nil);
}
