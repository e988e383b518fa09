//! The clock by which all pods tell the times of sessions: the pod's own, set right by Redis's when the two differ.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use finbrain_domain::ports::Clock;
use jiff::{SignedDuration, Timestamp};

/// Clocks that are looked after differ by less; then the pod's own is taken as it is, which is smoother.
const SAME: SignedDuration = SignedDuration::from_secs(1);
/// By more than this no clock is merely off. A Redis that says so is not believed: it could end sessions, or keep them
/// alive for days.
pub(super) const MOST_SKEW: SignedDuration = SignedDuration::from_hours(2);

/// What Redis's clock said last, and when that was.
#[derive(Debug, Default)]
pub(super) struct RedisTime(Mutex<Option<(Timestamp, Instant)>>);

impl RedisTime {
    pub(super) fn told(&self, micros: i64, at: Instant) {
        if let Ok(told) = Timestamp::from_microsecond(micros) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((told, at));
        }
    }

    /// What time it is at `at`, when the pod's clock says `own`.
    fn right(&self, own: Timestamp, at: Instant) -> Timestamp {
        let told = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((told, then)) = told else { return own };
        let Ok(right) = told.checked_add(at.saturating_duration_since(then)) else { return own };
        let skew = right.duration_since(own).abs();
        if skew > SAME && skew <= MOST_SKEW { right } else { own }
    }
}

/// A pod's clock, set right.
pub(super) struct SharedClock {
    pub(super) own: Arc<dyn Clock>,
    pub(super) redis: Arc<RedisTime>,
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.redis.right(self.own.now(), Instant::now())
    }
}

impl fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedClock").field("redis", &self.redis).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_clock_that_is_off_is_set_right_and_goes_on_without_redis() {
        let (redis, then) = (RedisTime::default(), Instant::now());
        assert_eq!(redis.right(at(3600), then), at(3600), "nothing is known yet");

        redis.told(at(0).as_microsecond(), then);

        assert_eq!(redis.right(at(3600), then), at(0));
        assert_eq!(redis.right(at(-3600), then), at(0));
        let later = then + Duration::from_secs(600);
        assert_eq!(redis.right(at(4200), later), at(600));
    }

    #[test]
    fn clocks_that_agree_and_clocks_that_cannot_be_right_change_nothing() {
        let (redis, then) = (RedisTime::default(), Instant::now());
        redis.told(at(0).as_microsecond(), then);

        assert_eq!(redis.right(at(1), then), at(1));
        assert_eq!(redis.right(at(-7201), then), at(-7201));
        redis.told(i64::MAX, then);
        assert_eq!(redis.right(at(3600), then), at(0), "what is no instant is not heard");
    }
}
