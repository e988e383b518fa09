//! Journals in SQLite. The primary key (book, slot) is the compare-and-set; the single writer makes the check of the
//! head and the insert one step.

use std::time::Instant;

use finbrain_domain::{
    entry::Entry,
    ids::{BookId, Digest, EntryId},
    ports::{Answer, AppendError, Journal, Snapshot, StoreError},
};
use metrics::{counter, histogram};
use rusqlite::{Connection, OptionalExtension};

use super::{
    EmbeddedStore,
    columns::{Text, integer},
    entries::{self, select_entries},
    fault::Fault,
    snapshots,
};
use crate::store::{
    packed_snapshot::PackedSnapshot,
    packing::{Packed, blocking, pack},
};

/// Payloads that one page of entries may hold, unless a single one is larger.
const PAGE: usize = 8 * 1024 * 1024;
/// Rows that are reduced in one go, so that others can write in between.
const REDUCED_AT_ONCE: usize = 2_000;

impl Journal for EmbeddedStore {
    fn append(&self, entry: Entry) -> Answer<'_, Result<(), AppendError>> {
        Box::pin(async move {
            let started = Instant::now();
            let packed = pack(entry).await?;
            if packed.is_too_large() {
                return Err(AppendError::TooLarge);
            }
            self.write(move |db| append(db, &packed)).await??;
            counter!("finbrain_journal_appends_total").increment(1);
            histogram!("finbrain_journal_append_seconds").record(started.elapsed());
            Ok(())
        })
    }

    fn since(&self, book: BookId, after: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.read(move |db| {
            if is_reduced_behind(db, book, after)? {
                return Err(StoreError::Closed.into());
            }
            let statement =
                db.prepare_cached(select_entries!("book = ?1 AND slot > ?2 ORDER BY slot LIMIT ?3"))?;
            entries::read(statement, (Text(book), integer(after), integer(limit)), PAGE)
        }))
    }

    fn before(&self, book: BookId, before: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.read(move |db| {
            let statement =
                db.prepare_cached(select_entries!("book = ?1 AND slot < ?2 ORDER BY slot DESC LIMIT ?3"))?;
            entries::read(statement, (Text(book), integer(before), integer(limit)), PAGE)
        }))
    }

    fn by_key(&self, book: BookId, key: &str) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        let key = key.to_owned();
        Box::pin(self.read(move |db| {
            let statement = db.prepare_cached(select_entries!("book = ?1 AND key = ?2"))?;
            Ok(entries::read(statement, (Text(book), key), PAGE)?.pop())
        }))
    }

    fn by_id(&self, book: BookId, entry: EntryId) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        Box::pin(self.read(move |db| {
            let statement = db.prepare_cached(select_entries!("book = ?1 AND entry_id = ?2"))?;
            Ok(entries::read(statement, (Text(book), Text(entry)), PAGE)?.pop())
        }))
    }

    fn head(&self, book: BookId) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.read(move |db| Ok(standing(db, book)?.head)))
    }

    fn is_exclusive(&self) -> bool {
        self.writer.is_some()
    }

    fn snapshot(&self, book: BookId) -> Answer<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(async move {
            match self.read(move |db| snapshots::load(db, book)).await {
                // Disposable: the ledger is rebuilt from the journal.
                Err(StoreError::Damaged(what)) => {
                    tracing::warn!(what, "snapshot is left aside");
                    Ok(None)
                }
                answer => answer,
            }
        })
    }

    fn keep_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let packed = blocking(move || PackedSnapshot::new(&snapshot)).await?;
            self.write(move |db| {
                // A closed book keeps nothing that could bring its content back.
                if standing(db, packed.header.book)?.closed { Ok(()) } else { snapshots::keep(db, &packed) }
            })
            .await
        })
    }

    fn pending(&self, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let pending = self.read(move |db| {
                let statement =
                    db.prepare_cached(select_entries!("pending = 1 ORDER BY at, book, slot LIMIT ?1"))?;
                entries::read(statement, [integer(limit)], PAGE)
            });
            match pending.await {
                Err(StoreError::Damaged(_)) => self.write(move |db| readable_pending(db, limit)).await,
                answer => answer,
            }
        })
    }

    fn delivered(&self, book: BookId, slot: u64) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            db.prepare_cached("UPDATE journal SET pending = 0 WHERE book = ?1 AND slot = ?2")?
                .execute((Text(book), integer(slot)))?;
            Ok(())
        }))
    }

    fn reduce(&self, book: BookId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let head = self.write(move |db| begin_reduction(db, book)).await?;
            for from in (0..=head).step_by(REDUCED_AT_ONCE) {
                self.write(move |db| reduce_from(db, book, from)).await?;
            }
            self.writer()?.scrub().await?;
            self.write(move |db| end_reduction(db, book)).await
        })
    }

    fn books(
        &self,
        after: Option<BookId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<(BookId, bool)>, StoreError>> {
        Box::pin(self.read(move |db| books(db, after, limit)))
    }

    fn tombstones(&self, book: BookId) -> Answer<'_, Result<Vec<(u64, Digest)>, StoreError>> {
        Box::pin(self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT slot, chain FROM journal WHERE book = ?1 AND entry_id IS NULL ORDER BY slot",
            )?;
            let mut rows = statement.query([Text(book)])?;
            let mut tombstones = Vec::new();
            while let Some(row) = rows.next()? {
                tombstones.push((row.get::<_, i64>(0)?.cast_unsigned(), entries::hash(row, 1)?));
            }
            Ok(tombstones)
        }))
    }
}

/// Where a book stands.
struct Standing {
    head: u64,
    closed: bool,
}

fn standing(db: &Connection, book: BookId) -> Result<Standing, Fault> {
    Ok(db
        .prepare_cached(
            "SELECT coalesce((SELECT max(slot) FROM journal WHERE book = ?1), 0),
                    EXISTS (SELECT 1 FROM closed_books WHERE book = ?1)",
        )?
        .query_row([Text(book)], |row| {
            Ok(Standing { head: row.get::<_, i64>(0)?.cast_unsigned(), closed: row.get(1)? })
        })?)
}

/// Whether the next entry is one of which only slot and chain are left.
fn is_reduced_behind(db: &Connection, book: BookId, after: u64) -> Result<bool, Fault> {
    let next = db
        .prepare_cached(
            "SELECT entry_id IS NULL FROM journal WHERE book = ?1 AND slot > ?2 ORDER BY slot LIMIT 1",
        )?
        .query_row((Text(book), integer(after)), |row| row.get(0))
        .optional()?;
    Ok(next.unwrap_or(false))
}

fn append(db: &Connection, packed: &Packed) -> Result<Result<(), AppendError>, Fault> {
    let entry = &packed.entry;
    let standing = standing(db, entry.book)?;
    if standing.closed {
        return Ok(Err(AppendError::Closed));
    }
    if entry.slot <= standing.head {
        return Ok(Err(AppendError::SlotTaken));
    }
    if entry.slot != standing.head + 1 {
        let gap = format!("an entry for slot {} would leave a gap behind slot {}", entry.slot, standing.head);
        return Err(Fault::damaged(gap));
    }
    if let Some(key) = &entry.key
        && exists(
            db.prepare_cached("SELECT 1 FROM journal WHERE book = ?1 AND key = ?2")?,
            (Text(entry.book), &key.key),
        )?
    {
        return Ok(Err(AppendError::KeyTaken));
    }
    if exists(
        db.prepare_cached("SELECT 1 FROM journal WHERE book = ?1 AND entry_id = ?2")?,
        (Text(entry.book), Text(entry.entry_id)),
    )? {
        return Err(Fault::damaged(format!("the entry for slot {} stands in another slot", entry.slot)));
    }
    entries::insert(db, packed)?;
    if packed.closes {
        db.prepare_cached("INSERT INTO closed_books (book) VALUES (?1)")?.execute([Text(entry.book)])?;
    }
    Ok(Ok(()))
}

fn exists(mut query: rusqlite::CachedStatement<'_>, params: impl rusqlite::Params) -> Result<bool, Fault> {
    Ok(query.exists(params)?)
}

/// Reads pending entries one by one. Those that cannot be read lose their mark, and nothing else: `check` still finds them.
fn readable_pending(db: &Connection, limit: usize) -> Result<Vec<Entry>, Fault> {
    let mut places = db.prepare_cached(
        "SELECT book, slot FROM journal WHERE pending = 1 ORDER BY at, book, slot LIMIT ?1",
    )?;
    let places = places.query_map([integer(limit)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let places = places.collect::<Result<Vec<(String, i64)>, _>>()?;
    let (mut pending, mut size) = (Vec::new(), 0);
    for place in places {
        let statement = db.prepare_cached(select_entries!("book = ?1 AND slot = ?2"))?;
        match entries::read(statement, (&place.0, place.1), PAGE) {
            Ok(found) => pending.extend(found),
            Err(Fault::Store(StoreError::Damaged(what))) => {
                counter!("finbrain_worker_failures_total").increment(1);
                tracing::error!(book = place.0, what, "effects of an entry that cannot be read are lost");
                db.prepare_cached("UPDATE journal SET pending = 0 WHERE book = ?1 AND slot = ?2")?
                    .execute((&place.0, place.1))?;
            }
            Err(fault) => return Err(fault),
        }
        size = pending.last().and_then(|entry| entry.payload.as_ref()).map_or(size, |last| size + last.len());
        if size >= PAGE {
            break;
        }
    }
    Ok(pending)
}

/// Removes what stands beside the journal of a closed book, and says how many slots there are to reduce.
fn begin_reduction(db: &Connection, book: BookId) -> Result<u64, Fault> {
    let standing = standing(db, book)?;
    if !standing.closed {
        return Err(Fault::damaged("a book that is not closed cannot be reduced"));
    }
    snapshots::remove(db, book)?;
    Ok(standing.head)
}

fn reduce_from(db: &Connection, book: BookId, from: u64) -> Result<(), Fault> {
    db.prepare_cached(
        "UPDATE journal SET entry_id = NULL, format = NULL, author_kind = NULL, author_id = NULL, key = NULL,
            request_hash = NULL, auth_generation = NULL, at = NULL, reverses_kind = NULL, reverses_entry = NULL,
            changes = NULL, packed = 0, digest = NULL, pending = 0
         WHERE book = ?1 AND slot > ?2 AND slot <= ?2 + ?3 AND entry_id IS NOT NULL",
    )?
    .execute((Text(book), integer(from), integer(REDUCED_AT_ONCE)))?;
    Ok(())
}

/// The work planned for the book goes last: until here it is what brings somebody back to a reduction that was cut short.
fn end_reduction(db: &Connection, book: BookId) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM due WHERE book = ?1")?.execute([Text(book)])?;
    db.prepare_cached("UPDATE closed_books SET reduced = 1 WHERE book = ?1")?.execute([Text(book)])?;
    Ok(())
}

/// Steps from book to book by the index, however many entries each has.
fn books(db: &Connection, after: Option<BookId>, limit: usize) -> Result<Vec<(BookId, bool)>, Fault> {
    let mut next = db.prepare_cached(
        "SELECT book, EXISTS (SELECT 1 FROM closed_books c WHERE c.book = journal.book AND c.reduced = 1)
         FROM journal WHERE book > ?1 ORDER BY book, slot LIMIT 1",
    )?;
    let mut found: Vec<(BookId, bool)> = Vec::new();
    let mut last = after.map(|book| book.to_string()).unwrap_or_default();
    while found.len() < limit
        && let Some((Text(book), reduced)) =
            next.query_row([&last], |row| Ok((row.get::<_, Text<BookId>>(0)?, row.get(1)?))).optional()?
    {
        last = book.to_string();
        found.push((book, reduced));
    }
    Ok(found)
}
