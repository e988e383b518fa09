//! The generic cell rate algorithm: a rate limit in one number a key, the instant at which the bucket is full again.

use std::time::Duration;

use finbrain_domain::ports::Limit;

/// At most `burst` at once, one more with every interval. Instants and intervals are in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: i64,
    burst: i64,
}

impl Rate {
    pub fn per_second(tokens: u32, burst: u32) -> Self {
        Self::over(1_000_000, tokens, burst)
    }

    pub fn per_minute(tokens: u32, burst: u32) -> Self {
        Self::over(60_000_000, tokens, burst)
    }

    /// A rate of nothing would never end, so the least is one token a period. The interval is rounded up: a limit is
    /// never looser than it says.
    fn over(period: u32, tokens: u32, burst: u32) -> Self {
        Self { interval: i64::from(period.div_ceil(tokens.max(1))), burst: i64::from(burst.max(1)) }
    }

    /// Between two tokens, in microseconds.
    pub(super) const fn interval(self) -> i64 {
        self.interval
    }

    /// How far a drained bucket is from a full one, in microseconds.
    pub(super) const fn room(self) -> i64 {
        self.interval * self.burst
    }

    /// Counts one more at `now`. `full_at` is the state of the key, 0 at first. `Err` is the time to wait.
    pub(super) fn take(self, full_at: &mut i64, now: i64) -> Result<(), Duration> {
        let room = self.room();
        // No count at this clock leads further ahead than a drained bucket: the clock was set back, or another pod's is
        // ahead. Starting afresh is better than locking people out until this clock has caught up.
        *full_at = if *full_at > now.saturating_add(room) { now } else { (*full_at).max(now) };
        let after = full_at.saturating_add(self.interval);
        let wait = after.saturating_sub(room).saturating_sub(now);
        if wait > 0 {
            return Err(Duration::from_micros(wait.unsigned_abs()));
        }
        *full_at = after;
        Ok(())
    }
}

impl From<&Limit<'_>> for Rate {
    fn from(limit: &Limit<'_>) -> Self {
        Self::per_minute(limit.per_minute, limit.burst)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_passes_at_once_and_then_one_an_interval() {
        let rate = Rate::per_second(10, 3);
        let mut cell = 0;

        let passed = (0..5).filter(|_| rate.take(&mut cell, 1_000).is_ok()).count();

        assert_eq!(passed, 3);
        assert_eq!(rate.take(&mut cell, 1_000), Err(Duration::from_millis(100)));
        assert_eq!(rate.take(&mut cell, 101_000), Ok(()));
        assert_eq!(rate.take(&mut cell, 101_000), Err(Duration::from_millis(100)));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let rate = Rate::per_second(10, 3);
        let mut cell = 0;
        while rate.take(&mut cell, 1_000_000_000).is_ok() {}

        let passed = (0..5).filter(|_| rate.take(&mut cell, 0).is_ok()).count();

        assert_eq!(passed, 3, "a full bucket, and no more");
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_burst_and_refill(
            per_second in 1_u32..1000,
            burst in 1_u32..50,
            steps in prop::collection::vec(0_i64..50_000, 1..300),
        ) {
            let rate = Rate::per_second(per_second, burst);
            let (mut cell, mut now, mut passed) = (0, 0, Vec::new());
            for step in steps {
                now += step;
                if rate.take(&mut cell, now).is_ok() {
                    passed.push(now);
                }
            }

            for (first, from) in passed.iter().enumerate() {
                for (last, to) in passed.iter().enumerate().skip(first) {
                    let refill = (to - from) / rate.interval;
                    prop_assert!((last - first + 1) as i64 <= i64::from(burst) + refill);
                }
            }
        }

        #[test]
        fn who_waits_as_long_as_told_passes_and_not_a_moment_earlier(
            per_second in 1_u32..1000,
            burst in 1_u32..20,
        ) {
            let rate = Rate::per_second(per_second, burst);
            let (mut cell, now) = (0, 5_000_000);
            while rate.take(&mut cell, now).is_ok() {}
            let wait = rate.take(&mut cell, now).unwrap_err().as_micros() as i64;

            prop_assert!(rate.take(&mut cell, now + wait - 1).is_err());
            prop_assert!(rate.take(&mut cell, now + wait).is_ok());
        }
    }
}
