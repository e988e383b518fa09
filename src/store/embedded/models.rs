//! Trained models and the examples that teach them, in SQLite.

use finbrain_domain::{
    ids::UserId,
    ports::{Answer, MODELS_KEPT, ModelRecord, Models, StoreError, StoredModel, TrainingExample},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    EmbeddedStore,
    columns::{Instant, Text, integer},
    fault::Fault,
};

impl Models for EmbeddedStore {
    fn newest(&self) -> Answer<'_, Result<Option<u64>, StoreError>> {
        Box::pin(self.read(|db| {
            let mut statement = db.prepare_cached("SELECT number FROM serving_model")?;
            Ok(statement.query_row([], |row| row.get::<_, i64>(0)).optional()?.map(i64::cast_unsigned))
        }))
    }

    fn current(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT number, trained_at, bytes FROM models NATURAL JOIN serving_model")?;
            Ok(statement.query_row([], stored).optional()?)
        }))
    }

    fn previous(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT number, trained_at, bytes FROM models
                 WHERE number < (SELECT number FROM serving_model) ORDER BY number DESC LIMIT 1",
            )?;
            Ok(statement.query_row([], stored).optional()?)
        }))
    }

    fn model(&self, number: u64) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT number, trained_at, bytes FROM models WHERE number = ?1")?;
            Ok(statement.query_row([integer(number)], stored).optional()?)
        }))
    }

    fn history(&self) -> Answer<'_, Result<Vec<ModelRecord>, StoreError>> {
        Box::pin(self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT number, trained_at, length(bytes) FROM models ORDER BY number DESC LIMIT ?1",
            )?;
            let records = statement.query_map([integer(MODELS_KEPT)], |row| {
                Ok(ModelRecord {
                    number: row.get::<_, i64>(0)?.cast_unsigned(),
                    trained_at: row.get::<_, Instant>(1)?.0,
                    size: row.get::<_, i64>(2)?.cast_unsigned(),
                })
            })?;
            Ok(records.collect::<rusqlite::Result<_>>()?)
        }))
    }

    fn roll_back(&self, number: u64) -> Answer<'_, Result<bool, StoreError>> {
        Box::pin(self.write(move |db| roll_back(db, number)))
    }

    fn promote(&self, bytes: Vec<u8>, trained_at: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.write(move |db| promote(db, &bytes, trained_at)))
    }

    fn add_examples(&self, examples: Vec<TrainingExample>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| add_examples(db, &examples)))
    }

    fn examples(&self, limit: usize) -> Answer<'_, Result<Vec<TrainingExample>, StoreError>> {
        Box::pin(self.read(move |db| examples(db, limit)))
    }

    fn count_examples(&self) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.read(|db| {
            let mut statement = db.prepare_cached("SELECT count(*) FROM examples")?;
            Ok(statement.query_row([], |row| row.get::<_, i64>(0))?.cast_unsigned())
        }))
    }

    fn forget_examples(&self, user: UserId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            db.prepare_cached("DELETE FROM examples WHERE user = ?1")?.execute([Text(user)])?;
            Ok(())
        }))
    }

    fn forget_merchant(&self, user: UserId, text: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            let mut statement = db.prepare_cached("DELETE FROM examples WHERE user = ?1 AND text = ?2")?;
            statement.execute((Text(user), text))?;
            Ok(())
        }))
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredModel> {
    Ok(StoredModel {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        trained_at: row.get::<_, Instant>(1)?.0,
        bytes: row.get(2)?,
    })
}

fn promote(db: &Connection, bytes: &[u8], trained_at: Timestamp) -> Result<u64, Fault> {
    let number: i64 = db
        .prepare_cached(
            "INSERT INTO models (number, trained_at, bytes)
             SELECT coalesce(max(number), 0) + 1, ?1, ?2 FROM models RETURNING number",
        )?
        .query_row((Instant(trained_at), bytes), |row| row.get(0))?;
    point(db, number)?;
    let oldest = number - integer(MODELS_KEPT);
    db.prepare_cached("DELETE FROM models WHERE number <= ?1")?.execute([oldest])?;
    Ok(number.cast_unsigned())
}

fn roll_back(db: &Connection, number: u64) -> Result<bool, Fault> {
    let mut statement =
        db.prepare_cached("SELECT ?1 = 0 OR EXISTS (SELECT 1 FROM models WHERE number = ?1)")?;
    let is_kept = statement.query_row([integer(number)], |row| row.get(0))?;
    if is_kept {
        point(db, integer(number))?;
    }
    Ok(is_kept)
}

fn point(db: &Connection, number: i64) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO serving_model (one, number) VALUES (1, ?1)
         ON CONFLICT (one) DO UPDATE SET number = excluded.number",
    )?
    .execute([number])?;
    Ok(())
}

fn add_examples(db: &Connection, examples: &[TrainingExample]) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(
        "INSERT INTO examples (book, slot, place, user, text, category) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (book, slot, place) DO NOTHING",
    )?;
    for example in examples {
        statement.execute((
            Text(example.book),
            integer(example.slot),
            example.index,
            Text(example.user),
            &example.text,
            &example.category,
        ))?;
    }
    Ok(())
}

/// Newest first.
fn examples(db: &Connection, limit: usize) -> Result<Vec<TrainingExample>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT user, book, slot, place, text, category FROM examples ORDER BY number DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([integer(limit)])?;
    let mut examples = Vec::new();
    while let Some(row) = rows.next()? {
        examples.push(TrainingExample {
            user: row.get::<_, Text<_>>(0)?.0,
            book: row.get::<_, Text<_>>(1)?.0,
            slot: row.get::<_, i64>(2)?.cast_unsigned(),
            index: row.get(3)?,
            text: row.get(4)?,
            category: row.get(5)?,
        });
    }
    Ok(examples)
}
