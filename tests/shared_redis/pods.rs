//! What pods have of each other: sessions, hints, rates; and a Redis that is a Cluster.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use finbrain_domain::{
    money::Currency,
    ports::{Answer, Clock, Growth, RateError, RateSource, RateTable},
};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::*;

#[tokio::test]
async fn pods_see_each_others_sessions() {
    let redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    let session = session(now());

    one.admit(session.clone(), now()).await.unwrap();

    assert_eq!(touch(&two, session.token, now()).await.unwrap().id, session.id);
    two.evict(vec![session.token]).await.unwrap();
    assert_eq!(touch(&one, session.token, now()).await, Err(TouchRefused::Unknown));
}

#[tokio::test]
async fn a_restoration_that_comes_after_the_end_revives_nothing() {
    let redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    let session = session(now());
    one.admit(session.clone(), now()).await.unwrap();

    one.evict(vec![session.token]).await.unwrap();
    two.admit(session.clone(), now()).await.unwrap();

    for pod in [&one, &two] {
        assert_eq!(touch(pod, session.token, now()).await, Err(TouchRefused::Unknown));
        assert_eq!(pod.alive(session.user, now()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn growth_reaches_other_pods_and_comes_back_to_none() {
    let redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    let (mut here, mut there) = (one.subscribe(), two.subscribe());
    until("both pods listen", async || {
        let counted = redis.command(&["PUBSUB", "NUMSUB", "finbrain:1:growth"]).await.unwrap();
        redis::from_redis_value::<(String, u64)>(counted).unwrap().1 == 2
    })
    .await;
    let book = BookId::new();

    for version in 1..=3 {
        one.publish(Growth { book, version });
    }
    for version in 1..=3 {
        assert_eq!(there.next().await, Some(Growth { book, version }));
        assert_eq!(here.next().await, Some(Growth { book, version }));
    }

    // The next that this pod hears is from the other one: its own have not come back.
    two.publish(Growth { book, version: 4 });
    assert_eq!(here.next().await, Some(Growth { book, version: 4 }));
}

#[tokio::test]
async fn hints_go_on_after_redis_was_away() {
    let mut redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    redis.kill();
    until("it is missed", async || !answers(&two).await).await;
    redis.launch().await.unwrap();
    let there = tokio::sync::Mutex::new(two.subscribe());

    until("a hint comes through", async || {
        one.publish(Growth { book: BookId::new(), version: 1 });
        let mut there = there.lock().await;
        tokio::time::timeout(Duration::from_millis(50), there.next()).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn every_script_keeps_to_one_slot_of_a_cluster() {
    let redis = RedisServer::start_with(&["--cluster-enabled", "yes"]).await.unwrap();
    redis.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await.unwrap();
    let state = async || text(&redis, &["CLUSTER", "INFO"]).await.contains("cluster_state:ok");
    until("the cluster is formed", state).await;

    let shared = Arc::new(connect(&redis).await);
    until("it is found", || answers(&shared)).await;

    use_all(&shared).await;
}

/// Counts how often it is asked.
#[derive(Default)]
struct Source {
    asked: AtomicUsize,
}

impl RateSource for Source {
    fn name(&self) -> &'static str {
        "a test"
    }

    fn rates(&self, from: Date, _: Date) -> Answer<'_, Result<RateTable, RateError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let rates = BTreeMap::from([(Currency::USD, "1.0837".parse::<Decimal>().unwrap())]);
        Box::pin(async move { Ok(RateTable::from([(from, rates)])) })
    }
}

struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn rates_that_one_pod_has_fetched_are_there_for_all_until_they_are_old_or_forged() {
    let redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    let (source, clock) = (Arc::new(Source::default()), Arc::new(HandClock(Mutex::new(now()))));
    let [one, two] = [&one, &two].map(|pod| pod.rates(source.clone(), clock.clone()));
    let [from, to]: [Date; 2] = ["2026-10-01", "2026-10-31"].map(|text| text.parse().unwrap());
    let asked = || source.asked.load(Ordering::Relaxed);

    let fetched = one.rates(from, to).await.unwrap();
    let shared = two.rates(from, to).await.unwrap();

    assert_eq!((&fetched, asked()), (&shared, 1));
    assert_eq!(fetched[&from][&Currency::USD].to_string(), "1.0837");
    *clock.0.lock().unwrap() = after(now(), 6 * 3600 + 60);
    two.rates(from, to).await.unwrap();
    assert_eq!(asked(), 2, "too old");
    // The signed rates of one range under the name of another.
    let (real, other) = ("finbrain:1:rates:2026-10-01:2026-10-31", "finbrain:1:rates:2026-09-01:2026-09-30");
    redis.command(&["COPY", real, other]).await.unwrap();
    let [from, to]: [Date; 2] = ["2026-09-01", "2026-09-30"].map(|text| text.parse().unwrap());
    assert!(two.rates(from, to).await.unwrap().contains_key(&from));
    assert_eq!(asked(), 3, "of another range");
    redis.command(&["SET", other, "{}"]).await.unwrap();
    two.rates(from, to).await.unwrap();
    assert_eq!(asked(), 4, "forged");
}

#[tokio::test]
async fn rates_come_from_their_source_while_redis_is_away() {
    let mut redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let source = Arc::new(Source::default());
    let rates = shared.rates(source.clone(), Arc::new(HandClock(Mutex::new(now()))));
    redis.kill();
    let day: Date = "2026-10-01".parse().unwrap();

    for _ in 0..3 {
        assert!(rates.rates(day, day).await.unwrap().contains_key(&day));
    }

    assert_eq!((source.asked.load(Ordering::Relaxed), rates.name()), (3, "a test"));
}
