//! Timed work in MongoDB.

use finbrain_domain::{
    ids::BookId,
    ports::{Answer, Due, DueKind, DueWork, StoreError},
};
use jiff::Timestamp;
use mongodb::bson::{Document, doc};

use super::{
    MongoStore,
    call::{read, write},
    fault::Fault,
    fields::{Fields, instant, text},
    schema::any_of,
};

/// Work of a kind that another version planned is left to that version and holds up nobody.
const KINDS: [DueKind; 2] = [DueKind::DemoExpiry, DueKind::Erasure];

impl DueWork for MongoStore {
    fn plan(&self, due: Due) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let plan = doc! { "$set": { "user": text(due.user), "at": instant(due.at) } };
            let planned = self.collections.due.update_one(place(due.book, due.kind), plan).upsert(true);
            write(self.soon(), "plan", planned).await?;
            Ok(())
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> Answer<'_, Result<Vec<Due>, StoreError>> {
        Box::pin(read(self.soon(), "due", async move {
            let kinds = any_of(KINDS.map(|kind| kind.as_str().into()));
            let come = doc! { "at": { "$lte": instant(now) }, "kind": kinds };
            let found =
                self.all(&self.collections.due, come, doc! { "at": 1, "book": 1, "kind": 1 }, limit).await?;
            found.iter().map(due).collect::<Result<Vec<_>, Fault>>()
        }))
    }

    fn done(&self, book: BookId, kind: DueKind) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            write(self.soon(), "done", self.collections.due.delete_one(place(book, kind))).await?;
            Ok(())
        })
    }
}

fn place(book: BookId, kind: DueKind) -> Document {
    doc! { "book": text(book), "kind": kind.as_str() }
}

fn due(document: &Document) -> Result<Due, Fault> {
    let fields = Fields(document);
    Ok(Due {
        book: fields.parse("book")?,
        user: fields.parse("user")?,
        at: fields.instant("at")?,
        kind: DueKind::parse(fields.text("kind")?).ok_or_else(|| super::fields::unreadable("kind"))?,
    })
}
