//! Snapshots in SQLite: parts and header are written and read at one moment.

use finbrain_domain::{ids::BookId, ports::Snapshot};
use rusqlite::{Connection, OptionalExtension};

use super::{
    columns::{Hash, Text, integer},
    entries::hash,
    fault::Fault,
};
use crate::store::packed_snapshot::{Header, PackedSnapshot};

/// Keeps it, unless the one in place is as new.
pub(super) fn keep(db: &Connection, packed: &PackedSnapshot) -> Result<(), Fault> {
    let Header { book, version, format, size, digest } = packed.header;
    let in_place = db
        .prepare_cached("SELECT version FROM snapshots WHERE book = ?1")?
        .query_row([Text(book)], |row| row.get::<_, i64>(0))
        .optional()?;
    if in_place.is_some_and(|in_place| in_place >= integer(version)) {
        return Ok(());
    }
    remove(db, book)?;
    let mut part = db.prepare_cached("INSERT INTO snapshot_parts (book, part, bytes) VALUES (?1, ?2, ?3)")?;
    for (number, bytes) in packed.parts().enumerate() {
        part.execute((Text(book), integer(number), bytes))?;
    }
    db.prepare_cached(
        "INSERT INTO snapshots (book, version, format, size, parts, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((
        Text(book),
        integer(version),
        format,
        integer(size),
        integer(packed.parts().len()),
        Hash(digest),
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
    let Some(header) = header(&moment, book)? else { return Ok(None) };
    header.unpack(&parts(&moment, book)?).map(Some).map_err(Fault::damaged)
}

fn header(db: &Connection, book: BookId) -> Result<Option<Header>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT version, format, size, digest FROM snapshots WHERE book = ?1")?;
    let mut rows = statement.query([Text(book)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Header {
        book,
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
