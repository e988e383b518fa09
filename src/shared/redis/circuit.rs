//! The circuit breaker before Redis: whether requests may ask at all. A state machine without a clock of its own, so that
//! its tests need none; who drives it is in `link`.

use std::time::{Duration, Instant};

/// So many failures in a row open the circuit.
const MOST_FAILURES: u32 = 3;
/// Between two probes while it is open, before jitter.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        probe_at: Instant,
    },
    /// Half open: one probe is under way, and nobody else may ask.
    Probing,
}

/// What a call has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    Closed,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Circuit(State);

impl Circuit {
    /// Open, with a probe due at once: nothing is known of a Redis that nobody has asked.
    pub(super) const fn new(now: Instant) -> Self {
        Self(State::Open { probe_at: now })
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.0, State::Closed { .. })
    }

    /// An answer came. One that comes late does not close an open circuit: a probe does.
    pub(super) const fn succeeded(&mut self) {
        if let State::Closed { failures } = &mut self.0 {
            *failures = 0;
        }
    }

    /// No answer came, or one that was an error.
    pub(super) fn failed(&mut self, now: Instant, jitter: u8) -> Change {
        let State::Closed { failures } = &mut self.0 else { return Change::Nothing };
        *failures += 1;
        if *failures < MOST_FAILURES {
            return Change::Nothing;
        }
        self.0 = State::Open { probe_at: now + pause(jitter) };
        Change::Opened
    }

    /// The connection is gone: there is nothing to ask until another stands, which is tried at once.
    pub(super) fn lost(&mut self, now: Instant) -> Change {
        if !self.is_closed() {
            return Change::Nothing;
        }
        self.0 = State::Open { probe_at: now };
        Change::Opened
    }

    /// How long until the next probe; `None` when there is no need of one, or one is under way.
    pub(super) fn until_probe(&self, now: Instant) -> Option<Duration> {
        match self.0 {
            State::Open { probe_at } => Some(probe_at.saturating_duration_since(now)),
            State::Closed { .. } | State::Probing => None,
        }
    }

    pub(super) const fn begin_probe(&mut self) {
        self.0 = State::Probing;
    }

    pub(super) fn probed(&mut self, answered: bool, now: Instant, jitter: u8) -> Change {
        if answered {
            self.0 = State::Closed { failures: 0 };
            return Change::Closed;
        }
        self.0 = State::Open { probe_at: now + pause(jitter) };
        Change::Nothing
    }
}

/// 0.8 to 1.2 times the pause, so that pods do not knock in step.
fn pause(jitter: u8) -> Duration {
    PROBE_PAUSE.mul_f64(0.8 + 0.4 * f64::from(jitter) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> (Circuit, Instant) {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);
        circuit.begin_probe();
        assert_eq!(circuit.probed(true, now, 0), Change::Closed);
        (circuit, now)
    }

    #[test]
    fn it_starts_open_and_probes_at_once() {
        let now = Instant::now();
        let mut circuit = Circuit::new(now);

        assert!(!circuit.is_closed());
        assert_eq!(circuit.until_probe(now), Some(Duration::ZERO));
        circuit.begin_probe();
        assert!(!circuit.is_closed(), "half open lets the probe through alone");
        assert_eq!(circuit.until_probe(now), None);
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_an_answer_between_them_does_not() {
        let (mut circuit, now) = closed();

        assert_eq!(circuit.failed(now, 0), Change::Nothing);
        assert_eq!(circuit.failed(now, 0), Change::Nothing);
        circuit.succeeded();
        assert_eq!(circuit.failed(now, 0), Change::Nothing);
        assert_eq!(circuit.failed(now, 0), Change::Nothing);
        assert!(circuit.is_closed());
        assert_eq!(circuit.failed(now, 0), Change::Opened);
        assert!(!circuit.is_closed());
        assert_eq!(circuit.failed(now, 0), Change::Nothing, "told once");
    }

    #[test]
    fn an_open_one_is_probed_about_once_a_second_and_closed_by_an_answer() {
        let (mut circuit, now) = closed();
        for _ in 0..3 {
            circuit.failed(now, 255);
        }

        assert_eq!(circuit.until_probe(now), Some(Duration::from_millis(1200)));
        let later = now + Duration::from_millis(1200);
        assert_eq!(circuit.until_probe(later), Some(Duration::ZERO));
        circuit.begin_probe();
        circuit.succeeded();
        assert!(!circuit.is_closed(), "a late answer is no probe");
        assert_eq!(circuit.probed(false, later, 0), Change::Nothing);
        assert_eq!(circuit.until_probe(later), Some(Duration::from_millis(800)));
        circuit.begin_probe();
        assert_eq!(circuit.probed(true, later, 0), Change::Closed);
        assert!(circuit.is_closed());
    }

    #[test]
    fn a_lost_connection_opens_it_at_once_and_is_probed_at_once() {
        let (mut circuit, now) = closed();

        assert_eq!(circuit.lost(now), Change::Opened);
        assert_eq!(circuit.lost(now), Change::Nothing);
        assert_eq!(circuit.until_probe(now), Some(Duration::ZERO));
    }
}
