//! Two registries over one store, as two pods would be: whatever they do at the same time, there is one journal.

use std::{sync::Arc, time::Duration};

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
        Accepted, AmendTransaction, Cubes, Envelope, Event, GetAnomalies, GetTransaction, Query, Reader,
        RecordTransaction, Recorded, Subscription, View,
    },
};
use finbrain_domain::{
    entry::{Author, Entry, Key},
    ids::{BookId, Digest, EntryId, TransactionId, UserId},
    ledger::Ledger,
    money::{Currency, Money},
    ports::{Answer, AppendError, Journal, Snapshot, StoreError, Users as _},
    session::SessionLife,
    settings::Settings,
    text::{Description, Name},
    transaction::{NewTransaction, TransactionPatch},
    user::{Role, User},
};
use futures_util::future::join_all;
use jiff::civil::date;

use crate::app::TestClock;

const WRITERS: usize = 16;
const ROWS: usize = 8;

/// A store that others write to as well.
struct Common(Arc<EmbeddedStore>);

impl Journal for Common {
    fn is_exclusive(&self) -> bool {
        false
    }

    fn append(&self, entry: Entry) -> Answer<'_, Result<(), AppendError>> {
        self.0.append(entry)
    }

    fn since(&self, book: BookId, after: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        self.0.since(book, after, limit)
    }

    fn before(&self, book: BookId, before: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        self.0.before(book, before, limit)
    }

    fn by_key(&self, book: BookId, key: &str) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        self.0.by_key(book, key)
    }

    fn by_id(&self, book: BookId, entry: EntryId) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        self.0.by_id(book, entry)
    }

    fn head(&self, book: BookId) -> Answer<'_, Result<u64, StoreError>> {
        self.0.head(book)
    }

    fn snapshot(&self, book: BookId) -> Answer<'_, Result<Option<Snapshot>, StoreError>> {
        self.0.snapshot(book)
    }

    fn keep_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), StoreError>> {
        self.0.keep_snapshot(snapshot)
    }

    fn pending(&self, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        self.0.pending(limit)
    }

    fn delivered(&self, book: BookId, slot: u64) -> Answer<'_, Result<(), StoreError>> {
        self.0.delivered(book, slot)
    }

    fn reduce(&self, book: BookId) -> Answer<'_, Result<(), StoreError>> {
        self.0.reduce(book)
    }

    fn books(
        &self,
        after: Option<BookId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<(BookId, bool)>, StoreError>> {
        self.0.books(after, limit)
    }

    fn tombstones(&self, book: BookId) -> Answer<'_, Result<Vec<(u64, Digest)>, StoreError>> {
        self.0.tombstones(book)
    }
}

/// What a ledger comes to.
struct GetDigest;

impl Query for GetDigest {
    type Output = (Digest, usize);

    fn answer(self, view: &View<'_>, _: &mut Cubes) -> Result<Self::Output, Error> {
        Ok((view.ledger.digest(), view.ledger.rows().len()))
    }
}

/// Two pods, the store under them, and a person.
struct Stage {
    pods: [Registry; 2],
    store: Arc<EmbeddedStore>,
    owner: Owner,
    // Dropped last.
    _dir: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(EmbeddedStore::open(dir.path()).unwrap());
        let clock = Arc::new(TestClock::new());
        let ports = Ports {
            journal: Arc::new(Common(Arc::clone(&store))),
            users: store.clone(),
            due: store.clone(),
            models: store.clone(),
            shared: Arc::new(MemoryShared::new(SessionLife::default(), Rate::per_second(100, 500))),
            clock: clock.clone(),
        };
        let owner = Owner { user: UserId::new(), book: BookId::new() };
        let opening = Settings { base_currency: Currency::ILS, ..Settings::of(Name::parse("Dana").unwrap()) };
        let user = User {
            id: owner.user,
            book: owner.book,
            email: None,
            password: None,
            pending: None,
            role: Role::Member,
            auth_generation: 0,
            created_at: crate::app::START.parse().unwrap(),
            demo_until: None,
            opening,
        };
        store.create(user).await.unwrap();
        let pod = || {
            let arbiter = actix::Arbiter::current();
            let rates = RatesHandle::start(&arbiter, ecb::book(), Arc::new(NoRates), clock.clone());
            Registry::new(ports.clone(), rates, 1, 1 << 30)
        };
        Self { pods: [pod(), pod()], store, owner, _dir: dir }
    }

    /// Records one row on a pod, again and again while others are faster.
    async fn record(&self, pod: usize, id: TransactionId, key: Option<Key>) -> Accepted<Recorded> {
        for _ in 0..200 {
            let command = RecordTransaction { new: row(id), prepared: Prepared::silent() };
            let envelope =
                Envelope { author: Author::User(self.owner.user), key: key.clone(), ..Envelope::system() };
            match self.pods[pod].command(self.owner, command, envelope).await {
                Ok(accepted) => return accepted,
                Err(Error::Contended | Error::Busy { .. }) => {
                    tokio::time::sleep(Duration::from_millis(5)).await
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("others were always faster");
    }

    /// The journal, folded afresh.
    async fn fold(&self) -> (Vec<Entry>, Ledger) {
        let entries = self.store.since(self.owner.book, 0, 10_000).await.unwrap();
        let mut ledger = Ledger::empty(self.owner.book);
        for entry in &entries {
            ledger.apply(entry).unwrap();
        }
        (entries, ledger)
    }

    async fn end(&self) {
        for pod in &self.pods {
            pod.shut_down().await;
        }
        self.store.close().await;
    }
}

fn row(id: TransactionId) -> NewTransaction {
    NewTransaction {
        id: Some(id),
        date: date(2026, 11, 24),
        description: Description::parse("zanzibar").unwrap(),
        amount: Money::from_minor(-100, Currency::ILS).unwrap(),
        account: None,
        category: Some(finbrain_domain::category::CategoryId::other()),
        splits: Vec::new(),
        tags: Vec::new(),
        note: None,
        payee: None,
        external_id: None,
    }
}

const READER: Reader = Reader { token: None, auth_generation: u64::MAX, seen: 0 };

#[actix_web::test]
async fn a_question_that_waits_for_the_journal_is_answered_before_its_pod_stops() {
    let stage = Stage::set().await;
    let id = TransactionId::new();
    let written = stage.record(0, id, None).await;

    let asked = stage.pods[0].query(stage.owner, GetTransaction { id }, READER);
    let (answered, ()) = futures_util::future::join(asked, stage.pods[0].shut_down()).await;

    assert_eq!(answered.unwrap().version, written.version);
    stage.end().await;
}

#[actix_web::test]
async fn two_pods_write_one_journal_and_read_what_was_acknowledged_before() {
    let stage = Stage::set().await;

    let writers = (0..WRITERS).map(async |writer| {
        let mut written = Vec::new();
        for round in 0..ROWS {
            let (here, there) = ((writer + round) % 2, (writer + round + 1) % 2);
            let id = TransactionId::new();
            let accepted = stage.record(here, id, None).await;
            // Asked on the other pod, with no hint of what was seen.
            let found = stage.pods[there].query(stage.owner, GetTransaction { id }, READER).await.unwrap();
            assert_eq!((found.output.changed, found.output.transaction.id), (accepted.version, id));
            assert!(found.version >= accepted.version);
            written.push((accepted.version, id));
        }
        written
    });
    let mut written: Vec<_> = join_all(writers).await.into_iter().flatten().collect();

    written.sort_unstable_by_key(|(version, _)| *version);
    let versions: Vec<u64> = written.iter().map(|(version, _)| *version).collect();
    let rows = u64::try_from(WRITERS * ROWS).unwrap();
    assert_eq!(versions, (2..=rows + 1).collect::<Vec<_>>(), "each slot belongs to one writer");
    let (entries, ledger) = stage.fold().await;
    assert_eq!(entries.len(), written.len() + 1);
    for pod in &stage.pods {
        let answer = pod.query(stage.owner, GetDigest, READER).await.unwrap();
        assert_eq!((answer.version, answer.output), (rows + 1, (ledger.digest(), written.len())));
    }
    stage.end().await;
}

#[actix_web::test]
async fn a_key_on_two_pods_at_once_is_applied_once() {
    let stage = Stage::set().await;
    let key = || Some(Key { key: "same".into(), request: Digest::of(b"the request") });

    let answers = (0..WRITERS).map(|writer| stage.record(writer % 2, TransactionId::new(), key()));
    let answers = join_all(answers).await;

    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    let ids: std::collections::HashSet<_> =
        answers.iter().map(|answer| answer.output.transaction.id).collect();
    assert_eq!(ids.len(), 1);
    assert!(answers.iter().all(|answer| answer.version == 2));
    assert_eq!(stage.fold().await.0.len(), 2);
    stage.end().await;
}

/// Everything that a stream tells, up to a version.
async fn told(subscription: &mut Subscription, to: u64) -> Vec<u64> {
    let mut versions = Vec::new();
    while versions.last() != Some(&to) {
        let event = tokio::time::timeout(Duration::from_secs(20), subscription.events.recv()).await;
        match event.expect("a stream is told within a probe or a hint").expect("the stream goes on") {
            Event::Entry { entry, .. } => versions.push(entry.slot),
            Event::Large { version } => versions.push(version),
        }
    }
    versions
}

#[actix_web::test]
async fn a_refusal_is_decided_on_what_other_pods_have_written() {
    let stage = Stage::set().await;
    let id = TransactionId::new();
    // The second pod opens the book before the first one writes to it.
    stage.pods[1].query(stage.owner, GetDigest, READER).await.unwrap();
    let written = stage.record(0, id, None).await;

    let patch = TransactionPatch {
        description: Some(Description::parse("elsewhere").unwrap()),
        ..Default::default()
    };
    let amend = AmendTransaction { id, patch, expected: Some(written.version) };
    let amended = stage.pods[1].command(stage.owner, amend, Envelope::system()).await.unwrap();

    assert_eq!(amended.version, written.version + 1);
    stage.end().await;
}

#[actix_web::test]
async fn what_a_report_is_tagged_with_is_current_on_every_pod() {
    let stage = Stage::set().await;
    for round in 0..10 {
        let (here, there) = (round % 2, (round + 1) % 2);
        let written = stage.record(here, TransactionId::new(), None).await;

        let (version, _) = stage.pods[there].current(stage.owner, READER).await.unwrap();

        assert_eq!(version, written.version);
    }
    stage.end().await;
}

#[actix_web::test]
async fn a_stream_tells_what_other_pods_write_in_order_and_once() {
    let stage = Stage::set().await;
    let first = stage.record(0, TransactionId::new(), None).await;
    let mut here = stage.pods[0].subscribe(stage.owner, READER).await.unwrap();
    let mut there = stage.pods[1].subscribe(stage.owner, READER).await.unwrap();
    assert_eq!((here.from, there.from), (first.version, first.version));

    let mut last = 0;
    for round in 0..10 {
        last = stage.record(round % 2, TransactionId::new(), None).await.version;
    }

    let every: Vec<u64> = (first.version + 1..=last).collect();
    assert_eq!((told(&mut here, last).await, told(&mut there, last).await), (every.clone(), every));
    stage.end().await;
}

#[actix_web::test]
async fn a_stream_hears_of_another_pods_entry_before_its_next_probe() {
    let stage = Stage::set().await;
    let mut stream = stage.pods[1].subscribe(stage.owner, READER).await.unwrap();
    let started = std::time::Instant::now();

    // Ten entries, told one after the other: without hints each would wait two seconds for a probe.
    for _ in 0..10 {
        let written = stage.record(0, TransactionId::new(), None).await;
        assert_eq!(told(&mut stream, written.version).await, [written.version]);
    }

    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    stage.end().await;
}

#[actix_web::test]
async fn a_client_that_has_seen_more_than_the_journal_holds_is_answered_by_nobody() {
    let stage = Stage::set().await;
    let written = stage.record(0, TransactionId::new(), None).await;
    let ahead = Reader { seen: written.version + 1, ..READER };

    for pod in &stage.pods {
        let behind = Error::Behind { version: written.version, seen: written.version + 1 };
        assert_eq!(pod.query(stage.owner, GetDigest, ahead).await.unwrap_err(), behind);
        assert_eq!(pod.subscribe(stage.owner, ahead).await.unwrap_err(), behind);
        assert_eq!(pod.current(stage.owner, ahead).await.unwrap_err(), behind);
    }
    stage.end().await;
}

#[actix_web::test]
async fn what_is_unusual_is_the_same_on_every_pod() {
    let stage = Stage::set().await;
    // The second pod has an index of the book before the first one writes to it.
    let list = || GetAnomalies { from: None, to: None };
    assert!(stage.pods[1].query(stage.owner, list(), READER).await.unwrap().output.found.is_empty());
    let first = TransactionId::new();
    stage.record(0, first, None).await;

    let second = stage.record(1, TransactionId::new(), None).await;

    let told = &second.output.anomalies;
    assert_eq!(told.iter().map(|one| one.twin).collect::<Vec<_>>(), [Some(first)]);
    for pod in &stage.pods {
        assert_eq!(pod.query(stage.owner, list(), READER).await.unwrap().output.found, *told);
    }
    stage.end().await;
}
