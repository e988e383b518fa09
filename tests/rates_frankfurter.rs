//! The Frankfurter adapter against a server that speaks the protocol on a loopback port.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use std::sync::{Arc, Mutex};

use finbrain::outbound::{
    NoRates,
    frankfurter::{Frankfurter, RatesUrlError},
};
use finbrain_domain::{
    money::Currency,
    ports::{RateError, RateSource, RateTable},
};
use jiff::civil::{Date, date};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const OCTOBER: (Date, Date) = (date(2026, 10, 29), date(2026, 10, 31));

const TWO_DAYS: &str = r#"{"amount":1.0,"base":"EUR","start_date":"2026-10-28","end_date":"2026-10-30","rates":{
    "2026-10-28":{"USD":9.9},
    "2026-10-29":{"ILS":3.468,"USD":1.113,"XAU":0.00031},
    "2026-10-30":{"IDR":20275.17,"ISK":136,"KWD":3.4125e-01,"USD":1.1172}}}"#;

/// What the server says to every request.
#[derive(Clone, Copy)]
enum Reply {
    Body(u16, &'static str),
    Redirect,
    Endless,
    Silence,
}

struct Server {
    url: String,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let paths = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&paths);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, reply, Arc::clone(&seen)));
            }
        });
        Self { url, paths }
    }

    async fn rates(&self, from: Date, to: Date) -> Result<RateTable, RateError> {
        source(&self.url).unwrap().rates(from, to).await
    }

    fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

/// One request, one reply, and the connection closes.
async fn serve(mut stream: TcpStream, reply: Reply, seen: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    seen.lock().unwrap().push(head.split(' ').nth(1).unwrap().to_owned());
    let answer = match reply {
        Reply::Body(status, body) => {
            format!(
                "HTTP/1.1 {status} .\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        Reply::Redirect => "HTTP/1.1 302 .\r\nlocation: /v1/else\r\ncontent-length: 0\r\n\r\n".to_owned(),
        Reply::Endless => "HTTP/1.1 200 .\r\nconnection: close\r\n\r\n".to_owned(),
        Reply::Silence => std::future::pending().await,
    };
    stream.write_all(answer.as_bytes()).await.unwrap();
    if matches!(reply, Reply::Endless) {
        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
    }
}

fn source(url: &str) -> Result<Frankfurter, RatesUrlError> {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Frankfurter::new(url)
}

fn rate(table: &RateTable, date: Date, code: &str) -> Option<String> {
    Some(table.get(&date)?.get(&Currency::parse(code).unwrap())?.to_string())
}

#[tokio::test]
async fn a_range_is_asked_for_and_read_as_exact_decimals() {
    let server = Server::start(Reply::Body(200, TWO_DAYS)).await;

    let table = server.rates(OCTOBER.0, OCTOBER.1).await.unwrap();

    assert_eq!(server.paths(), ["/v1/2026-10-29..2026-10-31?base=EUR"]);
    assert_eq!(table.keys().copied().collect::<Vec<_>>(), [date(2026, 10, 29), date(2026, 10, 30)]);
    let friday = |code| rate(&table, date(2026, 10, 30), code);
    assert_eq!(friday("USD").as_deref(), Some("1.1172"));
    assert_eq!(friday("IDR").as_deref(), Some("20275.17"));
    assert_eq!(friday("ISK").as_deref(), Some("136"));
    assert_eq!(friday("KWD").as_deref(), Some("0.34125"));
    assert_eq!(rate(&table, date(2026, 10, 29), "ILS").as_deref(), Some("3.468"));
    assert_eq!(table[&date(2026, 10, 29)].len(), 2);
}

#[tokio::test]
async fn a_single_day_counts_only_if_something_was_published_on_it() {
    let friday = r#"{"amount":1.0,"base":"EUR","date":"2026-10-30","rates":{"USD":1.1172}}"#;
    let server = Server::start(Reply::Body(200, friday)).await;

    let on_friday = server.rates(date(2026, 10, 30), date(2026, 10, 30)).await.unwrap();
    let on_saturday = server.rates(date(2026, 10, 31), date(2026, 10, 31)).await.unwrap();

    assert_eq!(server.paths(), ["/v1/2026-10-30?base=EUR", "/v1/2026-10-31?base=EUR"]);
    assert_eq!(rate(&on_friday, date(2026, 10, 30), "USD").as_deref(), Some("1.1172"));
    assert!(on_saturday.is_empty());
}

#[tokio::test]
async fn a_long_range_is_asked_for_in_parts() {
    let server = Server::start(Reply::Body(404, r#"{"message":"not found"}"#)).await;

    let table = server.rates(date(2026, 1, 1), date(2026, 3, 25)).await.unwrap();

    assert!(table.is_empty());
    assert_eq!(
        server.paths(),
        [
            "/v1/2026-01-01..2026-02-09?base=EUR",
            "/v1/2026-02-10..2026-03-21?base=EUR",
            "/v1/2026-03-22..2026-03-25?base=EUR"
        ]
    );
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_refused_as_a_whole() {
    let answers = [
        "",
        "[]",
        "<html>",
        r#"{"amount":1.0,"base":"EUR"}"#,
        r#"{"amount":1.0,"base":"USD","rates":{"2026-10-30":{"ILS":3.1}}}"#,
        r#"{"amount":100,"base":"EUR","rates":{"2026-10-30":{"ILS":349.5}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"30.10.2026":{"ILS":3.1}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":3.1,"USD":0}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":-3.1}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":1e300}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":1e99999999999}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":1e-99999999999}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":1e-40}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":"3.1"}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":null}}}"#,
        r#"{"amount":1.0,"base":"EUR","rates":{"2026-10-30":{"ILS":3.14159265358979323846264338327950288419716}}}"#,
    ];
    for answer in answers {
        let server = Server::start(Reply::Body(200, answer)).await;
        let result = server.rates(OCTOBER.0, OCTOBER.1).await;
        assert!(matches!(result, Err(RateError::Nonsense(_))), "{answer}: {result:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let server = Server::start(Reply::Endless).await;

    let result = server.rates(OCTOBER.0, OCTOBER.1).await;

    assert_eq!(result, Err(RateError::Nonsense("more than 65536 bytes".into())));
}

#[tokio::test]
async fn redirects_are_not_followed_and_errors_are_named_without_the_url() {
    let redirecting = Server::start(Reply::Redirect).await;
    let failing = Server::start(Reply::Body(503, "")).await;

    let redirected = redirecting.rates(OCTOBER.0, OCTOBER.1).await;
    let failed = failing.rates(OCTOBER.0, OCTOBER.1).await;
    let nobody = source("http://127.0.0.1:1/v1").unwrap().rates(OCTOBER.0, OCTOBER.1).await;

    assert_eq!(redirected, Err(RateError::Unavailable("answered with status 302".into())));
    assert_eq!(redirecting.paths().len(), 1);
    assert_eq!(failed, Err(RateError::Unavailable("answered with status 503".into())));
    assert_eq!(nobody, Err(RateError::Unavailable("no connection".into())));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_given_up() {
    let server = Server::start(Reply::Silence).await;

    let result = server.rates(OCTOBER.0, OCTOBER.1).await;

    assert_eq!(result, Err(RateError::Unavailable("no answer within 3 s".into())));
}

#[test]
fn only_plain_https_or_loopback_urls_are_accepted() {
    for good in
        ["https://api.frankfurter.dev/v1", "http://localhost:8080", "http://[::1]:9/v1/", "http://127.0.0.2"]
    {
        assert!(source(good).is_ok(), "{good}");
    }
    for insecure in
        ["http://api.frankfurter.dev/v1", "http://localhost.example", "http://10.0.0.1", "ftp://localhost"]
    {
        assert!(matches!(source(insecure), Err(RatesUrlError::Insecure)), "{insecure}");
    }
    for overloaded in
        ["https://me@host/v1", "https://:secret@host/v1", "https://host/v1?a=b", "https://host/#x"]
    {
        assert!(matches!(source(overloaded), Err(RatesUrlError::Overloaded)), "{overloaded}");
    }
    for malformed in ["", "off", "https://", "//host"] {
        assert!(matches!(source(malformed), Err(RatesUrlError::Malformed)), "{malformed}");
    }
}

#[tokio::test]
async fn a_source_that_is_off_says_so() {
    assert_eq!(NoRates.rates(OCTOBER.0, OCTOBER.1).await, Err(RateError::Off));
}
