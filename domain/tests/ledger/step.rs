//! Random steps. A step holds small numbers only, so that it shrinks well; what they mean depends on the book that it
//! meets.

use finbrain_domain::{
    access::Revoked,
    account::Account,
    anomaly::{AnomalyKind, Pattern},
    category::{CategoryId, CategoryKind, CategoryPatch, Color, NewCategory},
    ids::{AccountId, Digest, TransactionId},
    money::{Currency, Money},
    settings::{Locale, SettingsPatch, WeekStart, ZoneName},
    text::{Description, ExternalId, Name, Note, Tag},
    transaction::{Guess, Line, NewTransaction, TransactionPatch},
};
use jiff::{SignedDuration, civil::Date};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use uuid::Uuid;

use crate::{
    book::{moment, transaction_id},
    command::Command,
    model::Model,
};

pub const TEXTS: [&str; 10] = [
    "Corner shop",
    "corner SHOP on Main St",
    "קפה עם חברים",
    "Straße 7",
    "STRASSE 7",
    "ΟΔΟΣ Ermou",
    "İstanbul Kart",
    "Ünlü Döner",
    "100% off_sale",
    "日本の本屋",
];
pub const TAGS: [&str; 4] = ["work", "trip", "חופשה", "Work"];
pub const CODES: [&str; 4] = ["ILS", "JPY", "KWD", "USD"];

/// The eight defaults and three of one's own.
const CATEGORIES: usize = 11;

/// A row in small numbers.
#[derive(Debug, Clone)]
pub struct Draft {
    pub day: i64,
    pub text: usize,
    pub minor: i64,
    pub currency: usize,
    pub lines: Lines,
    /// Bits: which tags, note, payee, external id.
    pub extras: u16,
    pub account: usize,
}

#[derive(Debug, Clone)]
pub enum Lines {
    Guessed {
        review: bool,
    },
    Chosen(usize),
    /// Categories and amounts but for the last, which takes the rest (and `off` too much).
    Split {
        categories: Vec<usize>,
        part: i64,
        off: bool,
    },
}

#[derive(Debug, Clone)]
pub enum Patch {
    Date(i64),
    Description(usize),
    Amount(i64),
    Currency(usize),
    Category(usize),
    Splits(Lines),
    Tags(u16),
    Note(u16),
    Payee(u16),
    ExternalId(u16),
    Review(bool),
}

#[derive(Debug, Clone)]
pub enum Step {
    Record(Draft),
    Import(usize, Draft),
    Amend { row: usize, patch: Vec<Patch>, stale: bool },
    Remove { row: usize, stale: bool },
    CreateCategory { id: usize, name: usize, income: bool },
    AmendCategory { category: usize, name: Option<usize>, color: bool, archived: Option<bool>, stale: bool },
    RemoveCategory { category: usize, move_to: Option<usize> },
    Settings(usize),
    AddAccount,
    Teach { merchant: usize, category: usize },
    EndSession(u8),
    RaiseGeneration,
    Silence { kind: bool, merchant: usize, silent: bool },
    UndoLast,
    Undo(usize),
    Redo,
}

pub fn lines() -> impl Strategy<Value = Lines> {
    prop_oneof![
        2 => any::<bool>().prop_map(|review| Lines::Guessed { review }),
        3 => (0usize..CATEGORIES).prop_map(Lines::Chosen),
        2 => split(),
    ]
}

fn split() -> impl Strategy<Value = Lines> {
    (proptest::collection::vec(0usize..CATEGORIES, 2..4), -90i64..90, 0u8..20)
        .prop_map(|(categories, part, off)| Lines::Split { categories, part, off: off == 0 })
}

pub fn draft() -> impl Strategy<Value = Draft> {
    let minor = prop_oneof![8 => -9_999i64..9_999, 1 => Just(1_000_000_000_000_000), 1 => Just(-1)];
    (-2i64..30, 0..TEXTS.len(), minor, 0..CODES.len(), lines(), extras(), 0usize..3).prop_map(
        |(day, text, minor, currency, lines, extras, account)| Draft {
            day,
            text,
            minor,
            currency,
            lines,
            extras,
            account,
        },
    )
}

fn extras() -> impl Strategy<Value = u16> {
    prop_oneof![Just(0), any::<u16>()]
}

fn patch() -> impl Strategy<Value = Patch> {
    prop_oneof![
        (-2i64..30).prop_map(Patch::Date),
        (0..TEXTS.len()).prop_map(Patch::Description),
        (-500i64..500).prop_map(Patch::Amount),
        (0..CODES.len()).prop_map(Patch::Currency),
        (0usize..CATEGORIES).prop_map(Patch::Category),
        split().prop_map(Patch::Splits),
        any::<u16>().prop_map(Patch::Tags),
        any::<u16>().prop_map(Patch::Note),
        any::<u16>().prop_map(Patch::Payee),
        any::<u16>().prop_map(Patch::ExternalId),
        any::<bool>().prop_map(Patch::Review),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let row = || 0usize..1000;
    let stale = || (0u8..12).prop_map(|n| n == 0);
    prop_oneof![
        10 => draft().prop_map(Step::Record),
        1 => (60usize..80, draft()).prop_map(|(count, draft)| Step::Import(count, draft)),
        8 => (row(), proptest::collection::vec(patch(), 1..3), stale())
            .prop_map(|(row, patch, stale)| Step::Amend { row, patch, stale }),
        4 => (row(), stale()).prop_map(|(row, stale)| Step::Remove { row, stale }),
        3 => (0usize..3, 0usize..6, any::<bool>())
            .prop_map(|(id, name, income)| Step::CreateCategory { id, name, income }),
        3 => (0usize..CATEGORIES, proptest::option::of(0usize..6), any::<bool>(), proptest::option::of(any::<bool>()), stale())
            .prop_map(|(category, name, color, archived, stale)| Step::AmendCategory {
                category, name, color, archived, stale
            }),
        3 => (6usize..CATEGORIES, proptest::option::of(0usize..CATEGORIES))
            .prop_map(|(category, move_to)| Step::RemoveCategory { category, move_to }),
        1 => (0usize..40).prop_map(Step::Settings),
        1 => Just(Step::AddAccount),
        2 => (0usize..4, 0usize..CATEGORIES).prop_map(|(merchant, category)| Step::Teach { merchant, category }),
        1 => any::<u8>().prop_map(Step::EndSession),
        1 => Just(Step::RaiseGeneration),
        2 => (any::<bool>(), 0usize..2, any::<bool>())
            .prop_map(|(kind, merchant, silent)| Step::Silence { kind, merchant, silent }),
        5 => Just(Step::UndoLast),
        4 => row().prop_map(Step::Undo),
        4 => Just(Step::Redo),
    ]
}

/// The command that a step stands for in the book as it is. `None` for undo, redo and rows that are not there.
pub fn command(step: &Step, model: &Model) -> Option<Command> {
    Some(match step.clone() {
        Step::Record(draft) => {
            let id = transaction_id(1_000_000 + model.past.len() as u128);
            let (new, guess) = new_transaction(&draft, id, model);
            Command::Record(Box::new(new), guess)
        }
        Step::Import(count, draft) => import(count, draft, model),
        Step::Amend { row, patch, stale } => {
            let id = row_id(model, row)?;
            let expected = stale.then(|| model.changed(&id.to_string()) + 1);
            let amount = model.state.transactions[&id].original;
            Command::Amend { id, patch: Box::new(patch_of(&patch, amount)), expected }
        }
        Step::Remove { row, stale } => {
            let id = row_id(model, row)?;
            let expected = Some(model.changed(&id.to_string()) + u64::from(stale));
            Command::Remove { id, expected }
        }
        Step::CreateCategory { id, name, income } => {
            let kind = if income { CategoryKind::Income } else { CategoryKind::Expense };
            Command::CreateCategory(NewCategory {
                id: Some(own(id)),
                name: category_name(name),
                kind,
                color: None,
            })
        }
        Step::AmendCategory { category, name, color, archived, stale } => {
            let id = category_id(category);
            let color = color.then(|| category.is_multiple_of(2).then(|| Color::parse("#A0b1C2").unwrap()));
            let patch = CategoryPatch { name: name.map(category_name), color, archived };
            Command::AmendCategory { expected: stale.then_some(u64::MAX), id, patch }
        }
        Step::RemoveCategory { category, move_to } => {
            let (id, move_to) = (category_id(category), move_to.map(category_id));
            Command::RemoveCategory { move_to: move_to.filter(|target| *target != id), id }
        }
        Step::Settings(n) => Command::Settings(settings(n)),
        Step::AddAccount => Command::AddAccount(Account {
            id: AccountId::from_uuid(transaction_id(2_000_000 + model.past.len() as u128).uuid()),
            name: Name::parse("Bank").unwrap(),
            currency: Currency::EUR,
        }),
        Step::Teach { merchant, category } => {
            let merchant = ["", "corner shop", "kart", "döner"][merchant].to_owned();
            Command::Teach { merchant, category: category_id(category) }
        }
        Step::EndSession(n) => Command::EndSessions(vec![Revoked {
            token: Digest::of(&[n]),
            until: moment().at + SignedDuration::from_secs(i64::from(n % 30)),
        }]),
        Step::RaiseGeneration => Command::RaiseGeneration,
        Step::Silence { kind, merchant, silent } => {
            let kind = if kind { AnomalyKind::Amount } else { AnomalyKind::Missing };
            let merchant = Name::parse(["corner shop", "döner"][merchant]).unwrap();
            Command::Silence { pattern: Pattern { kind, merchant }, silent }
        }
        Step::UndoLast | Step::Undo(_) | Step::Redo => return None,
    })
}

/// Rows on different days, whose ids are in no order and that name no external id twice.
fn import(count: usize, mut draft: Draft, model: &Model) -> Command {
    draft.extras &= 0xff;
    let base = (model.past.len() as u128) << 32;
    let rows: Vec<_> = (0..count)
        .map(|n| {
            draft.day = (draft.day + 7) % 29;
            draft.minor = if draft.minor == 0 { 5 } else { draft.minor };
            new_transaction(&draft, transaction_id(base + n as u128), model)
        })
        .collect();
    let guess = rows[0].1.clone();
    Command::Import(rows.into_iter().map(|(new, _)| new).collect(), guess)
}

pub fn new_transaction(draft: &Draft, id: TransactionId, model: &Model) -> (NewTransaction, Guess) {
    let guess = Guess {
        category: category_id(draft.text),
        review: matches!(draft.lines, Lines::Guessed { review: true }),
    };
    let accounts: Vec<_> = model.state.accounts.keys().collect();
    let new = NewTransaction {
        id: Some(id),
        date: day(draft.day),
        description: Description::parse(TEXTS[draft.text]).unwrap(),
        amount: Money::from_minor(draft.minor, currency(draft.currency)).unwrap(),
        account: Some(*accounts[draft.account % accounts.len()]),
        category: match draft.lines {
            Lines::Chosen(category) => Some(category_id(category)),
            _ => None,
        },
        splits: splits(&draft.lines, draft.minor),
        tags: tags(draft.extras),
        note: note(draft.extras),
        payee: payee(draft.extras),
        external_id: external_id(draft.extras),
    };
    (new, guess)
}

fn splits(lines: &Lines, minor: i64) -> Vec<Line> {
    let Lines::Split { categories, part, off } = lines else { return Vec::new() };
    let last = categories.len() - 1;
    let rest = minor - part * last as i64 + i64::from(*off);
    let amount = |at| if at == last { rest } else { *part };
    let note = |at| Some(Note::parse("half").unwrap()).filter(|_| at % 2 == 1);
    let line = |(at, &category)| Line { category: category_id(category), amount: amount(at), note: note(at) };
    categories.iter().enumerate().map(line).collect()
}

fn patch_of(fields: &[Patch], amount: Money) -> TransactionPatch {
    let mut patch = TransactionPatch::default();
    for field in fields {
        match field {
            Patch::Date(n) => patch.date = Some(day(*n)),
            Patch::Description(n) => patch.description = Some(Description::parse(TEXTS[*n]).unwrap()),
            Patch::Amount(minor) => patch.amount = Some(minor.to_string()),
            Patch::Currency(n) => patch.currency = Some(currency(*n)),
            Patch::Category(n) => patch.category = Some(category_id(*n)),
            Patch::Splits(lines) => patch.splits = Some(splits(lines, amount.minor())),
            Patch::Tags(bits) => patch.tags = Some(tags(*bits)),
            Patch::Note(bits) => patch.note = Some(note(*bits)),
            Patch::Payee(bits) => patch.payee = Some(payee(*bits)),
            Patch::ExternalId(bits) => patch.external_id = Some(external_id(*bits)),
            Patch::Review(review) => patch.review = Some(*review),
        }
    }
    patch
}

fn settings(n: usize) -> SettingsPatch {
    SettingsPatch {
        name: n.is_multiple_of(5).then(|| Name::parse("Noa").unwrap()),
        base_currency: n.is_multiple_of(4).then(|| currency(n / 4)),
        locale: n.is_multiple_of(3).then(|| Locale::parse("he-IL").unwrap()),
        time_zone: n.is_multiple_of(2).then(|| ZoneName::parse("Asia/Jerusalem").unwrap()),
        week_start: n.is_multiple_of(7).then_some(WeekStart::Sunday),
        share_corrections: n.is_multiple_of(11).then_some(true),
    }
}

fn row_id(model: &Model, row: usize) -> Option<TransactionId> {
    let count = model.state.transactions.len();
    model.state.transactions.keys().nth(row % count.max(1)).copied()
}

/// A default, or one of one's own that need not be there.
pub fn category_id(n: usize) -> CategoryId {
    const DEFAULTS: [&str; 8] = [
        "food-drinks",
        "housing-bills",
        "transportation",
        "education-growth",
        "health-essentials",
        "leisure-gifts",
        "other",
        "income",
    ];
    match DEFAULTS.get(n) {
        Some(slug) => CategoryId::parse(slug).unwrap(),
        None => own(n - DEFAULTS.len()),
    }
}

fn own(n: usize) -> CategoryId {
    CategoryId::parse(&Uuid::from_u128(0xca7 + n as u128).to_string()).unwrap()
}

fn category_name(n: usize) -> Name {
    Name::parse(["Pets", "PETS", "Straße", "ילדים", "other", "Bikes"][n]).unwrap()
}

pub fn day(n: i64) -> Date {
    moment().today.saturating_add(jiff::Span::new().days(n - 28))
}

pub fn currency(n: usize) -> Currency {
    Currency::parse(CODES[n % CODES.len()]).unwrap()
}

pub fn tags(bits: u16) -> Vec<Tag> {
    let chosen = TAGS.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
    chosen.map(|(_, tag)| Tag::parse(tag).unwrap()).collect()
}

pub fn note(bits: u16) -> Option<Note> {
    (bits >> 4 & 1 == 1).then(|| Note::parse(TEXTS[usize::from(bits >> 6 & 7)]).unwrap())
}

pub fn payee(bits: u16) -> Option<Name> {
    (bits >> 5 & 1 == 1).then(|| Name::parse(TEXTS[usize::from(bits >> 7 & 7)]).unwrap())
}

/// One of four, so that they meet.
pub fn external_id(bits: u16) -> Option<ExternalId> {
    (bits >> 10 & 1 == 1)
        .then(|| ExternalId::parse(["a-1", "a-2", "ב-3", "a-4"][usize::from(bits >> 11 & 3)]).unwrap())
}
