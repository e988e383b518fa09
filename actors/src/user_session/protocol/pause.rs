//! How long a command waits before it tries again. Two that met once must not meet again each time.

use std::time::Duration;

use finbrain_domain::ids::EntryId;

/// Before the first repetition; doubled for each that follows …
const FIRST: Duration = Duration::from_millis(20);
/// … up to this.
const LONGEST: Duration = Duration::from_secs(1);
/// After the first lost slot; doubled for each that follows.
const LOST: Duration = Duration::from_millis(4);

/// The pauses of one command. Their jitter comes from the command's entry id, whose end is random: a course with the
/// same id takes the same pauses.
#[derive(Debug)]
pub(super) struct Pauses {
    seed: u64,
    taken: u32,
}

impl Pauses {
    pub fn of(entry: EntryId) -> Self {
        let end = entry.as_bytes().last_chunk().expect("an id has sixteen bytes");
        Self { seed: u64::from_be_bytes(*end), taken: 0 }
    }

    /// The pause before what was asked last is asked again: from half of it to the whole.
    pub fn next(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(2u32.saturating_pow(self.taken)).min(LONGEST);
        self.taken += 1;
        whole / 2 + self.jitter(whole / 2)
    }

    /// The pause after so many lost slots: from nothing to the whole.
    pub fn after_loss(&mut self, losses: u32) -> Duration {
        self.taken = 0;
        self.jitter(LOST.saturating_mul(2u32.saturating_pow(losses - 1)))
    }

    /// From nothing to `most`. The generator is SplitMix64.
    fn jitter(&mut self, most: Duration) -> Duration {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(mixed % most.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_differ_between_commands() {
        let (mut one, mut other) = (Pauses::of(EntryId::new()), Pauses::of(EntryId::new()));

        let pauses: Vec<_> = (0..10).map(|_| one.next()).collect();

        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST);
        assert!(pauses[9] >= LONGEST / 2 && pauses[9] <= LONGEST);
        assert!((0..10).any(|taken| other.next() != pauses[taken]));
    }

    #[test]
    fn the_pause_after_a_loss_is_short_and_starts_over() {
        let mut pauses = Pauses::of(EntryId::new());
        for _ in 0..10 {
            let _ = pauses.next();
        }

        assert!(pauses.after_loss(1) <= LOST);

        assert!(pauses.next() <= FIRST);
    }
}
