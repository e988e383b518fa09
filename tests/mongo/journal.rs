//! Journals as any other client sees them, linearizable probes, and documents that others damaged.

use finbrain::store::mongo::{MongoSettings, MongoStore, ReadConcernKind};
use finbrain_domain::{
    change::Change,
    entry::Draft,
    ports::{Journal as _, StoreError},
};
use mongodb::bson::{Bson, Document, doc};

use super::{database, opened, settings};
use crate::contract::journal::{after, draft, first, grow, keyed};

#[tokio::test(flavor = "multi_thread")]
async fn any_client_can_read_an_entry() {
    let (settings, store) = opened().await;
    let entry = first(keyed("k"));
    store.append(entry.clone()).await.unwrap();

    let journal = database(&settings).await.collection::<Document>("journal");
    let found = journal.find_one(doc! { "book": entry.book.to_string(), "slot": 1 }).await.unwrap().unwrap();

    assert_eq!(found.get_str("changes").unwrap().as_bytes(), entry.payload.as_deref().unwrap());
    assert_eq!(found.get_str("key").unwrap(), "k");
    assert_eq!(found.get_document("author").unwrap(), &doc! { "kind": "system" });
    assert_eq!(found.get_i64("at").unwrap(), entry.at.as_microsecond());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_book_slot_and_chain_are_left_of_a_reduced_entry() {
    let (settings, store) = opened().await;
    let entry = first(Draft { changes: vec![Change::BookClosed], pending: true, ..keyed("close") });
    store.append(entry.clone()).await.unwrap();

    store.reduce(entry.book).await.unwrap();
    store.delivered(entry.book, 1).await.unwrap();

    let journal = database(&settings).await.collection::<Document>("journal");
    let left = journal.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), ["_id", "book", "slot", "chain"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linearizable_probe_reads_the_tail_and_learns_of_a_closing() {
    let settings = settings().await;
    let store =
        MongoStore::open(MongoSettings { read: ReadConcernKind::Linearizable, ..settings }).await.unwrap();
    let entries = grow(&store, 3).await;
    let book = entries[0].book;
    assert!(store.since(book, 0, 10).await.unwrap() == entries);
    assert!(store.since(book, 1, 1).await.unwrap() == entries[1..2]);
    assert_eq!(store.since(book, 3, 10).await, Ok(vec![]));
    let closing = after(&entries[2], Draft { changes: vec![Change::BookClosed], ..draft() });
    store.append(closing).await.unwrap();

    store.reduce(book).await.unwrap();

    assert_eq!(store.since(book, 3, 10).await, Err(StoreError::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_is_damaged_and_quotes_nothing() {
    let (settings, store) = opened().await;
    let entry = first(keyed("k"));
    store.append(entry.clone()).await.unwrap();
    let journal = database(&settings).await.collection::<Document>("journal");
    for (field, wrong) in [
        ("changes", Bson::Int32(7)),
        ("digest", Bson::String("dana".into())),
        ("author", Bson::Document(doc! { "kind": "dana" })),
        ("entry_id", Bson::String("dana".into())),
        ("at", Bson::String("dana".into())),
    ] {
        let whole = journal.find_one(doc! {}).await.unwrap().unwrap();
        journal.update_one(doc! {}, doc! { "$set": { field: wrong } }).await.unwrap();

        let answer = store.since(entry.book, 0, 10).await.map(drop);

        let Err(StoreError::Damaged(what)) = answer else { panic!("{field}: {answer:?}") };
        assert!(what.contains("slot 1") && what.contains(field) && !what.contains("dana"), "{what}");
        journal.replace_one(doc! {}, whole).await.unwrap();
    }
    assert!(store.since(entry.book, 0, 10).await.unwrap() == [entry]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_entry_that_cannot_be_read_does_not_hold_up_the_others() {
    let (settings, store) = opened().await;
    let pending = || first(Draft { pending: true, ..draft() });
    let (damaged, whole) = (pending(), pending());
    for entry in [&damaged, &whole] {
        store.append(entry.clone()).await.unwrap();
    }
    let journal = database(&settings).await.collection::<Document>("journal");
    let place = doc! { "book": damaged.book.to_string() };
    journal.update_one(place, doc! { "$set": { "digest": "?" } }).await.unwrap();

    assert!(store.pending(10).await.unwrap() == [whole.clone()]);
    assert!(store.pending(1).await.unwrap() == [whole]);
}
