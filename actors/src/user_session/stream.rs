//! Event streams of open tabs: each entry that enters the ledger goes to every stream once, in order.

use std::{sync::Arc, time::Duration};

use finbrain_domain::{change::Change, entry::Entry};
use tokio::sync::mpsc;

/// How often an actor with streams looks for entries of other pods.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(2);
/// Events that may wait for a slow reader; beyond it the stream ends and its reader resumes.
const WAITING: usize = 256;

/// An entry that has just been applied.
#[derive(Debug, Clone)]
pub struct Event {
    pub entry: Arc<Entry>,
    pub changes: Arc<Vec<Change>>,
}

/// The reading end of a stream.
#[derive(Debug)]
pub struct Subscription {
    /// The version at which the stream begins: what is older must be read from the journal.
    pub from: u64,
    pub events: mpsc::Receiver<Event>,
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    open: Vec<mpsc::Sender<Event>>,
}

impl Streams {
    pub fn subscribe(&mut self, from: u64) -> Subscription {
        let (sender, events) = mpsc::channel(WAITING);
        self.open.push(sender);
        Subscription { from, events }
    }

    /// Sends to everyone who keeps up; the others lose their stream, not their events.
    pub fn send(&mut self, event: &Event) {
        self.open.retain(|stream| stream.try_send(event.clone()).is_ok());
        metrics::counter!("finbrain_events_total").increment(u64::try_from(self.open.len()).unwrap_or(0));
    }

    pub fn drop_closed(&mut self) {
        self.open.retain(|stream| !stream.is_closed());
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }
}
