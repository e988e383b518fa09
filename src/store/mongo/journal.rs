//! Journals in MongoDB: one document for each entry.
//!
//! **Compare-and-set.** The unique index on (book, slot) lets one entry into a slot. That slots have no gaps and that
//! nothing stands behind a closing needs no transaction, since it depends on the slot before alone, and what that one
//! says on both never changes: it is there or not yet; once there it closes the book or does not, for ever; reducing it
//! keeps its slot, and happens to closed books alone. So the slot before is looked at first, and nothing that happens
//! between the look and the insert can make the answer wrong. An append that was frozen between the two, for however
//! long, still meets the unique index: if the book was closed meanwhile, the closing or an entry before it is in the slot
//! that the append wants.
//!
//! **Majority.** Only what a majority has is looked at, so that the slot before cannot be rolled back. A duplicate key is
//! answered when the document that has the key is confirmed by a majority (the server waits for it as for a write), so
//! that the tail read next shows it.
//!
//! **Linearizable probes.** MongoDB promises a linearizable read for filters that find one document by a unique index on
//! fields that do not change. (book, slot) is one; a range is none. So a probe asks for the very next slot, linearizably:
//! when it is empty, there is nothing behind it, since slots have no gaps. When it is taken, the tail is read by majority,
//! which may lack its end while primaries change; the caller reads on until a probe finds nothing.

use std::time::Instant;

use finbrain_domain::{
    entry::Entry,
    ids::{BookId, Digest, EntryId},
    ports::{Answer, AppendError, Journal, Snapshot, StoreError},
};
use metrics::{counter, histogram};
use mongodb::{
    bson::{Document, doc},
    options::ReadConcern,
};

use super::{
    MongoStore, ReadConcernKind,
    call::{Deadline, read, write},
    entries,
    fault::{Fault, Refusal},
    fields::{integer, text},
    schema::{JOURNAL_ENTRY, JOURNAL_KEY, JOURNAL_SLOT},
};
use crate::store::packing::pack;

/// Payloads that one page of entries may hold, unless a single one is larger.
const PAGE: usize = 8 * 1024 * 1024;
/// Entries that the server hands over at a time.
const BATCH: u32 = 1_000;

impl Journal for MongoStore {
    fn append(&self, entry: Entry) -> Answer<'_, Result<(), AppendError>> {
        Box::pin(async move {
            let started = Instant::now();
            self.append_entry(entry).await?;
            counter!("finbrain_journal_appends_total").increment(1);
            histogram!("finbrain_journal_append_seconds").record(started.elapsed());
            Ok(())
        })
    }

    fn since(&self, book: BookId, after: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            counter!("finbrain_journal_probes_total").increment(1);
            let deadline = self.soon();
            let is_certain = self.read == ReadConcernKind::Linearizable;
            if is_certain && self.certain(deadline, book, after.saturating_add(1)).await?.is_none() {
                return Ok(Vec::new());
            }
            let behind = doc! { "book": text(book), "slot": { "$gt": integer(after) } };
            let tail = read(deadline, "since", self.page(behind, doc! { "slot": 1 }, limit)).await?;
            match tail.first() {
                Some(next) if entries::is_tombstone(next) => Err(StoreError::Closed),
                None if is_certain && limit > 0 => {
                    Err(StoreError::Unavailable("the primary changed during a probe".into()))
                }
                _ => entries::read(tail).await,
            }
        })
    }

    fn before(&self, book: BookId, before: u64, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            let earlier = doc! {
                "book": text(book), "slot": { "$lt": integer(before) }, "entry_id": { "$exists": true },
            };
            let page = self.page(earlier, doc! { "slot": -1 }, limit);
            entries::read(read(self.soon(), "before", page).await?).await
        })
    }

    fn by_key(&self, book: BookId, key: &str) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        let filter = doc! { "book": text(book), "key": key };
        Box::pin(self.only(filter))
    }

    fn by_id(&self, book: BookId, entry: EntryId) -> Answer<'_, Result<Option<Entry>, StoreError>> {
        let filter = doc! { "book": text(book), "entry_id": text(entry) };
        Box::pin(self.only(filter))
    }

    fn head(&self, book: BookId) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(read(self.soon(), "head", async move {
            Ok::<_, Fault>(match self.last(book).await? {
                Some(last) => entries::slot(&last)?,
                None => 0,
            })
        }))
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn snapshot(&self, book: BookId) -> Answer<'_, Result<Option<Snapshot>, StoreError>> {
        Box::pin(self.load_snapshot(book))
    }

    fn keep_snapshot(&self, snapshot: Snapshot) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.store_snapshot(snapshot))
    }

    fn pending(&self, limit: usize) -> Answer<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.readable_pending(limit))
    }

    fn delivered(&self, book: BookId, slot: u64) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.unmark(doc! { "book": text(book), "slot": integer(slot) }))
    }

    fn reduce(&self, book: BookId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.reduce_book(book))
    }

    fn books(
        &self,
        after: Option<BookId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<(BookId, bool)>, StoreError>> {
        Box::pin(self.list_books(after, limit))
    }

    fn tombstones(&self, book: BookId) -> Answer<'_, Result<Vec<(u64, Digest)>, StoreError>> {
        Box::pin(self.list_tombstones(book))
    }
}

impl MongoStore {
    async fn append_entry(&self, entry: Entry) -> Result<(), AppendError> {
        let (book, slot) = (entry.book, entry.slot);
        let packed = pack(entry).await?;
        if packed.is_too_large() {
            return Err(AppendError::TooLarge);
        }
        let deadline = self.soon();
        self.check_slot_before(deadline, book, slot).await?;
        let document = entries::document(packed);
        match write(deadline, "append", self.collections.journal.insert_one(document)).await {
            Ok(_) => Ok(()),
            Err(Refusal::Duplicate(index)) => Err(self.explain(deadline, book, slot, &index).await?),
            Err(Refusal::Store(error)) => Err(error.into()),
        }
    }

    /// Refuses what would leave a gap or stand behind a closing.
    async fn check_slot_before(
        &self,
        deadline: Deadline,
        book: BookId,
        slot: u64,
    ) -> Result<(), AppendError> {
        let gap = || StoreError::Damaged(format!("an entry for slot {slot} would leave a gap"));
        let before = match slot.checked_sub(1) {
            None => return Err(gap().into()),
            Some(0) => return Ok(()),
            Some(before) => before,
        };
        let found = match read(deadline, "predecessor", self.standing(book, before)).await? {
            // A primary that was deposed may not have it yet: only a certain answer is a gap.
            None => self.certain(deadline, book, before).await?,
            found => found,
        };
        match found {
            Some(before) if entries::is_closed(&before) => Err(AppendError::Closed),
            Some(_) => Ok(()),
            None => Err(gap().into()),
        }
    }

    /// What a duplicate means. An entry that is sent again is a duplicate in up to three indexes and the server names any
    /// of them, so that the slot is looked at first: there the caller finds its own entry.
    async fn explain(
        &self,
        deadline: Deadline,
        book: BookId,
        slot: u64,
        index: &str,
    ) -> Result<AppendError, StoreError> {
        Ok(match read(deadline, "slot", self.standing(book, slot)).await? {
            Some(found) if entries::is_tombstone(&found) => AppendError::Closed,
            Some(_) => AppendError::SlotTaken,
            None => match index {
                JOURNAL_SLOT => AppendError::SlotTaken,
                JOURNAL_KEY => AppendError::KeyTaken,
                JOURNAL_ENTRY => {
                    let elsewhere = format!("the entry for slot {slot} stands in another slot");
                    AppendError::Store(StoreError::Damaged(elsewhere))
                }
                other => Refusal::Duplicate(other.to_owned()).into_append(),
            },
        })
    }

    /// What stands in a slot, without its changes.
    async fn standing(&self, book: BookId, slot: u64) -> Result<Option<Document>, Fault> {
        let filter = doc! { "book": text(book), "slot": integer(slot) };
        let found = self.collections.journal.find_one(filter).projection(doc! { "changes": 0 });
        Ok(found.max_time(self.patience.confirm).await?)
    }

    /// What certainly stands in a slot: the primary makes sure of being one before it answers.
    async fn certain(
        &self,
        deadline: Deadline,
        book: BookId,
        slot: u64,
    ) -> Result<Option<Document>, StoreError> {
        let filter = doc! { "book": text(book), "slot": integer(slot) };
        let found = self.collections.journal.find_one(filter).projection(doc! { "changes": 0 });
        let found = found.read_concern(ReadConcern::linearizable()).max_time(self.patience.confirm);
        read(deadline, "linearizable", found).await
    }

    /// The last entry of a book, without its changes.
    pub(super) async fn last(&self, book: BookId) -> Result<Option<Document>, Fault> {
        let found = self.collections.journal.find_one(doc! { "book": text(book) });
        let found = found.sort(doc! { "slot": -1 }).projection(doc! { "changes": 0 });
        Ok(found.max_time(self.patience.confirm).await?)
    }

    async fn only(&self, filter: Document) -> Result<Option<Entry>, StoreError> {
        let found = read(self.soon(), "entry", self.one(&self.collections.journal, filter)).await?;
        Ok(entries::read(found.into_iter().collect()).await?.pop())
    }

    /// Documents until their payloads add up to a page; at least one, if there is one.
    async fn page(&self, filter: Document, sort: Document, limit: usize) -> Result<Vec<Document>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let found = self.collections.journal.find(filter).sort(sort).limit(integer(limit)).batch_size(BATCH);
        let mut cursor = found.max_time(self.patience.confirm).await?;
        let (mut page, mut size) = (Vec::new(), 0);
        while size < PAGE && cursor.advance().await? {
            let document: Document = cursor.deserialize_current()?;
            size += entries::size(&document);
            page.push(document);
        }
        Ok(page)
    }

    /// Entries with undelivered effects. One that cannot be read loses its mark, and nothing else: `check` still finds it.
    async fn readable_pending(&self, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let sort = doc! { "at": 1, "book": 1, "slot": 1 };
        let mut page = read(self.soon(), "pending", self.page(doc! { "pending": true }, sort, limit)).await?;
        let mut pending = Vec::new();
        for document in page.drain(..) {
            let place = document.get("_id").cloned();
            match entries::read(vec![document]).await {
                Ok(read) => pending.extend(read),
                Err(StoreError::Damaged(what)) => {
                    counter!("finbrain_worker_failures_total").increment(1);
                    tracing::error!(what, "effects of an entry that cannot be read are lost");
                    self.unmark(doc! { "_id": place }).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(pending)
    }

    /// Takes the mark of undelivered effects away. What is reduced has none, and gets none.
    async fn unmark(&self, mut filter: Document) -> Result<(), StoreError> {
        filter.insert("pending", true);
        let unmarked = self.collections.journal.update_one(filter, doc! { "$set": { "pending": false } });
        write(self.soon(), "delivered", unmarked).await?;
        Ok(())
    }
}

impl Refusal {
    fn into_append(self) -> AppendError {
        AppendError::Store(self.into())
    }
}
