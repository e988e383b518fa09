//! Insights: what is unusual, what recurs, what the coming months will cost, and how healthy that is. Owns an index of
//! payments that follows the ledger; the numbers come from `finbrain-ml`, the rules of health from the domain.

mod anomalies;
mod forecast;
mod health;
mod index;
mod recurring;
#[cfg(test)]
mod tests;

use std::cell::{RefCell, RefMut};

use finbrain_domain::{change::Change, ledger::Ledger};
/// Parts of the answers, so that whoever shows them needs no other crate.
pub use finbrain_ml::{anomaly::Against, forecast::Range, recurring::PriceRise};

use self::index::Index;
pub use self::{
    anomalies::{Anomalies, Anomaly, GetAnomalies, SilenceAnomaly},
    forecast::{CategoryForecast, GetForecast, MonthlyForecast},
    health::GetHealth,
    recurring::{GetRecurring, RecurringItem, RecurringItems},
};
pub(super) use anomalies::judge;

/// The index of one book, read when somebody first asks and followed from then on.
#[derive(Debug, Default)]
pub struct Insights(RefCell<Index>);

impl Insights {
    /// Follows an entry that the ledger has just followed.
    pub(super) fn follow(&mut self, ledger: &Ledger, changes: &[Change]) {
        self.0.get_mut().follow(ledger, changes);
    }

    /// Bytes that it holds, about.
    pub(super) fn memory(&self) -> usize {
        self.0.borrow().memory()
    }

    /// The index of the book as the view shows it.
    pub(super) fn index(&self, view: &super::View<'_>) -> RefMut<'_, Index> {
        // One actor looks at one thing at a time, and nothing that holds the index looks again.
        let mut index = self.0.borrow_mut();
        index.read(view.ledger, view.moment.today);
        index
    }
}
