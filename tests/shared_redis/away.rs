//! Redis slow, gone, empty, or without our scripts.

use finbrain_domain::ports::{Limit, StoreError};

use super::*;

/// With the real deadline.
async fn connect_promptly(redis: &RedisServer) -> RedisShared {
    let rate = Rate::per_minute(1, 20);
    let settings = RedisSettings::new(redis.url(), [7; 32], SessionLife::default(), rate);
    let shared = RedisShared::connect(settings).await.unwrap();
    until("Redis answers", || answers(&shared)).await;
    shared
}

#[tokio::test]
async fn a_flushed_redis_knows_no_session() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let session = session(now());
    shared.admit(session.clone(), now()).await.unwrap();

    redis.command(&["FLUSHALL"]).await.unwrap();

    assert_eq!(touch(&shared, session.token, now()).await, Err(TouchRefused::Unknown));
    assert_eq!(shared.alive(session.user, now()).await.unwrap(), []);
}

#[tokio::test]
async fn scripts_that_redis_has_forgotten_are_taught_again() {
    let redis = RedisServer::start().await.unwrap();
    let shared = Arc::new(connect(&redis).await);

    for _ in 0..3 {
        redis.command(&["SCRIPT", "FLUSH"]).await.unwrap();
        use_all(&shared).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_found_when_it_comes() {
    let mut redis = RedisServer::start().await.unwrap();
    redis.kill();
    let shared = connect(&redis).await;
    assert!(!answers(&shared).await);

    redis.launch().await.unwrap();

    until("Redis is found", || answers(&shared)).await;
}

#[tokio::test]
async fn a_killed_redis_is_done_without_at_once_and_found_again_when_it_is_back() {
    let mut redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    for round in 0..3 {
        redis.kill();
        let began = Instant::now();
        until("it is missed", async || !answers(&shared).await).await;
        let touched = shared.touch(Touch { token: Digest::ZERO, now: now(), active: false }).await;
        assert!(matches!(touched, Err(StoreError::Unavailable(_))), "{round}: {touched:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{round}: {:?}", began.elapsed());

        redis.launch().await.unwrap();

        until("it is found", || answers(&shared)).await;
        let session = session(now());
        shared.admit(session.clone(), now()).await.unwrap();
        assert!(touch(&shared, session.token, now()).await.is_ok());
    }
}

#[tokio::test]
async fn a_frozen_redis_delays_few_requests_by_the_deadline_and_further_ones_not_at_all() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect_promptly(&redis).await;
    redis.process().unwrap().signal("STOP");

    let mut slow = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        assert!(!answers(&shared).await);
        slow.push(began.elapsed());
    }
    let began = Instant::now();
    for _ in 0..1000 {
        let _ = answers(&shared).await;
    }
    let fast = began.elapsed();
    redis.process().unwrap().signal("CONT");

    // Sixty milliseconds, and what a busy machine adds; without a deadline they would never end.
    assert!(slow.iter().all(|took| *took < Duration::from_secs(1)), "{slow:?}");
    assert!(fast < Duration::from_secs(2), "a thousand requests took {fast:?}");
    until("it is found", || answers(&shared)).await;
}

#[tokio::test]
async fn limits_hold_in_each_pod_while_redis_is_away() {
    let mut redis = RedisServer::start().await.unwrap();
    let shared = connect_promptly(&redis).await;
    redis.kill();
    until("it is missed", async || !answers(&shared).await).await;

    let at = now();
    let mut passed = 0;
    for _ in 0..10 {
        let limit = Limit { name: "login", key: "198.51.100.0/24", per_minute: 1, burst: 3, now: at };
        passed += usize::from(shared.limit(limit).await.unwrap().is_ok());
    }
    let token = session(at).token;
    let mut touched = Vec::new();
    for _ in 0..30 {
        touched.push(shared.touch(Touch { token, now: at, active: false }).await);
    }

    assert_eq!(passed, 3);
    assert!(touched[..20].iter().all(Result::is_err), "the durable store is asked");
    let is_limited = |touched: &Result<_, _>| matches!(touched, Ok(Err(TouchRefused::Limited { .. })));
    assert!(touched[20..].iter().all(is_limited), "{:?}", touched[20]);
}

#[tokio::test]
async fn a_session_that_ended_while_redis_was_frozen_stays_ended() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect_promptly(&redis).await;
    let other = connect(&redis).await;
    let session = session(now());
    shared.admit(session.clone(), now()).await.unwrap();
    redis.process().unwrap().signal("STOP");
    // What is asked before the circuit is open reaches Redis late; this is to reach it never.
    for _ in 0..3 {
        assert!(!answers(&shared).await);
    }

    assert!(shared.evict(vec![session.token]).await.is_err());
    redis.process().unwrap().signal("CONT");

    until("it is found", || answers(&shared)).await;
    assert_eq!(touch(&shared, session.token, now()).await, Err(TouchRefused::Unknown));
    let token = session.token;
    until("the other pod hears of it", async || {
        touch(&other, token, now()).await == Err(TouchRefused::Unknown)
    })
    .await;
}
