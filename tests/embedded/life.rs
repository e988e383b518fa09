//! The store while it runs and when it ends.

use std::{fs, sync::Arc};

use finbrain::store::embedded::{EmbeddedStore, FILE, describe_metrics};
use finbrain_domain::{
    ids::{BookId, UserId},
    ports::{AppendError, Due, DueKind, DueWork, Journal, Models, StoreError, Users},
};

use super::{opened, shell};
use crate::contract::{
    journal::{after, draft, first, grow},
    users::person,
};

#[test]
fn one_store_serves_all_four_ports() {
    let (_dir, store) = opened();
    let store = Arc::new(store);

    let _journal: Arc<dyn Journal> = store.clone();
    let _users: Arc<dyn Users> = store.clone();
    let _due: Arc<dyn DueWork> = store.clone();
    let _models: Arc<dyn Models> = store.clone();

    assert!(store.is_exclusive());
}

#[tokio::test]
async fn work_of_a_kind_that_only_another_version_knows_holds_up_nobody() {
    let (dir, store) = opened();
    let shell = shell(dir.path());
    let planned = [DueKind::DemoExpiry, DueKind::Erasure].map(|kind| Due {
        book: BookId::new(),
        user: UserId::new(),
        at: "2026-11-24T08:00:00Z".parse().unwrap(),
        kind,
    });
    for due in &planned {
        store.plan(due.clone()).await.unwrap();
    }
    let later = "INSERT INTO due (book, kind, user, at) VALUES ('x', 'of_tomorrow', 'y', 0)";
    shell.execute_batch(later).unwrap();

    let mut due = store.due(planned[0].at, 2).await.unwrap();

    due.sort_by_key(|due| due.kind.as_str());
    assert_eq!(due, planned);
}

#[tokio::test]
async fn a_dropped_store_opens_again_with_everything_acknowledged() {
    let (dir, store) = opened();
    let entries = grow(&store, 20).await;
    store.create(person("dana")).await.unwrap();
    drop(store);

    let store = EmbeddedStore::open(dir.path()).unwrap();

    assert!(store.since(entries[0].book, 0, 100).await.unwrap() == entries);
    assert_eq!(store.count().await, Ok(1));
}

#[tokio::test]
async fn a_closed_store_is_one_complete_file_and_refuses_everything() {
    let (dir, store) = opened();
    let entries = grow(&store, 3).await;

    store.close().await;
    store.close().await;

    let refused = store.append(after(&entries[2], draft())).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Unavailable(_)))));
    assert!(matches!(store.head(entries[0].book).await, Err(StoreError::Unavailable(_))));
    let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, [FILE, "lock"]);
}

#[tokio::test]
async fn closing_waits_for_what_is_queued() {
    let (dir, store) = opened();
    let store = Arc::new(store);
    let book = grow(&*store, 1).await.remove(0).book;
    let appends: Vec<_> = (0..100)
        .map(|_| {
            let (store, entry) = (store.clone(), first(draft()));
            tokio::spawn(async move { store.append(entry.clone()).await.map(|()| entry) })
        })
        .collect();
    tokio::task::yield_now().await;

    store.close().await;

    let mut acknowledged = 0;
    for append in appends {
        match append.await.unwrap() {
            Ok(_) => acknowledged += 1,
            Err(refused) => assert!(matches!(refused, AppendError::Store(StoreError::Unavailable(_)))),
        }
    }
    let store = EmbeddedStore::open(dir.path()).unwrap();
    assert_eq!(store.books(None, 1000).await.unwrap().len(), acknowledged + 1);
    assert_eq!(store.head(book).await, Ok(1));
}

#[tokio::test]
async fn appends_commits_and_groups_are_measured() {
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().unwrap();
    describe_metrics();
    let (_dir, store) = opened();
    grow(&store, 1).await;

    let shown = metrics.render();

    for name in [
        "finbrain_journal_append_seconds",
        "finbrain_journal_appends_total",
        "finbrain_journal_commits_total",
        "finbrain_journal_group_size",
    ] {
        assert!(shown.contains(&format!("# HELP {name} ")), "{name} has no help text");
        assert!(shown.lines().any(|line| line.starts_with(name)), "{name} has no value");
    }
}

#[tokio::test]
async fn small_changes_are_readable_with_any_client() {
    let (dir, store) = opened();
    let entry = first(draft());
    store.append(entry.clone()).await.unwrap();

    let name: String = shell(dir.path())
        .query_row(
            "SELECT changes ->> '$[0].to.name' FROM journal WHERE book = ?1 AND slot = 1",
            [entry.book.to_string()],
            |row| row.get(0),
        )
        .unwrap();

    assert_eq!(name, "Dana");
}

#[tokio::test]
async fn the_last_nine_models_are_kept() {
    let (dir, store) = opened();
    for n in 0..12 {
        store.promote(vec![n], draft().at).await.unwrap();
    }

    let kept: String = shell(dir.path())
        .query_row(
            "SELECT group_concat(number) FROM (SELECT number FROM models ORDER BY number)",
            [],
            |row| row.get(0),
        )
        .unwrap();

    assert_eq!(kept, "4,5,6,7,8,9,10,11,12");
}
