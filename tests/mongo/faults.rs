//! What a caller is told when the server, or the way to it, fails in the middle of a write, and that sending the same
//! entry again settles it.

use std::time::{Duration, Instant};

use finbrain::store::mongo::{MongoSettings, MongoStore, ReadConcernKind};
use finbrain_domain::{
    entry::Entry,
    ports::{AppendError, DueWork as _, Journal as _, Models as _, StoreError, Users as _},
};
use finbrain_loadtest::servers::Mongod;
use mongodb::bson::{Document, doc};

use super::{mongod, opened, settings};
use crate::contract::journal::{after, draft, first, keyed};

/// A store whose commands, and nobody else's, the server fails.
struct Failing {
    app: String,
    store: MongoStore,
}

impl Failing {
    async fn opened(patience: Duration) -> Self {
        let mut settings = settings().await;
        let app = settings.uri.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        settings.uri.push_str(&format!("&appName={app}"));
        settings.answer = patience;
        Self { app, store: MongoStore::open(settings).await.unwrap() }
    }

    /// The next command of this name fails so.
    async fn next(&self, command: &str, how: Document) {
        let mut data = doc! { "failCommands": [command], "appName": &self.app };
        data.extend(how);
        let point = doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data };
        mongod().await.command(point).await.unwrap();
    }

    /// Sends the entry again until it certainly stands, as the protocol of the actor does.
    async fn settle(&self, entry: &Entry) {
        loop {
            match self.store.append(entry.clone()).await {
                Ok(()) | Err(AppendError::SlotTaken) => break,
                Err(AppendError::Store(StoreError::OutcomeUnknown(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let stands = self.store.since(entry.book, 0, 10).await.unwrap();
        assert!(stands == [entry.clone()]);
    }
}

const PATIENT: Duration = Duration::from_secs(30);

fn is_unknown(answer: &Result<(), AppendError>) -> bool {
    matches!(answer, Err(AppendError::Store(StoreError::OutcomeUnknown(_))))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_the_outcome_unknown() {
    let failing = Failing::opened(PATIENT).await;
    let entry = first(keyed("k"));
    failing.next("insert", doc! { "closeConnection": true }).await;

    let answer = failing.store.append(entry.clone()).await;

    assert!(is_unknown(&answer), "{answer:?}");
    failing.settle(&entry).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_lands_after_nobody_waits_for_it_is_found_by_sending_it_again() {
    let failing = Failing::opened(Duration::from_secs(1)).await;
    let entry = first(keyed("k"));
    failing.next("insert", doc! { "blockConnection": true, "blockTimeMS": 2_000 }).await;

    let answer = failing.store.append(entry.clone()).await;

    assert!(is_unknown(&answer), "{answer:?}");
    failing.settle(&entry).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_majority_that_does_not_confirm_in_time_leaves_the_outcome_unknown() {
    let failing = Failing::opened(PATIENT).await;
    let entry = first(keyed("k"));
    let late = doc! { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting for replication timed out",
    "errInfo": { "wtimeout": true } };
    failing.next("insert", doc! { "writeConcernError": late }).await;

    let answer = failing.store.append(entry.clone()).await;

    assert!(is_unknown(&answer), "{answer:?}");
    assert_eq!(failing.store.append(entry.clone()).await, Err(AppendError::SlotTaken), "it had landed");
    failing.settle(&entry).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_steps_down_leaves_the_outcome_unknown() {
    let failing = Failing::opened(PATIENT).await;
    // NotWritablePrimary, PrimarySteppedDown, InterruptedAtShutdown, InterruptedDueToReplStateChange
    for code in [10_107, 189, 11_600, 11_602] {
        let entry = first(keyed("k"));
        failing.next("insert", doc! { "errorCode": code }).await;

        let answer = failing.store.append(entry.clone()).await;

        assert!(is_unknown(&answer), "{code}: {answer:?}");
        failing.settle(&entry).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_a_refusal_before_anything_is_done_are_certain() {
    let failing = Failing::opened(PATIENT).await;
    let entry = first(draft());
    failing.next("insert", doc! { "errorCode": 14_031 }).await;
    let full = failing.store.append(entry.clone()).await;
    failing.next("insert", doc! { "errorCode": 13 }).await;
    let forbidden = failing.store.append(entry.clone()).await;

    assert!(matches!(full, Err(AppendError::Store(StoreError::NoRoom(_)))), "{full:?}");
    assert!(matches!(forbidden, Err(AppendError::Store(StoreError::Unavailable(_)))), "{forbidden:?}");
    assert_eq!(failing.store.head(entry.book).await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_key_survives_a_duplicate_from_finding_and_modifying() {
    let failing = Failing::opened(PATIENT).await;
    let key = doc! { "keyPattern": { "_id": 1 }, "keyValue": { "_id": "token" } };
    failing.next("findAndModify", doc! { "errorCode": 11_000, "errorExtraInfo": key }).await;

    assert_eq!(failing.store.server_key("token", [7; 32]).await, Ok([7; 32]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_given_up_in_time_and_taken_up_again() {
    let mongod = Mongod::start().await.unwrap();
    let settings = MongoSettings::new(mongod.uri("frozen"), ReadConcernKind::Majority);
    let (limit, margin) = (settings.answer, Duration::from_secs(2));
    let store = MongoStore::open(settings).await.unwrap();
    let begun = first(draft());
    store.append(begun.clone()).await.unwrap();
    let entry = after(&begun, keyed("k"));

    mongod.process().unwrap().signal("STOP");
    let started = Instant::now();
    // One after the other: the append has the connection that is open, so that it certainly was sent.
    let appended = store.append(first(draft())).await;
    let first_took = started.elapsed();
    let (read, due) = tokio::join!(store.since(begun.book, 1, 10), store.due(begun.at, 10));
    let rest_took = started.elapsed() - first_took;
    mongod.process().unwrap().signal("CONT");

    assert!(first_took < limit + margin && rest_took < limit + margin, "{first_took:?} {rest_took:?}");
    assert!(is_unknown(&appended), "{appended:?}");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(matches!(due, Err(StoreError::Unavailable(_))), "{due:?}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while let Err(error) = store.append(entry.clone()).await {
        let waits =
            matches!(error, AppendError::Store(StoreError::OutcomeUnknown(_) | StoreError::Unavailable(_)));
        if error == AppendError::SlotTaken {
            break;
        }
        assert!(waits && Instant::now() < deadline, "{error}");
    }
    assert!(store.since(begun.book, 1, 10).await.unwrap() == [entry]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_refuses_and_says_so() {
    let (_, store) = opened().await;
    store.close().await;

    let answer = store.append(first(draft())).await;

    assert!(matches!(answer, Err(AppendError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    assert!(matches!(store.current().await, Err(StoreError::Unavailable(_))));
}
