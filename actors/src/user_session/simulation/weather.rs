//! What goes wrong in a simulation, and how often. Each seed has its own mix, so that faults are met alone and together.

use std::time::Duration;

use super::random::Random;

/// Nothing new goes wrong after this.
pub const CALM: Duration = Duration::from_secs(20);

/// Chances are in a thousand messages.
#[derive(Debug)]
pub struct Weather {
    /// A request is lost on its way to the journal.
    pub lost_requests: u64,
    /// A reply is lost on its way back.
    pub lost_replies: u64,
    /// A request is delivered twice, the second time up to half a minute later.
    pub doubled: u64,
    /// The connection breaks: the sender is told at once, and the request arrives all the same, perhaps much later.
    pub zombies: u64,
    /// No connection: the sender is told, and nothing was sent.
    pub refused: u64,
    /// A message takes up to four seconds instead of two milliseconds.
    pub slow: u64,
    pub crashes: u64,
    pub freezes: u64,
    pub elections: u64,
    /// Whether reads show what the answering primary knows a majority to have, or never less than was acknowledged.
    pub majority: bool,
    /// Clocks of pods are up to an hour off.
    pub skewed: bool,
    /// The shared state tells versions that are not true.
    pub lying_hints: bool,
    /// Everything happens within two seconds.
    pub dense: bool,
}

impl Weather {
    pub const fn draw(random: &mut Random) -> Self {
        const fn sometimes(random: &mut Random, most: u64) -> u64 {
            if random.chance(500) { random.within(1..most) } else { 0 }
        }
        Self {
            lost_requests: sometimes(random, 60),
            lost_replies: sometimes(random, 120),
            doubled: sometimes(random, 120),
            zombies: sometimes(random, 120),
            refused: sometimes(random, 60),
            slow: sometimes(random, 150),
            crashes: sometimes(random, 6),
            freezes: sometimes(random, 6),
            elections: sometimes(random, 5),
            majority: random.chance(700),
            skewed: random.chance(300),
            lying_hints: random.chance(500),
            dense: random.chance(400),
        }
    }

    /// The faults are over.
    pub const fn clear(&mut self) {
        self.lost_requests = 0;
        self.lost_replies = 0;
        self.doubled = 0;
        self.zombies = 0;
        self.refused = 0;
        self.slow = 0;
        self.lying_hints = false;
    }

    /// Until when faults happen, in milliseconds.
    pub const fn season(&self) -> u64 {
        if self.dense { 2_000 } else { 15_000 }
    }

    /// How long a message is under way.
    pub const fn delay(&self, random: &mut Random) -> Duration {
        if random.chance(self.slow) {
            Duration::from_micros(random.within(2_000..4_000_000))
        } else {
            Duration::from_micros(random.within(50..2_000))
        }
    }
}
