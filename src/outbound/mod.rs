//! What the server asks of the world outside, and what it brings along for when that does not answer. Adapters of
//! ports in `finbrain_domain::ports`; they know nothing of routes, stores or each other.

pub mod ecb;
pub mod frankfurter;

use finbrain_domain::ports::{Answer, RateError, RateSource, RateTable};
use jiff::civil::Date;

/// The rate source of a server that must not ask anyone: the bundled history is all there is.
#[derive(Debug, Clone, Copy)]
pub struct NoRates;

impl RateSource for NoRates {
    fn name(&self) -> &'static str {
        "off"
    }

    fn rates(&self, _from: Date, _to: Date) -> Answer<'_, Result<RateTable, RateError>> {
        Box::pin(std::future::ready(Err(RateError::Off)))
    }
}
