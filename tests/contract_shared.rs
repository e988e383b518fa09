//! The contract of the port `Shared`. Every adapter in [`adapters`] passes every test. Tokens, people and keys are fresh
//! in each test, so that an adapter may live in a server that others use at the same time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use finbrain::shared::{MemoryShared, Rate, RedisSettings, RedisShared};
use finbrain_domain::{
    ids::{BookId, Digest, SessionId, UserId},
    ports::{Growth, Limit, Shared, Touch, TouchRefused},
    session::{Ended, Session, SessionLife},
};
use finbrain_loadtest::servers::RedisServer;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

/// Every adapter with the given rate of a session.
async fn adapters_with(rate: Rate) -> Vec<(&'static str, Arc<dyn Shared>)> {
    static REDIS: OnceCell<RedisServer> = OnceCell::const_new();
    let redis = REDIS.get_or_init(async || RedisServer::start().await.unwrap()).await;
    let life = SessionLife::default();
    // The contract is about what is answered, not how fast, on a machine that is busy with other tests.
    let deadline = Duration::from_secs(10);
    let settings = RedisSettings { deadline, ..RedisSettings::new(redis.url(), [7; 32], life, rate) };
    let redis = RedisShared::connect_on_callers_time(settings).await.unwrap();
    vec![("memory", Arc::new(MemoryShared::new(life, rate))), ("redis", Arc::new(redis))]
}

async fn adapters() -> Vec<(&'static str, Arc<dyn Shared>)> {
    adapters_with(Rate::per_second(100, 500)).await
}

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    start.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn session() -> Session {
    let id = SessionId::new();
    Session {
        id,
        token: Digest::of(id.as_bytes()),
        user: UserId::new(),
        book: BookId::new(),
        auth_generation: 7,
        created_at: at(0),
        last_seen_at: at(0),
        last_active_at: at(0),
        device: "Firefox on Linux".into(),
        address: "203.0.113.0/24".into(),
    }
}

async fn touch(
    shared: &dyn Shared,
    session: &Session,
    seconds: i64,
    active: bool,
) -> Result<Session, TouchRefused> {
    shared.touch(Touch { token: session.token, now: at(seconds), active }).await.unwrap()
}

#[tokio::test]
async fn an_admitted_session_is_found_with_all_that_it_was() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();

        assert_eq!(touch(&*shared, &session, 0, false).await, Ok(session.clone()), "{name}");
        assert_eq!(shared.alive(session.user, at(0)).await.unwrap(), [session], "{name}");
    }
}

#[tokio::test]
async fn a_token_nobody_admitted_is_unknown() {
    for (name, shared) in adapters().await {
        assert_eq!(touch(&*shared, &session(), 0, true).await, Err(TouchRefused::Unknown), "{name}");
        assert_eq!(shared.alive(UserId::new(), at(0)).await.unwrap(), [], "{name}");
    }
}

#[tokio::test]
async fn requests_keep_a_session_alive_and_only_activity_keeps_it_active() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();

        let quiet = touch(&*shared, &session, 80, false).await.unwrap();
        let active = touch(&*shared, &session, 160, true).await.unwrap();

        assert_eq!((quiet.last_seen_at, quiet.last_active_at), (at(80), at(0)), "{name}");
        assert_eq!((active.last_seen_at, active.last_active_at), (at(160), at(160)), "{name}");
    }
}

#[tokio::test]
async fn ninety_seconds_without_a_request_end_a_session() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();

        assert!(touch(&*shared, &session, 89, true).await.is_ok(), "{name}");
        assert!(touch(&*shared, &session, 178, true).await.is_ok(), "{name}");
        let late = touch(&*shared, &session, 268, true).await;
        let again = touch(&*shared, &session, 268, true).await;

        assert_eq!(late, Err(TouchRefused::Ended(Ended::Idle)), "{name}");
        assert_eq!(again, Err(TouchRefused::Ended(Ended::Idle)), "{name}: a refused touch revived it");
    }
}

#[tokio::test]
async fn five_minutes_without_activity_end_a_session_whose_tab_is_open() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();

        for seconds in (30..300).step_by(30) {
            assert!(touch(&*shared, &session, seconds, false).await.is_ok(), "{name}");
        }
        let late = touch(&*shared, &session, 300, true).await;

        assert_eq!(late, Err(TouchRefused::Ended(Ended::Inactive)), "{name}");
    }
}

#[tokio::test]
async fn twelve_hours_end_every_session() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();

        for seconds in (60..12 * 3600).step_by(60) {
            assert!(touch(&*shared, &session, seconds, true).await.is_ok(), "{name}");
        }
        let late = touch(&*shared, &session, 12 * 3600, true).await;

        assert_eq!(late, Err(TouchRefused::Ended(Ended::Absolute)), "{name}");
    }
}

#[tokio::test]
async fn times_never_run_backwards() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();
        touch(&*shared, &session, 20, true).await.unwrap();

        let earlier = touch(&*shared, &session, 10, true).await.unwrap();

        assert_eq!((earlier.last_seen_at, earlier.last_active_at), (at(20), at(20)), "{name}");
    }
}

#[tokio::test]
async fn an_evicted_session_is_unknown_from_then_on_and_its_siblings_live() {
    for (name, shared) in adapters().await {
        let gone = session();
        let sibling = Session { user: gone.user, ..session() };
        shared.admit(gone.clone(), at(0)).await.unwrap();
        shared.admit(sibling.clone(), at(0)).await.unwrap();

        shared.evict(vec![gone.token, session().token]).await.unwrap();

        assert_eq!(touch(&*shared, &gone, 0, false).await, Err(TouchRefused::Unknown), "{name}");
        assert!(touch(&*shared, &sibling, 0, false).await.is_ok(), "{name}");
        assert_eq!(shared.alive(gone.user, at(0)).await.unwrap(), [sibling], "{name}");
    }
}

#[tokio::test]
async fn a_session_that_is_restored_goes_on_with_the_times_that_it_had() {
    for (name, shared) in adapters().await {
        let session = Session { last_seen_at: at(100), last_active_at: at(40), ..session() };

        shared.admit(session.clone(), at(110)).await.unwrap();

        assert_eq!(
            shared.alive(session.user, at(110)).await.unwrap(),
            std::slice::from_ref(&session),
            "{name}"
        );
        assert!(touch(&*shared, &session, 189, false).await.is_ok(), "{name}");
        let late = touch(&*shared, &session, 340, true).await;
        assert_eq!(late, Err(TouchRefused::Ended(Ended::Inactive)), "{name}");
    }
}

#[tokio::test]
async fn a_session_has_a_rate_and_what_exceeds_it_still_shows_that_somebody_is_there() {
    for (name, shared) in adapters_with(Rate::per_second(1, 3)).await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();
        for _ in 0..3 {
            assert!(touch(&*shared, &session, 80, false).await.is_ok(), "{name}");
        }

        let refused = touch(&*shared, &session, 80, false).await;

        assert_eq!(refused, Err(TouchRefused::Limited { retry_after: Duration::from_secs(1) }), "{name}");
        assert!(touch(&*shared, &session, 160, false).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn what_was_touched_is_drained_once() {
    for (name, shared) in adapters().await {
        let session = session();
        shared.admit(session.clone(), at(0)).await.unwrap();
        touch(&*shared, &session, 10, true).await.unwrap();
        touch(&*shared, &session, 20, false).await.unwrap();
        let drained = async || {
            let all = shared.drain_seen().await.unwrap();
            all.into_iter().filter(|seen| seen.token == session.token).collect::<Vec<_>>()
        };

        let (first, second) = (drained().await, drained().await);

        assert_eq!(first.len(), 1, "{name}");
        assert_eq!((first[0].seen_at, first[0].active_at), (at(20), at(10)), "{name}");
        assert_eq!(second, [], "{name}");
    }
}

#[tokio::test]
async fn limits_count_by_name_and_key_and_tell_how_long_to_wait() {
    for (name, shared) in adapters().await {
        let key = UserId::new().to_string();
        let count = async |name, key: &str, seconds| {
            let limit = Limit { name, key, per_minute: 6, burst: 2, now: at(seconds) };
            shared.limit(limit).await.unwrap()
        };

        assert_eq!(count("login", &key, 0).await, Ok(()), "{name}");
        assert_eq!(count("login", &key, 0).await, Ok(()), "{name}");
        assert_eq!(count("login", &key, 0).await, Err(Duration::from_secs(10)), "{name}");
        assert_eq!(count("reset", &key, 0).await, Ok(()), "{name}: another name");
        assert_eq!(count("login", &UserId::new().to_string(), 0).await, Ok(()), "{name}: another key");
        assert_eq!(count("login", &key, 9).await, Err(Duration::from_secs(1)), "{name}");
        assert_eq!(count("login", &key, 10).await, Ok(()), "{name}");
    }
}

#[tokio::test]
async fn growth_reaches_every_listener() {
    for (name, shared) in adapters().await {
        let growth = Growth { book: BookId::new(), version: 42 };
        let (mut one, mut two) = (shared.subscribe(), shared.subscribe());

        shared.publish(growth);

        for listener in [&mut one, &mut two] {
            let heard = tokio::time::timeout(Duration::from_secs(5), async {
                loop {
                    match listener.next().await {
                        Some(other) if other.book != growth.book => {}
                        heard => return heard,
                    }
                }
            });
            assert_eq!(heard.await, Ok(Some(growth)), "{name}");
        }
    }
}

#[tokio::test]
async fn a_listener_that_fell_behind_hears_the_newest_growth() {
    for (name, shared) in adapters().await {
        let book = BookId::new();
        let mut listener = shared.subscribe();

        for version in 1..=5000 {
            shared.publish(Growth { book, version });
        }

        let newest = tokio::time::timeout(Duration::from_secs(5), async {
            while let Some(growth) = listener.next().await {
                if growth == (Growth { book, version: 5000 }) {
                    return true;
                }
            }
            false
        });
        assert_eq!(newest.await, Ok(true), "{name}");
    }
}
