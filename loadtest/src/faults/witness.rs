//! Somebody who is signed in throughout and asks for the very thing that was broken, again and again, so that it is known
//! how long it was away. The clients of `ledgercheck` ask for everything; this one asks one pod.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::{
    Method, StatusCode,
    header::{COOKIE, HOST, ORIGIN, SET_COOKIE},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// A request that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(12);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);
const PASSWORD: &str = "a witness sees everything";

/// A person with a session.
#[derive(Debug, Clone)]
pub struct Witness {
    http: reqwest::Client,
    origin: Arc<str>,
    email: Arc<str>,
    cookie: Arc<str>,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub version: Option<u64>,
    pub is_replay: bool,
    pub body: Value,
}

impl Witness {
    /// Registers somebody new at `url`, where a server answers to the host of `origin`.
    pub async fn register(origin: &str, url: &str, within: Duration) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let email = format!("witness-{}@private.example", Uuid::new_v4().simple());
        let witness = Self { http, origin: origin.into(), email: email.as_str().into(), cookie: "".into() };
        let body = json!({ "email": email, "password": PASSWORD, "name": "Witness", "base_currency": "ILS" });
        witness.enter(url, "/auth/register", &body, within).await
    }

    /// The same person in another tab, with a session of its own.
    pub async fn another_tab(&self, url: &str, within: Duration) -> anyhow::Result<Self> {
        let body = json!({ "email": &*self.email, "password": PASSWORD });
        self.enter(url, "/auth/login", &body, within).await
    }

    async fn enter(&self, url: &str, path: &str, body: &Value, within: Duration) -> anyhow::Result<Self> {
        let deadline = Instant::now() + within;
        loop {
            let answer = self.request(Method::POST, url, path).json(body).send().await;
            let told = match answer {
                Ok(answer) if answer.status().is_success() => {
                    let cookie = answer.headers().get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
                    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
                    let cookie = cookie.context("no session came with the answer")?;
                    return Ok(Self { cookie: cookie.into(), ..self.clone() });
                }
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            if Instant::now() > deadline {
                bail!("nobody can sign in within {within:?}: {told}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn request(&self, method: Method, url: &str, path: &str) -> reqwest::RequestBuilder {
        let host = self.origin.split_once("://").map_or(&*self.origin, |(_, host)| host);
        let request = self.http.request(method, format!("{url}/api/v1{path}"));
        let request = request.header(HOST, host).header(ORIGIN, &*self.origin);
        // Nobody else has this address, so that nobody else's failures count against it.
        request.header(COOKIE, &*self.cookie).header("x-forwarded-for", "10.255.255.1")
    }

    /// A new transaction, as it is sent.
    pub fn expense(title: &str) -> Value {
        json!({ "id": Uuid::now_v7().to_string(), "date": "2026-03-14", "description": title,
            "amount": "-12.50", "currency": "ILS", "category_id": "food-drinks" })
    }

    /// One attempt to write.
    pub async fn write(&self, url: &str, key: &str, body: &Value) -> reqwest::Result<Reply> {
        let request = self.request(Method::POST, url, "/transactions").header("idempotency-key", key);
        reply(request.json(body).send().await?).await
    }

    /// One attempt to read.
    pub async fn read(&self, url: &str, path: &str) -> reqwest::Result<Reply> {
        reply(self.request(Method::GET, url, path).send().await?).await
    }

    /// Ends the session.
    pub async fn leave(&self, url: &str) -> reqwest::Result<Reply> {
        reply(self.request(Method::POST, url, "/auth/logout").json(&json!({})).send().await?).await
    }

    /// Writes at `url` until a write succeeds. Says what was seen when none does, and when the session is gone.
    pub async fn until_written(&self, url: &str, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let body = Self::expense("seen by a witness");
            let told = match self.write(url, &Uuid::now_v7().to_string(), &body).await {
                Ok(reply) if reply.status.is_success() => return Ok(()),
                Ok(reply) if reply.status == StatusCode::UNAUTHORIZED => {
                    bail!("a session was lost: {}", reply.body)
                }
                Ok(reply) => format!("{} {}", reply.status, reply.body["code"]),
                Err(error) => error.to_string(),
            };
            if Instant::now() > deadline {
                bail!("{url} takes no write within {within:?}: {told}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn reply(answer: reqwest::Response) -> reqwest::Result<Reply> {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let version = header("ledger-version").and_then(|version| version.parse().ok());
    let is_replay = header("idempotent-replayed") == Some("true");
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok(Reply { status, version, is_replay, body: serde_json::from_slice(&body).unwrap_or_default() })
}
