//! Payments by merchant, category and currency, in order, so that a payment is judged without a pass over the book.
//! Owns the window of time that it looks at and how it follows the ledger; it must not know what is unusual.

use std::collections::HashMap;

use finbrain_domain::{
    calendar::{Month, day_date, day_number},
    change::Change,
    ids::TransactionId,
    ledger::{Ledger, Place, Row},
    money::Currency,
    text::Name,
    transaction::Transaction,
};
use finbrain_ml::{
    anomaly::Payment,
    recurring::{Occurrence, Series, recurring},
};
use jiff::civil::Date;

/// Months before this one that are looked at; fewer in a book where they hold more than [`MOST_ROWS`].
const WINDOWS: [i32; 4] = [36, 24, 13, 6];
/// So many rows are looked at, which bounds the memory and the time to read a book.
const MOST_ROWS: usize = 30_000;
/// An entry with more rows makes the index be read anew when somebody asks.
const MANY: usize = 1_000;
/// So many of the latest payments at a merchant say whether they recur.
const MOST_PAYMENTS: usize = 200;

/// Of a row in its shop, its category and its currency, and of a description with what it was cleaned to.
const BYTES_OF_A_ROW: usize = 140;
const BYTES_OF_A_TEXT: usize = 100;

/// The day and the id: the order of a book.
pub type Key = (i32, TransactionId);
type Merchant = u32;

/// Where a payment was made, by what and in which currency.
pub type ShopId = (Merchant, Currency);

#[derive(Debug, Default)]
pub struct Index {
    /// The version of the ledger that it follows; `None` before somebody asked.
    version: Option<u64>,
    /// The first day of the window.
    since: i32,
    /// Cleaning a description takes microseconds, and people buy where they bought.
    cleaned: HashMap<Box<str>, Option<Merchant>>,
    merchants: Vec<Name>,
    merchant_ids: HashMap<Name, Merchant>,
    pub shops: HashMap<ShopId, Shop>,
    pub categories: HashMap<(Place, Currency), Sizes>,
    /// All payments of a currency.
    pub usual: HashMap<Currency, Sizes>,
}

/// Amounts in the order of the book.
#[derive(Debug, Default)]
pub struct Sizes {
    keys: Vec<Key>,
    amounts: Vec<i64>,
}

impl Sizes {
    fn put(&mut self, key: Key, amount: i64) {
        let at = self.keys.partition_point(|other| *other < key);
        self.keys.insert(at, key);
        self.amounts.insert(at, amount);
    }

    fn remove(&mut self, key: Key) {
        if let Ok(at) = self.keys.binary_search(&key) {
            self.keys.remove(at);
            self.amounts.remove(at);
        }
    }

    /// The amounts before a place in the book, from a day on, the last `most` of them.
    pub fn before(&self, key: Key, from: i32, most: usize) -> &[i64] {
        let end = self.keys.partition_point(|other| *other < key);
        let start = self.keys.partition_point(|(day, _)| *day < from);
        &self.amounts[start.max(end.saturating_sub(most)).min(end)..end]
    }
}

/// The payments at one merchant in one currency.
#[derive(Debug, Default)]
pub struct Shop {
    pub keys: Vec<Key>,
    pub payments: Vec<Payment>,
    /// The category of each, unless it is split.
    pub places: Vec<Option<Place>>,
    /// The series among the first so many payments, as of the payment behind them; without their members.
    known: HashMap<usize, Vec<Series>>,
    current: Option<(Date, Current)>,
}

/// The series of today.
#[derive(Debug, Clone, Default)]
pub struct Current {
    pub series: Vec<Series>,
    /// Where the payments begin that their members count from.
    pub start: usize,
}

impl Shop {
    fn put(&mut self, key: Key, amount: i64, place: Option<Place>) {
        let at = self.position(key);
        self.keys.insert(at, key);
        self.payments.insert(at, Payment { date: day_date(key.0), amount });
        self.places.insert(at, place);
        self.forget();
    }

    fn remove(&mut self, key: Key) {
        if let Ok(at) = self.keys.binary_search(&key) {
            self.keys.remove(at);
            self.payments.remove(at);
            self.places.remove(at);
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.known.clear();
        self.current = None;
    }

    /// How many payments stand before a place in the book.
    pub fn position(&self, key: Key) -> usize {
        self.keys.partition_point(|other| *other < key)
    }

    /// The latest payments before the one of this day, which has `before` others before it, and what recurred in them.
    pub fn past(&mut self, before: usize, day: Date) -> (&[Key], &[Payment], &[Series]) {
        let start = before.saturating_sub(MOST_PAYMENTS);
        let past = &self.payments[start..before];
        let known = self.known.entry(before).or_insert_with(|| {
            let mut series = series(past, day);
            series.iter_mut().for_each(|series| series.members = Vec::new());
            series
        });
        (&self.keys[start..before], past, known)
    }

    /// What recurs at this merchant as of today.
    pub fn series_today(&mut self, today: Date) -> &Current {
        let start = self.payments.len().saturating_sub(MOST_PAYMENTS);
        let payments = &self.payments[start..];
        if self.current.as_ref().is_none_or(|(day, _)| *day != today) {
            self.current = Some((today, Current { series: series(payments, today), start }));
        }
        self.current.as_ref().map(|(_, current)| current).expect("it was put there just now")
    }
}

fn series(payments: &[Payment], today: Date) -> Vec<Series> {
    if payments.len() < 3 {
        return Vec::new();
    }
    let occurrence = |payment: &Payment| Occurrence { date: payment.date, amount: payment.amount };
    recurring(&payments.iter().map(occurrence).collect::<Vec<_>>(), today)
}

/// What is kept of one payment.
struct Paid<'a> {
    key: Key,
    description: &'a str,
    amount: i64,
    currency: Currency,
    place: Option<Place>,
}

impl<'a> Paid<'a> {
    fn of_row(row: Row<'a>) -> Option<Self> {
        let paid = Self {
            key: (row.day(), row.id()),
            description: row.description(),
            amount: row.minor(),
            currency: row.currency(),
            place: row.category(),
        };
        (paid.amount < 0 && !row.is_transfer()).then_some(paid)
    }

    fn of(transaction: &'a Transaction, ledger: &Ledger) -> Option<Self> {
        let paid = Self {
            key: key(transaction),
            description: &transaction.description,
            amount: transaction.original.minor(),
            currency: transaction.original.currency(),
            place: transaction.category().and_then(|id| ledger.categories().place(id)),
        };
        (paid.amount < 0 && transaction.transfer.is_none()).then_some(paid)
    }
}

pub fn key(transaction: &Transaction) -> Key {
    (day_number(transaction.date), transaction.id)
}

impl Index {
    /// Brings the index to the ledger, if it has not followed it there. The window depends on nothing but the ledger and
    /// the day, so that every pod comes to the same.
    pub fn read(&mut self, ledger: &Ledger, today: Date) {
        let since = window(ledger, today);
        if self.version == Some(ledger.version()) && self.since == since {
            return;
        }
        *self = Self { version: Some(ledger.version()), since, ..Self::default() };
        for row in ledger.rows().between(Some(day_date(since)), None) {
            if let Some(paid) = Paid::of_row(row) {
                self.put(&paid);
            }
        }
    }

    /// Follows an entry that the ledger has just followed.
    pub fn follow(&mut self, ledger: &Ledger, changes: &[Change]) {
        let is_next = self.version.is_some_and(|version| version + 1 == ledger.version());
        if !is_next || changes.len() > MANY || self.cleaned.len() > 2 * MOST_ROWS {
            *self = Self::default();
            return;
        }
        self.version = Some(ledger.version());
        for change in changes {
            let Change::Transaction { from, to } = change else { continue };
            if let Some(paid) = from.as_deref().and_then(|from| Paid::of(from, ledger)) {
                self.remove(&paid);
            }
            if let Some(paid) = to.as_deref().and_then(|to| Paid::of(to, ledger)) {
                self.put(&paid);
            }
        }
    }

    fn put(&mut self, paid: &Paid<'_>) {
        if paid.key.0 < self.since {
            return;
        }
        if let Some(merchant) = self.merchant(paid.description) {
            let shop = self.shops.entry((merchant, paid.currency)).or_default();
            shop.put(paid.key, paid.amount, paid.place);
        }
        if let Some(place) = paid.place {
            self.categories.entry((place, paid.currency)).or_default().put(paid.key, paid.amount);
        }
        self.usual.entry(paid.currency).or_default().put(paid.key, paid.amount);
    }

    fn remove(&mut self, paid: &Paid<'_>) {
        if let Some(merchant) = self.merchant(paid.description)
            && let Some(shop) = self.shops.get_mut(&(merchant, paid.currency))
        {
            shop.remove(paid.key);
        }
        if let Some(place) = paid.place
            && let Some(sizes) = self.categories.get_mut(&(place, paid.currency))
        {
            sizes.remove(paid.key);
        }
        if let Some(sizes) = self.usual.get_mut(&paid.currency) {
            sizes.remove(paid.key);
        }
    }

    /// The merchant of a description; `None` when nothing of it names one.
    pub fn merchant(&mut self, description: &str) -> Option<Merchant> {
        if let Some(known) = self.cleaned.get(description) {
            return *known;
        }
        let merchant = Name::parse(&finbrain_ml::merchant(description)).ok().and_then(|name| {
            if let Some(known) = self.merchant_ids.get(&name) {
                return Some(*known);
            }
            let id = Merchant::try_from(self.merchants.len()).ok()?;
            self.merchants.push(name.clone());
            self.merchant_ids.insert(name, id);
            Some(id)
        });
        self.cleaned.insert(description.into(), merchant);
        merchant
    }

    pub fn name(&self, merchant: Merchant) -> &Name {
        &self.merchants[merchant as usize]
    }

    /// The first day that is looked at.
    pub fn since(&self) -> Date {
        day_date(self.since)
    }

    /// The shops in an order that is the same on every pod.
    pub fn ordered(&self) -> Vec<ShopId> {
        let mut shops: Vec<ShopId> = self.shops.keys().copied().collect();
        shops.sort_by_key(|(merchant, currency)| (self.name(*merchant), currency.code()));
        shops
    }

    /// Bytes that it holds, about.
    pub fn memory(&self) -> usize {
        let rows: usize = self.usual.values().map(|sizes| sizes.keys.len()).sum();
        rows * BYTES_OF_A_ROW + self.cleaned.len() * BYTES_OF_A_TEXT
    }
}

#[cfg(test)]
impl Index {
    /// Everything that answers are made of, in one order.
    pub fn contents(&self) -> Vec<String> {
        let shops = self.shops.iter().filter(|(_, shop)| !shop.keys.is_empty()).map(
            |((merchant, currency), shop)| {
                let Shop { keys, payments, places, .. } = shop;
                format!("{} {currency:?} {keys:?} {payments:?} {places:?}", self.name(*merchant).as_str())
            },
        );
        let categories = self.categories.iter().map(|(id, sizes)| (format!("{id:?}"), sizes));
        let usual = self.usual.iter().map(|(currency, sizes)| (format!("{currency:?}"), sizes));
        let sizes = categories.chain(usual).filter(|(_, sizes)| !sizes.keys.is_empty());
        let sizes = sizes.map(|(id, Sizes { keys, amounts })| format!("{id} {keys:?} {amounts:?}"));
        let mut contents: Vec<String> = shops.chain(sizes).chain([format!("{:?}", self.since)]).collect();
        contents.sort_unstable();
        contents
    }
}

/// The first day of the longest window that does not hold too many rows.
fn window(ledger: &Ledger, today: Date) -> i32 {
    let rows = ledger.rows();
    let month = Month::of(today);
    let fits = |first: &Date| rows.between(Some(*first), None).size_hint().0 <= MOST_ROWS;
    let first = WINDOWS.iter().map(|months| month.plus(-months).first_day()).find(fits);
    let newest = || rows.between(None, None).rev().nth(MOST_ROWS).map_or(0, |row| row.day() + 1);
    first.map_or_else(newest, day_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_before_a_payment_are_those_of_the_days_asked_for() {
        let mut sizes = Sizes::default();
        let id = TransactionId::new();
        for day in [30, 10, 20, 40] {
            sizes.put((day, id), i64::from(day));
        }

        assert_eq!(sizes.before((40, id), 0, 10), [10, 20, 30]);
        assert_eq!(sizes.before((40, id), 15, 10), [20, 30]);
        assert_eq!(sizes.before((41, id), 0, 1), [40]);
        assert!(sizes.before((5, id), 30, 10).is_empty());
        sizes.remove((20, id));
        assert_eq!(sizes.before((40, id), 0, 10), [10, 30]);
    }
}
