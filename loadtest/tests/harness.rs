//! The servers of the harness do what faults are made of: primaries fall, replicas take over, pods come and go behind
//! nginx.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake;

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use fake::{Fake, answer};
use finbrain_loadtest::servers::{Guarded, Nginx, RedisServer, ReplicaSet, ServerError, Upstream};
use mongodb::bson::doc;
use tokio::sync::Semaphore;

fn open(fake: &Fake) -> Upstream {
    Upstream::open(fake.address.to_string())
}

fn closed(fake: &Fake) -> Upstream {
    Upstream { is_open: false, ..open(fake) }
}

async fn post(nginx: &Nginx, key: Option<&str>, body: Vec<u8>) -> (u16, String) {
    let mut request = client().post(format!("{}/api/v1/transactions", nginx.url())).body(body);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Says what it was asked.
async fn echo() -> Fake {
    let echo = async |request: fake::Request| {
        let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
        let (hops, host, key) = (header("x-forwarded-for"), header("host"), header("idempotency-key"));
        answer(200, "", &format!("{} {} {hops} {host} {key}", request.method, request.body.len()))
    };
    Fake::start(echo).await
}

/// Takes a request and is never heard of again.
async fn dying() -> Fake {
    Fake::start(async |_| None).await
}

#[tokio::test]
async fn a_program_that_is_told_to_stop_leaves_its_status_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let start = |script: &str| {
        let sh = Path::new("/bin/sh");
        Guarded::start(sh, &folder.path().join("log"), Command::new(sh).args(["-c", script])).unwrap()
    };

    let mut polite =
        start("trap 'exit 7' TERM; echo ready; while :; do read -t 1 nothing </dev/null || :; done");
    while !std::fs::read_to_string(folder.path().join("log")).unwrap().contains("ready") {
        tokio::task::yield_now().await;
    }
    polite.signal("TERM");
    assert_eq!(polite.ended(Duration::from_secs(10)).await, Some(7));
    assert!(!polite.is_running());

    let mut killed = start("exec cat /dev/zero >/dev/null");
    assert_eq!(killed.ended(Duration::ZERO).await, None);
    killed.signal("KILL");
    assert_eq!(killed.ended(Duration::from_secs(10)).await, Some(128 + 9));

    let dropped = start("exec cat /dev/zero >/dev/null");
    let pid = dropped.pid();
    drop(dropped);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn a_replica_set_elects_another_primary_when_the_first_is_killed_and_keeps_what_was_written() {
    let mut set = ReplicaSet::start(3).await.unwrap();
    let first = set.primary().await.unwrap();
    let client = mongodb::Client::with_uri_str(set.uri("test")).await.unwrap();
    let things = client.database("test").collection("things");
    let concern = mongodb::options::WriteConcern::majority();
    things.insert_one(doc! { "_id": 1 }).write_concern(concern).await.unwrap();

    set.kill(first);
    let second = set.primary().await.unwrap();

    assert_ne!(first, second);
    set.launch(first).unwrap();
    let third = set.step_down().await.unwrap();
    assert_ne!(second, third);
    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 1);
}

#[tokio::test]
async fn a_promoted_replica_of_redis_has_what_reached_it_and_takes_writes() {
    let mut first = RedisServer::start().await.unwrap();
    first.command(&["SET", "key", "value"]).await.unwrap();
    let replica = first.replica().await.unwrap();
    assert!(replica.command(&["SET", "key", "other"]).await.is_err(), "a replica only reads");

    first.kill();
    replica.promote().await.unwrap();

    assert_eq!(replica.command(&["GET", "key"]).await.unwrap(), redis::Value::BulkString(b"value".into()));
    replica.command(&["SET", "key", "other"]).await.unwrap();
}

#[tokio::test]
async fn nginx_refuses_a_configuration_that_makes_no_sense() {
    let refused = Nginx::start(&[Upstream::open("no address at all".into())]).await.unwrap_err();

    assert!(matches!(refused, ServerError::Refused { program: "nginx", .. }), "{refused}");
}

#[tokio::test]
async fn what_a_pod_may_have_done_is_repeated_on_another_only_under_a_key() {
    let (dying, living) = (dying().await, echo().await);

    let nginx = Nginx::start(&[open(&dying), open(&living)]).await.unwrap();
    assert_eq!(post(&nginx, None, b"{}".into()).await.0, 502);
    assert_eq!((dying.requests(), living.requests()), (1, 0));

    let nginx = Nginx::start(&[open(&dying), open(&living)]).await.unwrap();
    let (status, text) = post(&nginx, Some("key-1"), vec![b'x'; 100_000]).await;
    let host = nginx.url().replace("http://", "");
    assert_eq!((status, text), (200, format!("POST 100000 127.0.0.1 {host} key-1")));
    assert_eq!((dying.requests(), living.requests()), (2, 1));

    let nginx = Nginx::start(&[open(&dying), open(&living)]).await.unwrap();
    assert_eq!(client().get(nginx.url()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_reached_no_pod_is_sent_to_the_next() {
    let living = echo().await;
    let nobody = format!("127.0.0.1:{}", finbrain_loadtest::servers::free_port().unwrap());
    let nginx = Nginx::start(&[Upstream::open(nobody), open(&living)]).await.unwrap();

    assert_eq!(post(&nginx, None, b"{}".into()).await.0, 200);
}

#[tokio::test]
async fn imports_of_20_mib_pass_and_a_chain_of_hops_is_kept() {
    let living = echo().await;
    let nginx = Nginx::start(&[open(&living)]).await.unwrap();

    assert_eq!(post(&nginx, None, vec![b'x'; 20 << 20]).await.0, 200);
    assert_eq!(post(&nginx, None, vec![b'x'; 22 << 20]).await.0, 413);
    let forwarded = client().get(nginx.url()).header("x-forwarded-for", "10.1.2.3").send().await.unwrap();
    assert!(forwarded.text().await.unwrap().starts_with("GET 0 10.1.2.3, 127.0.0.1 "));
}

#[tokio::test]
async fn an_event_is_passed_on_while_its_stream_goes_on() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\nid: 7\n\n\n\n\r\n";
    let pod = Fake::start(move |_| async move { Some(stream.into()) }).await;
    let nginx = Nginx::start(&[open(&pod)]).await.unwrap();

    let mut events = client().get(format!("{}/api/v1/events", nginx.url())).send().await.unwrap();

    let event = tokio::time::timeout(Duration::from_secs(5), events.chunk()).await;
    assert!(event.unwrap().unwrap().unwrap().starts_with(b"id: 7"));
}

#[tokio::test]
async fn a_pod_that_is_taken_out_finishes_what_it_has_and_gets_nothing_new() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let leaving = Fake::start(move |_| {
        let held = Arc::clone(&held);
        async move {
            held.acquire().await.unwrap().forget();
            answer(200, "", "leaving")
        }
    });
    let (leaving, staying) = (leaving.await, echo().await);
    let nginx = Nginx::start(&[open(&leaving), closed(&staying)]).await.unwrap();
    let url = nginx.url();
    let under_way =
        tokio::spawn(async move { client().get(url).send().await.unwrap().text().await.unwrap() });
    let deadline = Instant::now() + Duration::from_secs(10);
    while leaving.requests() == 0 && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }

    nginx.route(&[closed(&leaving), open(&staying)]).await.unwrap();
    for _ in 0..20 {
        assert!(post(&nginx, None, b"{}".into()).await.1.starts_with("POST 2"));
    }
    gate.add_permits(1);

    assert_eq!(under_way.await.unwrap(), "leaving");
    assert_eq!(leaving.requests(), 1);
}
