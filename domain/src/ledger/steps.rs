//! What can be undone and redone, in order. Undoing an entry by its id needs no step here; these are for "the last one".

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{
    change::Change,
    entry::{Author, Entry, Reversal},
    ids::EntryId,
};

/// So many steps are remembered; older entries are undone by their id.
const KEPT: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub entry: EntryId,
    pub slot: u64,
    pub author: Author,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    done: VecDeque<Step>,
    undone: VecDeque<Step>,
}

impl Steps {
    /// Follows an entry that was applied.
    pub(super) fn follow(&mut self, entry: &Entry, changes: &[Change]) {
        // The opening of a book cannot be undone, so it is no step either.
        if entry.slot == 1 || !changes.iter().any(Change::is_undoable) {
            return;
        }
        let step = Step { entry: entry.entry_id, slot: entry.slot, author: entry.author };
        match entry.reverses {
            Some(Reversal::Undo(undone)) => {
                self.done.retain(|done| done.entry != undone);
                self.undone.push_back(step);
            }
            Some(Reversal::Redo(undo)) => {
                self.undone.retain(|undone| undone.entry != undo);
                self.done.push_back(step);
            }
            None => {
                self.undone.clear();
                self.done.push_back(step);
            }
        }
        for steps in [&mut self.done, &mut self.undone] {
            if steps.len() > KEPT {
                steps.pop_front();
            }
        }
    }

    /// The newest entry of this author that can be undone.
    pub fn last_done(&self, author: Author) -> Option<Step> {
        self.done.iter().rev().find(|step| step.author == author).copied()
    }

    /// The newest undo of this author that can be redone.
    pub fn last_undone(&self, author: Author) -> Option<Step> {
        self.undone.iter().rev().find(|step| step.author == author).copied()
    }
}
