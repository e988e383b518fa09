//! Access facts: ended sessions, raised generations, the end of a book.

use finbrain_domain::{
    access::{AccessChange, Revoked},
    change::Change,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    command::{Command, Decision},
    view::View,
};
use crate::error::Error;

/// A revocation is remembered for so long after the session would have ended by itself. The ledger forgets it by the times
/// in the entries, and those come from the clocks of pods: one that is ahead must not let anybody in again.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// Ends sessions: after this entry they write nothing on any pod.
#[derive(Debug)]
pub struct RevokeSessions {
    /// Each until its absolute end.
    pub sessions: Vec<Revoked>,
}

impl Command for RevokeSessions {
    type Output = ();

    fn decide(&self, _: &View<'_>) -> Result<Decision<()>, Error> {
        let kept = |session: &Revoked| Revoked {
            until: session.until.saturating_add(CLOCKS_APART).unwrap_or(Timestamp::MAX),
            ..*session
        };
        let change = AccessChange::SessionsRevoked { sessions: self.sessions.iter().map(kept).collect() };
        let changes = if self.sessions.is_empty() { Vec::new() } else { vec![Change::Access(change)] };
        Ok(Decision::new(changes, ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Voids every session of an older generation: the journal half of a change of credentials.
#[derive(Debug)]
pub struct RaiseGeneration {
    pub to: u64,
}

impl Command for RaiseGeneration {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let from = view.ledger.auth_generation();
        if self.to <= from {
            // A change of credentials that this one did not know of was faster.
            return Err(Error::Overtaken);
        }
        let change = AccessChange::GenerationRaised { from, to: self.to };
        Ok(Decision::new(vec![Change::Access(change)], ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Closes the book for ever.
#[derive(Debug)]
pub struct CloseBook;

impl Command for CloseBook {
    type Output = ();

    fn decide(&self, _: &View<'_>) -> Result<Decision<()>, Error> {
        Ok(Decision::new(vec![Change::BookClosed], ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}
