//! What the Redis adapter of `Shared` promises beyond the contract, against real servers: one round trip a request, Redis's
//! clock, distrust of what comes back, and what happens while Redis is slow, away, empty, secured or failed over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod away;
mod clocks;
mod logins;
mod pods;
mod secured;
mod sentinel;
mod trust;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use finbrain::shared::{Rate, RedisSettings, RedisShared};
use finbrain_domain::{
    ids::{BookId, Digest, SessionId, UserId},
    ports::{Shared, Touch, TouchRefused},
    session::{Session, SessionLife},
};
use finbrain_loadtest::servers::RedisServer;
use jiff::{SignedDuration, Timestamp};

/// Longer than anything that is waited for takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn settings(url: impl Into<String>) -> RedisSettings {
    let rate = Rate::per_second(100, 500);
    // Most tests are about what is answered, not how fast, on a machine that is busy with other tests.
    let deadline = Duration::from_secs(10);
    RedisSettings { deadline, ..RedisSettings::new(url, [7; 32], SessionLife::default(), rate) }
}

async fn connect(redis: &RedisServer) -> RedisShared {
    RedisShared::connect(settings(redis.url())).await.unwrap()
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn session(at: Timestamp) -> Session {
    let id = SessionId::new();
    Session {
        id,
        token: Digest::of(id.as_bytes()),
        user: UserId::new(),
        book: BookId::new(),
        auth_generation: 7,
        created_at: at,
        last_seen_at: at,
        last_active_at: at,
        device: "Firefox on Linux".into(),
        address: "203.0.113.0/24".into(),
    }
}

async fn touch(shared: &RedisShared, token: Digest, now: Timestamp) -> Result<Session, TouchRefused> {
    shared.touch(Touch { token, now, active: true }).await.unwrap()
}

/// Whether Redis answers, and not this pod alone.
async fn answers(shared: &RedisShared) -> bool {
    shared.touch(Touch { token: Digest::ZERO, now: now(), active: false }).await.is_ok()
}

async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A command's answer as text.
async fn text(redis: &RedisServer, words: &[&str]) -> String {
    redis::from_redis_value(redis.command(words).await.unwrap()).unwrap()
}

async fn keys(redis: &RedisServer) -> Vec<String> {
    redis::from_redis_value(redis.command(&["KEYS", "*"]).await.unwrap()).unwrap()
}

/// The name under which a session stands.
fn key_of(session: &Session) -> String {
    format!("finbrain:1:session:{}", session.token)
}

/// One of everything that the adapter does.
async fn use_all(shared: &Arc<RedisShared>) {
    use finbrain_domain::ports::{Growth, Limit};
    let one = session(now());
    shared.admit(one.clone(), now()).await.unwrap();
    assert!(touch(shared, one.token, now()).await.is_ok());
    assert_eq!(shared.alive(one.user, now()).await.unwrap().len(), 1);
    shared.evict(vec![one.token]).await.unwrap();
    assert_eq!(touch(shared, one.token, now()).await, Err(TouchRefused::Unknown));
    assert_eq!(shared.alive(one.user, now()).await.unwrap(), []);
    let key = one.id.to_string();
    let limit = || shared.limit(Limit { name: "login", key: &key, per_minute: 6, burst: 1, now: now() });
    assert_eq!(limit().await, Ok(Ok(())));
    assert!(matches!(limit().await, Ok(Err(_))));
    shared.publish(Growth { book: one.book, version: 1 });
}
