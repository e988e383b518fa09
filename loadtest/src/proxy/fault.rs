//! What can be wrong with a connection, and how often.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};

/// What is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// Nothing.
    #[default]
    Pass,
    /// Everything arrives, later: to the server, to the client, and up to so much more by lot.
    Latency {
        #[serde(default)]
        up_ms: u64,
        #[serde(default)]
        down_ms: u64,
        #[serde(default)]
        jitter_ms: u64,
    },
    /// What either side sends is read and thrown away, once the client has sent so many bytes. A connection that lost
    /// something is cut when another fault is set.
    BlackHole {
        #[serde(default)]
        after_bytes: u64,
    },
    /// Both sides get a reset, once the client has sent so many bytes.
    Reset {
        #[serde(default)]
        after_bytes: u64,
    },
    /// The client is told that nothing more will come, while what it sends still arrives.
    HalfClose {
        #[serde(default)]
        after_bytes: u64,
    },
    /// New connections are refused; the open ones go on.
    Refuse,
    /// The server gets a request and the client never its reply: the connection is cut when the reply begins. Only
    /// requests that contain `matching` count, when it is given.
    DropReply {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matching: Option<String>,
    },
}

impl Kind {
    pub const fn latency(up: Duration, down: Duration) -> Self {
        Self::Latency { up_ms: up.as_millis() as u64, down_ms: down.as_millis() as u64, jitter_ms: 0 }
    }

    pub const fn black_hole() -> Self {
        Self::BlackHole { after_bytes: 0 }
    }

    pub const fn reset() -> Self {
        Self::Reset { after_bytes: 0 }
    }

    pub const fn half_close() -> Self {
        Self::HalfClose { after_bytes: 0 }
    }

    pub const fn drop_reply() -> Self {
        Self::DropReply { matching: None }
    }

    pub fn drop_reply_to(matching: &str) -> Self {
        Self::DropReply { matching: Some(matching.to_owned()) }
    }
}

/// What is wrong, and how often.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(flatten)]
    pub kind: Kind,
    /// How many connections it strikes (replies, when replies are dropped); all of them when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The chance of each to be struck, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        Self { kind, times: None, probability: None }
    }
}

impl Fault {
    /// Strikes so many times and never again.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Strikes by lot.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self { probability: Some(probability), ..self }
    }
}

/// A fault that was set, with the lots that are left.
#[derive(Debug)]
pub struct Rule {
    pub fault: Fault,
    lots: Mutex<Lots>,
}

#[derive(Debug)]
struct Lots {
    left: u64,
    random: StdRng,
}

impl Rule {
    pub fn new(fault: Fault, seed: u64) -> Self {
        let lots = Lots { left: fault.times.unwrap_or(u64::MAX), random: StdRng::seed_from_u64(seed) };
        Self { fault, lots: Mutex::new(lots) }
    }

    /// Draws whether the fault strikes now.
    pub fn strikes(&self) -> bool {
        let mut lots = self.lots();
        let chance = self.fault.probability.unwrap_or(1.0).clamp(0.0, 1.0);
        if lots.left == 0 || !lots.random.random_bool(chance) {
            return false;
        }
        lots.left -= 1;
        true
    }

    /// How much later something arrives that is due after `delay`.
    pub fn jittered(&self, delay_ms: u64, jitter_ms: u64) -> Duration {
        Duration::from_millis(delay_ms + self.lots().random.random_range(0..=jitter_ms))
    }

    fn lots(&self) -> std::sync::MutexGuard<'_, Lots> {
        self.lots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
