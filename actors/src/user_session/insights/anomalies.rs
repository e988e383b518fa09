//! Unusual transactions: each judged against what stood before it in the book, so that the answer to a write, the list
//! and every pod say the same.

use finbrain_domain::{
    anomaly::{self, AnomalyKind, Pattern},
    calendar::{Month, day_number},
    category::CategoryId,
    change::Change,
    ids::TransactionId,
    money::Currency,
    report::Period,
    text::Name,
    transaction::Transaction,
};
use finbrain_ml::anomaly::{Against, Finding, Past, Payment, strength, unusual};
use jiff::civil::Date;

use super::index::{Index, Key, ShopId};
use crate::{
    error::Error,
    user_session::{
        command::{Command, Decision},
        view::{Cubes, Query, View},
    },
};

/// So many of the latest sizes of a category say what is usual in it.
const MOST_OF_CATEGORY: usize = 256;
/// So many of the latest sizes of the year say what is usual at all.
const MOST_USUAL: usize = 512;
/// Months of the list when none are named.
const LISTED_MONTHS: i32 = 3;
/// The strongest of a list, at most.
const LISTED: usize = 500;
/// So many payments are judged for a list: each takes some ten microseconds, and the book has others to answer.
const MOST_JUDGED: usize = 4_000;
/// Where a payment that did not come stands among the others.
const MISSING_STRENGTH: f64 = 5.0;

/// Something unusual.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    pub kind: AnomalyKind,
    /// The cleaned name.
    pub merchant: Name,
    /// What is unusual; a payment that is missing has none.
    pub transaction: Option<TransactionId>,
    pub category: Option<CategoryId>,
    /// The day of the payment, or on which it was expected.
    pub date: Date,
    /// Minor units; negative is money out.
    pub amount: i64,
    pub currency: Currency,
    /// What it usually is, signed as the amount is.
    pub usual: Option<i64>,
    /// How far it is from that, in robust standard deviations.
    pub deviations: Option<f64>,
    pub against: Option<Against>,
    /// How much dearer it became.
    pub percent: Option<f64>,
    /// The payment that it repeats.
    pub twin: Option<TransactionId>,
    /// Days since the twin.
    pub days: Option<i32>,
    /// What lists are ranked by.
    strength: f64,
}

/// What is unusual about a transaction that is being written, or was.
pub fn judge(view: &View<'_>, transaction: &Transaction) -> Vec<Anomaly> {
    if transaction.original.is_income() || transaction.transfer.is_some() {
        return Vec::new();
    }
    let mut index = view.insights.index(view);
    let currency = transaction.original.currency();
    let Some(merchant) = index.merchant(&transaction.description) else { return Vec::new() };
    let paid = Paid {
        key: super::index::key(transaction),
        payment: Payment { date: transaction.date, amount: transaction.original.minor() },
        category: transaction.category(),
    };
    let mut found = findings(view, &mut index, (merchant, currency), &paid);
    found.retain(|anomaly| !is_silenced(view, anomaly));
    found
}

/// A payment to be judged.
struct Paid<'a> {
    key: Key,
    payment: Payment,
    category: Option<&'a CategoryId>,
}

fn findings(view: &View<'_>, index: &mut Index, id: ShopId, paid: &Paid<'_>) -> Vec<Anomaly> {
    let (merchant, currency) = id;
    let name = index.name(merchant).clone();
    let place = paid.category.and_then(|category| view.ledger.categories().place(category));
    let category = place.and_then(|place| index.categories.get(&(place, currency)));
    let usual = index.usual.get(&currency);
    let year_ago = paid.key.0 - 365;
    let shop = index.shops.entry(id).or_default();
    let before = shop.position(paid.key);
    let (keys, merchant, series) = shop.past(before, paid.payment.date);
    let past = Past {
        merchant,
        category: category.map_or(&[], |sizes| sizes.before(paid.key, 0, MOST_OF_CATEGORY)),
        usual: usual.map_or(&[], |sizes| sizes.before(paid.key, year_ago, MOST_USUAL)),
        series,
    };
    let twin = |of: usize| keys.get(of).map(|(_, id)| *id);
    let found = unusual(&paid.payment, &past);
    found.iter().map(|finding| told(&name, currency, paid, finding, twin)).collect()
}

/// A finding with what it was found about.
fn told(
    merchant: &Name,
    currency: Currency,
    paid: &Paid<'_>,
    finding: &Finding,
    twin: impl Fn(usize) -> Option<TransactionId>,
) -> Anomaly {
    let plain = |kind| Anomaly {
        kind,
        merchant: merchant.clone(),
        transaction: Some(paid.key.1),
        category: paid.category.cloned(),
        date: paid.payment.date,
        amount: paid.payment.amount,
        currency,
        usual: None,
        deviations: None,
        against: None,
        percent: None,
        twin: None,
        days: None,
        strength: strength(finding),
    };
    match *finding {
        Finding::Amount { against, usual, deviations } => Anomaly {
            usual: Some(-usual),
            deviations: Some(deviations),
            against: Some(against),
            ..plain(AnomalyKind::Amount)
        },
        Finding::Duplicate { of, days } => {
            Anomaly { twin: twin(of), days: Some(days), ..plain(AnomalyKind::Duplicate) }
        }
        Finding::FirstTime { usual } => Anomaly { usual: Some(-usual), ..plain(AnomalyKind::FirstTime) },
        Finding::PriceRise { from, percent } => {
            Anomaly { usual: Some(-from), percent: Some(percent), ..plain(AnomalyKind::PriceRise) }
        }
    }
}

fn is_silenced(view: &View<'_>, anomaly: &Anomaly) -> bool {
    let silenced = view.ledger.silenced();
    let pattern = || Pattern { kind: anomaly.kind, merchant: anomaly.merchant.clone() };
    !silenced.is_empty() && silenced.contains(&pattern())
}

/// What was unusual in some months, the strongest first.
#[derive(Debug)]
pub struct GetAnomalies {
    /// Two months before `to` when it is not given.
    pub from: Option<Month>,
    /// This month when it is not given.
    pub to: Option<Month>,
}

#[derive(Debug)]
pub struct Anomalies {
    pub found: Vec<Anomaly>,
    pub silenced: Vec<Pattern>,
}

impl Query for GetAnomalies {
    type Output = Anomalies;

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Anomalies, Error> {
        let this_month = Month::of(view.moment.today);
        let to = self.to.unwrap_or_else(|| self.from.map_or(this_month, |from| from.max(this_month)));
        let period = Period::new(self.from.unwrap_or_else(|| to.plus(1 - LISTED_MONTHS)), to)?;
        let (first, last) = (period.from.first_day(), period.to.last_day());
        let mut index = view.insights.index(view);
        let mut found = paid(view, &mut index, day_number(first), day_number(last));
        found.extend(missing(view, &mut index).filter(|one| (first..=last).contains(&one.date)));
        found.retain(|anomaly| !is_silenced(view, anomaly));
        found.sort_by(|one, other| {
            let by_strength = other.strength.total_cmp(&one.strength);
            by_strength.then_with(|| {
                (other.date, other.transaction, &other.merchant).cmp(&(
                    one.date,
                    one.transaction,
                    &one.merchant,
                ))
            })
        });
        found.truncate(LISTED);
        Ok(Anomalies { found, silenced: view.ledger.silenced().iter().cloned().collect() })
    }
}

/// The findings of the payments from a day to another, the latest [`MOST_JUDGED`] of them.
fn paid(view: &View<'_>, index: &mut Index, from: i32, to: i32) -> Vec<Anomaly> {
    let mut payments = Vec::new();
    for (id, shop) in &index.shops {
        let rows = shop.keys.iter().zip(&shop.payments).zip(&shop.places);
        let rows = rows.filter(|((key, _), _)| (from..=to).contains(&key.0));
        payments.extend(rows.map(|((key, payment), place)| (*key, *id, *payment, *place)));
    }
    if payments.len() > MOST_JUDGED {
        payments.select_nth_unstable_by_key(MOST_JUDGED, |(key, ..)| std::cmp::Reverse(*key));
        payments.truncate(MOST_JUDGED);
    }
    let mut found = Vec::new();
    for (key, id, payment, place) in payments {
        let category = place.and_then(|place| view.ledger.categories().key_at(place));
        found.extend(findings(view, index, id, &Paid { key, payment, category }));
    }
    found
}

/// Recurring payments that did not come.
fn missing<'a>(view: &'a View<'_>, index: &'a mut Index) -> impl Iterator<Item = Anomaly> + 'a {
    super::recurring::items(view, index).into_iter().filter(|item| item.missed).map(|item| Anomaly {
        kind: AnomalyKind::Missing,
        merchant: item.merchant,
        transaction: None,
        category: item.category,
        date: item.next,
        amount: item.amount,
        currency: item.currency,
        usual: Some(item.amount),
        deviations: None,
        against: None,
        percent: None,
        twin: None,
        days: None,
        strength: MISSING_STRENGTH,
    })
}

/// Calls a pattern fine, or listens to it again.
#[derive(Debug)]
pub struct SilenceAnomaly {
    pub pattern: Pattern,
    pub silent: bool,
}

impl Command for SilenceAnomaly {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let change = anomaly::silence(view.ledger, &self.pattern, self.silent)?;
        Ok(Decision::new(change.into_iter().collect(), ()))
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}
