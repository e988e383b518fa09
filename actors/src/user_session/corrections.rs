//! A person's own corrections: listed, forgotten, and what they say of like merchants.

use std::cell::OnceCell;

use finbrain_domain::{category::CategoryId, change::Change, ledger::Ledger, transaction::unteach};
use finbrain_ml::overlay::Overlay;

use super::{
    command::{Command, Decision},
    view::{Cubes, Query, View},
};
use crate::error::Error;

/// The overlay over all that the person taught: built when somebody first asks for a category, then kept at the ledger's
/// side.
#[derive(Debug, Default)]
pub struct Taught(OnceCell<Overlay>);

impl Taught {
    /// What it says, over the ledger that it follows.
    pub(super) fn over(&self, ledger: &Ledger) -> &Overlay {
        self.0.get_or_init(|| {
            let mut overlay = Overlay::default();
            for (merchant, category) in ledger.merchants() {
                overlay.learn(merchant, category.as_str());
            }
            overlay
        })
    }

    /// Follows an entry that the ledger has just followed.
    pub(super) fn follow(&mut self, changes: &[Change]) {
        let Some(overlay) = self.0.get_mut() else { return };
        for change in changes {
            match change {
                Change::Merchant { merchant, to: Some(category), .. } => {
                    overlay.learn(merchant, category.as_str());
                }
                Change::Merchant { merchant, to: None, .. } => overlay.forget(merchant),
                _ => {}
            }
        }
    }
}

/// The first `limit` corrections in the order of merchants.
#[derive(Debug)]
pub struct GetCorrections {
    pub limit: usize,
}

#[derive(Debug)]
pub struct Corrections {
    pub rows: Vec<(String, CategoryId)>,
    /// How many there are in all.
    pub count: usize,
    /// Whether the person lets them teach the shared model.
    pub shared: bool,
}

impl Query for GetCorrections {
    type Output = Corrections;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Corrections, Error> {
        let mut all: Vec<(&str, &CategoryId)> = Vec::new();
        if self.limit > 0 {
            all.extend(view.ledger.merchants());
            all.sort_unstable_by_key(|(merchant, _)| *merchant);
            all.truncate(self.limit);
        }
        Ok(Corrections {
            rows: all.into_iter().map(|(merchant, id)| (merchant.to_owned(), id.clone())).collect(),
            count: view.ledger.merchants().len(),
            shared: view.ledger.settings().share_corrections,
        })
    }
}

/// Forgets what the person chose for a merchant.
#[derive(Debug)]
pub struct ForgetCorrection {
    pub merchant: String,
}

impl Command for ForgetCorrection {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let change = unteach(view.ledger, &self.merchant)?;
        Ok(Decision { effects: true, ..Decision::new(vec![change], ()) })
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}
