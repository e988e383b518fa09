//! Event streams of open tabs: each entry that enters the ledger goes to every stream once, in order.

use std::{sync::Arc, time::Duration};

use finbrain_domain::{change::Change, entry::Entry};
use tokio::sync::mpsc;

/// How often an actor with streams looks for entries of other pods.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(2);
/// Events that may wait for a slow reader; beyond it the stream ends and its reader resumes.
const WAITING: usize = 256;

/// Streams of one person; beyond them the oldest ends, and its reader resumes.
const MOST: usize = 32;
/// Larger entries are told by their version alone, so that a slow reader holds little.
const LARGEST: usize = 64 * 1024;

/// Something that has just been applied.
#[derive(Debug, Clone)]
pub enum Event {
    Entry {
        entry: Arc<Entry>,
        changes: Arc<Vec<Change>>,
    },
    /// There is something to read.
    Large {
        version: u64,
    },
}

impl Event {
    pub(super) fn new(entry: &Arc<Entry>, changes: Arc<Vec<Change>>) -> Self {
        if entry.payload.as_ref().is_some_and(|payload| payload.len() > LARGEST) {
            Self::Large { version: entry.slot }
        } else {
            Self::Entry { entry: Arc::clone(entry), changes }
        }
    }
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
        if self.open.len() >= MOST {
            self.open.remove(0);
        }
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
