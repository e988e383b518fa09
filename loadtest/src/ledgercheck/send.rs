//! The way to the server: one attempt, on disk before it goes out and on disk again when it came back.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hyper::body::Bytes;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, COOKIE, ETAG, HOST, HeaderMap, IF_MATCH, ORIGIN, RETRY_AFTER, SET_COOKIE},
};
use serde_json::Value;

use super::{
    log::{Log, LogError},
    record::{Answer, Lost, Moment, Record, Request, What},
    run::{Clock, Counts, Error, Plan, Session},
};

const TIMED_OUT: &str = "timed out";

/// A request before it is known where it goes.
#[derive(Debug, Clone)]
pub struct Call {
    pub what: What,
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
    pub if_match: Option<u64>,
    pub resume: Option<u64>,
    pub body: Option<Value>,
}

impl Call {
    pub fn get(what: What, path: impl Into<String>) -> Self {
        Self::new(what, Method::GET, path, None)
    }

    pub fn post(what: What, path: impl Into<String>, body: Value) -> Self {
        Self::new(what, Method::POST, path, Some(body))
    }

    pub fn new(what: What, method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self { what, method, path: path.into(), key: None, if_match: None, resume: None, body }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    pub client: usize,
    pub account: usize,
    pub session: Option<&'a Session>,
    /// The highest version that the client has seen.
    pub seen: u64,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Outcome {
    Answered(Box<Answer>, Option<String>),
    Lost,
}

/// Sends and records.
#[derive(Debug)]
pub struct Door {
    http: reqwest::Client,
    log: Log,
    clock: Clock,
    counts: Arc<Counts>,
    origin: String,
    host: String,
    ids: AtomicU64,
}

impl Door {
    pub fn new(plan: &Plan, log: Log, counts: Arc<Counts>) -> Result<Self, Error> {
        // The provider of TLS is the process's own choice, made once.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(plan.timeout)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let host = plan.origin.split_once("://").map(|(_, host)| host.trim_end_matches('/'));
        let host = host.ok_or_else(|| Error::Url(plan.origin.clone()))?.to_owned();
        let origin = plan.origin.trim_end_matches('/').to_owned();
        Ok(Self { http, log, clock: Clock::start(), counts, origin, host, ids: AtomicU64::new(1) })
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    pub fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    pub async fn log(&self, record: Record) -> Result<(), LogError> {
        self.log.write(&record).await
    }

    /// One attempt at one server, to the end of its answer.
    pub async fn send(
        &self,
        url: &str,
        call: &Call,
        asker: Asker<'_>,
        timeout: std::time::Duration,
    ) -> Result<Outcome, LogError> {
        let (id, request) = self.begin(url, call, asker).await?;
        let sent = self.now();
        let exchange = async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, response.bytes().await?))
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(Ok((status, headers, body))) => {
                let answer = Box::new(answer(id, (sent, self.now()), status, &headers, &body));
                self.count(&answer);
                self.log(Record::Answer(answer.clone())).await?;
                Ok(Outcome::Answered(answer, cookie(&headers)))
            }
            Ok(Err(error)) => self.lost(id, sent, cause(&error)).await,
            Err(_) => self.lost(id, sent, TIMED_OUT.into()).await,
        }
    }

    /// Opens a stream. Its answer is recorded when it begins.
    pub async fn open(
        &self,
        url: &str,
        call: &Call,
        asker: Asker<'_>,
        timeout: std::time::Duration,
    ) -> Result<Option<(u64, reqwest::Response)>, LogError> {
        let (id, request) = self.begin(url, call, asker).await?;
        let sent = self.now();
        let response = match tokio::time::timeout(timeout, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return self.lost(id, sent, cause(&error)).await.map(|_| None),
            Err(_) => return self.lost(id, sent, TIMED_OUT.into()).await.map(|_| None),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream goes on, a refusal ends.
        let (stream, body) = match status {
            200 => (Some((id, response)), Bytes::new()),
            _ => (None, response.bytes().await.unwrap_or_default()),
        };
        let answer = Box::new(answer(id, (sent, self.now()), status, &headers, &body));
        self.count(&answer);
        self.log(Record::Answer(answer)).await?;
        Ok(stream)
    }

    /// Records the request; gives it ready to be sent.
    async fn begin(
        &self,
        url: &str,
        call: &Call,
        asker: Asker<'_>,
    ) -> Result<(u64, reqwest::RequestBuilder), LogError> {
        let id = self.next_id();
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.log(Record::Request(Box::new(Request {
            id,
            client: asker.client,
            account: asker.account,
            session: asker.session.map(|session| session.number),
            what: call.what,
            method: call.method.to_string(),
            url: url.to_owned(),
            path: call.path.clone(),
            key: call.key.clone(),
            seen: asker.seen,
            if_match: call.if_match,
            resume: call.resume,
            body: call.body.clone(),
        })))
        .await?;
        Ok((id, self.request(url, call, asker)))
    }

    fn request(&self, url: &str, call: &Call, asker: Asker<'_>) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v1{}", url.trim_end_matches('/'), call.path);
        // Every client has an address of its own, as people have.
        let [high, low] = u16::try_from(asker.client).unwrap_or(u16::MAX).to_be_bytes();
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .header(HOST, &self.host)
            .header("x-forwarded-for", format!("10.{high}.{low}.1"));
        if call.method != Method::GET {
            request = request.header(ORIGIN, &self.origin);
        }
        if let Some(session) = asker.session {
            request = request.header(COOKIE, &session.cookie).header("ledger-min", asker.seen);
        }
        if let Some(key) = &call.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(slot) = call.if_match {
            request = request.header(IF_MATCH, format!("\"{slot}\""));
        }
        if let Some(version) = call.resume {
            request = request.header("last-event-id", version);
        }
        match &call.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    async fn lost(&self, id: u64, sent: Moment, cause: String) -> Result<Outcome, LogError> {
        self.counts.lost.fetch_add(1, Ordering::Relaxed);
        self.log(Record::Lost(Lost { id, sent, got: self.now(), cause })).await?;
        Ok(Outcome::Lost)
    }

    fn count(&self, answer: &Answer) {
        let counter = match answer.status {
            200..300 => &self.counts.acknowledged,
            500.. => &self.counts.unavailable,
            _ => &self.counts.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn answer(id: u64, (sent, got): (Moment, Moment), status: u16, headers: &HeaderMap, body: &[u8]) -> Answer {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let body = match body {
        [] => Value::Null,
        // What is no JSON is told as text, for a person to read.
        body => serde_json::from_slice(body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned())),
    };
    Answer {
        id,
        sent,
        got,
        status,
        version: text("ledger-version").and_then(|version| version.parse().ok()),
        entry: text("entry-id"),
        replayed: text("idempotent-replayed").is_some_and(|value| value == "true"),
        etag: text(ETAG.as_str()),
        retry_after: text(RETRY_AFTER.as_str()),
        media_type: text(CONTENT_TYPE.as_str()),
        body,
    }
}

/// Name and value of the cookie that was set, when it was not removed.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let set = headers.get(SET_COOKIE)?.to_str().ok()?;
    let pair = set.split(';').next()?;
    (!pair.ends_with('=')).then(|| pair.to_owned())
}

/// The innermost cause, which says more than "error sending request".
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
