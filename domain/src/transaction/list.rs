//! Finding transactions: filters, pages, and the totals of everything that a filter lets through.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    calendar::day_number,
    category::CategoryId,
    ids::{AccountId, TransactionId},
    ledger::{Ledger, Place, Row},
    money::Currency,
    text::Tag,
};

/// Which transactions. Everything that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub accounts: Vec<AccountId>,
    pub categories: Vec<CategoryId>,
    pub tag: Option<Tag>,
    /// Part of the description, note or payee, in any case.
    pub text: Option<String>,
    /// Bounds of the absolute amount, in units of its own currency.
    pub min: Option<Decimal>,
    pub max: Option<Decimal>,
    pub currency: Option<Currency>,
    pub direction: Option<Direction>,
    pub review: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Income,
    Expense,
}

/// A place in the list: everything before it, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub date: Date,
    pub id: TransactionId,
}

/// A filter whose names have been looked up in a ledger.
#[derive(Debug)]
pub struct Matcher<'a> {
    filter: &'a Filter,
    accounts: Vec<Place>,
    categories: Vec<Place>,
    text: Option<Needle>,
}

impl<'a> Matcher<'a> {
    pub fn new(ledger: &Ledger, filter: &'a Filter) -> Self {
        let accounts = filter.accounts.iter().filter_map(|id| ledger.accounts().place(id)).collect();
        let categories = filter.categories.iter().filter_map(|id| ledger.categories().place(id)).collect();
        let text = filter.text.as_deref().map(Needle::new);
        Self { filter, accounts, categories, text }
    }

    /// Whether a row within the filter's dates passes the rest of it.
    pub fn matches(&self, row: Row<'_>, ledger: &Ledger) -> bool {
        let filter = self.filter;
        filter.currency.is_none_or(|currency| row.currency() == currency)
            && filter.direction.is_none_or(|direction| (row.minor() > 0) == (direction == Direction::Income))
            && filter.review.is_none_or(|review| row.review() == review)
            && (filter.accounts.is_empty() || self.accounts.contains(&row.account()))
            && (filter.categories.is_empty() || self.matches_category(row, ledger))
            && self.matches_amount(row)
            && filter
                .tag
                .as_ref()
                .is_none_or(|tag| row.extras().is_some_and(|extras| extras.tags.contains(tag)))
            && self.text.as_ref().is_none_or(|needle| needle.is_in(row))
    }

    fn matches_category(&self, row: Row<'_>, ledger: &Ledger) -> bool {
        match row.category() {
            Some(place) => self.categories.contains(&place),
            None => row.extras().is_some_and(|extras| {
                extras
                    .lines
                    .iter()
                    .filter_map(|line| ledger.categories().place(&line.category))
                    .any(|place| self.categories.contains(&place))
            }),
        }
    }

    fn matches_amount(&self, row: Row<'_>) -> bool {
        if self.filter.min.is_none() && self.filter.max.is_none() {
            return true;
        }
        let amount = Decimal::new(row.minor(), u32::from(row.currency().digits())).abs();
        self.filter.min.is_none_or(|min| amount >= min) && self.filter.max.is_none_or(|max| amount <= max)
    }
}

/// Text to look for, in any case. Plain ASCII is compared without building folded copies.
#[derive(Debug)]
struct Needle {
    folded: String,
    ascii: bool,
}

/// Text without its case. Upper case comes last: it alone makes one of `ß`, `ẞ` and `ss`, and of the three sigmas.
fn fold(text: &str) -> String {
    text.to_lowercase().to_uppercase()
}

impl Needle {
    fn new(text: &str) -> Self {
        Self { folded: fold(text), ascii: text.is_ascii() }
    }

    fn is_in(&self, row: Row<'_>) -> bool {
        self.is_in_text(row.description())
            || row.extras().is_some_and(|extras| {
                extras.note.as_ref().is_some_and(|note| self.is_in_text(note))
                    || extras.payee.as_ref().is_some_and(|payee| self.is_in_text(payee))
            })
    }

    fn is_in_text(&self, text: &str) -> bool {
        if self.ascii && text.is_ascii() {
            text.to_ascii_uppercase().contains(&self.folded)
        } else {
            fold(text).contains(&self.folded)
        }
    }
}

/// A page of matching rows, newest first, and where the next one begins.
pub fn page<'a>(
    ledger: &'a Ledger,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> (Vec<Row<'a>>, Option<Cursor>) {
    let matcher = Matcher::new(ledger, filter);
    let oldest = filter.from.map_or(i32::MIN, day_number);
    let newest = filter.to.map_or(i32::MAX, day_number);
    let rows: Box<dyn Iterator<Item = Row<'a>>> = match after {
        Some(cursor) => Box::new(ledger.rows().before(cursor.date, cursor.id)),
        None => Box::new(ledger.rows().between(filter.from, filter.to).rev()),
    };
    let mut found: Vec<Row<'a>> = rows
        .skip_while(|row| row.day() > newest)
        .take_while(|row| row.day() >= oldest)
        .filter(|row| matcher.matches(*row, ledger))
        .take(limit.saturating_add(1))
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|row| Cursor { date: row.date(), id: row.id() });
    (found, next)
}
