//! Snapshots in MongoDB. Each writer puts its parts under a mark of its own and the header last, which names the mark: a
//! header is one document and replaces an older one at once, so that nobody ever reads parts of two snapshots as one.
//! Parts that no header names are removed by whoever finds that out; one whose pod died before it could leaves them to the
//! next snapshot of the book, or to its closing.
//!
//! A closed book has a header that is newer than any snapshot, so that a late one is refused like an old one.

use finbrain_domain::{
    ids::BookId,
    ports::{Snapshot, StoreError},
};
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::{
    MongoStore, by_id,
    call::{read, write},
    fault::{Fault, Refusal},
    fields::{Fields, bytes, hash, integer, text},
    schema::ID,
};
use crate::store::{
    packed_snapshot::{Header, PackedSnapshot},
    packing::blocking,
};

/// So often a snapshot is looked up again, when its parts were replaced in the middle of reading them.
const LOOKS: usize = 5;

impl MongoStore {
    pub(super) async fn load_snapshot(&self, book: BookId) -> Result<Option<Snapshot>, StoreError> {
        let mut seen = None;
        for _ in 0..LOOKS {
            let Some((header, mark)) = self.read_header(book).await? else { return Ok(None) };
            let parts = read(self.in_bulk(), "snapshot", self.parts(&mark)).await?;
            let unpacked = blocking(move || Ok(header.unpack(&parts))).await?;
            match unpacked {
                Ok(snapshot) => return Ok(Some(snapshot)),
                // Disposable: the ledger is rebuilt from the journal.
                Err(what) if seen.as_ref() == Some(&mark) => {
                    tracing::warn!(what, "snapshot is left aside");
                    return Ok(None);
                }
                Err(_) => seen = Some(mark),
            }
        }
        Ok(None)
    }

    pub(super) async fn store_snapshot(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        let packed = blocking(move || PackedSnapshot::new(&snapshot)).await?;
        let Header { book, version, .. } = packed.header;
        if self.has_snapshot_of(book, version).await? {
            return Ok(());
        }
        let mark = Uuid::now_v7().to_string();
        let kept = self.put(&packed, &mark).await;
        if kept.is_ok_and(|kept| kept) {
            let older = doc! { "book": text(book), "version": { "$lt": integer(version) } };
            return self.drop_parts(older).await;
        }
        // Whether the header stands is known to the server alone when that answer was lost.
        match self.read_header(book).await? {
            Some((_, stands)) if stands == mark => Ok(()),
            _ => self.drop_parts(doc! { "mark": mark }).await,
        }
    }

    /// Ends the snapshots of a book: what is there goes, and what comes is refused.
    pub(super) async fn end_snapshots(&self, book: BookId) -> Result<(), StoreError> {
        let end = doc! { "_id": text(book), "version": i64::MAX };
        let ended = self.collections.snapshots.replace_one(by_id(text(book)), end).upsert(true);
        write(self.soon(), "snapshot", ended).await?;
        self.drop_parts(doc! { "book": text(book) }).await
    }

    async fn has_snapshot_of(&self, book: BookId, version: u64) -> Result<bool, StoreError> {
        let as_new = doc! { "_id": text(book), "version": { "$gte": integer(version) } };
        Ok(read(self.soon(), "snapshot", self.one(&self.collections.snapshots, as_new)).await?.is_some())
    }

    /// Writes parts and header; `false` when a snapshot as new came first.
    async fn put(&self, packed: &PackedSnapshot, mark: &str) -> Result<bool, StoreError> {
        let Header { book, version, format, size, digest } = packed.header;
        for (number, part) in packed.parts().enumerate() {
            let part = doc! {
                "_id": format!("{mark}/{number:04}"), "book": text(book), "version": integer(version), "mark": mark,
                "bytes": bytes(part.to_vec()),
            };
            write(self.in_bulk(), "snapshot", self.collections.snapshot_parts.insert_one(part)).await?;
        }
        let header = doc! {
            "version": integer(version), "format": i64::from(format), "size": integer(size),
            "digest": hash(digest), "mark": mark,
        };
        // Where a newer one is in place the filter finds nothing, and the insert in its stead meets the id.
        let older = doc! { "_id": text(book), "version": { "$lt": integer(version) } };
        let replaced = self.collections.snapshots.replace_one(older, header).upsert(true);
        match write(self.soon(), "snapshot", replaced).await {
            Ok(_) => Ok(true),
            Err(Refusal::Duplicate(index)) if index == ID => Ok(false),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// The header in place, with the mark of its parts. One that cannot be read is none.
    async fn read_header(&self, book: BookId) -> Result<Option<(Header, String)>, StoreError> {
        let found =
            read(self.soon(), "snapshot", self.one(&self.collections.snapshots, by_id(text(book)))).await?;
        let Some(found) = found.filter(|header| header.contains_key("mark")) else { return Ok(None) };
        Ok(header(book, &found).inspect_err(|_| tracing::warn!("header of a snapshot is left aside")).ok())
    }

    async fn parts(&self, mark: &str) -> Result<Vec<u8>, Fault> {
        let within = doc! { "_id": { "$gte": format!("{mark}/"), "$lt": format!("{mark}0") } };
        let mut packed = Vec::new();
        for part in self.all(&self.collections.snapshot_parts, within, doc! { "_id": 1 }, usize::MAX).await? {
            packed.extend_from_slice(Fields(&part).bytes("bytes")?);
        }
        Ok(packed)
    }

    async fn drop_parts(&self, which: Document) -> Result<(), StoreError> {
        write(self.in_bulk(), "snapshot", self.collections.snapshot_parts.delete_many(which)).await?;
        Ok(())
    }
}

fn header(book: BookId, document: &Document) -> Result<(Header, String), Fault> {
    let fields = Fields(document);
    let header = Header {
        book,
        version: fields.number("version")?,
        format: fields.number("format")?,
        size: fields.number("size")?,
        digest: fields.hash("digest")?,
    };
    Ok((header, fields.text("mark")?.to_owned()))
}
