//! What may be known of a session actor without asking it: for the registry and for answers that need no ledger.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering},
};

use arc_swap::ArcSwap;
use finbrain_domain::{access::Access, ledger::Ledger, settings::Settings};
use jiff::Timestamp;

use super::view::Reader;

/// Written by the actor alone, before it answers; read by anybody.
#[derive(Debug)]
pub struct Published {
    pub(super) version: AtomicU64,
    pub(super) settings: ArcSwap<Settings>,
    pub(super) access: ArcSwap<Access>,
    /// Unix seconds of the last use.
    used: AtomicI64,
    /// Bytes that the ledger holds, about.
    pub(super) memory: AtomicUsize,
    pub(super) streams: AtomicUsize,
    /// The actor stopped by itself; an address that closed without this died.
    pub(super) stopped: AtomicBool,
    /// Its last snapshot is written, too, or it died and leaves none.
    pub(super) settled: AtomicBool,
}

impl Published {
    pub(super) fn of(ledger: &Ledger, now: Timestamp) -> Self {
        Self {
            version: AtomicU64::new(ledger.version()),
            settings: ArcSwap::from_pointee(ledger.settings().clone()),
            access: ArcSwap::from_pointee(ledger.access().clone()),
            used: AtomicI64::new(now.as_second()),
            memory: AtomicUsize::new(ledger.rows().memory().0),
            streams: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            settled: AtomicBool::new(false),
        }
    }

    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Refuses whom the book no longer lets in.
    pub fn check_access(&self, reader: Reader) -> Result<(), crate::Error> {
        Ok(self.access.load().check(reader.token, reader.auth_generation)?)
    }

    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    pub fn touch(&self, now: Timestamp) {
        self.used.store(now.as_second(), Ordering::Relaxed);
    }

    pub fn used(&self) -> i64 {
        self.used.load(Ordering::Relaxed)
    }

    pub fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    pub fn has_streams(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    pub fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub fn has_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }
}
