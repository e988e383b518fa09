//! Pods behind nginx over MongoDB and Redis, as `make cluster` starts them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use finbrain_loadtest::{
    cluster::{Cluster, Topology},
    servers::Limits,
};
use reqwest::{Client, Method, RequestBuilder, header::SET_COOKIE};
use serde_json::{Value, json};

/// People who work during a restart.
const PEOPLE: usize = 4;

/// Somebody's browser. It opens a connection for each request: one that was kept may be closed by nginx at the moment
/// at which it is used again, which a browser mends and this client does not.
#[derive(Clone)]
struct Browser {
    http: Client,
    url: String,
    cookie: String,
}

impl Browser {
    async fn register(url: &str, number: usize) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(20));
        let mut browser = Self { http: http.build().unwrap(), url: url.into(), cookie: String::new() };
        let person = json!({
            "email": format!("person-{number}@example.org"), "password": "seventeen green lamps", "name": "Dana"
        });
        let answer = browser.request(Method::POST, "auth/register").json(&person).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1/{path}", self.url));
        request.header("cookie", &self.cookie).header("sec-fetch-site", "same-origin")
    }

    /// Books until told to stop, without keys, so that nobody may repeat a request for it, and reads after each. Returns
    /// how many bookings were acknowledged, or the first answer that is none.
    async fn work(self, is_over: Arc<AtomicBool>) -> Result<u64, String> {
        let mut acknowledged = 0;
        while !is_over.load(Ordering::Relaxed) {
            let booking = json!({ "date": "2026-06-01", "description": "coffee", "amount": "-4.00", "currency": "USD" });
            let booked = self.request(Method::POST, "transactions").json(&booking).send().await;
            let booked = booked.map_err(|error| format!("{error:?}"))?;
            if booked.status() != 201 {
                return Err(format!(
                    "a booking: {} {}",
                    booked.status(),
                    booked.text().await.unwrap_or_default()
                ));
            }
            acknowledged += 1;
            let count = self.count().await?;
            if count != acknowledged {
                return Err(format!("{count} of {acknowledged} acknowledged bookings are there"));
            }
        }
        Ok(acknowledged)
    }

    async fn count(&self) -> Result<u64, String> {
        let list = self.request(Method::GET, "transactions?limit=1").send().await;
        let list = list.map_err(|error| format!("{error:?}"))?;
        let (status, list) = (list.status(), list.json::<Value>().await.unwrap_or_default());
        list["totals"]["count"].as_u64().ok_or_else(|| format!("a list: {status} {list}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_request_and_every_pod_ends_in_good_order() {
    let topology = Topology { limits: Limits::Generous, ..Topology::of(2) };
    let mut cluster = Cluster::start(&topology).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let browser = Browser::register(&cluster.url(), number).await;
        people.push(tokio::spawn(browser.work(Arc::clone(&is_over))));
    }

    let statuses = cluster.rolling_restart().await.unwrap();
    is_over.store(true, Ordering::Relaxed);

    assert_eq!(statuses, [0, 0]);
    for person in people {
        let acknowledged = person.await.unwrap().unwrap();
        assert!(acknowledged > 0);
    }
}
