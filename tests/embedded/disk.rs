//! What is in the file: damage, erasure, and a disk without room.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use finbrain::store::embedded::EmbeddedStore;
use finbrain_domain::{
    change::Change,
    entry::Draft,
    ids::BookId,
    ports::{AppendError, Journal, Snapshot, StoreError, Users},
    settings::Settings,
    text::Name,
};

use super::{opened, shell};
use crate::contract::{
    journal::{after, draft, first, grow},
    users::person,
};

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
