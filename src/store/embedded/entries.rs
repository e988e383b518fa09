//! How an entry stands in its row.

use finbrain_domain::{
    entry::{Author, Entry, Key, Reversal},
    ids::{Digest, EntryId, UserId},
};
use rusqlite::{
    CachedStatement, Connection, Row, named_params,
    types::{ToSql, ToSqlOutput, Type, ValueRef},
};

use super::{
    columns::{Hash, Instant, Text},
    fault::Fault,
};
use crate::store::packing::{Changes, Packed, unpack};

/// Reads whole entries; tombstones of a reduced book are none.
macro_rules! select_entries {
    ($condition:literal) => {
        concat!(
            "SELECT book, slot, entry_id, format, author_kind, author_id, key, request_hash, auth_generation, ",
            "at, reverses_kind, reverses_entry, changes, packed, digest, chain, pending ",
            "FROM journal WHERE entry_id IS NOT NULL AND ",
            $condition
        )
    };
}
pub(super) use select_entries;

impl ToSql for Changes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Erased => ValueRef::Null,
            Self::Plain(json) => ValueRef::Text(json.as_bytes()),
            Self::Zstd(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

pub(super) fn insert(db: &Connection, packed: &Packed) -> Result<(), Fault> {
    let entry = &packed.entry;
    let (author_kind, author_id) = match entry.author {
        Author::User(user) => ("user", Some(Text(user))),
        Author::System => ("system", None),
    };
    let (reverses_kind, reverses_entry) = match entry.reverses {
        Some(Reversal::Undo(entry)) => (Some("undo"), Some(Text(entry))),
        Some(Reversal::Redo(entry)) => (Some("redo"), Some(Text(entry))),
        None => (None, None),
    };
    db.prepare_cached(
        "INSERT INTO journal (book, slot, entry_id, format, author_kind, author_id, key, request_hash,
            auth_generation, at, reverses_kind, reverses_entry, changes, packed, digest, chain, pending)
         VALUES (:book, :slot, :entry_id, :format, :author_kind, :author_id, :key, :request_hash,
            :auth_generation, :at, :reverses_kind, :reverses_entry, :changes, :packed, :digest, :chain, :pending)",
    )?
    .execute(named_params! {
        ":book": Text(entry.book),
        ":slot": entry.slot.cast_signed(),
        ":entry_id": Text(entry.entry_id),
        ":format": entry.format,
        ":author_kind": author_kind,
        ":author_id": author_id,
        ":key": entry.key.as_ref().map(|key| key.key.as_str()),
        ":request_hash": entry.key.as_ref().map(|key| Hash(key.request)),
        ":auth_generation": entry.auth_generation.cast_signed(),
        ":at": Instant(entry.at),
        ":reverses_kind": reverses_kind,
        ":reverses_entry": reverses_entry,
        ":changes": packed.changes,
        ":packed": matches!(packed.changes, Changes::Zstd(_)),
        ":digest": Hash(entry.digest),
        ":chain": Hash(entry.chain),
        ":pending": entry.pending,
    })?;
    Ok(())
}

/// Reads the rows of a `select_entries!` until their payloads add up to `bytes`; at least one, if there is one.
pub(super) fn read(
    mut statement: CachedStatement<'_>,
    params: impl rusqlite::Params,
    bytes: usize,
) -> Result<Vec<Entry>, Fault> {
    let mut rows = statement.query(params)?;
    let mut entries = Vec::new();
    let mut size = 0;
    while size < bytes
        && let Some(row) = rows.next()?
    {
        let entry = entry(row).map_err(|fault| placed(row, fault))?;
        size += entry.payload.as_ref().map_or(0, Vec::len);
        entries.push(entry);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<Entry, Fault> {
    Ok(Entry {
        book: row.get::<_, Text<_>>(0)?.0,
        slot: row.get::<_, i64>(1)?.cast_unsigned(),
        entry_id: row.get::<_, Text<_>>(2)?.0,
        format: row.get(3)?,
        author: author(row)?,
        key: key(row)?,
        auth_generation: row.get::<_, i64>(8)?.cast_unsigned(),
        at: row.get::<_, Instant>(9)?.0,
        reverses: reverses(row)?,
        payload: payload(row)?,
        digest: hash(row, 14)?,
        chain: hash(row, 15)?,
        pending: row.get(16)?,
    })
}

fn author(row: &Row<'_>) -> Result<Author, Fault> {
    let id = row.get::<_, Option<Text<UserId>>>(5)?;
    match (row.get_ref(4)?.as_str().ok(), id) {
        (Some("user"), Some(Text(user))) => Ok(Author::User(user)),
        (Some("system"), None) => Ok(Author::System),
        _ => Err(unreadable(row, "author")),
    }
}

fn key(row: &Row<'_>) -> Result<Option<Key>, Fault> {
    match (row.get::<_, Option<String>>(6)?, row.get::<_, Option<Hash>>(7)?) {
        (Some(key), Some(Hash(request))) => Ok(Some(Key { key, request })),
        (None, None) => Ok(None),
        _ => Err(unreadable(row, "idempotency key")),
    }
}

fn reverses(row: &Row<'_>) -> Result<Option<Reversal>, Fault> {
    let kind = row.get::<_, Option<String>>(10)?;
    match (kind.as_deref(), row.get::<_, Option<Text<EntryId>>>(11)?) {
        (Some("undo"), Some(Text(entry))) => Ok(Some(Reversal::Undo(entry))),
        (Some("redo"), Some(Text(entry))) => Ok(Some(Reversal::Redo(entry))),
        (None, None) => Ok(None),
        _ => Err(unreadable(row, "reversal")),
    }
}

fn payload(row: &Row<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let is_packed: bool = row.get(13)?;
    match row.get_ref(12)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(json) if !is_packed => Ok(Some(json.to_vec())),
        ValueRef::Blob(bytes) if is_packed => {
            unpack(bytes).map(Some).map_err(|_| unreadable(row, "packed changes"))
        }
        _ => Err(unreadable(row, "changes")),
    }
}

pub(super) fn hash(row: &Row<'_>, column: usize) -> Result<Digest, Fault> {
    Ok(row.get::<_, Hash>(column)?.0)
}

/// Says in which slot a column does not hold what it should.
fn placed(row: &Row<'_>, fault: Fault) -> Fault {
    match fault {
        Fault::Sqlite(error) => unreadable(row, &format!("a column ({error})")),
        Fault::Store(_) => fault,
    }
}

fn unreadable(row: &Row<'_>, what: &str) -> Fault {
    let slot = row.get_ref(1).ok().filter(|slot| slot.data_type() == Type::Integer);
    let slot = slot.and_then(|slot| slot.as_i64().ok()).unwrap_or_default();
    Fault::damaged(format!("{what} of the entry at slot {slot} cannot be read"))
}
