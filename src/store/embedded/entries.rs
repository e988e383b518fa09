//! How an entry stands in its row. The payload is text while it is small and zstd above that.

use finbrain_domain::{
    change::Change,
    entry::{Author, Entry, Key, MAX_PACKED, MAX_PAYLOAD, Reversal},
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

/// Payloads up to this size stay readable for any client.
const PLAIN: usize = 64 * 1024;
const LEVEL: i32 = 3;

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

/// An entry made ready for its row, away from the thread that writes.
pub(super) struct Packed {
    pub entry: Entry,
    changes: Changes,
    /// Whether it closes its book.
    pub closes: bool,
}

enum Changes {
    Erased,
    Plain(String),
    Zstd(Vec<u8>),
}

impl ToSql for Changes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Erased => ValueRef::Null,
            Self::Plain(json) => ValueRef::Text(json.as_bytes()),
            Self::Zstd(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Packed {
    pub(super) fn is_too_large(&self) -> bool {
        matches!(&self.changes, Changes::Zstd(packed) if packed.len() > MAX_PACKED)
    }
}

/// Whether packing takes so long that it belongs on a blocking thread.
pub(super) fn is_large(entry: &Entry) -> bool {
    entry.payload.as_ref().is_some_and(|payload| payload.len() > PLAIN)
}

pub(super) fn pack(mut entry: Entry) -> Result<Packed, std::io::Error> {
    let closes = closes(&entry);
    let changes = match entry.payload.take().map(String::from_utf8) {
        None => Changes::Erased,
        Some(Ok(json)) if json.len() <= PLAIN => Changes::Plain(json),
        Some(Ok(json)) => Changes::Zstd(zstd::bulk::compress(json.as_bytes(), LEVEL)?),
        // Not JSON, hence not ours; kept byte for byte all the same.
        Some(Err(other)) => Changes::Zstd(zstd::bulk::compress(other.as_bytes(), LEVEL)?),
    };
    Ok(Packed { entry, changes, closes })
}

fn closes(entry: &Entry) -> bool {
    const NAME: &[u8] = b"\"book_closed\"";
    // A text may contain the name too, so it only says that reading the changes is worth while.
    let named =
        entry.payload.as_ref().is_some_and(|payload| payload.windows(NAME.len()).any(|part| part == NAME));
    named && entry.changes().is_ok_and(|changes| changes.contains(&Change::BookClosed))
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
        // A frame that claims more than an entry can hold is not believed.
        ValueRef::Blob(bytes) if is_packed => zstd::bulk::decompress(bytes, capacity(bytes))
            .map(Some)
            .map_err(|_| unreadable(row, "packed changes")),
        _ => Err(unreadable(row, "changes")),
    }
}

/// What unpacking may take: what the frame says, within what an entry can hold.
fn capacity(frame: &[u8]) -> usize {
    let said = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    said.and_then(|size| usize::try_from(size).ok()).map_or(MAX_PAYLOAD, |size| size.min(MAX_PAYLOAD))
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
