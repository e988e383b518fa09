//! The end of a book: its entries are reduced to slot and chain, oldest first and the closing last. A book is reduced when
//! its last document is. Slots stay taken for ever, so that no late append revives it.
//!
//! What was erased is gone from the collection at once, and from the server's logs of operations as these are overwritten.

use finbrain_domain::{
    ids::{BookId, Digest},
    ports::StoreError,
};
use mongodb::bson::{Document, doc};

use super::{
    MongoStore,
    call::{read, write},
    entries,
    fault::Fault,
    fields::{Fields, integer, text},
};

/// Documents that are reduced in one go, so that others can write in between.
const REDUCED_AT_ONCE: usize = 500;

impl MongoStore {
    pub(super) async fn reduce_book(&self, book: BookId) -> Result<(), StoreError> {
        let Some(last) = read(self.soon(), "head", self.last(book)).await?.filter(entries::is_closed) else {
            return Err(StoreError::Damaged("a book that is not closed cannot be reduced".into()));
        };
        self.end_snapshots(book).await?;
        if !entries::is_tombstone(&last) {
            let head = entries::slot(&last).map_err(super::fault::settle_read)?;
            for from in (1..head).step_by(REDUCED_AT_ONCE) {
                let to = head.min(from.saturating_add(REDUCED_AT_ONCE as u64));
                self.reduce_slots(book, doc! { "$gte": integer(from), "$lt": integer(to) }).await?;
            }
            self.reduce_slots(book, doc! { "$eq": integer(head) }).await?;
        }
        // The work planned for the book goes last: until here it is what brings somebody back to a reduction that was
        // cut short.
        let planned = self.collections.due.delete_many(doc! { "book": text(book) });
        write(self.soon(), "reduce", planned).await?;
        Ok(())
    }

    async fn reduce_slots(&self, book: BookId, slots: Document) -> Result<(), StoreError> {
        let whole = doc! { "book": text(book), "slot": slots, "entry_id": { "$exists": true } };
        let left = doc! { "_id": "$_id", "book": "$book", "slot": "$slot", "chain": "$chain" };
        let reduced = self.collections.journal.update_many(whole, vec![doc! { "$replaceWith": left }]);
        write(self.in_bulk(), "reduce", reduced).await?;
        Ok(())
    }

    /// Steps from book to book by the index, however many entries each has.
    pub(super) async fn list_books(
        &self,
        after: Option<BookId>,
        limit: usize,
    ) -> Result<Vec<(BookId, bool)>, StoreError> {
        let mut books: Vec<(BookId, bool)> = Vec::new();
        while books.len() < limit {
            let behind = books.last().map(|(book, _)| *book).or(after);
            let Some(next) = read(self.soon(), "books", self.book_behind(behind)).await? else { break };
            books.push(next);
        }
        Ok(books)
    }

    async fn book_behind(&self, after: Option<BookId>) -> Result<Option<(BookId, bool)>, Fault> {
        let after = after.map(|book| book.to_string()).unwrap_or_default();
        let next = self.collections.journal.find_one(doc! { "book": { "$gt": after } });
        let next = next.sort(doc! { "book": 1, "slot": 1 }).projection(doc! { "book": 1 });
        let Some(next) = next.max_time(self.patience.confirm).await? else { return Ok(None) };
        let book = Fields(&next).parse("book")?;
        let is_reduced = self.last(book).await?.is_some_and(|last| entries::is_tombstone(&last));
        Ok(Some((book, is_reduced)))
    }

    pub(super) async fn list_tombstones(&self, book: BookId) -> Result<Vec<(u64, Digest)>, StoreError> {
        let reduced = doc! { "book": text(book), "entry_id": { "$exists": false } };
        read(self.in_bulk(), "tombstones", async {
            let documents =
                self.all(&self.collections.journal, reduced, doc! { "slot": 1 }, usize::MAX).await?;
            let pairs = documents.iter().map(|one| Ok((entries::slot(one)?, Fields(one).hash("chain")?)));
            pairs.collect::<Result<Vec<_>, Fault>>()
        })
        .await
    }
}
