//! The life of session actors over a real store: when they stop, what they leave behind, and who goes first.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc,
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
    classifier::Prepared,
    rates::RatesHandle,
    registry::{Owner, Registry},
    user_session::{
        Envelope, GetSettings, GetTransaction, Life, ListTransactions, RaiseGeneration, Reader,
        RecordTransaction, Which,
    },
};
use finbrain_domain::{
    ids::{BookId, SessionId, TransactionId, UserId},
    money::{Currency, Money},
    ports::{Clock, Journal as _, Users as _},
    session::SessionLife,
    settings::Settings,
    text::{Description, Name},
    transaction::{Filter, NewTransaction},
    user::{Role, User},
};
use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until a test moves it.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct House {
    store: Arc<EmbeddedStore>,
    clock: Arc<Hands>,
    registry: Registry,
    _dir: tempfile::TempDir,
}

const EVERYONE: Reader = Reader { token: None, auth_generation: u64::MAX, seen: 0 };

impl House {
    fn open(memory: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(dir.path()).unwrap());
        let start: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(start.as_second())));
        let shared = MemoryShared::new(SessionLife::default(), Rate::per_second(100, 500));
        let ports = Ports {
            journal: store.clone(),
            users: store.clone(),
            due: store.clone(),
            models: store.clone(),
            shared: Arc::new(shared),
            clock: clock.clone(),
        };
        let arbiter = actix::Arbiter::current();
        let rates = RatesHandle::start(&arbiter, ecb::book(), Arc::new(NoRates), clock.clone());
        let life = Life { idle: SignedDuration::from_secs(90), check_every: Duration::from_millis(5) };
        let registry = Registry::with_life(ports, rates, 2, memory, life);
        Self { store, clock, registry, _dir: dir }
    }

    async fn person(&self) -> Owner {
        let user = User {
            id: UserId::new(),
            book: BookId::new(),
            email: None,
            password: None,
            pending: None,
            role: Role::Member,
            auth_generation: 0,
            created_at: self.clock.now(),
            demo_until: None,
            opening: Settings::of(Name::parse("Dana").unwrap()),
        };
        let owner = Owner { user: user.id, book: user.book };
        self.store.create(user).await.unwrap();
        owner
    }

    async fn spend(&self, owner: Owner) -> TransactionId {
        let new = NewTransaction {
            id: None,
            date: jiff::civil::date(2026, 11, 24),
            description: Description::parse("coffee").unwrap(),
            amount: Money::parse("-4.50", Currency::USD).unwrap(),
            account: None,
            category: None,
            splits: Vec::new(),
            tags: Vec::new(),
            note: None,
            payee: None,
            external_id: None,
        };
        let command = RecordTransaction { new, prepared: Prepared::silent() };
        self.registry.command(owner, command, Envelope::system()).await.unwrap().output.transaction.id
    }

    async fn count(&self, owner: Owner) -> u32 {
        let question = ListTransactions { filter: Filter::default(), after: None, limit: 1, currency: None };
        self.registry.query(owner, question, EVERYONE).await.unwrap().output.totals.count
    }

    async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[actix::test]
async fn an_actor_that_nobody_uses_stops_and_the_next_request_finds_everything() {
    let house = House::open(usize::MAX);
    let owner = house.person().await;
    let id = house.spend(owner).await;
    assert_eq!(house.registry.alive(), 1);

    house.clock.0.fetch_add(90, Ordering::SeqCst);
    house.until("the idle actor stops", |house| house.registry.alive() == 0).await;

    let found = house.registry.query(owner, GetTransaction { id }, EVERYONE).await.unwrap();
    assert_eq!((found.output.transaction.id, found.version), (id, 2));
    assert_eq!(house.registry.alive(), 1);
}

#[actix::test]
async fn a_heartbeat_or_a_stream_keeps_an_actor_alive() {
    let house = House::open(usize::MAX);
    let (beating, watching, idle) = (house.person().await, house.person().await, house.person().await);
    for owner in [beating, watching, idle] {
        house.spend(owner).await;
    }
    let stream = house.registry.subscribe(watching, EVERYONE).await.unwrap();

    for _ in 0..4 {
        house.clock.0.fetch_add(30, Ordering::SeqCst);
        house.registry.beat(beating, EVERYONE, SessionId::new()).await.unwrap();
    }

    house.until("the idle one stops", |house| house.registry.alive() == 2).await;
    drop(stream);
    house.until("without its stream the watcher stops", |house| house.registry.alive() == 1).await;
}

#[actix::test]
async fn the_least_recently_used_ledger_gives_way_to_a_new_one() {
    let house = House::open(1);
    let (first, watching, second) = (house.person().await, house.person().await, house.person().await);
    let stream = house.registry.subscribe(watching, EVERYONE).await.unwrap();
    house.spend(first).await;
    house.clock.0.fetch_add(1, Ordering::SeqCst);

    house.spend(second).await;

    house.until("the older one gives way", |house| house.registry.alive() == 2).await;
    assert_eq!(house.count(first).await, 1);
    drop(stream);
}

#[actix::test]
async fn shutting_down_leaves_a_snapshot_of_every_ledger() {
    let house = House::open(usize::MAX);
    let owners = [house.person().await, house.person().await];
    for owner in owners {
        house.spend(owner).await;
    }

    house.registry.shut_down().await;

    for owner in owners {
        let snapshot = house.store.snapshot(owner.book).await.unwrap().unwrap();
        assert_eq!(snapshot.version, 2);
    }
}

#[actix::test]
async fn a_book_that_was_only_read_leaves_a_snapshot_when_it_had_none() {
    let house = House::open(usize::MAX);
    let owner = house.person().await;
    assert_eq!(house.count(owner).await, 0);

    house.registry.shut_down().await;

    let snapshot = house.store.snapshot(owner.book).await.unwrap().unwrap();
    assert_eq!(snapshot.version, 1);
}

#[actix::test]
async fn two_undos_at_once_take_back_two_entries() {
    let house = House::open(usize::MAX);
    let owner = house.person().await;
    for _ in 0..3 {
        house.spend(owner).await;
    }

    let undo = || house.registry.undo(owner, Which::Undo, None, Envelope::system());
    let (one, other) = tokio::join!(undo(), undo());

    assert_ne!(one.unwrap().version, other.unwrap().version);
    assert_eq!(house.count(owner).await, 1);
}

#[actix::test]
async fn a_session_of_a_void_generation_reads_nothing_by_any_way() {
    let house = House::open(usize::MAX);
    let owner = house.person().await;
    let old = Reader { token: None, auth_generation: 0, seen: 0 };
    house.registry.current(owner, old).await.unwrap();

    house.registry.command(owner, RaiseGeneration { to: 1 }, Envelope::system()).await.unwrap();

    let refused = Error::Domain(finbrain_domain::Error::SessionRevoked);
    assert_eq!(house.registry.current(owner, old).await.unwrap_err(), refused);
    assert_eq!(house.registry.subscribe(owner, old).await.unwrap_err(), refused);
    assert_eq!(house.registry.beat(owner, old, SessionId::new()).await.unwrap_err(), refused);
    assert_eq!(house.registry.query(owner, GetSettings, old).await.unwrap_err(), refused);
    let new = Reader { auth_generation: 1, ..old };
    house.registry.current(owner, new).await.unwrap();
}
