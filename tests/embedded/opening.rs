//! Opening the store: whose the directory and the file are, and what is said when they are not ours.

use std::{fs, os::unix::fs::PermissionsExt};

use finbrain::store::embedded::{EmbeddedStore, FILE, OpenError};
use finbrain_domain::{
    ids::BookId,
    ports::{AppendError, Journal, Models as _, Snapshot, StoreError, Users},
};

use super::{opened, shell};
use crate::contract::{
    journal::{after, draft, grow},
    users::person,
};

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

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_and_serves_its_newest_model() {
    let (dir, store) = opened();
    for n in 1..=3 {
        store.promote(vec![n], jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    }
    store.close().await;
    drop(store);
    shell(dir.path()).execute_batch("DROP TABLE serving_model; PRAGMA user_version = 1;").unwrap();

    let refused = EmbeddedStore::open_read_only(dir.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Older { found: 1, .. }), "{refused}");
    let store = EmbeddedStore::open(dir.path()).unwrap();

    assert_eq!(store.newest().await, Ok(Some(3)));
    assert_eq!(store.current().await.unwrap().unwrap().bytes, [3]);
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
