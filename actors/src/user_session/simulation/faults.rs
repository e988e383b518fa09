//! What goes wrong with pods, clocks, the replica set and the shared state, and when.

use std::time::Duration;

use super::{
    history::Answer,
    pod::{Input, Pod},
    weather::Weather,
    world::{Event, PODS, World},
};

/// How long an election leaves the journal without a primary, at most, in milliseconds.
const ELECTION: u64 = 3000;

#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Crash(usize),
    Freeze(usize),
    Idle(usize),
    Election,
    Hint,
    /// No fault: a closed book loses a part of its entries.
    Reduce,
}

impl World<'_> {
    pub(super) fn plan_faults(&mut self) {
        let Weather { crashes, freezes, elections, .. } = self.weather;
        let mut faults = Vec::new();
        for pod in 0..PODS {
            self.hosts[pod].skew = if self.weather.skewed { self.skew() } else { 0 };
            faults.push(Fault::Idle(pod));
        }
        faults.extend((0..crashes).map(|_| Fault::Crash(self.random.index(PODS))));
        faults.extend((0..freezes).map(|_| Fault::Freeze(self.random.index(PODS))));
        faults.extend((0..elections).map(|_| Fault::Election));
        faults.extend((0..10).map(|_| Fault::Hint));
        for fault in faults {
            let after = self.millis(0..self.weather.season());
            self.after(after, Event::Fault(fault));
        }
    }

    fn skew(&mut self) -> i64 {
        i64::try_from(self.random.within(0..7200)).unwrap_or(0) - 3600
    }

    pub(super) fn fail(&mut self, fault: Fault) {
        self.note(|_| format!("{fault:?}"));
        match fault {
            Fault::Crash(pod) => {
                let host = &mut self.hosts[pod];
                host.life += 1;
                host.pod = Pod::default();
                for (request, _) in std::mem::take(&mut host.replies) {
                    self.after(
                        Duration::from_millis(1),
                        Event::Answered { request, answer: Answer::Silence },
                    );
                }
            }
            Fault::Freeze(pod) => self.hosts[pod].frozen_until = self.now + self.millis(10..6_000),
            Fault::Idle(pod) => self.hosts[pod].pod.stop_when_idle(),
            Fault::Election => {
                let lost = self.random.chance(700);
                self.store.elect(lost);
                self.no_primary_until = self.now + self.millis(0..ELECTION);
                self.stale_until = Some(self.now + self.millis(0..6_000));
                self.after(Duration::ZERO, Event::Replicated);
            }
            Fault::Reduce => {
                let more = self.random.within(1..8);
                if self.store.reduce(more) {
                    let pause = self.millis(0..500);
                    self.after(pause, Event::Fault(Fault::Reduce));
                }
            }
            Fault::Hint => {
                let pod = self.random.index(PODS);
                let version = self.random.within(0..40);
                if self.weather.lying_hints {
                    self.hint(pod, version);
                }
            }
        }
    }

    /// The shared state tells a pod that the journal has come to a version.
    pub(super) fn hint(&mut self, pod: usize, version: u64) {
        let (pause, life) = (self.millis(0..50), self.hosts[pod].life);
        self.after(pause, Event::Pod { pod, life, input: Input::Hint(version) });
    }
}
