//! Filters against a naive predicate over full values, and sums against plain additions.

use std::collections::BTreeMap;

use finbrain_domain::{
    ids::TransactionId,
    money::{Currency, Money},
    text::{Name, Tag},
    transaction::{Direction, Filter, Transaction, page},
};
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use rust_decimal::Decimal;

use crate::{
    book::{Book, guess, moment, plain, transaction_id},
    fold::Pair,
    step::{CODES, Draft, Lines, Step, TAGS, category_id, currency, day, draft},
};

/// A filter in small numbers; `None` leaves a condition out.
#[derive(Debug, Clone)]
pub struct Query {
    days: Option<(i64, i64)>,
    account: Option<usize>,
    categories: Vec<usize>,
    tag: Option<usize>,
    text: Option<&'static str>,
    /// Thousandths.
    min: Option<i64>,
    max: Option<i64>,
    currency: Option<usize>,
    direction: Option<Direction>,
    review: Option<bool>,
}

const NEEDLES: [&str; 14] = [
    "shop", "SHOP", "קפה", "strasse", "STRASSE", "straße", "οδος", "ΟΔΟΣ", "ΟΔΌΣ", "istanbul", "ÜNLÜ", "%",
    "_", "日本",
];

fn rarely<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.4, of)
}

pub fn query() -> impl Strategy<Value = Query> {
    let bound = || prop_oneof![0i64..20_000, (0i64..200).prop_map(|n| n * 1000)];
    let direction = prop_oneof![Just(Direction::Income), Just(Direction::Expense)];
    (
        (
            rarely((-2i64..30, 0i64..20)),
            rarely(0usize..2),
            rarely(proptest::collection::vec(0usize..11, 1..3)),
        ),
        (rarely(0..TAGS.len()), rarely(0..NEEDLES.len()), rarely(bound()), rarely(bound())),
        (rarely(0..CODES.len()), rarely(direction), rarely(any::<bool>())),
    )
        .prop_map(
            |((days, account, categories), (tag, text, min, max), (currency, direction, review))| Query {
                days: days.map(|(from, length)| (from, from + length)),
                account,
                categories: categories.unwrap_or_default(),
                tag,
                text: text.map(|n| NEEDLES[n]),
                min,
                max,
                currency,
                direction,
                review,
            },
        )
}

impl Query {
    pub fn filter(&self, pair: &Pair) -> Filter {
        let accounts: Vec<_> = pair.model.state.accounts.keys().copied().collect();
        Filter {
            from: self.days.map(|(from, _)| day(from)),
            to: self.days.map(|(_, to)| day(to)),
            accounts: self.account.map(|n| accounts[n % accounts.len()]).into_iter().collect(),
            categories: self.categories.iter().map(|&n| category_id(n)).collect(),
            tag: self.tag.map(|n| Tag::parse(TAGS[n]).unwrap()),
            text: self.text.map(str::to_owned),
            min: self.min.map(|bound| Decimal::new(bound, 3)),
            max: self.max.map(|bound| Decimal::new(bound, 3)),
            currency: self.currency.map(currency),
            direction: self.direction,
            review: self.review,
        }
    }

    /// Whether the transaction passes, from full values.
    pub fn passes(&self, filter: &Filter, row: &Transaction) -> bool {
        let digits = u32::from(row.original.currency().digits());
        let thousandths = row.original.minor().abs() as i128 * 10i128.pow(3 - digits);
        let direction = if row.original.minor() < 0 { Direction::Expense } else { Direction::Income };
        let texts = [Some(row.description.as_str()), row.note.as_deref(), row.payee.as_deref()];
        self.days.is_none_or(|(from, to)| (day(from)..=day(to)).contains(&row.date))
            && (filter.accounts.is_empty() || filter.accounts.contains(&row.account))
            && (filter.categories.is_empty()
                || row.lines.iter().any(|line| filter.categories.contains(&line.category)))
            && filter.tag.as_ref().is_none_or(|tag| row.tags.contains(tag))
            && self.text.is_none_or(|needle| texts.into_iter().flatten().any(|text| contains(text, needle)))
            && self.min.is_none_or(|bound| thousandths >= i128::from(bound))
            && self.max.is_none_or(|bound| thousandths <= i128::from(bound))
            && filter.currency.is_none_or(|currency| row.original.currency() == currency)
            && self.direction.is_none_or(|wanted| direction == wanted)
            && self.review.is_none_or(|review| row.review == review)
    }
}

/// Whether a text contains another in any case: character by character, with the three letters of the test's texts
/// whose cases are not one to one.
fn contains(text: &str, needle: &str) -> bool {
    let fold = |text: &str| {
        let mut folded = Vec::new();
        for letter in text.chars() {
            match letter {
                'ß' | 'ẞ' => folded.extend(['s', 's']),
                'Σ' | 'ς' => folded.push('σ'),
                'İ' => folded.extend(['i', '\u{307}']),
                _ => folded.extend(letter.to_lowercase()),
            }
        }
        folded
    };
    let (text, needle) = (fold(text), fold(needle));
    text.windows(needle.len()).any(|window| window == needle)
}

/// A book with these rows, those that the rules refuse left out.
pub fn filled(drafts: &[Draft]) -> Pair {
    let mut pair = Pair::open();
    pair.take(&Step::AddAccount, crate::book::ALICE);
    for draft in drafts {
        pair.take(&Step::Record(draft.clone()), crate::book::ALICE);
    }
    pair
}

proptest! {
    #[test]
    fn a_filter_finds_what_a_naive_predicate_finds_and_adds_up_exactly(
        drafts in proptest::collection::vec(draft(), 0..40),
        queries in proptest::collection::vec(query(), 12),
    ) {
        let pair = filled(&drafts);

        for query in queries {
            let filter = query.filter(&pair);
            let (rows, next) = page(&pair.book.ledger, &filter, None, 1000);

            let expected: Vec<_> =
                pair.model.sorted().into_iter().rev().filter(|row| query.passes(&filter, row)).collect();
            prop_assert_eq!(rows.iter().map(|row| row.id()).collect::<Vec<_>>(), ids(&expected));
            prop_assert_eq!(next, None);
            let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
            rows.iter().for_each(|row| *sums.entry(row.currency()).or_default() += i128::from(row.minor()));
            prop_assert_eq!(sums, naive_sums(&expected));
        }
    }
}

fn ids(rows: &[&Transaction]) -> Vec<TransactionId> {
    rows.iter().map(|row| row.id).collect()
}

/// Line by line, so that splits are seen to add up as well.
fn naive_sums(rows: &[&Transaction]) -> BTreeMap<Currency, i128> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(row.original.currency()).or_insert(0);
        row.lines.iter().for_each(|line| *sum += line.amount as i128);
    }
    sums
}

fn found(book: &Book, text: &str) -> usize {
    let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
    page(&book.ledger, &filter, None, 100).0.len()
}

#[test]
fn text_is_found_in_any_case_of_any_script() {
    let mut book = Book::open();
    for (n, text) in ["Straße 7", "קפה עם חברים", "ΟΔΟΣΑ", "Cafe\u{301} Noir", "Ünlü"].iter().enumerate()
    {
        let mut new = plain(-500);
        new.id = Some(transaction_id(n as u128));
        new.description = finbrain_domain::text::Description::parse(text).unwrap();
        book.record(new).unwrap();
    }

    for (needle, count) in [
        ("straße", 1),
        ("STRASSE", 1),
        ("STRAẞE", 1),
        ("קפה", 1),
        ("οδος", 1),
        ("ΟΔΟΣ", 1),
        ("ΟΔΟΣΑ", 1),
        ("noir", 1),
        ("NOIR", 1),
        ("ünLÜ", 1),
        ("unlu", 0),
        ("", 5),
        ("nothing of the kind", 0),
    ] {
        assert_eq!(found(&book, needle), count, "{needle}");
    }
}

#[test]
fn notes_and_payees_are_searched_too() {
    let mut book = Book::open();
    let mut new = plain(-500);
    new.payee = Some(Name::parse("Dana Levi").unwrap());
    new.note = Some(finbrain_domain::text::Note::parse("for the Picnic").unwrap());
    book.record(new).unwrap();

    assert_eq!((found(&book, "LEVI"), found(&book, "picnic"), found(&book, "levi picnic")), (1, 1, 0));
}

#[test]
fn amounts_at_the_edge_of_a_book_add_up_exactly() {
    let drafts: Vec<_> = (0..50)
        .map(|n| Draft {
            day: 3,
            text: 0,
            minor: 1_000_000_000_000_000 - n,
            currency: 0,
            lines: Lines::Guessed { review: false },
            extras: 0,
            account: 0,
        })
        .collect();
    let pair = filled(&drafts);

    let (rows, _) = page(&pair.book.ledger, &Filter::default(), None, 1000);

    let sum: i128 = rows.iter().map(|row| i128::from(row.minor())).sum();
    assert_eq!(sum, 50_000_000_000_000_000 - (0..50).sum::<i128>());
    assert_eq!(guess().category, category_id(0));
    assert_eq!(rows[0].date(), day(3).min(moment().today));
}

#[test]
fn bounds_are_included_and_count_in_units_of_each_currency() {
    let mut book = Book::open();
    for (code, minor) in [("JPY", -12), ("ILS", 1200), ("KWD", -12_000), ("KWD", 12_001), ("ILS", 1199)] {
        let mut new = plain(minor);
        new.amount = Money::from_minor(minor, Currency::parse(code).unwrap()).unwrap();
        book.record(new).unwrap();
    }
    let between = |min: &str, max: &str| {
        let bound = |text: &str| Some(text.parse().unwrap());
        let filter = Filter { min: bound(min), max: bound(max), ..Filter::default() };
        page(&book.ledger, &filter, None, 100).0.len()
    };

    assert_eq!(between("12", "12.000"), 3);
    assert_eq!(between("12", "12.001"), 4);
    assert_eq!(between("11.99", "11.99"), 1);
    assert_eq!(between("12.002", "9999"), 0);
}
