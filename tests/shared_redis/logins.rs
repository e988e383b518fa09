//! Sessions of two pods as people live them: the rooms that decide over sessions, on one durable store and one Redis, with
//! a clock an hour off in one of the pods.

use std::net::IpAddr;

use finbrain::{
    auth::{
        accounts::{Auth, AuthPorts, SignedIn},
        caller::Caller,
        error::AuthError,
        hash_pool::{HashCost, HashPool, PoolSettings},
        keys::ServerKeys,
        public_url::{InsecureHttp, PublicUrl},
        settings::AuthSettings,
    },
    store::embedded::EmbeddedStore,
};
use finbrain_domain::{
    ports::{Clock, Users},
    settings::Settings,
    text::Name,
};
use tempfile::TempDir;

use super::*;

struct Off(i64);

impl Clock for Off {
    fn now(&self) -> Timestamp {
        after(now(), self.0)
    }
}

struct Pod {
    auth: Auth,
    shared: Arc<RedisShared>,
}

impl Pod {
    async fn start(redis: &RedisServer, store: &Arc<EmbeddedStore>, off: i64) -> Self {
        let shared = Arc::new(connect(redis).await);
        let ports = AuthPorts {
            users: store.clone(),
            shared: shared.clone(),
            journal: store.clone(),
            due: store.clone(),
            clock: shared.clock(Arc::new(Off(off))),
        };
        let cost = HashCost { memory_kib: 8, passes: 1 };
        let pool = HashPool::start(PoolSettings { threads: 1, cost, ..PoolSettings::default() }).unwrap();
        let keys = ServerKeys::parse("a secret for tests, more than 32 characters").unwrap();
        let url = PublicUrl::parse("http://localhost:8080", InsecureHttp::Refused).unwrap();
        // The first request of anybody tells the pod what time it is.
        until("Redis answers", || answers(&shared)).await;
        Self { auth: Auth::new(ports, Arc::new(pool), keys, AuthSettings::of(&url, None)), shared }
    }

    async fn enter(&self) -> SignedIn {
        let address: IpAddr = "203.0.113.7".parse().unwrap();
        let opening = Settings::of(Name::parse("Dana").unwrap());
        self.auth.demo(opening, &Caller::new(address.into(), None)).await.unwrap()
    }

    async fn ask(&self, person: &SignedIn) -> Result<Session, AuthError> {
        self.auth.identify(&person.token.reveal(), self.auth.now(), false).await
    }
}

struct House {
    redis: RedisServer,
    store: Arc<EmbeddedStore>,
    pods: [Pod; 2],
    _folder: TempDir,
}

impl House {
    /// A pod that is right and one whose clock is off by so many seconds.
    async fn with_clock_off(off: i64) -> Self {
        let (redis, folder) = (RedisServer::start().await.unwrap(), TempDir::new().unwrap());
        let store = Arc::new(EmbeddedStore::open(folder.path()).unwrap());
        let pods = [Pod::start(&redis, &store, 0).await, Pod::start(&redis, &store, off).await];
        Self { redis, store, pods, _folder: folder }
    }
}

#[tokio::test]
async fn a_person_goes_on_at_every_pod_while_redis_is_flushed_and_gone_and_back() {
    for off in [3600, -3600] {
        let mut house = House::with_clock_off(off).await;
        let (from_right, from_wrong) = (house.pods[0].enter().await, house.pods[1].enter().await);
        let everybody = [&from_right, &from_wrong];
        let all_go_on = async |house: &House, when: &str| {
            for pod in &house.pods {
                for person in everybody {
                    let asked = pod.ask(person).await.map(|session| session.id);
                    assert_eq!(asked.unwrap(), person.session.id, "{off} {when}");
                    assert_eq!(
                        pod.auth.list_sessions(person.user.id).await.unwrap().len(),
                        1,
                        "{off} {when}"
                    );
                    pod.auth.check(&person.session).await.unwrap();
                }
                pod.auth.flush_seen().await.unwrap();
            }
        };

        all_go_on(&house, "with Redis").await;
        house.redis.command(&["FLUSHALL"]).await.unwrap();
        all_go_on(&house, "after a flush").await;
        house.redis.kill();
        for pod in &house.pods {
            until("it is missed", async || !answers(&pod.shared).await).await;
        }
        all_go_on(&house, "without Redis").await;
        house.redis.launch().await.unwrap();
        for pod in &house.pods {
            until("it is found", || answers(&pod.shared)).await;
        }
        all_go_on(&house, "with an empty Redis").await;

        for person in everybody {
            let stored = house.store.session(person.session.token).await.unwrap().unwrap();
            let age = now().duration_since(stored.last_seen_at).as_secs();
            assert!((-30..30).contains(&age), "{off}: the durable store says {age} s ago");
        }
    }
}

#[tokio::test]
async fn a_session_that_one_pod_ended_is_over_at_the_other_with_redis_and_without() {
    let mut house = House::with_clock_off(3600).await;
    let (early, late) = (house.pods[0].enter().await, house.pods[1].enter().await);

    house.pods[0].auth.end(std::slice::from_ref(&early.session)).await.unwrap();
    for pod in &house.pods {
        assert!(matches!(pod.ask(&early).await, Err(AuthError::NoSession)));
        assert!(pod.ask(&late).await.is_ok());
    }
    house.redis.kill();
    for pod in &house.pods {
        until("it is missed", async || !answers(&pod.shared).await).await;
    }
    house.pods[1].auth.end(std::slice::from_ref(&late.session)).await.unwrap();

    for pod in &house.pods {
        for person in [&early, &late] {
            assert!(matches!(pod.ask(person).await, Err(AuthError::NoSession)));
        }
    }
}
