//! What happens in the golden journals: every kind of change, every optional field. Ids and instants are fixed, so that
//! the same code writes the same bytes.

use finbrain_domain::{
    access::{AccessChange, Revoked},
    account::Account,
    anomaly::{AnomalyKind, Pattern, silence},
    book,
    category::{self, Category, CategoryId, CategoryKind, CategoryPatch, Color},
    change::Change,
    entry::{Author, Draft, Entry, Key, Reversal},
    ids::{AccountId, BookId, Digest, EntryId, TransactionId, UserId},
    ledger::Ledger,
    money::{Currency, Money},
    settings::{Locale, Settings, SettingsPatch, WeekStart, ZoneName},
    text::{Description, ExternalId, Name, Note, Tag},
    transaction::{Line, Transaction, addition, remove, teach},
    undo,
};
use jiff::{Timestamp, civil::date};
use uuid::Uuid;

const DANA: Author = Author::User(UserId::from_uuid(id(1)));

/// The `n`th fixed UUIDv7.
const fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x019a_b000_0000_7000_8000_0000_0000_0000 + n)
}

struct Writer {
    /// The first of the ids of this book.
    first: u128,
    ledger: Ledger,
    journal: Vec<Entry>,
}

impl Writer {
    fn open(first: u128, name: &str) -> Self {
        let mut writer =
            Self { first, ledger: Ledger::empty(BookId::from_uuid(id(first))), journal: Vec::new() };
        let mut changes = book::open(Settings::of(Name::parse(name).unwrap()));
        for change in &mut changes {
            if let Change::Account { to: Some(account), .. } = change {
                account.id = AccountId::from_uuid(id(first + 1));
            }
        }
        writer.write(DANA, None, changes);
        writer
    }

    fn write(&mut self, author: Author, reverses: Option<Reversal>, changes: Vec<Change>) -> Entry {
        let slot = self.ledger.version() + 1;
        let minutes = i64::try_from(slot).unwrap() * 60;
        // Every second entry has a key, every third waits for effects.
        let key =
            Key { key: format!("key-{slot}"), request: Digest::of(format!("request {slot}").as_bytes()) };
        let draft = Draft {
            entry_id: EntryId::from_uuid(id(self.first + 100 + u128::from(slot))),
            author,
            key: (slot.is_multiple_of(2)).then_some(key),
            auth_generation: self.ledger.auth_generation(),
            at: Timestamp::new(1_795_507_200 + minutes, 123_456_000).unwrap(),
            reverses,
            changes,
            pending: slot.is_multiple_of(3),
        };
        let entry = Entry::seal(self.ledger.book(), slot, self.ledger.chain(), &draft).unwrap();
        self.ledger.apply(&entry).unwrap();
        self.journal.push(entry.clone());
        entry
    }

    fn command(&mut self, changes: Vec<Change>) -> Entry {
        self.write(DANA, None, changes)
    }

    /// Alters a transaction as it is now.
    fn alter(&self, row: u128, alter: impl FnOnce(&mut Transaction)) -> Change {
        let from = self.ledger.transaction(TransactionId::from_uuid(id(row))).unwrap();
        let mut to = from.clone();
        alter(&mut to);
        Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) }
    }

    fn back(&mut self, entry: &Entry, reversal: fn(EntryId) -> Reversal) -> Entry {
        let changes = undo::inverse(&self.ledger, entry).unwrap();
        self.write(DANA, Some(reversal(entry.entry_id)), changes)
    }
}

/// The journals of the golden file, by name.
pub fn journals() -> [(&'static str, Vec<Entry>); 3] {
    [("every kind of change", everything()), ("a closed book", closed()), ("silenced patterns", silenced())]
}

fn everything() -> Vec<Entry> {
    let mut writer = Writer::open(1000, "Dana Levi");
    set_up(&mut writer);
    writer.command(rows().into_iter().map(addition).collect());
    amend(&mut writer);
    end_sessions(&mut writer);
    tidy(&mut writer);
    writer.journal
}

fn set_up(writer: &mut Writer) {
    let patch = SettingsPatch {
        name: Some(Name::parse("דנה לוי").unwrap()),
        base_currency: Some(Currency::ILS),
        locale: Some(Locale::parse("he-IL").unwrap()),
        time_zone: Some(ZoneName::parse("Asia/Jerusalem").unwrap()),
        week_start: Some(WeekStart::Sunday),
        share_corrections: None,
    };
    let settings = book::amend_settings(&writer.ledger, patch).unwrap();
    writer.command(vec![settings]);
    let bank = Account { id: bank(), name: Name::parse("Bank \"Leumi\"").unwrap(), currency: Currency::ILS };
    let mut renamed = bank.clone();
    renamed.name = Name::parse("Bank").unwrap();
    writer.command(vec![Change::Account { from: None, to: Some(bank.clone()) }]);
    writer.command(vec![Change::Account { from: Some(bank), to: Some(renamed) }]);
    for (category, name, kind) in
        [(pets(), "Pets 🐈", CategoryKind::Expense), (side(), "Side job", CategoryKind::Income)]
    {
        let color = Some(Color::parse("#00AA7f").unwrap());
        let name = Name::parse(name).unwrap();
        let category = Category { id: category, name, kind, color, archived: false };
        writer.command(vec![Change::Category { from: None, to: Some(category) }]);
    }
}

/// Amends, teaches, removes, takes back, does again.
fn amend(writer: &mut Writer) {
    let other = CategoryId::other();
    let recategorized = writer.alter(2001, |row| {
        row.lines[0].category = other.clone();
        row.review = false;
    });
    let taught = teach(&writer.ledger, "corner shop", &other).unwrap();
    writer.command(vec![recategorized, taught]);
    let redated = writer.alter(2002, |row| {
        row.date = date(2026, 10, 31);
        row.payee = None;
        row.tags.clear();
    });
    let redated = writer.command(vec![redated]);
    let undone = writer.back(&redated, Reversal::Undo);
    writer.back(&undone, Reversal::Redo);
    let removal = remove(&writer.ledger, TransactionId::from_uuid(id(2003)), None).unwrap();
    let removal = writer.command(vec![removal]);
    writer.back(&removal, Reversal::Undo);
    let removal = remove(&writer.ledger, TransactionId::from_uuid(id(2004)), None).unwrap();
    writer.command(vec![removal]);
}

fn end_sessions(writer: &mut Writer) {
    let until = |text: &str| text.parse().unwrap();
    let sessions = vec![
        Revoked { token: Digest::of(b"a session"), until: until("2026-11-24T08:20:00Z") },
        Revoked { token: Digest::of(b"another"), until: until("2026-12-24T08:00:00Z") },
    ];
    writer.write(Author::System, None, vec![Change::Access(AccessChange::SessionsRevoked { sessions })]);
    let raised = AccessChange::GenerationRaised { from: 0, to: 1 };
    writer.write(Author::System, None, vec![Change::Access(raised)]);
}

/// Archives a category, removes another with its rows moved, and forgets what was learned.
fn tidy(writer: &mut Writer) {
    let patch = CategoryPatch { archived: Some(true), color: Some(None), ..CategoryPatch::default() };
    let (from, to) = category::amend(&writer.ledger, &side(), patch, None).unwrap();
    writer.command(vec![Change::Category { from: Some(from), to: Some(to) }]);
    let leisure = CategoryId::parse("leisure-gifts").unwrap();
    let removal = category::remove(&writer.ledger, &pets(), Some(&leisure), None).unwrap();
    writer.command(removal);
    let taught = teach(&writer.ledger, "קפה", &leisure).unwrap();
    writer.command(vec![taught]);
    let from = Some(CategoryId::other());
    writer.command(vec![Change::Merchant { merchant: "corner shop".to_owned(), from, to: None }]);
}

fn closed() -> Vec<Entry> {
    let mut writer = Writer::open(3000, "Noa");
    let mut row = plain(3002, "Last coffee", -450, Currency::USD, CategoryId::other());
    row.account = AccountId::from_uuid(id(3001));
    writer.command(vec![addition(row)]);
    writer.write(Author::System, None, vec![Change::BookClosed]);
    writer.journal
}

/// Every kind of pattern called fine; one of them taken back and done again, one of them no longer.
fn silenced() -> Vec<Entry> {
    let mut writer = Writer::open(4000, "Tal");
    let pattern = |kind, merchant| Pattern { kind, merchant: Name::parse(merchant).unwrap() };
    for (kind, merchant) in [
        (AnomalyKind::Amount, "corner shop"),
        (AnomalyKind::Duplicate, "קפה"),
        (AnomalyKind::FirstTime, "café ünlü"),
        (AnomalyKind::PriceRise, "streaming"),
        (AnomalyKind::Missing, "streaming"),
    ] {
        let change = silence(&writer.ledger, &pattern(kind, merchant), true).unwrap().unwrap();
        let silenced = writer.command(vec![change]);
        if kind == AnomalyKind::Duplicate {
            let undone = writer.back(&silenced, Reversal::Undo);
            writer.back(&undone, Reversal::Redo);
        }
    }
    let heard = silence(&writer.ledger, &pattern(AnomalyKind::Amount, "corner shop"), false);
    writer.command(vec![heard.unwrap().unwrap()]);
    writer.journal
}

fn cash() -> AccountId {
    AccountId::from_uuid(id(1001))
}

fn bank() -> AccountId {
    AccountId::from_uuid(id(1002))
}

fn pets() -> CategoryId {
    CategoryId::parse(&id(1003).to_string()).unwrap()
}

fn side() -> CategoryId {
    CategoryId::parse(&id(1004).to_string()).unwrap()
}

fn plain(n: u128, description: &str, minor: i64, currency: Currency, category: CategoryId) -> Transaction {
    Transaction {
        id: TransactionId::from_uuid(id(n)),
        date: date(2026, 11, 23),
        description: Description::parse(description).unwrap(),
        account: cash(),
        original: Money::from_minor(minor, currency).unwrap(),
        posted: None,
        lines: vec![Line { category, amount: minor, note: None }],
        tags: Vec::new(),
        note: None,
        payee: None,
        transfer: None,
        external_id: None,
        review: false,
    }
}

fn rows() -> Vec<Transaction> {
    let currency = |code| Currency::parse(code).unwrap();
    let note = |text| Some(Note::parse(text).unwrap());
    let food = CategoryId::parse("food-drinks").unwrap();
    let mut guessed = plain(2001, "Corner shop \\ \"24/7\"", -5290, Currency::ILS, food.clone());
    guessed.review = true;
    let mut full = plain(2002, "קפה עם חברים", -18_000, Currency::ILS, pets());
    full.tags = ["work", "חופשה"].map(|tag| Tag::parse(tag).unwrap()).to_vec();
    full.note = note("the whole transaction");
    full.payee = Some(Name::parse("Café Ünlü").unwrap());
    full.external_id = Some(ExternalId::parse("bank:2026/11/23#7").unwrap());
    full.lines[0].note = note("its only line");
    let mut split = plain(2003, "スーパー", -3001, currency("JPY"), food.clone());
    split.lines = vec![
        Line { category: food, amount: -2000, note: None },
        Line { category: pets(), amount: -1500, note: note("cat food") },
        Line { category: CategoryId::other(), amount: 499, note: None },
    ];
    let removed = plain(2004, "To be removed", -1, Currency::USD, CategoryId::other());
    let mut posted = plain(2005, "Diwan, Kuwait", -12_345, currency("KWD"), side());
    posted.account = bank();
    posted.posted = Some(Money::from_minor(-14_900, Currency::ILS).unwrap());
    let mut salary = plain(2006, "Salary", 999_999_999_999_999, Currency::ILS, CategoryId::income());
    salary.date = date(1900, 1, 1);
    let mut out = plain(2007, "To the bank", -50_000, Currency::ILS, CategoryId::other());
    let mut into = plain(2008, "From cash", 50_000, Currency::ILS, CategoryId::other());
    into.account = bank();
    out.transfer = Some(into.id);
    into.transfer = Some(out.id);
    vec![guessed, full, split, removed, posted, salary, out, into]
}
