//! What commands and queries see, and how a query waits for its answer.

use std::sync::Arc;

use finbrain_domain::{
    calendar::Month,
    ids::Digest,
    ledger::{Ledger, Moment},
    money::Currency,
    rates::RateBook,
    report::Cube,
};
use finbrain_ml::overlay::Overlay;
use tokio::sync::oneshot;

use super::{corrections::Taught, insights::Insights};
use crate::error::Error;

/// A look at a book at one moment.
#[derive(Debug)]
pub struct View<'a> {
    pub ledger: &'a Ledger,
    pub moment: Moment,
    pub rates: &'a Arc<RateBook>,
    pub insights: &'a Insights,
    /// What the person's own corrections say of like merchants.
    pub taught: &'a Taught,
}

impl View<'_> {
    /// The person's own corrections, as they speak for like merchants.
    pub fn overlay(&self) -> &Overlay {
        self.taught.over(self.ledger)
    }
}

/// A question that is answered from memory.
pub trait Query: Send + 'static {
    type Output: Send + 'static;

    fn answer(self, view: &View<'_>, cubes: &mut Cubes) -> Result<Self::Output, Error>;
}

/// An answer with the version of the ledger that it was computed from.
#[derive(Debug)]
pub struct Answered<T> {
    pub output: T,
    pub version: u64,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub token: Option<Digest>,
    pub auth_generation: u64,
    /// The highest version that the client has seen: an answer is never older.
    pub seen: u64,
}

/// The sums that reports are made of, kept until the ledger or the rates change.
#[derive(Debug, Default)]
pub struct Cubes {
    kept: Vec<Arc<Cube>>,
    /// Months whose rows could not be converted, since somebody asked.
    wanting: Option<(Month, Month)>,
}

/// So many currencies of one book are kept at a time.
const KEPT: usize = 4;

impl Cubes {
    /// The sums in `currency`, computed in one pass over the rows when they are not there yet.
    pub fn get(&mut self, view: &View<'_>, currency: Currency) -> Arc<Cube> {
        self.kept.retain(|cube| {
            cube.version() == view.ledger.version() && cube.rates_revision() == view.rates.revision()
        });
        if let Some(cube) = self.kept.iter().find(|cube| cube.currency() == currency) {
            return Arc::clone(cube);
        }
        let cube = Arc::new(Cube::build(view.ledger, view.rates, currency));
        self.wanting = cube.wanting();
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Arc::clone(&cube));
        cube
    }

    /// The months whose rates are worth asking for; said once.
    pub(super) fn take_wanting(&mut self) -> Option<(Month, Month)> {
        self.wanting.take()
    }
}

/// A query in the queue, with its type erased.
pub(crate) trait WaitingQuery: Send {
    /// A version that a probe of the same request found to be the newest: memory that has it needs no other probe.
    fn proven(&self) -> Option<u64>;
    fn answer(self: Box<Self>, view: &View<'_>, cubes: &mut Cubes);
    fn fail(self: Box<Self>, error: Error);
}

pub(crate) struct Asked<Q: Query> {
    pub query: Q,
    pub reader: Reader,
    pub proven: Option<u64>,
    pub reply: oneshot::Sender<Result<Answered<Q::Output>, Error>>,
}

impl<Q: Query> WaitingQuery for Asked<Q> {
    fn proven(&self) -> Option<u64> {
        self.proven
    }

    fn answer(self: Box<Self>, view: &View<'_>, cubes: &mut Cubes) {
        let Self { query, reader, reply, .. } = *self;
        let version = view.ledger.version();
        let answer = view
            .ledger
            .access()
            .check(reader.token, reader.auth_generation)
            .map_err(Error::from)
            .and_then(|()| match reader.seen {
                seen if seen > version => Err(Error::Behind { version, seen }),
                _ => query.answer(view, cubes),
            })
            .map(|output| Answered { output, version });
        // Whoever asked may have gone.
        let _ = reply.send(answer);
    }

    fn fail(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(error));
    }
}
