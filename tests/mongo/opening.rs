//! Opening: whose database it is, which indexes it must have, and what is said when it cannot be used.

use std::error::Error as _;

use finbrain::store::mongo::{MongoSettings, MongoStore, OpenError, ReadConcernKind};
use mongodb::bson::{Document, doc};

use super::{database, mongod, opened, settings};

#[tokio::test]
async fn a_database_of_a_newer_version_stops_the_start_and_is_left_alone() {
    let (settings, store) = opened().await;
    store.close().await;
    let database = database(&settings).await;
    let stamps = database.collection::<Document>("schema");
    stamps.update_one(doc! {}, doc! { "$set": { "version": 2_i64 } }).await.unwrap();
    database.collection::<Document>("due").drop().await.unwrap();

    let refused = MongoStore::open(settings).await.unwrap_err();

    assert!(matches!(refused, OpenError::Newer { found: 2 }), "{refused:?}");
    assert!(refused.to_string().contains("run that version or a later one"), "{refused}");
    let names = database.list_collection_names().await.unwrap();
    assert!(!names.contains(&"due".to_owned()), "{names:?}");
}

#[tokio::test]
async fn the_first_start_creates_every_index_and_the_second_finds_them() {
    let (settings, store) = opened().await;
    drop(store);
    let database = database(&settings).await;

    let again = MongoStore::open(settings).await;

    assert!(again.is_ok(), "{again:?}");
    let mut found = Vec::new();
    for name in database.list_collection_names().await.unwrap() {
        let mut indexes = database.collection::<Document>(&name).list_indexes().await.unwrap();
        while indexes.advance().await.unwrap() {
            let index = indexes.deserialize_current().unwrap();
            let options = index.options.unwrap();
            let (unique, partial) = (options.unique == Some(true), options.partial_filter_expression);
            let partial = partial.map(|form| form.keys().next().unwrap().clone());
            found.push(format!(
                "{name} {} {}{}",
                index.keys.keys().cloned().collect::<Vec<_>>().join(","),
                if unique { "unique" } else { "" },
                partial.map(|field| format!(" with {field}")).unwrap_or_default(),
            ));
        }
    }
    for index in [
        "journal book,slot unique",
        "journal book,key unique with key",
        "journal entry_id,book unique with entry_id",
        "journal at,book,slot  with pending",
        "users email unique with email",
        "users demo_until  with demo_until",
        "due book,kind unique",
        "examples book,slot,index unique",
    ] {
        assert!(found.contains(&index.to_owned()), "{index} is not in {found:#?}");
    }
}

#[tokio::test]
async fn an_index_of_the_same_name_with_other_options_is_named() {
    for wrong in [
        doc! { "key": { "book": 1, "slot": 1 }, "name": "journal_slot" },
        doc! { "key": { "slot": 1, "book": 1 }, "name": "journal_slot", "unique": true },
        doc! { "key": { "book": 1, "slot": 1 }, "name": "another", "unique": true },
    ] {
        let settings = settings().await;
        let command = doc! { "createIndexes": "journal", "indexes": [wrong] };
        database(&settings).await.run_command(command).await.unwrap();

        let refused = MongoStore::open(settings).await.unwrap_err();

        let named = matches!(refused, OpenError::Index { collection: "journal", index: "journal_slot" });
        assert!(named, "{refused:?}");
        assert!(refused.to_string().contains("drop it"), "{refused}");
    }
}

#[tokio::test]
async fn pods_that_start_at_the_same_time_all_start() {
    let settings = settings().await;
    let pods: Vec<_> = (0..6).map(|_| tokio::spawn(MongoStore::open(settings.clone()))).collect();

    for pod in pods {
        let opened = pod.await.unwrap();
        assert!(opened.is_ok(), "{opened:?}");
    }
}

#[tokio::test]
async fn what_is_said_of_a_server_that_refuses_never_shows_the_uri() {
    let host = mongod().await.host();
    for uri in [
        format!("mongodb://dana:s3cret@{host}/private?replicaSet=rs0"),
        format!("mongodb://dana:s3cret@{host}/private?replicaSet=rs0&maxPoolSize=s3cret"),
        "mongodb://dana:s3cret@127.0.0.1:1/private".into(),
        "mongodb://dana:s3cret@[private/private".into(),
        "mongodb+srv://dana:s3cret@private.example/private".into(),
    ] {
        let mut settings = MongoSettings::new(uri.clone(), ReadConcernKind::Majority);
        settings.select = std::time::Duration::from_millis(200);
        let shown = format!("{settings:?}");

        let refused = MongoStore::open(settings).await.unwrap_err();

        let cause = refused.source().map(ToString::to_string).unwrap_or_default();
        let all = format!("{shown} {refused} {refused:?} {cause}");
        for secret in ["s3cret", "dana", "private"] {
            assert!(!all.contains(secret), "{uri}: {all}");
        }
    }
}

#[cfg(not(feature = "mongodb-srv"))]
#[tokio::test]
async fn an_address_to_resolve_needs_a_build_that_can() {
    let settings =
        MongoSettings::new("mongodb+srv://db.example.org/finbrain".into(), ReadConcernKind::Majority);

    let refused = MongoStore::open(settings).await.unwrap_err();

    assert!(matches!(refused, OpenError::Srv), "{refused:?}");
    assert!(refused.to_string().contains("mongodb-srv"));
}
