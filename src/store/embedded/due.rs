//! Timed work in SQLite.

use finbrain_domain::{
    ids::BookId,
    ports::{Answer, Due, DueKind, DueWork, StoreError},
};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    EmbeddedStore,
    columns::{Instant, Text},
    fault::Fault,
};

impl DueWork for EmbeddedStore {
    fn plan(&self, due: Due) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            db.prepare_cached(
                "INSERT INTO due (book, kind, user, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (book, kind) DO UPDATE SET user = excluded.user, at = excluded.at",
            )?
            .execute((Text(due.book), due.kind.as_str(), Text(due.user), Instant(due.at)))?;
            Ok(())
        }))
    }

    fn due(&self, now: Timestamp, limit: usize) -> Answer<'_, Result<Vec<Due>, StoreError>> {
        Box::pin(self.read(move |db| due(db, now, limit)))
    }

    fn done(&self, book: BookId, kind: DueKind) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            db.prepare_cached("DELETE FROM due WHERE book = ?1 AND kind = ?2")?
                .execute((Text(book), kind.as_str()))?;
            Ok(())
        }))
    }
}

fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Due>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT book, kind, user, at FROM due WHERE at <= ?1 ORDER BY at, book, kind")?;
    let mut rows = statement.query([Instant(now)])?;
    let mut due = Vec::new();
    while due.len() < limit
        && let Some(row) = rows.next()?
    {
        // Work of a kind that another version planned is left to that version and holds up nobody.
        let Some(kind) = row.get_ref(1)?.as_str().ok().and_then(DueKind::parse) else { continue };
        due.push(Due {
            book: row.get::<_, Text<_>>(0)?.0,
            kind,
            user: row.get::<_, Text<_>>(2)?.0,
            at: row.get::<_, Instant>(3)?.0,
        });
    }
    Ok(due)
}
