//! What the rules refuse, and with which error. A refusal changes nothing.

use finbrain_domain::{
    access::{AccessChange, Revoked},
    category::{self, CategoryId, CategoryKind, CategoryPatch, NewCategory},
    change::Change,
    entry::{Draft, Entry},
    error::Error,
    ids::{AccountId, BookId, Digest, EntryId, TransactionId},
    ledger::Ledger,
    money::{Currency, Money},
    text::{Description, ExternalId, Name},
    transaction::{self, Line, MAX_LINES, NewTransaction, Transaction, TransactionPatch, record},
};
use jiff::{SignedDuration, civil::date};

use crate::{
    book::{ALICE, Book, guess, moment, plain},
    step::category_id,
};

/// A book with a used category "Pets", an archived "Bikes", and a transaction "bank-1" in the first.
struct Scene {
    book: Book,
    pets: CategoryId,
    bikes: CategoryId,
    row: Transaction,
}

fn scene() -> Scene {
    let mut book = Book::open();
    let [pets, bikes] = ["Pets", "Bikes"].map(|name| {
        let category = category::create(&book.ledger, named(name)).unwrap();
        book.commit(ALICE, None, vec![Change::Category { from: None, to: Some(category.clone()) }]);
        category.id
    });
    let patch = CategoryPatch { archived: Some(true), ..CategoryPatch::default() };
    let (from, to) = category::amend(&book.ledger, &bikes, patch, None).unwrap();
    book.commit(ALICE, None, vec![Change::Category { from: Some(from), to: Some(to) }]);
    let external_id = Some(ExternalId::parse("bank-1").unwrap());
    let row =
        book.record(NewTransaction { category: Some(pets.clone()), external_id, ..plain(-500) }).unwrap();
    Scene { book, pets, bikes, row }
}

fn named(name: &str) -> NewCategory {
    NewCategory { id: None, name: Name::parse(name).unwrap(), kind: CategoryKind::Expense, color: None }
}

fn line(category: &CategoryId, amount: i64) -> Line {
    Line { category: category.clone(), amount, note: None }
}

#[test]
fn recording_is_refused_for_its_reason() {
    let Scene { book, pets, bikes, row } = scene();
    let unknown = CategoryId::new();
    let far = NewTransaction { date: date(2027, 11, 25), ..plain(-1) };
    let cases = [
        (
            NewTransaction { category: Some(unknown.clone()), ..plain(-1) },
            Error::NotFound { noun: "category" },
        ),
        (NewTransaction { category: Some(bikes.clone()), ..plain(-1) }, Error::CategoryArchived),
        (
            NewTransaction { splits: vec![line(&pets, -1), line(&bikes, -1)], ..plain(-2) },
            Error::CategoryArchived,
        ),
        (
            NewTransaction { splits: vec![line(&pets, -1), line(&unknown, -1)], ..plain(-2) },
            Error::NotFound { noun: "category" },
        ),
        (
            NewTransaction { splits: vec![line(&pets, -1), line(&pets, -1)], ..plain(-3) },
            Error::SplitsUnbalanced,
        ),
        (NewTransaction { splits: vec![line(&pets, i64::MAX); 3], ..plain(-3) }, Error::SplitsUnbalanced),
        (
            NewTransaction { splits: vec![line(&pets, -1); MAX_LINES + 1], ..plain(-51) },
            Error::TooMany { limit: MAX_LINES },
        ),
        (
            NewTransaction { account: Some(AccountId::new()), ..plain(-1) },
            Error::NotFound { noun: "account" },
        ),
        (NewTransaction { id: Some(row.id), ..plain(-1) }, Error::Exists { noun: "transaction" }),
        (NewTransaction { external_id: row.external_id.clone(), ..plain(-1) }, Error::ExternalIdTaken),
        (NewTransaction { date: date(1899, 12, 31), ..plain(-1) }, Error::DateTooEarly),
        (far, Error::DateTooLate),
        (plain(0), Error::AmountZero),
    ];
    let before = book.ledger.digest();

    for (new, error) in cases {
        assert_eq!(record(&book.ledger, new, guess(), moment()), Err(error));
    }

    assert_eq!(book.ledger.digest(), before);
}

#[test]
fn amending_is_refused_for_its_reason() {
    let Scene { mut book, pets, bikes, row } = scene();
    let other = book.record(plain(-700)).unwrap();
    let seen = book.ledger.rows().find(row.id).unwrap().changed();
    let patch = TransactionPatch::default;
    let cases = [
        (TransactionId::new(), patch(), None, Error::NotFound { noun: "transaction" }),
        (row.id, patch(), Some(seen + 1), Error::ChangedSince),
        (row.id, patch(), Some(seen - 1), Error::ChangedSince),
        (
            other.id,
            TransactionPatch { external_id: Some(row.external_id.clone()), ..patch() },
            None,
            Error::ExternalIdTaken,
        ),
        (
            row.id,
            TransactionPatch { category: Some(bikes.clone()), ..patch() },
            None,
            Error::CategoryArchived,
        ),
        (
            row.id,
            TransactionPatch { category: Some(CategoryId::new()), ..patch() },
            None,
            Error::NotFound { noun: "category" },
        ),
        (
            row.id,
            TransactionPatch { splits: Some(vec![line(&pets, -1)]), ..patch() },
            None,
            Error::SplitsUnbalanced,
        ),
        (row.id, TransactionPatch { date: Some(date(2028, 1, 1)), ..patch() }, None, Error::DateTooLate),
        (row.id, TransactionPatch { date: Some(date(1800, 1, 1)), ..patch() }, None, Error::DateTooEarly),
        (row.id, TransactionPatch { amount: Some("0.00".into()), ..patch() }, None, Error::AmountZero),
        (row.id, TransactionPatch { amount: Some("1e3".into()), ..patch() }, None, Error::AmountMalformed),
        (
            row.id,
            TransactionPatch { currency: Some(Currency::parse("JPY").unwrap()), ..patch() },
            None,
            Error::AmountTooPrecise { currency: Currency::parse("JPY").unwrap(), digits: 0 },
        ),
    ];
    let before = book.ledger.digest();

    for (id, patch, expected, error) in cases {
        assert_eq!(transaction::amend(&book.ledger, id, patch, expected, moment()), Err(error));
    }

    assert_eq!(transaction::remove(&book.ledger, row.id, Some(seen + 1)), Err(Error::ChangedSince));
    let nothing = Err(Error::NotFound { noun: "transaction" });
    assert_eq!(transaction::remove(&book.ledger, TransactionId::new(), None), nothing);
    assert!(transaction::amend(&book.ledger, row.id, patch(), Some(seen), moment()).is_ok());
    assert_eq!(book.ledger.digest(), before);
}

#[test]
fn a_split_amount_does_not_change_without_its_splits() {
    let Scene { mut book, pets, .. } = scene();
    let splits = vec![line(&pets, -1), line(&category_id(0), -2)];
    let row = book.record(NewTransaction { splits, ..plain(-3) }).unwrap();
    let patch = TransactionPatch { amount: Some("-0.04".into()), ..TransactionPatch::default() };

    assert_eq!(
        transaction::amend(&book.ledger, row.id, patch.clone(), None, moment()),
        Err(Error::SplitsUnbalanced)
    );
    let patch = TransactionPatch { splits: Some(vec![line(&pets, -1), line(&pets, -3)]), ..patch };
    let (_, to) = transaction::amend(&book.ledger, row.id, patch, None, moment()).unwrap();
    assert_eq!(to.original.minor(), -4);
}

#[test]
fn a_row_of_a_category_archived_since_may_stay_in_it_but_no_other_may_come() {
    let Scene { mut book, pets, row, .. } = scene();
    let other = book.record(plain(-700)).unwrap();
    let patch = CategoryPatch { archived: Some(true), ..CategoryPatch::default() };
    let (from, to) = category::amend(&book.ledger, &pets, patch, None).unwrap();
    book.commit(ALICE, None, vec![Change::Category { from: Some(from), to: Some(to) }]);
    let description = Some(Description::parse("Vet").unwrap());

    let kept = TransactionPatch { description, category: Some(pets.clone()), ..TransactionPatch::default() };
    assert!(transaction::amend(&book.ledger, row.id, kept.clone(), None, moment()).is_ok());
    assert_eq!(
        transaction::amend(&book.ledger, other.id, kept, None, moment()),
        Err(Error::CategoryArchived)
    );
}

#[test]
fn categories_are_refused_for_their_reason() {
    let Scene { book, pets, bikes, .. } = scene();
    let (builtin, unknown) = (CategoryId::other(), CategoryId::new());
    let missing = || Error::NotFound { noun: "category" };
    let before = book.ledger.digest();
    let ledger = &book.ledger;
    let rename = |name| CategoryPatch { name: Some(Name::parse(name).unwrap()), ..CategoryPatch::default() };

    assert_eq!(category::create(ledger, named("PETS")), Err(Error::CategoryNameTaken));
    assert!(category::create(ledger, named("bikes")).is_ok());
    let twice = NewCategory { id: Some(pets.clone()), ..named("New") };
    assert_eq!(category::create(ledger, twice), Err(Error::Exists { noun: "category" }));
    assert_eq!(category::amend(ledger, &pets, rename("oTHER"), None), Err(Error::CategoryNameTaken));
    assert_eq!(category::amend(ledger, &unknown, rename("x"), None), Err(missing()));
    let seen = ledger.categories().changed(&pets).unwrap();
    assert_eq!(category::amend(ledger, &pets, rename("x"), Some(seen + 1)), Err(Error::ChangedSince));
    assert_eq!(category::remove(ledger, &builtin, None, None), Err(Error::CategoryBuiltin));
    assert_eq!(category::remove(ledger, &unknown, None, None), Err(missing()));
    assert_eq!(category::remove(ledger, &pets, None, None), Err(Error::CategoryInUse { count: 1 }));
    assert_eq!(category::remove(ledger, &pets, Some(&pets), None), Err(missing()));
    assert_eq!(category::remove(ledger, &pets, Some(&unknown), None), Err(missing()));
    assert_eq!(category::remove(ledger, &bikes, None, Some(0)), Err(Error::ChangedSince));

    assert_eq!(book.ledger.digest(), before);
}

#[test]
fn an_entry_that_does_not_follow_is_refused_and_changes_nothing() {
    let Scene { book, .. } = scene();
    let mut ledger = book.ledger.clone();
    let before = ledger.digest();
    let sealed = |owner, slot, previous, changes| {
        let draft = Draft {
            entry_id: EntryId::new(),
            author: ALICE,
            key: None,
            auth_generation: 0,
            at: moment().at,
            reverses: None,
            changes,
            pending: false,
        };
        Entry::seal(owner, slot, previous, &draft).unwrap()
    };
    let (owner, next, chain) = (ledger.book(), ledger.version() + 1, ledger.chain());
    let stranger = Transaction {
        id: TransactionId::new(),
        date: date(2026, 11, 24),
        description: Description::parse("Vet").unwrap(),
        account: AccountId::new(),
        original: Money::from_minor(-1, Currency::ILS).unwrap(),
        posted: None,
        lines: vec![line(&CategoryId::other(), -1)],
        tags: Vec::new(),
        note: None,
        payee: None,
        transfer: None,
        external_id: None,
        review: false,
    };
    let of_unknown = |lines| Change::Transaction {
        from: None,
        to: Some(Box::new(Transaction { lines, ..stranger.clone() })),
    };
    let entries = [
        sealed(BookId::new(), next, chain, vec![]),
        sealed(owner, next + 1, chain, vec![]),
        sealed(owner, next - 1, chain, vec![]),
        sealed(owner, next, Digest::of(b"other"), vec![]),
        sealed(owner, next, chain, vec![Change::Transaction { from: None, to: None }]),
        sealed(owner, next, chain, vec![of_unknown(vec![line(&CategoryId::new(), -1)])]),
        sealed(owner, next, chain, vec![of_unknown(vec![])]),
        sealed(owner, next, chain, vec![of_unknown(vec![line(&CategoryId::other(), -1)])]),
        sealed(owner, next, chain, vec![of_unknown(vec![line(&CategoryId::other(), -1)]); 100]),
    ];

    for entry in entries {
        assert!(matches!(ledger.apply(&entry), Err(Error::JournalDamaged { .. })));
        assert_eq!(ledger.digest(), before);
    }
}

#[test]
fn a_revoked_session_an_old_generation_and_a_closed_book_write_nothing() {
    let mut book = Book::open();
    let token = Digest::of(b"token");
    let until = book.now() + SignedDuration::from_secs(3);
    let sessions = vec![Revoked { token, until }];
    book.commit(ALICE, None, vec![Change::Access(AccessChange::SessionsRevoked { sessions })]);
    assert_eq!(book.ledger.access().check(Some(token), 0), Err(Error::SessionRevoked));
    assert_eq!(book.ledger.access().check(Some(Digest::of(b"other")), 0), Ok(()));

    book.commit(ALICE, None, vec![Change::Access(AccessChange::GenerationRaised { from: 0, to: 1 })]);
    assert_eq!(book.ledger.access().check(None, 0), Err(Error::SessionRevoked));
    assert_eq!(book.ledger.access().check(None, 1), Ok(()));

    book.record(plain(-1)).unwrap();
    book.record(plain(-1)).unwrap();
    assert_eq!(book.ledger.access().check(Some(token), 1), Ok(()), "forgotten after the session's end");
    book.commit(ALICE, None, vec![Change::BookClosed]);
    assert_eq!(book.ledger.access().check(None, 1), Err(Error::BookClosed));
    assert!(Ledger::unpack(&book.ledger.pack()).unwrap().is_closed());
}
