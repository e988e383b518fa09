//! The proxy does to real connections what it is told, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use finbrain_loadtest::{
    proxy::{Fault, Kind, Proxy},
    servers::RedisServer,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const DEADLINE: Duration = Duration::from_secs(10);
/// Long enough for an answer on loopback, had there been one.
const SILENCE: Duration = Duration::from_millis(150);

/// A server that sends back what it gets, and counts it.
struct Echo {
    address: SocketAddr,
    got: Arc<AtomicU64>,
}

async fn echo() -> Echo {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (address, got) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let got = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                    got.fetch_add(length as u64, Ordering::SeqCst);
                    if stream.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Echo { address, got }
}

impl Echo {
    /// Waits until so many bytes have arrived.
    async fn has_got(&self, bytes: u64) {
        let deadline = Instant::now() + DEADLINE;
        while self.got.load(Ordering::SeqCst) < bytes {
            assert!(Instant::now() < deadline, "{} of {bytes} bytes", self.got.load(Ordering::SeqCst));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn start() -> (Echo, Proxy) {
    let echo = echo().await;
    let proxy = Proxy::start(echo.address).await.unwrap();
    (echo, proxy)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

/// Sends and reads as much back.
async fn exchange(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
    stream.write_all(text.as_bytes()).await?;
    let mut bytes = vec![0; text.len()];
    timeout(DEADLINE, stream.read_exact(&mut bytes)).await.expect("an answer in time")?;
    Ok(String::from_utf8(bytes).unwrap())
}

async fn is_reset(stream: &mut TcpStream) {
    let read = timeout(DEADLINE, stream.read(&mut [0; 64])).await.expect("an end in time");
    assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

async fn is_silent(stream: &mut TcpStream) {
    let read = timeout(SILENCE, stream.read(&mut [0; 64])).await;
    assert!(read.is_err(), "{read:?}");
}

#[tokio::test]
async fn what_goes_in_comes_out_in_both_directions_however_much() {
    let (_echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();

    let (mut from, mut to) = stream.split();
    let mut got = vec![0; sent.len()];
    let (written, read) = tokio::join!(to.write_all(&sent), from.read_exact(&mut got));

    assert!(written.is_ok() && read.is_ok());
    assert!(got == sent, "the bytes differ");
    to.shutdown().await.unwrap();
    assert_eq!(from.read(&mut [0; 8]).await.unwrap(), 0, "the end is passed on");
    assert_eq!((proxy.seen().accepted, proxy.seen().struck), (1, 0));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_reset() {
    let nobody = finbrain_loadtest::servers::free_port().unwrap();
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, nobody).into()).await.unwrap();
    let mut stream = connect(&proxy).await;

    is_reset(&mut stream).await;
}

#[tokio::test]
async fn latency_delays_each_direction_and_keeps_the_order() {
    let (_echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "now").await.unwrap();

    proxy.set(Kind::Latency { up_ms: 60, down_ms: 90, jitter_ms: 20 });
    let begin = Instant::now();
    stream.write_all(b"one ").await.unwrap();
    assert_eq!(exchange(&mut stream, "two ").await.unwrap(), "one ");
    assert!(begin.elapsed() >= Duration::from_millis(150), "{:?}", begin.elapsed());

    proxy.set(Kind::Pass);
    let mut bytes = [0; 4];
    timeout(DEADLINE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(&bytes, b"two ");
    let begin = Instant::now();
    exchange(&mut stream, "fast").await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(60), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_black_hole_takes_everything_gives_nothing_and_leaves_no_connection_with_a_gap() {
    let (echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "four").await.unwrap();

    let mut idle = connect(&proxy).await;
    exchange(&mut idle, "idle").await.unwrap();

    proxy.set(Kind::black_hole());
    stream.write_all(b"lost").await.unwrap();
    is_silent(&mut stream).await;
    let mut other = connect(&proxy).await;
    other.write_all(b"lost").await.unwrap();
    is_silent(&mut other).await;

    assert_eq!(echo.got.load(Ordering::SeqCst), 8);
    proxy.set(Kind::Pass);
    is_reset(&mut stream).await;
    assert_eq!(exchange(&mut idle, "back").await.unwrap(), "back", "it lost nothing");
}

#[tokio::test]
async fn a_reset_strikes_open_connections_and_new_ones() {
    let (echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "four").await.unwrap();

    proxy.set(Kind::reset());
    is_reset(&mut stream).await;
    is_reset(&mut connect(&proxy).await).await;

    assert_eq!((echo.got.load(Ordering::SeqCst), proxy.seen().struck), (4, 2));
}

#[tokio::test]
async fn a_fault_may_wait_for_so_many_bytes() {
    let (echo, proxy) = start().await;
    proxy.set(Kind::Reset { after_bytes: 8 });
    let mut stream = connect(&proxy).await;

    assert_eq!(exchange(&mut stream, "1234567").await.unwrap(), "1234567");
    stream.write_all(b"8").await.unwrap();
    is_reset(&mut stream).await;

    proxy.set(Kind::BlackHole { after_bytes: 4 });
    let mut stream = connect(&proxy).await;
    stream.write_all(b"last").await.unwrap();
    echo.has_got(11).await;
    stream.write_all(b"gone").await.unwrap();
    is_silent_after(&mut stream, b"last").await;
}

/// Reads what was on its way, and then nothing.
async fn is_silent_after(stream: &mut TcpStream, most: &[u8]) {
    let mut all = Vec::new();
    let mut bytes = [0; 64];
    while let Ok(Ok(length @ 1..)) = timeout(SILENCE, stream.read(&mut bytes)).await {
        all.extend_from_slice(&bytes[..length]);
    }
    assert!(most.starts_with(&all), "{all:?}");
}

#[tokio::test]
async fn a_half_closed_connection_says_no_more_and_still_listens() {
    let (echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "four").await.unwrap();

    proxy.set(Kind::half_close());

    let end = timeout(DEADLINE, stream.read(&mut [0; 8])).await.unwrap().unwrap();
    assert_eq!(end, 0);
    stream.write_all(b"heard").await.unwrap();
    echo.has_got(9).await;
}

#[tokio::test]
async fn refused_connections_do_not_come_about_while_open_ones_go_on() {
    let (_echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "before").await.unwrap();

    proxy.set(Kind::Refuse);
    let deadline = Instant::now() + DEADLINE;
    loop {
        match TcpStream::connect(proxy.address()).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => break,
            // The port is not yet closed.
            _ => assert!(Instant::now() < deadline, "connections are accepted"),
        }
    }

    assert_eq!(exchange(&mut stream, "meanwhile").await.unwrap(), "meanwhile");
    proxy.set(Kind::Pass);
    let mut again = loop {
        match TcpStream::connect(proxy.address()).await {
            Ok(stream) => break stream,
            Err(_) => assert!(Instant::now() < deadline, "connections are refused"),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    assert_eq!(exchange(&mut again, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_dropped_reply_is_one_to_a_request_that_arrived() {
    let (echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "four").await.unwrap();

    proxy.set(Fault::from(Kind::drop_reply_to("insert")).times(1));
    assert_eq!(exchange(&mut stream, "find").await.unwrap(), "find");
    stream.write_all(b"insert this").await.unwrap();

    is_reset(&mut stream).await;
    assert_eq!(echo.got.load(Ordering::SeqCst), 19, "it arrived");
    let mut again = connect(&proxy).await;
    assert_eq!(exchange(&mut again, "insert once").await.unwrap(), "insert once");
    assert_eq!(proxy.seen().struck, 1);
}

#[tokio::test]
async fn lots_are_drawn_alike_from_one_seed_and_as_often_as_the_chance_says() {
    let drawn = async |seed| {
        let echo = echo().await;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let proxy = Proxy::start_at(echo.address, any, any, seed).await.unwrap();
        proxy.set(Fault::from(Kind::Reset { after_bytes: 1 }).probability(0.5));
        let mut lots = Vec::new();
        for _ in 0..64 {
            lots.push(exchange(&mut connect(&proxy).await, "x").await.is_ok());
        }
        lots
    };

    let (one, same, other) = (drawn(1).await, drawn(1).await, drawn(2).await);

    assert_eq!(one, same);
    assert_ne!(one, other);
    let passed = one.iter().filter(|passed| **passed).count();
    assert!((16..=48).contains(&passed), "{passed}");
}

#[tokio::test]
async fn a_fault_is_set_and_told_over_http() {
    let (_echo, proxy) = start().await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = async |fault: Value| {
        let response = http.put(format!("{}/fault", proxy.control_url())).json(&fault).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };

    let fault = json!({ "kind": "latency", "up_ms": 5, "down_ms": 0, "jitter_ms": 1, "probability": 0.5 });
    let (status, state) = put(fault.clone()).await;
    assert_eq!((status, &state["fault"]), (200, &fault));
    assert_eq!(proxy.fault().probability, Some(0.5));
    let (status, _) = put(json!({ "kind": "reset", "times": 3 })).await;
    assert_eq!((status, proxy.fault()), (200, Fault::from(Kind::reset()).times(3)));
    for wrong in [json!({}), json!({ "kind": "flood" }), json!({ "kind": "reset", "after": 1 })] {
        assert_eq!(put(wrong.clone()).await.0, 422, "{wrong}");
    }
    is_reset(&mut connect(&proxy).await).await;

    let state: Value = http.get(proxy.control_url()).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["seen"], json!({ "accepted": 1, "open": 0, "struck": 1 }));
    let elsewhere = http.get(format!("{}/elsewhere", proxy.control_url())).send().await.unwrap();
    assert_eq!(elsewhere.status(), 404);
}

#[tokio::test]
async fn redis_runs_a_command_whose_reply_is_dropped() {
    let redis = RedisServer::start().await.unwrap();
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, redis.port).into()).await.unwrap();
    let client = redis::Client::open(format!("redis://{}", proxy.address())).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let increment = redis::cmd("INCR").arg("counted").to_owned();
    assert_eq!(increment.query_async::<u64>(&mut connection).await.unwrap(), 1);

    proxy.set(Fault::from(Kind::drop_reply_to("INCR")).times(1));
    let lost = timeout(DEADLINE, increment.query_async::<u64>(&mut connection)).await.unwrap();

    assert!(lost.unwrap_err().is_io_error());
    let mut again = client.get_multiplexed_async_connection().await.unwrap();
    assert_eq!(increment.query_async::<u64>(&mut again).await.unwrap(), 3, "the second one was done");
}

#[tokio::test]
async fn dropping_a_proxy_resets_what_is_open() {
    let (_echo, proxy) = start().await;
    let mut stream = connect(&proxy).await;
    exchange(&mut stream, "four").await.unwrap();
    let address = proxy.address();

    drop(proxy);

    let end = timeout(DEADLINE, stream.read(&mut [0; 8])).await.unwrap();
    assert!(!matches!(end, Ok(1..)), "{end:?}");
    assert!(TcpStream::connect(address).await.is_err());
}
