//! Books of many rows: opening one, what its rows hold, and the sums of a report over a million.

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use finbrain::outbound::ecb;
use finbrain_domain::{
    book,
    calendar::Month,
    category::defaults,
    change::Change,
    entry::{Author, Draft, Entry},
    ids::{AccountId, BookId, EntryId, TransactionId},
    ledger::Ledger,
    money::{Currency, Money},
    report::{Cube, Period, dashboard},
    settings::Settings,
    text::{Description, Name},
    transaction::{Line, Transaction, addition},
};
use jiff::{Timestamp, ToSpan as _, civil::date};

use super::{
    server::{Server, get, seed},
    table::{Table, Target, Unit, milliseconds},
};

const MANY: u32 = 100_000;
const MOST: u32 = 1_000_000;
/// Rows of one entry.
const ENTRY: usize = 20_000;
const RUNS: usize = 25;

/// The time that servers took to open ledgers so far.
const OPENING: &str = "finbrain_ledger_open_seconds_sum";

/// The large book whose server was stopped in good order: it opens from its snapshot, at the first request.
pub fn open_from_snapshot(table: &mut Table, server: &Server, cookie: &str) -> anyhow::Result<()> {
    table.begin("opening a book of 100,000 rows");
    table.add("from its snapshot", opened(server, cookie)?, Unit::Milliseconds, Target::AtMost(100.0));
    table.remark("store, unpacking and checking; `finbrain_ledger_open_seconds`");
    Ok(())
}

/// The same from the journal alone, as after the loss of every snapshot.
pub fn fold_journal(table: &mut Table, room: &Path) -> anyhow::Result<()> {
    table.begin("opening a book of 100,000 rows without snapshot");
    seed(room, 1, MANY)?;
    let server = Server::start(room)?;
    let cookie = server.sign_in(0)?;
    table.add("by folding the journal", opened(&server, &cookie)?, Unit::Milliseconds, Target::None);
    Ok(())
}

fn opened(server: &Server, cookie: &str) -> anyhow::Result<f64> {
    let before = server.metric(OPENING)?;
    server.expect(200, &get(server.address, "/api/v1/dashboard", &[("cookie", cookie)]))?;
    Ok(1e3 * (server.metric(OPENING)? - before))
}

pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    table.begin("books in memory");
    let (held, text) = book_of(MANY)?.rows().memory();
    let each = (held - text) as f64 / f64::from(MANY);
    table.add("a row beyond its text, of 100,000", each, Unit::Bytes, Target::AtMost(100.0));
    let ledger = book_of(MOST)?;
    let rates = ecb::book();
    let build = || Cube::build(&ledger, &rates, Currency::ILS);
    table.add(
        "report over 1,000,000 rows, cold",
        median(|| drop(black_box(build()))),
        Unit::Milliseconds,
        Target::AtMost(10.0),
    );
    table.remark("one in ten in a foreign currency");
    let cube = build();
    let period = Period::new(Month::of(date(2025, 1, 1)), Month::of(date(2026, 6, 1)))?;
    let report = || drop(black_box(dashboard(&ledger, &rates, &cube, period)));
    table.add("report over 1,000,000 rows, warm", median(report), Unit::Milliseconds, Target::AtMost(1.0));
    Ok(())
}

/// The median of a few runs, in milliseconds.
fn median(work: impl Fn()) -> f64 {
    let timed = |_| {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    let mut times: Vec<Duration> = (0..RUNS).map(timed).collect();
    times.sort_unstable();
    milliseconds(times[RUNS / 2])
}

/// A book that grew by imports.
fn book_of(rows: u32) -> anyhow::Result<Ledger> {
    let mut ledger = Ledger::empty(BookId::new());
    let opening = book::open(Settings::of(Name::parse("Dana")?));
    write(&mut ledger, &opening)?;
    let account = ledger.accounts().iter().next().map(|account| account.id);
    let account = account.ok_or_else(|| anyhow::anyhow!("a new book has an account"))?;
    let numbers: Vec<u32> = (0..rows).collect();
    for import in numbers.chunks(ENTRY) {
        let rows = import.iter().map(|&number| Ok(addition(row(number, rows, account)?)));
        write(&mut ledger, &rows.collect::<anyhow::Result<Vec<_>>>()?)?;
    }
    Ok(ledger)
}

fn write(ledger: &mut Ledger, changes: &[Change]) -> anyhow::Result<()> {
    let draft = Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: None,
        auth_generation: 0,
        at: Timestamp::now(),
        reverses: None,
        changes: Vec::new(),
        pending: false,
    };
    // `advance` reads the changes, not the payload, which may as well stay empty here.
    let entry = Entry::seal(ledger.book(), ledger.version() + 1, ledger.chain(), &draft)?;
    Ok(ledger.advance(&entry, changes)?)
}

/// Expenses of every category over ten years, nine in ten in shekels.
fn row(number: u32, of: u32, account: AccountId) -> anyhow::Result<Transaction> {
    let categories = defaults();
    let at = number as usize;
    let currency = match number % 20 {
        7 => Currency::USD,
        13 => Currency::EUR,
        _ => Currency::ILS,
    };
    let day = u64::from(number) * 3650 / u64::from(of);
    let category = categories[at % (categories.len() - 1)].id.clone();
    let original = Money::from_minor(-(i64::from(number.wrapping_mul(7919) % 40_000) + 100), currency)?;
    Ok(Transaction {
        id: TransactionId::new(),
        date: date(2016, 6, 1).saturating_add(i64::try_from(day)?.days()),
        description: Description::parse(&format!("corner shop {number:07}"))?,
        account,
        original,
        posted: None,
        lines: vec![Line { category, amount: original.minor(), note: None }],
        tags: Vec::new(),
        note: None,
        payee: None,
        transfer: None,
        external_id: None,
        review: false,
    })
}
