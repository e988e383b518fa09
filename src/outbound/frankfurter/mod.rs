//! Euro reference rates over the Frankfurter API, version 1: `GET {base}/{date}?base=EUR` and
//! `GET {base}/{from}..{to}?base=EUR`. With the euro as base it gives the figures of the European Central Bank
//! unrounded. Owns the connection and its limits; `answer` reads what came. When to ask is not decided here.

mod answer;

use std::{net::IpAddr, time::Duration};

use finbrain_domain::ports::{Answer, RateError, RateSource, RateTable};
use jiff::{ToSpan, civil::Date};
use reqwest::{Client, Response, StatusCode, Url, redirect};

const TIMEOUT: Duration = Duration::from_secs(3);

/// A month of all currencies has some 10 KiB.
const MAX_BODY: usize = 64 << 10;

/// The most days of one request, a month and a week: a long range would not fit, and of the longest ones the API
/// gives one day a week.
const MAX_DAYS: i32 = 40;

/// Why a rate source cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RatesUrlError {
    #[error("rates URL is malformed")]
    Malformed,
    #[error("rates URL must be https (http is for a loopback host alone)")]
    Insecure,
    #[error("rates URL must have no user, password, query or fragment")]
    Overloaded,
    #[error("no TLS provider is installed in this process")]
    NoTls,
    #[error("HTTP client for rates cannot be built")]
    Client(#[source] reqwest::Error),
}

/// A server that speaks the protocol of Frankfurter.
#[derive(Debug)]
pub struct Frankfurter {
    base: String,
    client: Client,
}

impl Frankfurter {
    /// For a base URL such as `https://api.frankfurter.dev/v1`. The process must have installed its TLS provider.
    pub fn new(url: &str) -> Result<Self, RatesUrlError> {
        let base: Url = url.parse().map_err(|_| RatesUrlError::Malformed)?;
        let loopback = is_loopback(&base);
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(RatesUrlError::Insecure),
        }
        let plain = base.username().is_empty() && base.password().is_none();
        if !plain || base.query().is_some() || base.fragment().is_some() {
            return Err(RatesUrlError::Overloaded);
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(RatesUrlError::NoTls);
        }
        let client = client(loopback).map_err(RatesUrlError::Client)?;
        Ok(Self { base: base.as_str().trim_end_matches('/').to_owned(), client })
    }

    async fn fetch(&self, from: Date, to: Date) -> Result<RateTable, RateError> {
        let days = if from == to { from.to_string() } else { format!("{from}..{to}") };
        let url = format!("{}/{days}?base=EUR", self.base);
        let response = self.client.get(url).send().await.map_err(unavailable)?;
        match response.status() {
            // How the API says that nothing was published in these days.
            StatusCode::NOT_FOUND => return Ok(RateTable::new()),
            status if !status.is_success() => {
                return Err(RateError::Unavailable(format!("answered with status {}", status.as_u16())));
            }
            _ => {}
        }
        let body = read(response).await?;
        let mut table = if from == to { answer::day(&body)? } else { answer::days(&body)? };
        // Asked for a day without publication, the API gives the one before it.
        table.retain(|date, _| (from..=to).contains(date));
        Ok(table)
    }
}

impl RateSource for Frankfurter {
    fn name(&self) -> &'static str {
        "frankfurter"
    }

    fn rates(&self, from: Date, to: Date) -> Answer<'_, Result<RateTable, RateError>> {
        Box::pin(async move {
            let mut table = RateTable::new();
            let mut first = from;
            while first <= to {
                let last = first.saturating_add((MAX_DAYS - 1).days()).min(to);
                table.append(&mut self.fetch(first, last).await?);
                first = match last.tomorrow() {
                    Ok(next) => next,
                    Err(_) => break,
                };
            }
            Ok(table)
        })
    }
}

fn client(loopback: bool) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .user_agent(concat!("finbrain/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::none())
        .https_only(!loopback);
    // A proxy would look for the loopback host on its own side.
    if loopback { builder.no_proxy().build() } else { builder.build() }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

async fn read(mut response: Response) -> Result<Vec<u8>, RateError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(RateError::Nonsense(format!("more than {MAX_BODY} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unavailable(error: reqwest::Error) -> RateError {
    let what = if error.is_timeout() {
        format!("no answer within {} s", TIMEOUT.as_secs())
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        error.without_url().to_string()
    };
    RateError::Unavailable(what)
}
