//! The embedded store: the contracts of its ports, and what is true of it alone.
// A test fails by panicking.
#![allow(clippy::unwrap_used)]

mod contract;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use finbrain::store::embedded::{EmbeddedStore, FILE, OpenError};
use finbrain_domain::{
    change::Change,
    entry::Draft,
    ids::BookId,
    ports::{AppendError, DueWork, Journal, Models, Snapshot, StoreError, Users},
    settings::Settings,
    text::Name,
};
use rusqlite::Connection;
use tempfile::TempDir;

use contract::{
    Subject,
    due::due_suite,
    journal::{after, draft, first, grow, journal_suite},
    models::models_suite,
    users::{person, users_suite},
};

async fn empty() -> Subject<EmbeddedStore> {
    let (dir, store) = opened();
    Subject::new(Arc::new(store), dir)
}

journal_suite!(empty);
users_suite!(empty);
due_suite!(empty);
models_suite!(empty);

fn opened() -> (TempDir, EmbeddedStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    (dir, store)
}

/// The database as any other client sees it.
fn shell(dir: &Path) -> Connection {
    Connection::open(dir.join(FILE)).unwrap()
}

#[test]
fn one_store_serves_all_four_ports() {
    let (_dir, store) = opened();
    let store = Arc::new(store);

    let _ports: (Arc<dyn Journal>, Arc<dyn Users>, Arc<dyn DueWork>, Arc<dyn Models>) =
        (store.clone(), store.clone(), store.clone(), store.clone());

    assert!(store.is_exclusive());
}

#[test]
fn a_new_directory_belongs_to_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("a").join("b");

    let _store = EmbeddedStore::open(&data).unwrap();

    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_second_server_is_refused_until_the_first_is_gone() {
    let (dir, store) = opened();

    let refused = EmbeddedStore::open(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)));
    assert!(refused.to_string().ends_with(
        "is in use by another finbrain server; stop that one, or give this one another data directory"
    ));

    drop(store);
    EmbeddedStore::open(dir.path()).unwrap();
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
async fn a_reader_beside_a_running_server_sees_its_writes_and_writes_nothing() {
    let (dir, store) = opened();
    let entries = grow(&store, 3).await;

    let reader = EmbeddedStore::open_read_only(dir.path()).unwrap();
    let fourth = after(&entries[2], draft());
    store.append(fourth.clone()).await.unwrap();

    assert!(!reader.is_exclusive());
    assert!(reader.since(entries[0].book, 3, 10).await.unwrap() == [fourth.clone()]);
    let refused = reader.append(after(&fourth, draft())).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    assert!(matches!(reader.create_all(vec![person("x")]).await, Err(StoreError::Unavailable(_))));
    let snapshot = Snapshot { book: BookId::new(), version: 1, format: 1, bytes: vec![] };
    assert!(matches!(reader.keep_snapshot(snapshot).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_stopped_store_can_be_read_without_a_server() {
    let (dir, store) = opened();
    let entries = grow(&store, 3).await;
    store.close().await;

    let reader = EmbeddedStore::open_read_only(dir.path()).unwrap();

    assert!(reader.since(entries[0].book, 0, 10).await.unwrap() == entries);
}

#[test]
fn reading_where_no_store_is_creates_none() {
    let dir = tempfile::tempdir().unwrap();

    let refused = EmbeddedStore::open_read_only(dir.path()).unwrap_err();

    assert!(matches!(refused, OpenError::Missing(_)));
    assert!(!dir.path().join(FILE).exists());
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

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = shell(dir.path());
    foreign.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);").unwrap();
    drop(foreign);
    let before = fs::read(dir.path().join(FILE)).unwrap();

    for refused in [EmbeddedStore::open(dir.path()), EmbeddedStore::open_read_only(dir.path())] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");
        assert!(refused.to_string().contains("is not a finbrain store; move it away"));
    }
    assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), before);
}

#[test]
fn a_file_of_a_newer_version_is_refused_by_its_number() {
    let (dir, store) = opened();
    drop(store);
    shell(dir.path()).pragma_update(None, "user_version", 99).unwrap();

    for refused in [EmbeddedStore::open(dir.path()), EmbeddedStore::open_read_only(dir.path())] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, OpenError::Newer { found: 99, .. }), "{refused}");
        assert!(refused.to_string().contains("newer finbrain (schema 99"));
    }
}

#[test]
fn a_damaged_file_is_refused_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE), [b'x'; 8192]).unwrap();

    for refused in [EmbeddedStore::open(dir.path()), EmbeddedStore::open_read_only(dir.path())] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
        assert!(refused.to_string().ends_with("keep a copy of the directory, then restore a backup"));
    }
}

#[test]
fn a_data_directory_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();

    let refused = EmbeddedStore::open(file.path()).unwrap_err();

    assert!(matches!(refused, OpenError::Directory { .. }), "{refused}");
}

#[tokio::test]
async fn a_row_that_was_tampered_with_is_damage_and_quotes_nothing() {
    let (dir, store) = opened();
    let entry = first(draft());
    store.append(entry.clone()).await.unwrap();
    store.create(person("dana")).await.unwrap();
    let shell = shell(dir.path());

    for tampering in [
        "UPDATE journal SET author_kind = 'Dana'",
        "UPDATE journal SET author_kind = 'system', changes = x'44616e61', packed = 1",
        "UPDATE journal SET digest = x'44616e61'",
        "UPDATE journal SET entry_id = 'Dana'",
    ] {
        shell.execute_batch(tampering).unwrap();
        let Err(StoreError::Damaged(what)) = store.since(entry.book, 0, 1).await else {
            panic!("{tampering}")
        };
        assert!(!what.contains("Dana"), "{what}");
    }
    shell.execute_batch("UPDATE users SET document = '{\"id\":\"Dana\"}'").unwrap();
    let Err(StoreError::Damaged(what)) = store.by_email(person("dana").email.as_ref().unwrap()).await else {
        panic!("a document without its fields was read");
    };
    assert!(!what.contains("Dana"), "{what}");
}

#[tokio::test]
async fn a_corrupt_snapshot_reads_as_none_and_is_replaced() {
    let corruptions = [
        "UPDATE snapshots SET version = version + 1",
        "UPDATE snapshots SET size = size - 1",
        "UPDATE snapshots SET size = 9223372036854775807",
        "UPDATE snapshots SET digest = x'00'",
        "UPDATE snapshot_parts SET bytes = x'00'",
        "DELETE FROM snapshot_parts",
    ];
    for corruption in corruptions {
        let (dir, store) = opened();
        let snapshot = Snapshot { book: BookId::new(), version: 1, format: 1, bytes: vec![7; 1000] };
        store.keep_snapshot(snapshot.clone()).await.unwrap();
        assert!(store.snapshot(snapshot.book).await.unwrap().is_some());

        shell(dir.path()).execute_batch(corruption).unwrap();

        assert_eq!(store.snapshot(snapshot.book).await, Ok(None), "{corruption}");
        let newer = Snapshot { version: 5, ..snapshot };
        store.keep_snapshot(newer.clone()).await.unwrap();
        assert_eq!(store.snapshot(newer.book).await, Ok(Some(newer)), "{corruption}");
    }
}

fn named(name: &str) -> Draft {
    let to = Some(Settings::of(Name::parse(name).unwrap()));
    Draft { changes: vec![Change::Settings { from: None, to }], ..draft() }
}

#[tokio::test]
async fn what_was_erased_is_in_no_file_any_more() {
    let (dir, store) = opened();
    let secret = first(named("ein sehr privater Name"));
    let closing = after(&secret, Draft { changes: vec![Change::BookClosed], ..draft() });
    store.append(secret.clone()).await.unwrap();
    store.append(closing).await.unwrap();
    assert!(any_file_contains(dir.path(), "ein sehr privater Name"));

    store.reduce(secret.book).await.unwrap();

    assert!(!any_file_contains(dir.path(), "ein sehr privater Name"));
}

fn any_file_contains(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

/// A file system of two mebibytes, unmounted when dropped.
struct TinyDisk(PathBuf);

impl TinyDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(at).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the tiny disk is still mounted");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_takes_them_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(_disk) = TinyDisk::mount(dir.path()) else {
        #[expect(
            clippy::print_stdout,
            reason = "whoever reads the output should know that nothing was tested"
        )]
        {
            println!("skipped: this user may not mount a file system");
        }
        return;
    };
    let ballast = dir.path().join("ballast");
    fs::write(&ballast, vec![0; 512 * 1024]).unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    let mut acknowledged = grow(&store, 1).await;
    let book = acknowledged[0].book;

    let refused = loop {
        let changes = vec![named("Dana").changes.remove(0); 300];
        let next = after(acknowledged.last().unwrap(), Draft { changes, ..draft() });
        match store.append(next.clone()).await {
            Ok(()) => acknowledged.push(next),
            Err(refused) => break refused,
        }
    };

    assert!(matches!(refused, AppendError::Store(StoreError::NoRoom(_))), "{refused:?}");
    assert!(store.since(book, 0, 1000).await.unwrap() == acknowledged, "reads go on");
    fs::remove_file(ballast).unwrap();
    let next = after(acknowledged.last().unwrap(), draft());
    store.append(next.clone()).await.unwrap();
    acknowledged.push(next);
    drop(store);
    let store = EmbeddedStore::open(dir.path()).unwrap();
    assert!(store.since(book, 0, 1000).await.unwrap() == acknowledged);
}
