//! The lines of a recorded run: what was asked, what was answered, in the order in which it was written to disk. The
//! runner writes them and the checker reads them; they share nothing else.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Nanoseconds since the run began, by the one clock of its process.
pub type Moment = u64;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    Start(Start),
    Session(Session),
    Request(Box<Request>),
    Answer(Box<Answer>),
    Lost(Lost),
    Event(Event),
    Footprint(Footprint),
    Journal(Journal),
    /// The clients have come to their end; what follows are the last readings.
    Stopped {
        at: Moment,
    },
}

/// What the checker must know of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub seed: u64,
    /// Stands in every title, name, address and password of the run, and nowhere else.
    pub marker: String,
    pub rules: Rules,
}

/// What is right in this run, where that depends on how the pods were started and on what is done to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// A session may end early after so many milliseconds without an answer; shorter is a violation.
    pub idle_ms: u64,
    /// Redis is broken on purpose: when sessions end is not judged.
    pub idle_may_suffer: bool,
    /// MongoDB elects while majority reads are on: stale answers are counted and no violation.
    pub elections: bool,
    /// A proxy stands between, which may repeat requests: "nothing was changed" is said of its last attempt only.
    pub proxied: bool,
    /// The disk is full on purpose: 507 is an answer.
    pub no_room: bool,
    /// Pods are ended in the middle of requests: the proxy before them answers 502 or 504 in their place, in a form of its
    /// own, to what it may not repeat.
    #[serde(default)]
    pub pods_die: bool,
    /// How much more memory a pod may have at the end than at the start.
    pub memory_margin: u64,
    /// How many more descriptors.
    pub descriptor_margin: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            idle_ms: 85_000,
            idle_may_suffer: false,
            elections: false,
            proxied: false,
            no_room: false,
            pods_die: false,
            memory_margin: 150 << 20,
            descriptor_margin: 32,
        }
    }
}

/// A session that a client was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub session: u64,
    pub account: usize,
    pub token: String,
    /// When the client had it.
    pub at: Moment,
}

/// What a request is about, as the checker tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Register,
    Login,
    Logout,
    Heartbeat,
    Record,
    Amend,
    Remove,
    Bulk,
    Undo,
    Redo,
    Category,
    List,
    Read,
    Dashboard,
    Breakdown,
    Monthly,
    Changes,
    History,
    Events,
}

impl What {
    /// Whether it writes into the book under a key.
    pub const fn is_write(self) -> bool {
        matches!(
            self,
            Self::Record | Self::Amend | Self::Remove | Self::Bulk | Self::Undo | Self::Redo | Self::Category
        )
    }

    /// Whether its answer is of a version that the pod has made sure of. A heartbeat names the one in memory.
    pub const fn probes(self) -> bool {
        !matches!(self, Self::Register | Self::Login | Self::Logout | Self::Heartbeat)
    }
}

/// One attempt: the same key makes attempts one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    pub client: usize,
    pub account: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    pub what: What,
    pub method: String,
    pub url: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The highest version that this client had seen, sent as `Ledger-Min`.
    #[serde(default)]
    pub seen: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_match: Option<u64>,
    /// `Last-Event-ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub id: u64,
    /// When the request went out, its record being on disk.
    pub sent: Moment,
    pub got: Moment,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(default)]
    pub replayed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default)]
    pub body: Value,
}

impl Answer {
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The code of a problem.
    pub fn code(&self) -> Option<&str> {
        self.body.get("code")?.as_str()
    }
}

/// No answer: timed out, or the connection broke.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    pub id: u64,
    pub sent: Moment,
    pub got: Moment,
    pub cause: String,
}

/// An event of a stream, whose request is `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: u64,
    pub at: Moment,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    pub data: Value,
}

/// What a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    pub pid: u32,
    pub at: Moment,
    pub resident: u64,
    pub descriptors: u64,
}

/// A whole journal, as one pod tells it at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    pub account: usize,
    pub url: String,
    /// The data of `/changes?since=0`.
    pub entries: Vec<Value>,
    /// The data of `/history`, without their changes.
    pub history: Vec<Value>,
}
