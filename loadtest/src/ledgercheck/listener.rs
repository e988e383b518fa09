//! A tab that only listens: an event stream that is taken up on another pod where it ended.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;

use super::{
    log::LogError,
    record::{Event, Record, What},
    run::{Account, Error, Run},
    send::{Asker, Call},
};

const PAUSE: Duration = Duration::from_millis(100);
/// A stream is left by itself after so long, to be taken up elsewhere.
const LONGEST: u64 = 6000;

#[derive(Debug)]
pub struct Listener {
    run: Arc<Run>,
    account: Arc<Account>,
    index: usize,
    random: StdRng,
    /// The last event.
    last: Option<u64>,
    /// The highest version that it was told, be it by the head of a stream whose events it did not wait for.
    seen: u64,
}

impl Listener {
    pub fn new(run: Arc<Run>, account: Arc<Account>) -> Self {
        let index = run.plan.clients + account.index;
        let seed = run.plan.seed.wrapping_mul(0x85eb_ca6b).wrapping_add(index as u64);
        Self { run, account, index, random: StdRng::seed_from_u64(seed), last: None, seen: 0 }
    }

    pub async fn run(mut self) -> Result<(), Error> {
        while !self.run.is_over() {
            let Some(session) = self.account.any_session(&mut self.random) else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let urls = &self.run.plan.urls;
            let url = urls[self.random.random_range(0..urls.len())].clone();
            let mut call = Call::get(What::Events, "/events");
            call.resume = self.last;
            let (client, account) = (self.index, self.account.index);
            let asker = Asker { client, account, session: Some(&session), seen: self.seen };
            let opened = self.run.door.open(&url, &call, asker, self.run.plan.timeout).await?;
            if let Some((id, response)) = opened {
                let told = response.headers().get("ledger-version").and_then(|told| told.to_str().ok());
                self.seen = self.seen.max(told.and_then(|told| told.parse().ok()).unwrap_or(0));
                let patience = Duration::from_millis(self.random.random_range(500..LONGEST));
                // The time is over, and the stream goes on elsewhere.
                let _ = tokio::time::timeout(patience, self.listen(id, response)).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn listen(&mut self, id: u64, mut response: reqwest::Response) -> Result<(), LogError> {
        let mut text = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = text.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8_lossy(&block), id, self.run.door.now()) {
                    self.last = event.version.or(self.last);
                    self.seen = self.seen.max(event.version.unwrap_or(0));
                    self.run.counts.events.fetch_add(1, Ordering::Relaxed);
                    self.run.door.log(Record::Event(event)).await?;
                }
            }
        }
        Ok(())
    }
}

/// An event; comments and settings are none.
fn parse(block: &str, id: u64, at: u64) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = field("data")?;
    Some(Event {
        id,
        at,
        name: field("event")?.to_owned(),
        version: field("id").and_then(|id| id.parse().ok()),
        data: serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned())),
    })
}
