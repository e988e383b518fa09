//! Snapshots: packed, cut into parts, with a header that says what they must add up to. Disposable, so that one that
//! does not add up is the same as none.

use std::io::{self, Read};

use finbrain_domain::{
    ids::{BookId, Digest},
    ports::Snapshot,
};
use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest as _, Sha256};

use super::{
    columns::{Hash, Text, integer},
    entries::hash,
    fault::Fault,
};

const PART: usize = 8 * 1024 * 1024;
/// No ledger is larger; a header that says so is damaged.
const MAX_SIZE: u64 = 1024 * 1024 * 1024;
const LEVEL: i32 = 1;

/// A snapshot made ready for its rows.
pub(super) struct Packed {
    pub book: BookId,
    version: u64,
    format: u32,
    /// Bytes before packing.
    size: u64,
    bytes: Vec<u8>,
    digest: Digest,
}

pub(super) fn pack(snapshot: Snapshot) -> io::Result<Packed> {
    let Snapshot { book, version, format, bytes } = snapshot;
    let size = bytes.len() as u64;
    let bytes = zstd::bulk::compress(&bytes, LEVEL)?;
    Ok(Packed { book, version, format, size, digest: digest(book, version, format, size, &bytes), bytes })
}

/// Covers the header too: right bytes under a wrong version would be worse than none.
fn digest(book: BookId, version: u64, format: u32, size: u64, packed: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(book.as_bytes());
    hash.update(version.to_be_bytes());
    hash.update(format.to_be_bytes());
    hash.update(size.to_be_bytes());
    hash.update(packed);
    Digest(hash.finalize().into())
}

/// Keeps it, unless the one in place is as new.
pub(super) fn keep(db: &Connection, packed: &Packed) -> Result<(), Fault> {
    let book = packed.book;
    let in_place = db
        .prepare_cached("SELECT version FROM snapshots WHERE book = ?1")?
        .query_row([Text(book)], |row| row.get::<_, i64>(0))
        .optional()?;
    if in_place.is_some_and(|version| version >= integer(packed.version)) {
        return Ok(());
    }
    remove(db, book)?;
    let mut part = db.prepare_cached("INSERT INTO snapshot_parts (book, part, bytes) VALUES (?1, ?2, ?3)")?;
    for (number, bytes) in packed.bytes.chunks(PART).enumerate() {
        part.execute((Text(book), integer(number), bytes))?;
    }
    db.prepare_cached(
        "INSERT INTO snapshots (book, version, format, size, parts, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        Text(book),
        integer(packed.version),
        packed.format,
        integer(packed.size),
        integer(packed.bytes.chunks(PART).len()),
        Hash(packed.digest),
    ))?;
    Ok(())
}

pub(super) fn remove(db: &Connection, book: BookId) -> Result<(), Fault> {
    for table in ["DELETE FROM snapshots WHERE book = ?1", "DELETE FROM snapshot_parts WHERE book = ?1"] {
        db.prepare_cached(table)?.execute([Text(book)])?;
    }
    Ok(())
}

/// The snapshot in place; damage is told apart from absence, and it is for the caller to make nothing of it.
pub(super) fn load(db: &Connection, book: BookId) -> Result<Option<Snapshot>, Fault> {
    // Header and parts are read at one moment, or a newer snapshot could come in between.
    let moment = db.unchecked_transaction()?;
    let Some(Header { version, format, size, digest: expected }) = header(&moment, book)? else {
        return Ok(None);
    };
    let packed = parts(&moment, book)?;
    if size > MAX_SIZE || digest(book, version, format, size, &packed) != expected {
        return Err(Fault::damaged("snapshot does not match its digest"));
    }
    let bytes = unpack(&packed, size).map_err(|_| Fault::damaged("snapshot cannot be unpacked"))?;
    Ok(Some(Snapshot { book, version, format, bytes }))
}

struct Header {
    version: u64,
    format: u32,
    size: u64,
    digest: Digest,
}

fn header(db: &Connection, book: BookId) -> Result<Option<Header>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT version, format, size, digest FROM snapshots WHERE book = ?1")?;
    let mut rows = statement.query([Text(book)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Header {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        format: row.get(1)?,
        size: row.get::<_, i64>(2)?.cast_unsigned(),
        digest: hash(row, 3)?,
    }))
}

fn parts(db: &Connection, book: BookId) -> Result<Vec<u8>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT bytes FROM snapshot_parts WHERE book = ?1 ORDER BY part")?;
    let mut rows = statement.query([Text(book)])?;
    let mut packed = Vec::new();
    while let Some(row) = rows.next()? {
        packed.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
    }
    Ok(packed)
}

/// Unpacks exactly `size` bytes, and stops at the first one too many.
fn unpack(packed: &[u8], size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(packed)?.take(size + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
}
