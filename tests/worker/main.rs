//! The worker over a real store that fails where a process may die: what is due is done in the end.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod people;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use finbrain::{
    outbound::{NoRates, ecb},
    shared::{MemoryShared, Rate},
    store::embedded::EmbeddedStore,
};
use finbrain_actors::{
    Error, Ports,
    classifier::{ClassifierHandle, Sharing},
    erasure::erase,
    rates::RatesHandle,
    registry::{Owner, Registry},
    user_session::{
        AmendSettings, Command, Decision, Envelope, ForgetCorrection, GetSettings, RaiseGeneration, Reader,
        View,
    },
    worker::WorkerHandle,
};
use finbrain_domain::{
    category::CategoryId,
    change::Change,
    entry::{Author, Draft, Entry},
    ids::{BookId, Digest, EntryId, UserId},
    ports::{Clock, Due, DueKind, DueWork as _, Journal as _, Models as _, Users as _},
    session::SessionLife,
    settings::{Settings, SettingsPatch},
    text::Name,
    transaction::teach,
    user::{Role, User},
};
use jiff::Timestamp;

use people::{Mishap, People};

/// A clock that stands still until a test moves it.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct House {
    store: Arc<EmbeddedStore>,
    people: Arc<People>,
    clock: Arc<Hands>,
    ports: Ports,
    registry: Registry,
    worker: WorkerHandle,
    dir: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        Self::open_for(Sharing::Household)
    }

    fn open_for(sharing: Sharing) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(dir.path()).unwrap());
        let people = Arc::new(People { store: store.clone(), mishap: Mutex::new(None) });
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(start.as_second())));
        let shared = MemoryShared::new(SessionLife::default(), Rate::per_second(100, 500));
        let ports = Ports {
            journal: store.clone(),
            users: people.clone(),
            due: store.clone(),
            models: store.clone(),
            shared: Arc::new(shared),
            clock: clock.clone(),
        };
        let arbiter = actix::Arbiter::current();
        let rates = RatesHandle::start(&arbiter, ecb::book(), Arc::new(NoRates), clock.clone());
        let registry = Registry::new(ports.clone(), rates, 1, usize::MAX);
        let classifier = ClassifierHandle::start(&arbiter, store.clone(), clock.clone(), sharing);
        let worker = WorkerHandle::start(&arbiter, ports.clone(), registry.clone(), classifier, sharing);
        Self { store, people, clock, ports, registry, worker, dir }
    }

    /// Somebody with a book that is begun.
    async fn person(&self, demo_until: Option<Timestamp>) -> Owner {
        let user = User {
            id: UserId::new(),
            book: BookId::new(),
            email: None,
            password: None,
            pending: None,
            role: Role::Member,
            auth_generation: 0,
            created_at: self.clock.now(),
            demo_until,
            opening: Settings::of(Name::parse("Dana").unwrap()),
        };
        let owner = Owner { user: user.id, book: user.book };
        self.store.create(user).await.unwrap();
        self.settings(owner).await.unwrap();
        owner
    }

    async fn settings(&self, owner: Owner) -> Result<(), Error> {
        let everyone = Reader { token: None, auth_generation: u64::MAX, seen: 0 };
        self.registry.query(owner, GetSettings, everyone).await.map(drop)
    }

    async fn erase(&self, owner: Owner, envelope: Envelope) -> Result<(), Error> {
        erase(&self.ports, &self.registry, owner, envelope).await
    }

    /// A demo whose time has come.
    async fn over(&self) -> Owner {
        let owner = self.person(Some(self.clock.now())).await;
        self.plan(owner, DueKind::DemoExpiry).await;
        owner
    }

    async fn plan(&self, owner: Owner, kind: DueKind) {
        let due = Due { book: owner.book, user: owner.user, at: self.clock.now(), kind };
        self.store.plan(due).await.unwrap();
    }

    /// The database as any other client sees it.
    fn shell(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.dir.path().join("finbrain.sqlite3")).unwrap()
    }

    fn strike(&self, mishap: Mishap) {
        *self.people.mishap.lock().unwrap() = Some(mishap);
    }

    fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// What is planned for whenever.
    async fn planned(&self) -> Vec<Due> {
        self.store.due(Timestamp::MAX, 1000).await.unwrap()
    }

    /// Wakes the worker until it has done everything that is due.
    async fn work(&self) {
        self.until("nothing is due", async || {
            self.store.due(self.clock.now(), 1000).await.unwrap().is_empty()
        })
        .await;
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds().await {
            assert!(Instant::now() < deadline, "{what}");
            self.worker.wake();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn is_erased(&self, owner: Owner) -> bool {
        let books = self.store.books(None, 1000).await.unwrap();
        self.store.user(owner.user).await.unwrap().is_none() && books.contains(&(owner.book, true))
    }
}

fn draft(author: Author) -> Draft {
    Draft {
        entry_id: EntryId::new(),
        author,
        key: None,
        auth_generation: 0,
        at: "2026-11-24T08:00:00Z".parse().unwrap(),
        reverses: None,
        changes: Vec::new(),
        pending: false,
    }
}

#[actix::test]
async fn an_erasure_that_is_cut_short_is_finished_by_the_worker() {
    for mishap in [Mishap::NotRemoved, Mishap::RemovedUntold] {
        let house = House::open();
        let owner = house.person(None).await;
        house.strike(mishap);
        house.erase(owner, Envelope::system()).await.unwrap_err();
        assert!(!house.is_erased(owner).await);

        house.advance(61);
        house.work().await;

        assert!(house.is_erased(owner).await);
        assert_eq!(house.planned().await, []);
    }
}

#[actix::test]
async fn a_reduction_that_is_cut_short_is_finished_by_the_worker() {
    for kind in [DueKind::Erasure, DueKind::DemoExpiry] {
        let house = House::open();
        let owner = house.over().await;
        let first = house.store.since(owner.book, 0, 1).await.unwrap().remove(0);
        let closing = Draft { changes: vec![Change::BookClosed], ..draft(Author::System) };
        house.store.append(Entry::seal(owner.book, 2, first.chain, &closing).unwrap()).await.unwrap();
        let book = owner.book.to_string();
        house
            .shell()
            .execute("UPDATE journal SET entry_id = NULL WHERE book = ?1 AND slot = 1", [book])
            .unwrap();
        house.store.remove(owner.user).await.unwrap();
        // What memory still knew of the book is gone with the process.
        house.registry.shut_down().await;
        house.plan(owner, kind).await;

        house.work().await;

        assert!(house.is_erased(owner).await);
        assert_eq!(house.planned().await, []);
    }
}

#[actix::test]
async fn an_erasure_leaves_nothing_planned() {
    let house = House::open();
    let owner = house.person(None).await;

    house.erase(owner, Envelope::system()).await.unwrap();

    assert!(house.is_erased(owner).await);
    assert_eq!(house.planned().await, []);
}

#[actix::test]
async fn an_erasure_whose_closing_was_refused_erases_nothing() {
    let house = House::open();
    let owner = house.person(None).await;
    let raise = RaiseGeneration { to: 1 };
    house.registry.command(owner, raise, Envelope::system()).await.unwrap();
    let void = Envelope { author: Author::User(owner.user), auth_generation: 0, ..Envelope::system() };
    house.erase(owner, void).await.unwrap_err();

    house.advance(61);
    house.work().await;

    house.settings(owner).await.unwrap();
    assert!(house.store.user(owner.user).await.unwrap().is_some());
}

#[actix::test]
async fn a_demo_that_is_over_is_erased_although_the_first_try_failed() {
    for mishap in [Mishap::NotRemoved, Mishap::RemovedUntold] {
        let house = House::open();
        let owner = house.over().await;
        house.strike(mishap);

        house.work().await;
        assert!(!house.is_erased(owner).await, "postponed, so that others have their turn");
        house.advance(61);
        house.work().await;

        assert!(house.is_erased(owner).await);
    }
}

#[actix::test]
async fn a_demo_that_is_kept_while_it_expires_stays() {
    let house = House::open();
    let owner = house.over().await;
    house.strike(Mishap::KeptMeanwhile);

    house.work().await;

    house.settings(owner).await.unwrap();
    assert_eq!(house.store.user(owner.user).await.unwrap().unwrap().demo_until, None);
}

#[actix::test]
async fn the_end_of_a_demo_that_never_began_is_nothing_to_do() {
    let house = House::open();
    house.plan(Owner { user: UserId::new(), book: BookId::new() }, DueKind::DemoExpiry).await;

    house.work().await;

    assert_eq!(house.planned().await, []);
}

#[actix::test]
async fn work_that_fails_does_not_hold_up_what_comes_behind_it() {
    let house = House::open();
    let shell = house.shell();
    for _ in 0..100 {
        let broken = house.over().await;
        let user = broken.user.to_string();
        shell.execute("UPDATE users SET document = '{}' WHERE id = ?1", [user]).unwrap();
    }
    house.advance(1);
    let owner = house.over().await;

    house.until("the last one is erased", async || house.is_erased(owner).await).await;
}

#[actix::test]
async fn an_entry_that_cannot_be_read_does_not_hold_up_the_lessons_behind_it() {
    let house = House::open();
    let owner = house.person(None).await;
    let lesson = |merchant: &str, at: &str| {
        let change = Change::Merchant {
            merchant: merchant.into(),
            from: None,
            to: Some(CategoryId::parse("food-drinks").unwrap()),
        };
        let draft =
            Draft { at: at.parse().unwrap(), changes: vec![change], ..draft(Author::User(owner.user)) };
        Entry::seal(BookId::new(), 1, Digest::ZERO, &draft).unwrap()
    };
    let shell = house.shell();
    let damages = ["changes = '[{'", "packed = 1", "author_kind = 'nobody'", "format = 99"];
    for (damage, second) in damages.iter().zip(0..) {
        let entry = lesson("corner shop", &format!("2026-11-24T07:00:0{second}Z"));
        house.store.append(entry.clone()).await.unwrap();
        let damage = format!("UPDATE journal SET pending = 1, {damage} WHERE book = ?1");
        shell.execute(&damage, [entry.book.to_string()]).unwrap();
    }
    let last = lesson("market", "2026-11-24T08:00:00Z");
    house.store.append(last.clone()).await.unwrap();
    shell.execute("UPDATE journal SET pending = 1 WHERE book = ?1", [last.book.to_string()]).unwrap();

    house.until("the lesson is learnt", async || house.store.count_examples().await.unwrap() == 1).await;

    house.until("nothing is pending", async || house.store.pending(10).await.unwrap().is_empty()).await;
}

/// What a person chose for a merchant, written to be delivered.
struct Correct(&'static str);

impl Command for Correct {
    type Output = ();

    fn decide(&self, view: &View<'_>) -> Result<Decision<()>, Error> {
        let lesson = teach(view.ledger, self.0, &CategoryId::parse("food-drinks").unwrap());
        Ok(Decision { effects: true, ..Decision::new(lesson.into_iter().collect(), ()) })
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

async fn correct(house: &House, owner: Owner, merchant: &'static str) {
    let envelope = Envelope { author: Author::User(owner.user), ..Envelope::system() };
    house.registry.command(owner, Correct(merchant), envelope).await.unwrap();
}

async fn share(house: &House, owner: Owner, shares: bool) {
    let patch = SettingsPatch { share_corrections: Some(shares), ..SettingsPatch::default() };
    let envelope = Envelope { author: Author::User(owner.user), ..Envelope::system() };
    house.registry.command(owner, AmendSettings { patch }, envelope).await.unwrap();
}

async fn delivered(house: &House) {
    house.until("nothing is pending", async || house.store.pending(10).await.unwrap().is_empty()).await;
}

#[actix::test]
async fn among_strangers_only_those_who_share_teach_and_who_stops_takes_it_back() {
    let house = House::open_for(Sharing::ByChoice);
    let (shares, silent) = (house.person(None).await, house.person(None).await);
    correct(&house, shares, "before sharing").await;
    correct(&house, silent, "never").await;
    delivered(&house).await;
    assert_eq!(house.store.count_examples().await, Ok(0));

    share(&house, shares, true).await;
    correct(&house, shares, "market").await;
    correct(&house, silent, "never again").await;
    delivered(&house).await;

    let taught = house.store.examples(10).await.unwrap();
    assert_eq!(taught.iter().map(|example| &*example.text).collect::<Vec<_>>(), ["market"]);

    share(&house, shares, false).await;
    delivered(&house).await;

    assert_eq!(house.store.count_examples().await, Ok(0));
}

#[actix::test]
async fn a_demo_teaches_nobody() {
    let house = House::open();
    let later = house.clock.now() + jiff::SignedDuration::from_hours(2);
    let demo = house.person(Some(later)).await;

    correct(&house, demo, "market").await;
    delivered(&house).await;

    assert_eq!(house.store.count_examples().await, Ok(0));
}

#[actix::test]
async fn an_erased_account_leaves_no_example() {
    let house = House::open();
    let (gone, stays) = (house.person(None).await, house.person(None).await);
    correct(&house, gone, "market").await;
    correct(&house, stays, "market").await;
    delivered(&house).await;
    assert_eq!(house.store.count_examples().await, Ok(2));

    house.erase(gone, Envelope::system()).await.unwrap();

    let left = house.store.examples(10).await.unwrap();
    assert_eq!(left.iter().map(|example| example.user).collect::<Vec<_>>(), [stays.user]);
}

#[actix::test]
async fn a_forgotten_correction_teaches_no_longer() {
    let house = House::open();
    let owner = house.person(None).await;
    correct(&house, owner, "market").await;
    correct(&house, owner, "bakery").await;
    delivered(&house).await;

    let forget = ForgetCorrection { merchant: "market".into() };
    let envelope = Envelope { author: Author::User(owner.user), ..Envelope::system() };
    house.registry.command(owner, forget, envelope).await.unwrap();
    delivered(&house).await;

    let left = house.store.examples(10).await.unwrap();
    assert_eq!(left.iter().map(|example| &*example.text).collect::<Vec<_>>(), ["bakery"]);
}
