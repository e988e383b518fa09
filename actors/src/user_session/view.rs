//! What a command or a query sees: the ledger, the moment, the rates.

use std::sync::Arc;

use finbrain_domain::{
    ledger::{Ledger, Moment},
    money::Currency,
    rates::RateBook,
    report::Cube,
};

/// A look at a book at one moment.
#[derive(Debug)]
pub struct View<'a> {
    pub ledger: &'a Ledger,
    pub moment: Moment,
    pub rates: &'a Arc<RateBook>,
}

/// A question that is answered from memory.
pub trait Query: Send + 'static {
    type Output: Send + 'static;

    fn answer(&self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, crate::Error>;
}

/// The sums that reports are made of, kept until the ledger or the rates change.
#[derive(Debug, Default)]
pub struct Cubes {
    kept: Vec<Arc<Cube>>,
}

/// So many currencies of one book are kept at a time.
const KEPT: usize = 4;

impl Cubes {
    /// The sums in `currency`, computed in one pass over the rows when they are not there yet.
    pub fn get(&mut self, view: &View<'_>, currency: Currency) -> Arc<Cube> {
        let fresh = |cube: &Arc<Cube>| {
            cube.version() == view.ledger.version() && cube.rates_revision() == view.rates.revision()
        };
        self.kept.retain(fresh);
        if let Some(cube) = self.kept.iter().find(|cube| cube.currency() == currency) {
            return Arc::clone(cube);
        }
        let cube = Arc::new(Cube::build(view.ledger, view.rates, currency));
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Arc::clone(&cube));
        cube
    }
}
