//! Hints that journals grew, between pods. This pod's own listeners hear of its growth at once and without Redis; what
//! comes back of it over Redis is left out. Hints may be lost, doubled, late or forged: whoever hears one looks into the
//! journal.

use std::{sync::Arc, time::Duration};

use finbrain_domain::{
    ids::BookId,
    ports::{Growth, GrowthStream},
};
use futures_util::StreamExt as _;
use redis::{RedisResult, aio::PubSubStream};
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;

use super::{super::listener::Listener, link::Link, metrics, seal::PREFIX};

/// Hints that a slow listener may be behind, or that wait to be told, before some are lost.
const BACKLOG: usize = 1024;
/// Hints that are told in one go.
const AT_ONCE: usize = 64;
const CONNECT: Duration = Duration::from_secs(1);
/// How often a quiet subscription is asked whether it is still there.
const HEALTH: Duration = Duration::from_secs(5);
/// Between two attempts to subscribe, growing from the one to the other.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Origin, book and version.
const HINT_BYTES: usize = 16 + 16 + 8;

/// Who told a hint.
type Origin = [u8; 16];

#[derive(Debug)]
pub(super) struct Hints {
    heard: broadcast::Sender<Growth>,
    to_tell: mpsc::Sender<Growth>,
}

/// What the two tasks need.
pub(super) struct Wires {
    link: Arc<Link>,
    heard: broadcast::Sender<Growth>,
    to_tell: mpsc::Receiver<Growth>,
    origin: Origin,
}

impl Hints {
    pub(super) fn new(link: Arc<Link>) -> (Self, Wires) {
        let heard = broadcast::Sender::new(BACKLOG);
        let (sender, to_tell) = mpsc::channel(BACKLOG);
        let origin = Uuid::now_v7().into_bytes();
        let wires = Wires { link, heard: heard.clone(), to_tell, origin };
        (Self { heard, to_tell: sender }, wires)
    }

    pub(super) fn publish(&self, growth: Growth) {
        // Fails when nobody listens, which is fine.
        let _ = self.heard.send(growth);
        if self.to_tell.try_send(growth).is_err() {
            metrics::hints_dropped(1);
        }
    }

    pub(super) fn subscribe(&self) -> Box<dyn GrowthStream> {
        Box::new(Listener(self.heard.subscribe()))
    }
}

impl Wires {
    /// Tells and listens, until nobody can publish any more.
    pub(super) async fn run(self) {
        let Self { link, heard, to_tell, origin } = self;
        let telling = tell(Arc::clone(&link), to_tell, origin);
        let listening = listen(link, heard, origin);
        tokio::select! {
            () = telling => {}
            () = listening => {}
        }
    }
}

async fn tell(link: Arc<Link>, mut to_tell: mpsc::Receiver<Growth>, origin: Origin) {
    let mut hints = Vec::with_capacity(AT_ONCE);
    while to_tell.recv_many(&mut hints, AT_ONCE).await > 0 {
        let mut pipeline = redis::pipe();
        for growth in &hints {
            pipeline.publish(channel(), &written(origin, *growth)[..]).ignore();
        }
        let told = link.ask("publish", |mut wire| async move { pipeline.exec_async(&mut wire).await });
        if told.await.is_err() {
            metrics::hints_dropped(hints.len());
        }
        hints.clear();
    }
}

async fn listen(link: Arc<Link>, heard: broadcast::Sender<Growth>, origin: Origin) {
    let mut closed = link.watch();
    let mut pause = PAUSE;
    loop {
        // While the circuit is open there is nobody to subscribe to.
        if closed.wait_for(|is_closed| *is_closed).await.is_err() {
            return;
        }
        match hear(&link, &heard, origin).await {
            Ok(()) => pause = PAUSE,
            Err(error) => tracing::debug!(cause = error.category(), "hints of other pods are not heard"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Passes on what is heard over one connection until it breaks. An error when there never was one.
async fn hear(link: &Link, heard: &broadcast::Sender<Growth>, origin: Origin) -> RedisResult<()> {
    let late = || redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    let connected = async {
        let mut subscription = link.address.client().await?.get_async_pubsub().await?;
        subscription.subscribe(channel()).await?;
        RedisResult::Ok(subscription.split())
    };
    let (mut sink, mut hints) = tokio::time::timeout(CONNECT, connected).await.map_err(|_| late())??;
    loop {
        match tokio::time::timeout(HEALTH, next(&mut hints, origin)).await {
            Ok(Some(growth)) => {
                let _ = heard.send(growth);
            }
            Ok(None) => return Ok(()),
            Err(_) => {
                let pong = tokio::time::timeout(CONNECT, sink.ping::<redis::Value>()).await;
                if !matches!(pong, Ok(Ok(_))) {
                    return Ok(());
                }
            }
        }
    }
}

/// The next hint of another pod.
async fn next(hints: &mut PubSubStream, origin: Origin) -> Option<Growth> {
    loop {
        let message = hints.next().await?;
        if let Some((other, growth)) = read(message.get_payload_bytes())
            && other != origin
        {
            return Some(growth);
        }
    }
}

fn channel() -> String {
    format!("{PREFIX}growth")
}

fn written(origin: Origin, growth: Growth) -> [u8; HINT_BYTES] {
    let mut bytes = [0; HINT_BYTES];
    bytes[..16].copy_from_slice(&origin);
    bytes[16..32].copy_from_slice(growth.book.as_bytes());
    bytes[32..].copy_from_slice(&growth.version.to_be_bytes());
    bytes
}

fn read(bytes: &[u8]) -> Option<(Origin, Growth)> {
    if bytes.len() != HINT_BYTES {
        return None;
    }
    let (origin, rest) = bytes.split_first_chunk::<16>()?;
    let (book, rest) = rest.split_first_chunk::<16>()?;
    let version = u64::from_be_bytes(rest.try_into().ok()?);
    Some((*origin, Growth { book: BookId::from_uuid(Uuid::from_bytes(*book)), version }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_read_as_it_was_written_and_nothing_else_is_a_hint() {
        let growth = Growth { book: BookId::new(), version: u64::MAX - 1 };

        let bytes = written([9; 16], growth);

        assert_eq!(read(&bytes), Some(([9; 16], growth)));
        assert_eq!(read(&bytes[1..]), None);
        assert_eq!(read(&[&bytes[..], &[0]].concat()), None);
        assert_eq!(read(b""), None);
    }
}
