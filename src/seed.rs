//! `finbrain seed`: accounts for load tests, all with one password and one shared hash.

use std::{
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
};

use finbrain_domain::{
    book,
    category::{CategoryId, defaults},
    change::Change,
    email::Email,
    entry::{Author, Draft, Entry},
    ids::{BookId, Digest, EntryId, TransactionId, UserId},
    money::{Currency, Money},
    ports::{Journal, Users},
    settings::Settings,
    text::{Description, Name},
    transaction::{Line, Transaction, addition},
    user::{PasswordHash, Role, User},
};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::{
    auth::{
        address::AddressPrefix,
        hash_pool::{HashPool, PoolSettings},
        password::Password,
    },
    store::Stores,
};

/// The password of every seeded account. They are for measuring, never for people.
pub const PASSWORD: &str = "load-test-password-7319";
/// Accounts that are written at a time.
const BATCH: u32 = 10_000;
/// Transactions of one entry.
const ENTRY: u32 = 20_000;

const TEXTS: [&str; 10] = [
    "supermarket",
    "coffee with friends",
    "monthly bus pass",
    "electricity bill",
    "pharmacy",
    "cinema tickets",
    "online course",
    "סופרמרקט",
    "rent",
    "birthday gift",
];

/// Writes `users` accounts `seed-N@example.org`, each with `transactions` rows over three years.
#[expect(clippy::print_stdout, reason = "progress is what the command says")]
pub async fn seed(stores: &Stores, users: u32, transactions: u32) -> anyhow::Result<ExitCode> {
    let password = Password::parse(PASSWORD.to_owned())?;
    let pool = HashPool::start(PoolSettings { threads: 1, ..PoolSettings::default() })?;
    let hash =
        pool.hash_new(&password, Vec::new(), AddressPrefix::from(IpAddr::V4(Ipv4Addr::LOCALHOST))).await?;
    let is_fresh = stores.users.count().await? == 0;
    let mut created = 0;
    for start in (0..users).step_by(BATCH as usize) {
        let mut batch: Vec<User> =
            (start..users.min(start + BATCH)).map(|number| user(number, &hash)).collect::<Result<_, _>>()?;
        if !is_fresh {
            batch = missing(&*stores.users, batch).await?;
        }
        let books: Vec<(UserId, BookId, Settings)> =
            batch.iter().map(|user| (user.id, user.book, user.opening.clone())).collect();
        created += stores.users.create_all(batch).await?;
        if transactions > 0 {
            for (_, book, opening) in books {
                write_book(&*stores.journal, book, opening, transactions).await?;
            }
        }
        println!("{created} accounts");
    }
    println!("password of every account: {PASSWORD}");
    stores.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Those whose address nobody has yet: a book that no account leads to would stay for ever.
async fn missing(store: &dyn Users, users: Vec<User>) -> anyhow::Result<Vec<User>> {
    let mut missing = Vec::new();
    for user in users {
        let email = user.email.as_ref().expect("a seeded account has an address");
        if store.by_email(email).await?.is_none() {
            missing.push(user);
        }
    }
    Ok(missing)
}

fn user(number: u32, hash: &PasswordHash) -> anyhow::Result<User> {
    let name = Name::parse(&format!("Seed {number}"))?;
    Ok(User {
        id: UserId::new(),
        book: BookId::new(),
        email: Some(Email::parse(&format!("seed-{number}@example.org"))?),
        password: Some(hash.clone()),
        pending: None,
        role: Role::Member,
        auth_generation: 0,
        created_at: Timestamp::now(),
        demo_until: None,
        opening: Settings { base_currency: Currency::ILS, ..Settings::of(name) },
    })
}

async fn write_book(journal: &dyn Journal, book: BookId, opening: Settings, rows: u32) -> anyhow::Result<()> {
    let opening = book::open(opening);
    let account = opening.iter().find_map(|change| match change {
        Change::Account { to: Some(account), .. } => Some(account.id),
        _ => None,
    });
    let account = account.ok_or_else(|| anyhow::anyhow!("a new book has an account"))?;
    let mut chain = Digest::ZERO;
    let mut slot = 1;
    let mut append = async |changes: Vec<Change>| -> anyhow::Result<()> {
        let entry = Entry::seal(book, slot, chain, &draft(changes))?;
        (slot, chain) = (slot + 1, entry.chain);
        Ok(journal.append(entry).await?)
    };
    append(opening).await?;
    for start in (0..rows).step_by(ENTRY as usize) {
        let changes = (start..rows.min(start + ENTRY))
            .map(|number| Ok(addition(transaction(number, account)?)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        append(changes).await?;
    }
    Ok(())
}

fn draft(changes: Vec<Change>) -> Draft {
    let now = Timestamp::now();
    Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: None,
        auth_generation: 0,
        at: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
        reverses: None,
        changes,
        pending: false,
    }
}

/// One row of many: expenses of every category over three years, nine in ten in shekels.
fn transaction(number: u32, account: finbrain_domain::ids::AccountId) -> anyhow::Result<Transaction> {
    let categories = defaults();
    let at = number as usize;
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let currency = match number % 20 {
        7 => Currency::USD,
        13 => Currency::EUR,
        _ => Currency::ILS,
    };
    let category: CategoryId = categories[at % (categories.len() - 1)].id.clone();
    let original = Money::from_minor(-(i64::from(number.wrapping_mul(7919) % 40_000) + 100), currency)?;
    Ok(Transaction {
        id: TransactionId::new(),
        date: today.saturating_add(-i64::from(number % 1095).days()),
        description: Description::parse(TEXTS[at % TEXTS.len()])?,
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
