//! Wishes as the commands and the query of the real house, and the book that they are written into.

use std::time::Duration;

use finbrain_domain::{
    access::Revoked,
    account::Account,
    category::{self, CategoryId},
    change::Change,
    entry::{Author, Draft, Entry},
    ids::{BookId, Digest, TransactionId},
    ledger::Ledger,
    money::{Currency, Money},
    settings::{Settings, SettingsPatch},
    text::{Description, Name},
    transaction::NewTransaction,
};
use jiff::{SignedDuration, Timestamp, civil::date};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::{
    super::{
        access::{CloseBook, RaiseGeneration, RevokeSessions},
        command::{Accepted, Command, Envelope, Waiting},
        settings::AmendSettings,
        transactions::{RecordTransaction, RemoveTransaction},
        view::{Asked, Cubes, Query, Reader, View},
    },
    history::{Answer, Wish},
    pod::Input,
    random::Random,
};
use crate::{classifier::Prepared, error::Error};

/// Gives the answer once it is there.
pub type Reply = Box<dyn FnMut() -> Option<Answer>>;

/// When every simulation begins.
pub fn beginning() -> Timestamp {
    Timestamp::from_second(1_795_507_200).expect("the year 2026 is in range")
}

/// The first entry of the book, and the ledger with it.
pub fn opening() -> (Entry, Ledger) {
    let mut random = Random::new(0);
    let book: BookId = random.id();
    let account =
        Account { id: random.id(), name: Name::parse("Cash").expect("a name"), currency: Currency::USD };
    let other = category::defaults().into_iter().find(|category| category.id == CategoryId::other());
    let settings = Settings::of(Name::parse("Dana").expect("a name"));
    let draft = Draft {
        entry_id: random.id(),
        author: Author::System,
        key: None,
        auth_generation: 0,
        at: beginning(),
        reverses: None,
        changes: vec![
            Change::Settings { from: None, to: Some(settings) },
            Change::Account { from: None, to: Some(account) },
            Change::Category { from: None, to: other },
        ],
        pending: false,
    };
    let entry = Entry::seal(book, 1, Digest::ZERO, &draft).expect("three changes are an entry");
    let mut ledger = Ledger::empty(book);
    ledger.apply(&entry).expect("the first entry follows nothing");
    (entry, ledger)
}

/// What a pod gets for a wish, and where its answer will be. A session that is ended would have ended by itself after
/// `life`.
pub fn request(wish: &Wish, envelope: Envelope, now: Timestamp, life: Duration) -> (Input, Reply) {
    match wish {
        Wish::Look => {
            let Envelope { token, auth_generation, seen, .. } = envelope;
            let (reply, mut answer) = oneshot::channel();
            let reader = Reader { token, auth_generation, seen };
            let asked = Box::new(Asked { query: Sum, reader, proven: None, reply });
            let looked = move || {
                Some(match taken(&mut answer)? {
                    Ok(answered) => {
                        let (count, sum) = answered.output;
                        Answer::Looked { version: answered.version, count, sum }
                    }
                    Err(error) => Answer::Refused(error),
                })
            };
            (Input::Query(asked), Box::new(looked))
        }
        Wish::Record { id, minor } => job(record(*id, *minor), envelope, |recorded| {
            let transaction = &recorded.transaction;
            format!("{} {}", transaction.id, transaction.original.minor())
        }),
        Wish::Remove(id) => job(RemoveTransaction { id: *id, expected: None }, envelope, |()| String::new()),
        Wish::Rename(name) => {
            let name = Some(Name::parse(name).expect("a name"));
            let patch = SettingsPatch { name, ..SettingsPatch::default() };
            job(AmendSettings { patch }, envelope, |settings| settings.name.as_str().to_owned())
        }
        Wish::Revoke(token) => {
            let until = now + SignedDuration::try_from(life).expect("a session is short");
            let sessions = vec![Revoked { token: *token, until }];
            job(RevokeSessions { sessions }, envelope, |()| String::new())
        }
        Wish::Raise(to) => job(RaiseGeneration { to: *to }, envelope, |()| String::new()),
        Wish::Close => job(CloseBook, envelope, |()| String::new()),
    }
}

fn record(id: TransactionId, minor: i64) -> RecordTransaction {
    let new = NewTransaction {
        id: Some(id),
        date: date(2026, 11, 24),
        description: Description::parse("coffee").expect("a description"),
        amount: Money::from_minor(minor, Currency::USD).expect("an amount"),
        account: None,
        category: Some(CategoryId::other()),
        splits: Vec::new(),
        tags: Vec::new(),
        note: None,
        payee: None,
        external_id: None,
    };
    RecordTransaction { new, prepared: Prepared::silent() }
}

fn job<C: Command>(command: C, envelope: Envelope, resource: fn(C::Output) -> String) -> (Input, Reply) {
    let (reply, mut answer) = oneshot::channel();
    let job = Box::new(Waiting::new(command, envelope, reply));
    let written = move || {
        Some(match taken(&mut answer)? {
            Ok(Accepted { output, version, entry_id: Some(entry), replayed, .. }) => {
                Answer::Written { version, entry, replayed, resource: resource(output) }
            }
            Ok(Accepted { version, .. }) => Answer::Unchanged { version },
            Err(error) => Answer::Refused(error),
        })
    };
    (Input::Command(job), Box::new(written))
}

/// What the registry would say: an answer, or that the actor stopped with the request in hand.
fn taken<T>(answer: &mut oneshot::Receiver<Result<T, Error>>) -> Option<Result<T, Error>> {
    match answer.try_recv() {
        Ok(answer) => Some(answer),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => Some(Err(Error::Stopped)),
    }
}

/// How many rows there are, and what they add up to.
struct Sum;

impl Query for Sum {
    type Output = (usize, i128);

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Self::Output, Error> {
        let rows = view.ledger.rows();
        Ok((rows.len(), rows.between(None, None).map(|row| i128::from(row.minor())).sum()))
    }
}
