//! Trained models and the examples that teach them, in MongoDB.

use finbrain_domain::{
    ids::UserId,
    ports::{Answer, MODELS_KEPT, ModelRecord, Models, StoreError, StoredModel, TrainingExample},
};
use jiff::Timestamp;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::{
    MongoStore, by_id,
    call::{Deadline, read, write},
    fault::{Fault, Refusal, duplicates_in_bulk},
    fields::{Fields, bytes, instant, integer, text},
    schema::ID,
};

/// The id of the document that names the model that serves, in a collection of its own.
const POINTER: &str = "serving";
/// What a document holds beside its fields; the server's limit is 16 MiB.
const MAX_MODEL: usize = 15 * 1024 * 1024;

impl Models for MongoStore {
    fn newest(&self) -> Answer<'_, Result<Option<u64>, StoreError>> {
        Box::pin(async move { read(self.soon(), "model", self.pointer()).await })
    }

    fn current(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(read(self.in_bulk(), "model", async move {
            let Some(number) = self.pointer().await? else { return Ok(None) };
            self.kept_model(doc! { "_id": integer(number) }).await
        }))
    }

    fn previous(&self) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(read(self.in_bulk(), "model", async move {
            let Some(number) = self.pointer().await? else { return Ok(None) };
            self.kept_model(doc! { "_id": { "$lt": integer(number) } }).await
        }))
    }

    fn model(&self, number: u64) -> Answer<'_, Result<Option<StoredModel>, StoreError>> {
        Box::pin(read(self.in_bulk(), "model", self.kept_model(doc! { "_id": integer(number) })))
    }

    fn history(&self) -> Answer<'_, Result<Vec<ModelRecord>, StoreError>> {
        Box::pin(read(self.soon(), "model", self.records()))
    }

    fn roll_back(&self, number: u64) -> Answer<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let kept = doc! { "_id": integer(number), "bytes": { "$exists": true } };
            let kept = self.count_of(&self.collections.models, kept);
            if number > 0 && read(self.soon(), "model", kept).await? == 0 {
                return Ok(false);
            }
            self.point(self.soon(), doc! { "$set": { "number": integer(number) } }).await?;
            Ok(true)
        })
    }

    fn promote(&self, bytes: Vec<u8>, trained_at: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.promote_model(bytes, trained_at))
    }

    fn add_examples(&self, examples: Vec<TrainingExample>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if examples.is_empty() {
                return Ok(());
            }
            let documents = examples.iter().map(example_document);
            let added = self.collections.examples.insert_many(documents).ordered(false);
            let added = async {
                match added.await {
                    // Delivered before.
                    Err(error) if duplicates_in_bulk(&error).is_some() => Ok(()),
                    added => added.map(drop).map_err(Fault::from),
                }
            };
            Ok(write(self.in_bulk(), "add_examples", added).await?)
        })
    }

    fn examples(&self, limit: usize) -> Answer<'_, Result<Vec<TrainingExample>, StoreError>> {
        Box::pin(read(self.in_bulk(), "examples", async move {
            let found = self.all(&self.collections.examples, doc! {}, doc! { "_id": -1 }, limit).await?;
            found.iter().map(example).collect::<Result<Vec<_>, Fault>>()
        }))
    }

    fn count_examples(&self) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(read(self.soon(), "count", self.count_of(&self.collections.examples, doc! {})))
    }

    fn forget_examples(&self, user: UserId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let forgotten = self.collections.examples.delete_many(doc! { "user": text(user) });
            write(self.in_bulk(), "forget_examples", forgotten).await?;
            Ok(())
        })
    }

    fn forget_merchant(&self, user: UserId, merchant: String) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let about = doc! { "user": text(user), "text": merchant };
            write(self.in_bulk(), "forget_examples", self.collections.examples.delete_many(about)).await?;
            Ok(())
        })
    }
}

impl MongoStore {
    /// The number of the model that serves. A database from before the pointer serves the newest one.
    async fn pointer(&self) -> Result<Option<u64>, Fault> {
        match self.one(&self.collections.serving_model, by_id(POINTER)).await? {
            Some(pointer) => Ok(Some(Fields(&pointer).number("number")?)),
            None => Ok(Some(self.newest_model().await?).filter(|&number| number > 0)),
        }
    }

    async fn point(&self, deadline: Deadline, change: Document) -> Result<(), StoreError> {
        let pointed = self.collections.serving_model.update_one(by_id(POINTER), change).upsert(true);
        write(deadline, "promote", pointed).await?;
        Ok(())
    }

    /// The newest one that fits and still has its bytes.
    async fn kept_model(&self, mut filter: Document) -> Result<Option<StoredModel>, Fault> {
        filter.insert("bytes", doc! { "$exists": true });
        let found = self.collections.models.find_one(filter).sort(doc! { "_id": -1 });
        let Some(found) = found.max_time(self.patience.confirm).await? else { return Ok(None) };
        let fields = Fields(&found);
        Ok(Some(StoredModel {
            number: fields.number("_id")?,
            trained_at: fields.instant("trained_at")?,
            bytes: fields.bytes("bytes")?.to_vec(),
        }))
    }

    async fn records(&self) -> Result<Vec<ModelRecord>, Fault> {
        let found = self.collections.models.find(doc! { "bytes": { "$exists": true } });
        let found = found.sort(doc! { "_id": -1 }).limit(i64::try_from(MODELS_KEPT).unwrap_or(i64::MAX));
        let sized = doc! { "trained_at": 1, "size": { "$toLong": { "$binarySize": "$bytes" } } };
        let mut cursor = found.projection(sized).max_time(self.patience.confirm).await?;
        let mut records = Vec::new();
        while cursor.advance().await? {
            let found = cursor.deserialize_current()?;
            let fields = Fields(&found);
            records.push(ModelRecord {
                number: fields.number("_id")?,
                trained_at: fields.instant("trained_at")?,
                size: fields.number("size")?,
            });
        }
        Ok(records)
    }

    /// The number is the id: whoever finds it taken takes the next.
    async fn promote_model(&self, model: Vec<u8>, trained_at: Timestamp) -> Result<u64, StoreError> {
        if model.len() > MAX_MODEL {
            return Err(StoreError::NoRoom(format!(
                "a model of {} bytes does not fit a document",
                model.len()
            )));
        }
        let deadline = self.in_bulk();
        let mut document = doc! { "_id": 0_i64, "trained_at": instant(trained_at), "bytes": bytes(model) };
        loop {
            let number = read(deadline, "model", self.newest_model()).await? + 1;
            document.insert("_id", integer(number));
            match write(deadline, "promote", self.collections.models.insert_one(&document)).await {
                Ok(_) => {
                    // The largest wins: of two pods that promote at once, the slower one points back to nothing older.
                    self.point(deadline, doc! { "$max": { "number": integer(number) } }).await?;
                    self.empty_old_models(deadline, number).await?;
                    return Ok(number);
                }
                Err(Refusal::Duplicate(index)) if index == ID => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    /// Old models lose their bytes and keep their numbers: a slow pod would find a number free that was given out before.
    async fn empty_old_models(&self, deadline: Deadline, newest: u64) -> Result<(), StoreError> {
        let old = doc! {
            "_id": { "$lte": integer(newest.saturating_sub(MODELS_KEPT)) }, "bytes": { "$exists": true },
        };
        let emptied = self.collections.models.update_many(old, doc! { "$unset": { "bytes": "" } });
        write(deadline, "promote", emptied).await?;
        Ok(())
    }

    /// 0 when none was promoted.
    async fn newest_model(&self) -> Result<u64, Fault> {
        let found = self.collections.models.find_one(doc! {}).sort(doc! { "_id": -1 });
        let found = found.projection(doc! { "_id": 1 }).max_time(self.patience.confirm).await?;
        found.map_or(Ok(0), |newest| Fields(&newest).number("_id"))
    }
}

fn example_document(example: &TrainingExample) -> Document {
    doc! {
        // Ordered by time.
        "_id": Uuid::now_v7().to_string(),
        "book": text(example.book),
        "slot": integer(example.slot),
        "index": i64::from(example.index),
        "user": text(example.user),
        "text": &example.text,
        "category": &example.category,
    }
}

fn example(document: &Document) -> Result<TrainingExample, Fault> {
    let fields = Fields(document);
    Ok(TrainingExample {
        user: fields.parse("user")?,
        book: fields.parse("book")?,
        slot: fields.counter("slot")?,
        index: fields.number("index")?,
        text: fields.text("text")?.to_owned(),
        category: fields.text("category")?.to_owned(),
    })
}
