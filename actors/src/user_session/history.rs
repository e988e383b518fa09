//! Undo and redo. What is taken back is read from the journal before the command is queued.

use finbrain_domain::{
    change::Change,
    entry::{Author, Entry, Reversal},
    ids::EntryId,
    undo,
};

use super::{
    command::{Command, Decision},
    view::{Cubes, Query, View},
};
use crate::{error::Error, lessons::ends_sharing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Undo,
    Redo,
}

/// The newest step of this author that can be undone or redone.
#[derive(Debug)]
pub struct LastStep {
    pub which: Which,
    pub author: Author,
}

impl Query for LastStep {
    type Output = EntryId;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<EntryId, Error> {
        last_step(view, self.which, self.author)
    }
}

fn last_step(view: &View<'_>, which: Which, author: Author) -> Result<EntryId, Error> {
    let steps = view.ledger.steps();
    let step = match which {
        Which::Undo => steps.last_done(author).ok_or(finbrain_domain::Error::NothingToUndo),
        Which::Redo => steps.last_undone(author).ok_or(finbrain_domain::Error::NothingToRedo),
    };
    Ok(step?.entry)
}

/// Takes an entry back.
#[derive(Debug)]
pub struct Undo {
    pub which: Which,
    pub entry: Entry,
    pub step: Step,
}

/// How the entry was chosen.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Named,
    /// As the author's last one, which it must still be.
    Last(Author),
}

impl Command for Undo {
    type Output = Vec<Change>;

    fn decide(&self, view: &View<'_>) -> Result<Decision<Vec<Change>>, Error> {
        if let Step::Last(author) = self.step
            && last_step(view, self.which, author).ok() != Some(self.entry.entry_id)
        {
            return Err(Error::Overtaken);
        }
        let changes = undo::inverse(view.ledger, &self.entry)?;
        // To take back an undo is to redo, however it was asked for.
        let is_undo = matches!(self.entry.reverses, Some(Reversal::Undo(_)));
        let reverses = Some(match self.which {
            Which::Undo if !is_undo => Reversal::Undo(self.entry.entry_id),
            Which::Undo | Which::Redo => Reversal::Redo(self.entry.entry_id),
        });
        let effects = changes.iter().any(ends_sharing);
        Ok(Decision { output: changes.clone(), changes, reverses, effects })
    }

    fn replay(&self, written: &[Change], _: &View<'_>) -> Result<Vec<Change>, Error> {
        Ok(written.to_vec())
    }
}

/// Which of these entries could be undone now.
#[derive(Debug)]
pub struct Reversible {
    pub entries: Vec<Entry>,
}

impl Query for Reversible {
    type Output = Vec<(Entry, bool)>;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Self::Output, Error> {
        let reversible = |entry: Entry| {
            let can = undo::inverse(view.ledger, &entry).is_ok();
            (entry, can)
        };
        Ok(self.entries.into_iter().map(reversible).collect())
    }
}
