//! How an entry stands in its document. The changes are a string while they are small and binary above that, so that
//! what the digest covers comes back byte for byte; a document within would come back in the driver's words.

use std::io;

use finbrain_domain::{
    entry::{Author, Entry, Key, Reversal},
    ids::BookId,
    ports::StoreError,
};
use mongodb::bson::{Bson, Document, doc};

use super::{
    fault::{Fault, settle_read},
    fields::{Fields, bytes, counter, hash, instant, integer, text, unreadable},
};
use crate::store::packing::{Changes, Packed, blocking, unpack, unpacked_size};

pub(super) fn document(packed: Packed) -> Document {
    let Packed { entry, changes, closes } = packed;
    let mut document = doc! {
        "book": text(entry.book),
        "slot": integer(entry.slot),
        "entry_id": text(entry.entry_id),
        "format": i64::from(entry.format),
        "author": author_document(entry.author),
    };
    if let Some(Key { key, request }) = entry.key {
        document.insert("key", key);
        document.insert("request_hash", hash(request));
    }
    document.insert("auth_generation", counter(entry.auth_generation));
    document.insert("at", instant(entry.at));
    if let Some(reverses) = entry.reverses {
        let (kind, entry) = match reverses {
            Reversal::Undo(entry) => ("undo", entry),
            Reversal::Redo(entry) => ("redo", entry),
        };
        document.insert("reverses", doc! { "kind": kind, "entry": text(entry) });
    }
    match changes {
        Changes::Erased => {}
        Changes::Plain(json) => drop(document.insert("changes", json)),
        Changes::Zstd(packed) => drop(document.insert("changes", bytes(packed))),
    }
    document.insert("digest", hash(entry.digest));
    document.insert("chain", hash(entry.chain));
    document.insert("pending", entry.pending);
    if closes {
        document.insert("closes", true);
    }
    document
}

fn author_document(author: Author) -> Document {
    match author {
        Author::User(user) => doc! { "kind": "user", "id": text(user) },
        Author::System => doc! { "kind": "system" },
    }
}

/// What is left of an entry of a closed book.
pub(super) fn is_tombstone(document: &Document) -> bool {
    !document.contains_key("entry_id")
}

/// Whether nothing may stand behind the entry: it closes its book, or is what is left of one.
pub(super) fn is_closed(document: &Document) -> bool {
    is_tombstone(document) || document.contains_key("closes")
}

pub(super) fn slot(document: &Document) -> Result<u64, Fault> {
    Fields(document).counter("slot")
}

/// Bytes that the changes take in memory.
pub(super) fn size(document: &Document) -> usize {
    match document.get("changes") {
        Some(Bson::String(json)) => json.len(),
        Some(Bson::Binary(packed)) => unpacked_size(&packed.bytes),
        _ => 0,
    }
}

/// Reads entries; where some are packed, on a blocking thread.
pub(super) async fn read(documents: Vec<Document>) -> Result<Vec<Entry>, StoreError> {
    let read_all = |documents: &[Document]| -> Result<Vec<Entry>, StoreError> {
        documents.iter().map(entry).collect::<Result<_, _>>().map_err(settle_read)
    };
    if documents.iter().any(|document| matches!(document.get("changes"), Some(Bson::Binary(_)))) {
        blocking(move || Ok::<_, io::Error>(read_all(&documents))).await?
    } else {
        read_all(&documents)
    }
}

/// Reads one entry, and says in which slot a field does not hold what it should.
pub(super) fn entry(document: &Document) -> Result<Entry, Fault> {
    parse(&Fields(document)).map_err(|fault| match fault {
        Fault::Store(StoreError::Damaged(what)) => {
            let slot = document.get_i64("slot").unwrap_or_default();
            Fault::damaged(format!("entry at slot {slot}: {what}"))
        }
        other => other,
    })
}

fn parse(fields: &Fields<'_>) -> Result<Entry, Fault> {
    Ok(Entry {
        book: fields.parse::<BookId>("book")?,
        slot: fields.counter("slot")?,
        entry_id: fields.parse("entry_id")?,
        format: fields.number("format")?,
        author: author(fields)?,
        key: key(fields)?,
        auth_generation: fields.counter("auth_generation")?,
        at: fields.instant("at")?,
        reverses: reverses(fields)?,
        payload: payload(fields)?,
        digest: fields.hash("digest")?,
        chain: fields.hash("chain")?,
        pending: fields.flag("pending")?,
    })
}

fn author(fields: &Fields<'_>) -> Result<Author, Fault> {
    let author = fields.inner("author")?.ok_or_else(|| unreadable("author"))?;
    match author.text("kind")? {
        "user" => Ok(Author::User(author.parse("id")?)),
        "system" => Ok(Author::System),
        _ => Err(unreadable("author")),
    }
}

fn key(fields: &Fields<'_>) -> Result<Option<Key>, Fault> {
    if !fields.has("key") {
        return Ok(None);
    }
    Ok(Some(Key { key: fields.text("key")?.to_owned(), request: fields.hash("request_hash")? }))
}

fn reverses(fields: &Fields<'_>) -> Result<Option<Reversal>, Fault> {
    let Some(reverses) = fields.inner("reverses")? else { return Ok(None) };
    let entry = reverses.parse("entry")?;
    match reverses.text("kind")? {
        "undo" => Ok(Some(Reversal::Undo(entry))),
        "redo" => Ok(Some(Reversal::Redo(entry))),
        _ => Err(unreadable("reverses")),
    }
}

fn payload(fields: &Fields<'_>) -> Result<Option<Vec<u8>>, Fault> {
    match fields.0.get("changes") {
        None => Ok(None),
        Some(Bson::String(json)) => Ok(Some(json.clone().into_bytes())),
        Some(Bson::Binary(packed)) => unpack(&packed.bytes).map(Some).map_err(|_| unreadable("changes")),
        Some(_) => Err(unreadable("changes")),
    }
}
