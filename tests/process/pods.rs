//! Two pods of the real binary over a real MongoDB and a real Redis: whoever answers, it is one server. Redis may be
//! emptied, killed or frozen; that changes nothing but time. Without MongoDB nothing is answered wrongly.

use std::time::{Duration, Instant};

use finbrain_loadtest::servers::{Mongod, RedisServer};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    person::{Client, PASSWORD, Person, expense},
    program::{Server, check_holds_in, eventually},
};

const SOON: Duration = Duration::from_secs(30);

/// Two pods, and what they stand on.
struct Stage {
    pods: [Server; 2],
    mongod: Mongod,
    redis: RedisServer,
    runtime: Runtime,
    // Dropped last.
    dir: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let provider = rustls::crypto::ring::default_provider();
        // Another test may have been faster.
        let _ = provider.install_default();
        let mongod = runtime.block_on(Mongod::start()).unwrap();
        let redis = runtime.block_on(RedisServer::start()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let flags = flags(&mongod, &redis);
        let pods = std::array::from_fn(|_| {
            Server::start_with(dir.path(), &flags.iter().map(String::as_str).collect::<Vec<_>>())
        });
        Self { pods, mongod, redis, runtime, dir }
    }

    /// The same person's browser on each pod.
    fn both(&self, person: &Person) -> [Client; 2] {
        [person.on(&self.pods[0]), person.on(&self.pods[1])]
    }

    /// Ends the pods as an operator does; the books hold.
    fn end(self) {
        let uri = self.mongod.uri("finbrain");
        for pod in self.pods {
            pod.stop().succeeded();
        }
        check_holds_in(self.dir.path(), &["--mongodb-uri", &uri]);
    }
}

fn flags(mongod: &Mongod, redis: &RedisServer) -> Vec<String> {
    vec![
        format!("--mongodb-uri={}", mongod.uri("finbrain")),
        format!("--redis-url={}", redis.url()),
        "--drain=0".into(),
    ]
}

#[test]
fn a_session_begun_on_one_pod_lives_on_the_other_and_ends_on_both() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "both@example.org");
    let [mut here, mut there] = stage.both(&person);

    let written = there.post("/transactions", &expense("written there")).expect(201);
    let read = here.get("/transactions").expect(200);

    assert_eq!((read.version(), read.json()["totals"]["count"].as_u64()), (written.version(), Some(1)));
    here.post("/auth/logout", &json!({})).expect(204);
    for client in [&mut here, &mut there] {
        client.get("/transactions").expect(401);
        client.post("/transactions", &expense("too late")).expect(401);
        client.post("/session/heartbeat", &json!({"active": true})).expect(401);
    }
    stage.end();
}

#[test]
fn every_answer_contains_what_was_acknowledged_before_on_the_other_pod() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "turns@example.org");
    let mut clients = stage.both(&person);

    for turn in 0..40 {
        let (writer, reader) = (turn % 2, (turn + 1) % 2);
        let written = clients[writer].post("/transactions", &expense("a turn")).expect(201);
        let rows = clients[reader].get("/transactions?limit=1").expect(200);
        let report = clients[reader].get("/dashboard?from=2026-10&to=2026-10").expect(200);
        assert_eq!((rows.version(), report.version()), (written.version(), written.version()));
        assert_eq!(rows.json()["totals"]["count"], turn + 1);
        assert_eq!(report.json()["totals"]["count"], turn + 1);
    }
    stage.end();
}

#[test]
fn a_key_sent_to_both_pods_is_applied_once() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "key@example.org");

    for round in 0..20 {
        let key = format!("key-{round}");
        let answers: Vec<_> = std::thread::scope(|scope| {
            let send = |mut client: Client| {
                let key = &key;
                scope.spawn(move || {
                    client.send("POST", "/transactions", Some(key), Some(&expense("once"))).unwrap()
                })
            };
            let sent: Vec<_> = stage.both(&person).into_iter().map(send).collect();
            sent.into_iter().map(|sent| sent.join().unwrap().expect(201)).collect()
        });
        assert_eq!(answers[0].version(), answers[1].version());
        assert_eq!(answers[0].json()["transaction"], answers[1].json()["transaction"]);
        let replays = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_some());
        assert_eq!(replays.count(), 1, "one of them wrote it");
    }
    assert_eq!(person.on(&stage.pods[0]).get("/transactions").expect(200).json()["totals"]["count"], 20);
    stage.end();
}

#[test]
fn limits_of_signing_in_hold_across_pods() {
    let stage = Stage::set();
    let body = json!({"email": "nobody@example.org", "password": PASSWORD});
    let mut verdicts = Vec::new();

    for attempt in 0..40 {
        let answer = Client::anonymous(&stage.pods[attempt % 2]).post("/auth/login", &body);
        verdicts.push(answer.status);
        assert_eq!(answer.status == 429, answer.header("retry-after").is_some(), "{answer:?}");
    }

    let let_in = verdicts.iter().filter(|status| **status == 401).count();
    // One account has a handful of attempts at once, on both pods together.
    assert!((1..20).contains(&let_in), "{verdicts:?}");
    stage.end();
}

#[test]
fn nobody_is_logged_out_when_redis_is_emptied_or_killed() {
    let mut stage = Stage::set();
    let person = Person::register(&stage.pods[0], "redis@example.org");
    let mut clients = stage.both(&person);

    stage.runtime.block_on(stage.redis.command(&["FLUSHALL"])).unwrap();
    for client in &mut clients {
        client.post("/transactions", &expense("emptied")).expect(201);
        client.post("/session/heartbeat", &json!({"active": false})).expect(200);
    }
    stage.redis.kill();
    for turn in 0..20 {
        let client = &mut clients[turn % 2];
        client.post("/transactions", &expense("without")).expect(201);
        assert_eq!(client.get("/transactions").expect(200).json()["totals"]["count"], turn + 3);
    }
    // A logout counts although Redis never heard of it.
    let phone = Person::login(&stage.pods[1], "redis@example.org", PASSWORD);
    phone.on(&stage.pods[1]).post("/auth/logout", &json!({})).expect(204);
    stage.runtime.block_on(stage.redis.launch()).unwrap();

    for pod in &stage.pods {
        phone.on(pod).get("/transactions").expect(401);
        phone.on(pod).post("/transactions", &expense("too late")).expect(401);
    }
    clients[0].post("/transactions", &expense("again")).expect(201);
    stage.end();
}

#[test]
fn a_frozen_redis_delays_nobody_for_long() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "frozen@example.org");
    let [mut client, _] = stage.both(&person);
    client.get("/transactions").expect(200);

    stage.redis.process().unwrap().signal("STOP");
    let started = Instant::now();
    for _ in 0..20 {
        client.post("/transactions", &expense("without")).expect(201);
    }
    let took = started.elapsed();
    stage.redis.process().unwrap().signal("CONT");

    // The first few wait for their deadlines; then the circuit is open.
    assert!(took < Duration::from_secs(3), "{took:?}");
    stage.end();
}

#[test]
fn without_mongodb_requests_are_refused_in_time_heartbeats_go_on_and_all_comes_back() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "mongo@example.org");
    let [mut client, mut other] = stage.both(&person);
    client.post("/transactions", &expense("before")).expect(201);

    stage.mongod.process().unwrap().signal("STOP");
    for request in ["/transactions", "/dashboard"] {
        let started = Instant::now();
        let refused = client.get(request).expect(503);
        assert!(
            refused.header("retry-after").is_some() && started.elapsed() < Duration::from_secs(4),
            "{refused:?}"
        );
    }
    let key = Some("one-key");
    let unknown = client.send("POST", "/transactions", key, Some(&expense("during"))).unwrap().expect(503);
    assert!(unknown.header("retry-after").is_some());
    client.post("/session/heartbeat", &json!({"active": true})).expect(200);
    // A pod that has not opened the book answers heartbeats as well.
    other.post("/session/heartbeat", &json!({"active": true})).expect(200);
    stage.mongod.process().unwrap().signal("CONT");

    let again = eventually(SOON, || {
        let answer = other.send("POST", "/transactions", key, Some(&expense("during"))).unwrap();
        (answer.status == 201).then_some(answer)
    });
    let again = again.expect("the store is back");
    let rows = client.get("/transactions").expect(200);
    assert_eq!((rows.version(), rows.json()["totals"]["count"].as_u64()), (again.version(), Some(2)));
    stage.end();
}

#[test]
fn a_pod_that_is_killed_leaves_everything_to_the_other() {
    let mut stage = Stage::set();
    let person = Person::register(&stage.pods[0], "killed@example.org");
    let [mut client, mut other] = stage.both(&person);
    let written = client.post("/transactions", &expense("before")).expect(201);

    stage.pods[0].process.kill();
    let read = other.get("/transactions").expect(200);
    let next = other.post("/transactions", &expense("after")).expect(201);

    assert_eq!(read.version(), written.version());
    assert_eq!(next.version(), written.version() + 1);
    let flags = flags(&stage.mongod, &stage.redis);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    stage.pods[0] = Server::start_with(stage.dir.path(), &flags);
    assert_eq!(person.on(&stage.pods[0]).get("/transactions").expect(200).version(), next.version());
    stage.end();
}

#[test]
fn a_model_that_one_pod_promotes_is_served_by_the_other() {
    let stage = Stage::set();
    // The first account of a server on this machine is its administrator.
    let person = Person::register(&stage.pods[0], "admin@example.org");
    let [mut here, mut there] = stage.both(&person);
    let trained = |client: &mut Client| client.get("/classifier").expect(200).json()["trained_at"].clone();
    assert!(trained(&mut here).is_null() && trained(&mut there).is_null(), "the built-in model serves");

    here.post("/classifier/retrain", &json!({})).expect(202);
    let promoted = eventually(Duration::from_secs(120), || {
        let outcome = &here.get("/classifier").expect(200).json()["last_training"]["outcome"];
        outcome.as_str().map(ToOwned::to_owned)
    });

    assert_eq!(promoted.as_deref(), Some("promoted"));
    let at = eventually(SOON, || Some(trained(&mut here)).filter(serde_json::Value::is_string));
    let at = at.expect("the pod that promoted it serves it");
    eventually(SOON, || (trained(&mut there) == at).then_some(()))
        .expect("the other pod follows the pointer");
    stage.end();
}

#[test]
fn an_account_closed_on_one_pod_is_gone_on_both() {
    let stage = Stage::set();
    let person = Person::register(&stage.pods[0], "gone@example.org");
    let [mut here, mut there] = stage.both(&person);
    there.post("/transactions", &expense("soon gone")).expect(201);

    let body = json!({"password": PASSWORD});
    here.send("DELETE", "/me", None, Some(&body)).unwrap().expect(204);

    for client in [&mut here, &mut there] {
        client.get("/transactions").expect(401);
        client.post("/transactions", &expense("late")).expect(401);
    }
    stage.end();
}
