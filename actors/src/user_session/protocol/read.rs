//! The reading half: who may share which probe of the journal, and how memory follows what it found.

use finbrain_domain::{change::Change, entry::Entry, ledger::Ledger};

use crate::error::Error;

/// Who waits for which probe. A probe answers for those who came before it began: it may have looked before the others'
/// writes were acknowledged.
#[derive(Debug)]
pub(crate) struct Probes<Q> {
    waiting: Vec<Q>,
    /// Those who share the probe that is under way.
    sharing: Option<Vec<Q>>,
}

impl<Q> Default for Probes<Q> {
    fn default() -> Self {
        Self { waiting: Vec::new(), sharing: None }
    }
}

impl<Q> Probes<Q> {
    /// Somebody waits for the next probe.
    pub fn wait(&mut self, query: Q) {
        self.waiting.push(query);
    }

    /// Begins a probe for everybody who waits; `false` when one is under way already.
    #[must_use]
    pub fn begin(&mut self) -> bool {
        if self.sharing.is_some() {
            return false;
        }
        self.sharing = Some(std::mem::take(&mut self.waiting));
        true
    }

    /// Ends the probe under way; gives those it answers for.
    pub fn end(&mut self) -> Vec<Q> {
        self.sharing.take().unwrap_or_default()
    }

    /// Whether somebody came after the last probe had begun.
    pub const fn is_wanted(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub const fn is_idle(&self) -> bool {
        self.sharing.is_none() && self.waiting.is_empty()
    }
}

/// Brings the ledger forward by an entry of the journal, if it has not seen it yet: the entry must be the next one, and
/// chained. After an error the ledger may be half-way between two versions and is to be dropped.
pub(crate) fn follow(ledger: &mut Ledger, entry: &Entry) -> Result<Option<Vec<Change>>, Error> {
    if entry.slot <= ledger.version() {
        return Ok(None);
    }
    Ok(Some(ledger.apply(entry)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_after_a_probe_began_waits_for_the_next() {
        let mut probes = Probes::default();
        probes.wait("early");
        assert!(probes.begin());

        probes.wait("late");

        assert!(!probes.begin(), "one is under way");
        assert_eq!(probes.end(), ["early"]);
        assert!(probes.is_wanted() && probes.begin());
        assert_eq!(probes.end(), ["late"]);
        assert!(probes.is_idle());
    }
}
