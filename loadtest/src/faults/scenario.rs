//! The scenarios: what is done to which stage, how often, and what may be asked of the answers meanwhile.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::{
    embedded, mongo, pods, redis,
    scene::Scene,
    stage::{Disk, Dress, Reads, Single, Stage, Way},
};
use crate::ledgercheck::Rules;

/// What is done in a scene.
pub type Act<S> = for<'a> fn(&'a mut Scene<S>) -> LocalBoxFuture<'a, anyhow::Result<()>>;

/// Where, and what.
#[derive(Debug, Clone, Copy)]
pub enum Play {
    Cluster(Dress, Act<Stage>),
    Embedded(Disk, Act<Single>),
}

/// Where the clients of `ledgercheck` go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// Through nginx and to each pod directly.
    All,
    Nginx,
}

/// Who writes into which book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Books {
    /// Several clients race for the slots of one book. Who loses too often is told to come again.
    Shared,
    /// A book for each client: whatever is told to come again is so for another reason.
    Own,
}

#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub what: &'static str,
    /// Rounds of the long form and of the short one; none when it is not part of that.
    pub rounds: (u32, u32),
    pub play: Play,
    pub doors: Doors,
    /// After so long a request of a client counts as lost.
    pub timeout: Duration,
    pub books: Books,
    /// MongoDB elects while majority reads are on: what is stale then is counted apart.
    pub elections: bool,
    /// Pods are killed: nginx answers in their place to what it may not repeat.
    pub pods_die: bool,
    /// The disk is full: to say so is an answer.
    pub no_room: bool,
}

const PATIENT: Duration = Duration::from_secs(12);

impl Scenario {
    const fn cluster(name: &'static str, what: &'static str, rounds: (u32, u32), act: Act<Stage>) -> Self {
        Self {
            name,
            what,
            rounds,
            play: Play::Cluster(Dress::USUAL, act),
            doors: Doors::All,
            timeout: PATIENT,
            books: Books::Shared,
            elections: false,
            pods_die: false,
            no_room: false,
        }
    }

    const fn embedded(
        name: &'static str,
        what: &'static str,
        rounds: (u32, u32),
        (disk, act): (Disk, Act<Single>),
    ) -> Self {
        let play = Play::Embedded(disk, act);
        Self {
            name,
            what,
            rounds,
            play,
            doors: Doors::All,
            timeout: PATIENT,
            books: Books::Shared,
            elections: false,
            pods_die: false,
            no_room: false,
        }
    }

    const fn dressed(mut self, dress: Dress) -> Self {
        if let Play::Cluster(_, act) = self.play {
            self.play = Play::Cluster(dress, act);
        }
        self
    }

    pub fn rules(&self) -> Rules {
        Rules {
            proxied: matches!(self.play, Play::Cluster(..)),
            elections: self.elections,
            pods_die: self.pods_die,
            no_room: self.no_room,
            ..Rules::default()
        }
    }
}

const LINEARIZABLE: Dress = Dress { reads: Reads::Linearizable, ..Dress::USUAL };
const PROXIED: Dress = Dress { way: Way::Proxy, ..Dress::USUAL };
/// As shipped.
const DRAINING: Dress = Dress { drain: 5, ..Dress::USUAL };

/// All of them, in their order. Those with the same dress stand together, since pods are started again between dresses.
pub fn all() -> Vec<Scenario> {
    let mut scenarios = of_pods();
    scenarios.extend(of_redis());
    scenarios.extend(of_mongodb());
    scenarios.extend(of_the_embedded_store());
    scenarios
}

fn of_pods() -> Vec<Scenario> {
    vec![
        Scenario {
            pods_die: true,
            ..Scenario::cluster("pod-kill", "kill -9 of a pod", (50, 3), |scene| Box::pin(pods::kill(scene)))
        },
        Scenario {
            timeout: Duration::from_secs(2),
            ..Scenario::cluster(
                "pod-pause",
                "a pod frozen for 4 s, each fifth time for 11 s",
                (50, 2),
                |scene| Box::pin(pods::pause(scene)),
            )
        },
        Scenario::cluster("same-key", "50 requests with one key on three pods at once", (200, 10), |scene| {
            Box::pin(pods::same_key(scene))
        }),
        Scenario {
            pods_die: true,
            ..Scenario::cluster("clock", "the clock of a pod 1 h ahead, then 1 h behind", (10, 2), |scene| {
                Box::pin(pods::clock(scene))
            })
        },
        Scenario {
            doors: Doors::Nginx,
            books: Books::Own,
            ..Scenario::cluster(
                "rolling-restart",
                "all pods replaced, one after the other",
                (5, 1),
                |scene| Box::pin(pods::rolling_restart(scene)),
            )
            .dressed(DRAINING)
        },
    ]
}

fn of_redis() -> Vec<Scenario> {
    vec![
        Scenario::cluster("redis-kill", "kill -9 of Redis, back empty", (50, 3), |scene| {
            Box::pin(redis::kill(scene))
        }),
        Scenario::cluster("redis-flush", "Redis emptied", (50, 3), |scene| Box::pin(redis::flush(scene))),
        Scenario::cluster("redis-slow", "Redis answers 2 s late", (20, 1), |scene| {
            Box::pin(redis::slow(scene))
        }),
        Scenario::cluster("redis-black-hole", "Redis gets and says nothing", (20, 0), |scene| {
            Box::pin(redis::black_hole(scene))
        }),
        Scenario::cluster("redis-reset", "connections to Redis are reset", (20, 0), |scene| {
            Box::pin(redis::reset(scene))
        }),
        Scenario::cluster(
            "redis-stale-replica",
            "a replica that missed a logout takes over",
            (20, 1),
            |scene| Box::pin(redis::stale_replica(scene)),
        ),
    ]
}

fn of_mongodb() -> Vec<Scenario> {
    vec![
        Scenario {
            elections: true,
            ..Scenario::cluster("mongo-kill", "kill -9 of the primary", (50, 1), |scene| {
                Box::pin(mongo::kill_primary(scene))
            })
        },
        Scenario {
            elections: true,
            ..Scenario::cluster("mongo-freeze", "the primary frozen, deposed, thawed", (25, 1), |scene| {
                Box::pin(mongo::freeze_primary(scene))
            })
        },
        Scenario::cluster("mongo-freeze-linearizable", "the same, linearizable reads", (25, 0), |scene| {
            Box::pin(mongo::freeze_primary(scene))
        })
        .dressed(LINEARIZABLE),
        Scenario::cluster("reply-dropped", "replies to 20 appends lost after the commit", (50, 1), |scene| {
            Box::pin(mongo::drop_replies(scene))
        })
        .dressed(PROXIED),
        Scenario::cluster("mongo-slow", "MongoDB answers 2 s late", (10, 0), |scene| {
            Box::pin(mongo::slow(scene))
        })
        .dressed(PROXIED),
        Scenario::cluster("mongo-black-hole", "MongoDB gets and says nothing", (20, 1), |scene| {
            Box::pin(mongo::black_hole(scene))
        })
        .dressed(PROXIED),
        Scenario::cluster("mongo-reset", "connections to MongoDB are reset", (20, 0), |scene| {
            Box::pin(mongo::reset(scene))
        })
        .dressed(PROXIED),
    ]
}

fn of_the_embedded_store() -> Vec<Scenario> {
    vec![
        Scenario::embedded(
            "embedded-kill",
            "kill -9 of the one process over SQLite",
            (200, 5),
            (Disk::Usual, |scene| Box::pin(embedded::kill(scene))),
        ),
        Scenario {
            no_room: true,
            ..Scenario::embedded(
                "disk-full",
                "no room on the disk of SQLite",
                (20, 1),
                (Disk::Small, |scene| Box::pin(embedded::full_disk(scene))),
            )
        },
        Scenario::embedded(
            "fsync-error",
            "a flush fails; the process ends with 70 and is started again",
            (50, 2),
            (Disk::Failing, |scene| Box::pin(embedded::failing_flush(scene))),
        ),
    ]
}
