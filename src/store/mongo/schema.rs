//! The collections, their indexes, and the version of it all. A later version adds a migration and raises [`VERSION`]; an
//! older one does not start on what it left.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use mongodb::{
    Collection, Database, IndexModel,
    bson::{Bson, Document, doc, serialize_to_document},
    error::{ErrorKind, Result as Driver},
    options::IndexOptions,
};

use super::{
    MongoStore, OpenError, by_id,
    call::{Deadline, read},
    fault::Fault,
    fields::Fields,
};

pub(super) const VERSION: i64 = 1;

const JOURNAL: &str = "journal";
const SNAPSHOT_PARTS: &str = "snapshot_parts";
const USERS: &str = "users";
pub(super) const SESSIONS: &str = "sessions";
const DUE: &str = "due";
const EXAMPLES: &str = "examples";

pub(super) const JOURNAL_SLOT: &str = "journal_slot";
pub(super) const JOURNAL_KEY: &str = "journal_key";
pub(super) const JOURNAL_ENTRY: &str = "journal_entry";
pub(super) const USERS_EMAIL: &str = "users_email";
/// What the server calls the index of every collection on `_id`.
pub(super) const ID: &str = "_id_";

/// `NamespaceNotFound`: there is no such collection yet.
const NO_COLLECTION: i32 = 26;
/// `IndexOptionsConflict` and `IndexKeySpecsConflict`.
const OTHER_INDEX: [i32; 2] = [85, 86];

/// Every collection, as the store reads and writes it.
pub(super) struct Collections {
    pub schema: Collection<Document>,
    pub journal: Collection<Document>,
    pub snapshots: Collection<Document>,
    pub snapshot_parts: Collection<Document>,
    pub users: Collection<Document>,
    pub sessions: Collection<Document>,
    pub server_keys: Collection<Document>,
    pub due: Collection<Document>,
    pub models: Collection<Document>,
    pub serving_model: Collection<Document>,
    pub examples: Collection<Document>,
}

impl Collections {
    pub(super) fn of(database: &Database) -> Self {
        Self {
            schema: database.collection("schema"),
            journal: database.collection(JOURNAL),
            snapshots: database.collection("snapshots"),
            snapshot_parts: database.collection(SNAPSHOT_PARTS),
            users: database.collection(USERS),
            sessions: database.collection(SESSIONS),
            server_keys: database.collection("server_keys"),
            due: database.collection(DUE),
            models: database.collection("models"),
            serving_model: database.collection("serving_model"),
            examples: database.collection(EXAMPLES),
        }
    }
}

struct Index {
    collection: &'static str,
    name: &'static str,
    keys: Document,
    unique: bool,
    /// Only documents of this form are in the index.
    partial: Option<Document>,
}

fn index(collection: &'static str, name: &'static str, keys: Document) -> Index {
    Index { collection, name, keys, unique: false, partial: None }
}

fn unique(collection: &'static str, name: &'static str, keys: Document) -> Index {
    Index { unique: true, ..index(collection, name, keys) }
}

impl Index {
    fn partial(self, form: Document) -> Self {
        Self { partial: Some(form), ..self }
    }

    fn model(&self) -> IndexModel {
        let options = IndexOptions::builder()
            .name(self.name.to_owned())
            .unique(self.unique.then_some(true))
            .partial_filter_expression(self.partial.clone())
            .build();
        IndexModel::builder().keys(self.keys.clone()).options(options).build()
    }

    /// Whether what the server has is this very index, in its options and in the order of its keys.
    fn is(&self, found: &IndexModel) -> bool {
        let form = |model: &IndexModel| {
            let mut form = serialize_to_document(model).unwrap_or_default();
            form.remove("v");
            form
        };
        self.keys.keys().eq(found.keys.keys()) && form(&self.model()) == form(found)
    }
}

fn indexes() -> Vec<Index> {
    let there = || doc! { "$exists": true };
    vec![
        unique(JOURNAL, JOURNAL_SLOT, doc! { "book": 1, "slot": 1 }),
        unique(JOURNAL, JOURNAL_KEY, doc! { "book": 1, "key": 1 }).partial(doc! { "key": there() }),
        // Ids are ordered by time: with the id first, entries written at the same time share a page, whatever their
        // books.
        unique(JOURNAL, JOURNAL_ENTRY, doc! { "entry_id": 1, "book": 1 })
            .partial(doc! { "entry_id": there() }),
        index(JOURNAL, "journal_pending", doc! { "at": 1, "book": 1, "slot": 1 })
            .partial(doc! { "pending": true }),
        index(SNAPSHOT_PARTS, "snapshot_parts_book", doc! { "book": 1, "version": 1 }),
        unique(USERS, USERS_EMAIL, doc! { "email": 1 }).partial(doc! { "email": there() }),
        index(USERS, "users_demo", doc! { "demo_until": 1 }).partial(doc! { "demo_until": there() }),
        index(SESSIONS, "sessions_user", doc! { "user": 1, "created_at": 1 }),
        index(SESSIONS, "sessions_created", doc! { "created_at": 1 }),
        unique(DUE, "due_work", doc! { "book": 1, "kind": 1 }),
        index(DUE, "due_at", doc! { "at": 1, "book": 1, "kind": 1 }),
        unique(EXAMPLES, "examples_place", doc! { "book": 1, "slot": 1, "index": 1 }),
        index(EXAMPLES, "examples_user", doc! { "user": 1 }),
    ]
}

/// Refuses a database of a newer version, and brings an empty or incomplete one to this one.
pub(super) async fn ensure(store: &MongoStore) -> Result<(), OpenError> {
    let deadline = store.in_bulk();
    if read(deadline, "open", stamp(store)).await? == Stamp::None {
        read(deadline, "open", put_stamp(store)).await?;
    }
    if let Stamp::Version(found) = read(deadline, "open", stamp(store)).await?
        && found > VERSION
    {
        return Err(OpenError::Newer { found });
    }
    let mut by_collection: BTreeMap<_, Vec<Index>> = BTreeMap::new();
    for index in indexes() {
        by_collection.entry(index.collection).or_default().push(index);
    }
    let collections = by_collection.into_iter();
    try_join_all(collections.map(|(name, indexes)| complete(store, deadline, name, indexes))).await?;
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Stamp {
    None,
    Version(i64),
}

async fn stamp(store: &MongoStore) -> Result<Stamp, Fault> {
    Ok(match store.one(&store.collections.schema, by_id("finbrain")).await? {
        Some(stamp) => Stamp::Version(Fields(&stamp).integer("version")?),
        None => Stamp::None,
    })
}

/// Two pods may do so at once: the first stands.
async fn put_stamp(store: &MongoStore) -> Result<(), Fault> {
    let first = doc! { "$setOnInsert": { "version": VERSION } };
    store.collections.schema.update_one(by_id("finbrain"), first).upsert(true).await?;
    Ok(())
}

/// Creates the indexes of a collection that are missing, and says which of those that are there is another.
async fn complete(
    store: &MongoStore,
    deadline: Deadline,
    name: &'static str,
    indexes: Vec<Index>,
) -> Result<(), OpenError> {
    let collection = store.database.collection(name);
    let found = read(deadline, "open", existing(&collection)).await?;
    let mut missing = Vec::new();
    for index in &indexes {
        match found.iter().find(|found| name_of(found) == Some(index.name)) {
            Some(found) if index.is(found) => {}
            Some(_) => return Err(OpenError::Index { collection: name, index: index.name }),
            None => missing.push(index),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    for index in &missing {
        // One with the same keys under another name is in the way too.
        if found.iter().any(|found| found.keys == index.keys && found.keys.keys().eq(index.keys.keys())) {
            return Err(OpenError::Index { collection: name, index: index.name });
        }
    }
    let models: Vec<_> = missing.iter().map(|index| index.model()).collect();
    let created = read(deadline, "open", async { Ok::<_, Fault>(collection.create_indexes(models).await) });
    match created.await? {
        Ok(_) => Ok(()),
        Err(error) if matches!(&*error.kind, ErrorKind::Command(c) if OTHER_INDEX.contains(&c.code)) => {
            // Another pod came between with an index that is not ours.
            Err(OpenError::Index { collection: name, index: missing[0].name })
        }
        Err(error) => Err(Fault::from(error).into()),
    }
}

async fn existing(collection: &Collection<Document>) -> Result<Vec<IndexModel>, Fault> {
    let listed: Driver<Vec<IndexModel>> = async {
        let mut cursor = collection.list_indexes().await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    }
    .await;
    match listed {
        Err(error) if matches!(&*error.kind, ErrorKind::Command(c) if c.code == NO_COLLECTION) => Ok(vec![]),
        listed => Ok(listed?),
    }
}

fn name_of(index: &IndexModel) -> Option<&str> {
    index.options.as_ref().and_then(|options| options.name.as_deref())
}

/// How often a key stands in a filter of many.
pub(super) fn any_of(values: impl IntoIterator<Item = Bson>) -> Document {
    doc! { "$in": Bson::Array(values.into_iter().collect()) }
}
