//! The write protocol as step functions without I/O: what follows from each answer of the journal. An attempt keeps its
//! entry until its outcome is known; a new slot is taken only when the old one certainly holds somebody else's entry.

use std::time::Duration;

use finbrain_domain::{
    entry::{Entry, MAX_PACKED},
    ids::EntryId,
    ports::{AppendError, StoreError},
};

use crate::error::Error;

/// So often a command is decided again after its slot was taken.
const MOST_DECISIONS: u32 = 5;
/// So often an entry is sent again when its outcome is unknown.
const MOST_REPEATS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Attempt {
    decisions: u32,
    repeats: u32,
    /// An earlier sending of the same entry may have landed.
    uncertain: bool,
}

/// What follows from an append.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AfterAppend {
    /// It stands: apply it.
    Apply,
    /// Somebody's entry is in the slot, perhaps this one: read the tail.
    ReadTail,
    /// The key was used by an entry outside this ledger's memory.
    ReadKey,
    /// Send the same entry to the same slot again, after a pause.
    Repeat(Duration),
    Fail(Error),
}

/// What follows from the tail behind a taken slot.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AfterTail {
    /// The entry was appended by the earlier sending; it is applied with the tail.
    Mine,
    DecideAgain,
    Fail(Error),
}

impl Attempt {
    pub fn after_append(&mut self, result: Result<(), AppendError>) -> AfterAppend {
        match result {
            Ok(()) => AfterAppend::Apply,
            Err(AppendError::SlotTaken) => AfterAppend::ReadTail,
            // The entry that holds the key may be this very one.
            Err(AppendError::KeyTaken) if self.uncertain => AfterAppend::ReadTail,
            Err(AppendError::KeyTaken) => AfterAppend::ReadKey,
            Err(AppendError::Closed) => AfterAppend::Fail(finbrain_domain::Error::BookClosed.into()),
            Err(AppendError::TooLarge) => {
                AfterAppend::Fail(finbrain_domain::Error::EntryTooLarge { limit: MAX_PACKED }.into())
            }
            Err(AppendError::Store(StoreError::OutcomeUnknown(_))) if self.repeats < MOST_REPEATS => {
                self.uncertain = true;
                self.repeats += 1;
                AfterAppend::Repeat(Duration::from_millis(20) * 2u32.pow(self.repeats))
            }
            // Unavailable after an unknown outcome is still unknown.
            Err(AppendError::Store(StoreError::Unavailable(cause))) if self.uncertain => {
                AfterAppend::Fail(StoreError::OutcomeUnknown(cause).into())
            }
            Err(AppendError::Store(error)) => AfterAppend::Fail(error.into()),
        }
    }

    pub fn after_tail(&mut self, mine: EntryId, tail: &[Entry]) -> AfterTail {
        if tail.iter().any(|entry| entry.entry_id == mine) {
            return AfterTail::Mine;
        }
        self.decisions += 1;
        self.uncertain = false;
        if self.decisions >= MOST_DECISIONS {
            AfterTail::Fail(Error::Contended)
        } else {
            AfterTail::DecideAgain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown() -> Result<(), AppendError> {
        Err(StoreError::OutcomeUnknown("reply lost".into()).into())
    }

    #[test]
    fn an_unknown_outcome_repeats_the_same_entry_and_never_fails_as_certain() {
        let mut attempt = Attempt::default();

        for _ in 0..MOST_REPEATS {
            assert!(matches!(attempt.after_append(unknown()), AfterAppend::Repeat(_)));
        }

        let last = attempt.after_append(unknown());
        assert!(matches!(last, AfterAppend::Fail(Error::Store(StoreError::OutcomeUnknown(_)))));
        let down = attempt.after_append(Err(StoreError::Unavailable("down".into()).into()));
        assert!(matches!(down, AfterAppend::Fail(Error::Store(StoreError::OutcomeUnknown(_)))));
    }

    #[test]
    fn a_taken_slot_is_decided_again_five_times_at_most() {
        let mut attempt = Attempt::default();

        let steps: Vec<_> = (0..5).map(|_| attempt.after_tail(EntryId::new(), &[])).collect();

        assert_eq!(steps[..4], [(); 4].map(|()| AfterTail::DecideAgain));
        assert_eq!(steps[4], AfterTail::Fail(Error::Contended));
    }

    #[test]
    fn a_key_that_is_taken_after_an_unknown_outcome_may_be_my_own() {
        let mut attempt = Attempt::default();
        assert_eq!(attempt.after_append(Err(AppendError::KeyTaken)), AfterAppend::ReadKey);

        attempt.after_append(unknown());

        assert_eq!(attempt.after_append(Err(AppendError::KeyTaken)), AfterAppend::ReadTail);
    }
}
