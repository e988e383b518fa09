//! The index that followed a book entry by entry against one that read it afresh, and lists against what writers were told.

use std::sync::Arc;

use finbrain_domain::{
    anomaly::AnomalyKind,
    book,
    calendar::day_date,
    category::CategoryId,
    change::Change,
    demo,
    entry::{Author, Draft, Entry},
    ids::{BookId, EntryId, TransactionId},
    ledger::{Ledger, Moment},
    money::{Currency, Money},
    rates::RateBook,
    settings::{Locale, Settings},
    text::{Description, Name},
    transaction::{Guess, Line, Transaction, addition, record},
};
use jiff::{
    ToSpan as _,
    civil::{Date, date},
};

use super::{
    super::{corrections::Taught, view::Cubes},
    GetAnomalies, Insights,
    index::Index,
    judge,
};
use crate::user_session::{Query, View};

const TODAY: Date = date(2026, 11, 24);

/// Chance that is the same every time (SplitMix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

struct Book {
    ledger: Ledger,
    dice: Dice,
}

impl Book {
    fn open(seed: u64) -> Self {
        Self::open_with(Settings::of(Name::parse("Dana").unwrap()), seed)
    }

    fn open_with(settings: Settings, seed: u64) -> Self {
        let mut book = Self { ledger: Ledger::empty(BookId::new()), dice: Dice(seed) };
        book.write(&book::open(settings));
        book
    }

    /// A demo that was made on this day.
    fn demo(locale: &str, moment: Moment, seed: u64) -> Self {
        let locale = Locale::parse(locale).unwrap();
        let settings = Settings { locale, ..Settings::of(Name::parse("Demo").unwrap()) };
        let mut book = Self::open_with(settings.clone(), seed);
        let guess = Guess { category: CategoryId::parse("other").unwrap(), review: true };
        let rows = demo::transactions(&settings, moment.today, u128::from(seed)).into_iter();
        let rows = rows.map(|new| addition(record(&book.ledger, new, guess.clone(), moment).unwrap()));
        let changes: Vec<Change> = rows.collect();
        book.write(&changes);
        book
    }

    fn write(&mut self, changes: &[Change]) {
        let draft = Draft {
            entry_id: EntryId::new(),
            author: Author::System,
            key: None,
            auth_generation: 0,
            at: "2026-11-24T08:00:00Z".parse().unwrap(),
            reverses: None,
            changes: changes.to_vec(),
            pending: false,
        };
        let slot = self.ledger.version() + 1;
        let entry = Entry::seal(self.ledger.book(), slot, self.ledger.chain(), &draft).unwrap();
        self.ledger.advance(&entry, changes).unwrap();
    }

    /// Any row of the last `days` days: some come in, some are split, some name no merchant.
    fn row(&mut self, days: u64, shops: u64) -> Transaction {
        let mut pick = |of: &[&'static str]| of[usize::try_from(self.dice.below(of.len() as u64)).unwrap()];
        let category = CategoryId::parse(pick(&["food-drinks", "housing-bills", "other", "income"])).unwrap();
        let currency = Currency::parse(pick(&["ILS", "ILS", "ILS", "EUR"])).unwrap();
        let prefix = pick(&["SQ *Shop", "shop", "Shop"]);
        let words = ["blue", "red", "old", "new", "corner", "garden", "river", "market", "north", "café"];
        let shop = usize::try_from(self.dice.below(shops)).unwrap();
        let name =
            format!("{prefix} {} {} {}", words[shop % 10], words[shop / 10 % 10], words[shop / 100 % 10]);
        let name = if self.dice.below(20) == 0 { "1234".to_owned() } else { name };
        let minor = match i64::try_from(self.dice.below(40)).unwrap() {
            0 => 50_000,
            n => -100 * (n + 1),
        };
        let today = finbrain_domain::calendar::day_number(TODAY);
        let line = |amount| Line { category: category.clone(), amount, note: None };
        let lines = match self.dice.below(15) {
            0 => vec![line(minor - 7), line(7)],
            _ => vec![line(minor)],
        };
        Transaction {
            id: TransactionId::new(),
            date: day_date(today - i32::try_from(self.dice.below(days)).unwrap()),
            description: Description::parse(&name).unwrap(),
            account: self.ledger.accounts().iter().next().unwrap().id,
            original: Money::from_minor(minor, currency).unwrap(),
            posted: None,
            lines,
            tags: Vec::new(),
            note: None,
            payee: None,
            transfer: None,
            external_id: None,
            review: false,
        }
    }

    /// A row that is there.
    fn any(&mut self) -> Option<Transaction> {
        let rows = self.ledger.rows();
        let at = self.dice.below(rows.len().max(1) as u64);
        let row = rows.between(None, None).nth(usize::try_from(at).unwrap())?;
        Some(row.to_transaction(self.ledger.tables()))
    }
}

#[test]
fn an_index_that_followed_is_one_that_read_the_book() {
    for seed in 0..20 {
        let mut book = Book::open(seed);
        let mut followed = Index::default();
        for _ in 0..300 {
            let any = book.any();
            let changes = match (book.dice.below(6), any) {
                (0, Some(from)) => vec![Change::Transaction { from: Some(Box::new(from)), to: None }],
                (1, Some(from)) => {
                    let to = Transaction { id: from.id, ..book.row(1500, 12) };
                    vec![Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) }]
                }
                _ => vec![addition(book.row(1500, 12)), addition(book.row(1500, 12))],
            };
            book.write(&changes);
            followed.follow(&book.ledger, &changes);
            followed.read(&book.ledger, TODAY);
        }

        let mut fresh = Index::default();
        fresh.read(&book.ledger, TODAY);

        assert_eq!(followed.contents(), fresh.contents(), "seed {seed}");
    }
}

#[test]
fn the_list_has_what_each_payment_was_told_when_it_was_recorded() {
    let mut book = Book::open(5);
    let mut insights = Insights::default();
    let rates = Arc::new(RateBook::default());
    let moment = Moment { at: "2026-11-24T08:00:00Z".parse().unwrap(), today: TODAY };
    let mut told = Vec::new();
    let mut rows: Vec<_> = (0..600).map(|_| book.row(80, 25)).collect();
    rows.sort_by_key(|row| (row.date, row.id));
    for row in rows {
        let overlay = Taught::default();
        let view =
            View { ledger: &book.ledger, moment, rates: &rates, insights: &insights, taught: &overlay };
        told.extend(judge(&view, &row));
        let changes = [addition(row)];
        book.write(&changes);
        insights.follow(&book.ledger, &changes);
    }
    assert!(told.len() > 10, "{}", told.len());

    let overlay = Taught::default();
    let view = View { ledger: &book.ledger, moment, rates: &rates, insights: &insights, taught: &overlay };
    let listed = GetAnomalies { from: Some("2026-08".parse().unwrap()), to: None };
    let mut listed = listed.answer(&view, &mut Cubes::default()).unwrap().found;

    listed.retain(|one| one.transaction.is_some());
    let key = |one: &super::Anomaly| (one.date, one.transaction, one.kind);
    listed.sort_by_key(key);
    told.sort_by_key(key);
    assert_eq!(listed, told);
}

#[test]
fn a_demo_has_unusual_things_of_four_kinds_on_every_day_of_a_month() {
    let kinds = [AnomalyKind::Amount, AnomalyKind::Duplicate, AnomalyKind::PriceRise, AnomalyKind::Missing];
    let languages = [
        ("en", ["supermarket", "harbour fish restaurant", "streaming", "gym membership"]),
        ("he", ["סופרמרקט", "מסעדת הדגים בנמל", "שירות סטרימינג", "מנוי לחדר כושר"]),
    ];
    let (rates, overlay) = (Arc::new(RateBook::default()), Taught::default());
    // From the end of a leap February to the first of April, in one language and the other by turns.
    let days = date(2028, 2, 28).series(1.day()).take(34);
    for ((seed, today), (locale, names)) in (0..).zip(days).zip(languages.into_iter().cycle()) {
        let moment = Moment { at: "2028-04-01T08:00:00Z".parse().unwrap(), today };
        let book = Book::demo(locale, moment, seed);
        let insights = Insights::default();
        let view =
            View { ledger: &book.ledger, moment, rates: &rates, insights: &insights, taught: &overlay };

        let listed = GetAnomalies { from: None, to: None }.answer(&view, &mut Cubes::default()).unwrap();

        for (kind, name) in kinds.into_iter().zip(names) {
            let is_it = |one: &super::Anomaly| one.kind == kind && one.merchant.as_str() == name;
            let found = listed.found.iter().filter(|one| is_it(one)).count();
            assert_eq!(found, 1, "{kind:?} {name} on {today}: {:?}", listed.found);
        }
        assert!(listed.found.len() < 12, "{today}: {:?}", listed.found);
    }
}
