//! How every store packs changes: text while they are small, so that any client can read them, and zstd above that.
//! What comes out is what went in, byte for byte, or an error.

use std::io::{self, Read as _};

use finbrain_domain::{
    change::Change,
    entry::{Entry, MAX_PACKED, MAX_PAYLOAD},
    ports::StoreError,
};

/// Payloads up to this size stay readable for any client.
const PLAIN: usize = 64 * 1024;
const LEVEL: i32 = 3;

/// An entry made ready to be written.
pub(super) struct Packed {
    /// Without its payload.
    pub entry: Entry,
    pub changes: Changes,
    /// Whether it closes its book.
    pub closes: bool,
}

pub(super) enum Changes {
    Erased,
    Plain(String),
    Zstd(Vec<u8>),
}

impl Packed {
    pub(super) fn is_too_large(&self) -> bool {
        matches!(&self.changes, Changes::Zstd(packed) if packed.len() > MAX_PACKED)
    }
}

/// Packs an entry; a large one on a blocking thread.
pub(super) async fn pack(entry: Entry) -> Result<Packed, StoreError> {
    if entry.payload.as_ref().is_some_and(|payload| payload.len() > PLAIN) {
        blocking(move || pack_now(entry)).await
    } else {
        pack_now(entry).map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

/// Runs work that only computes on a blocking thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| StoreError::Unavailable(error.to_string())),
        Err(_) => Err(StoreError::Unavailable("packing was cut short".into())),
    }
}

fn pack_now(mut entry: Entry) -> io::Result<Packed> {
    let closes = closes(&entry);
    let changes = match entry.payload.take().map(String::from_utf8) {
        None => Changes::Erased,
        Some(Ok(json)) if json.len() <= PLAIN => Changes::Plain(json),
        Some(Ok(json)) => Changes::Zstd(zstd::bulk::compress(json.as_bytes(), LEVEL)?),
        // Not JSON, hence not ours; kept byte for byte all the same.
        Some(Err(other)) => Changes::Zstd(zstd::bulk::compress(other.as_bytes(), LEVEL)?),
    };
    Ok(Packed { entry, changes, closes })
}

fn closes(entry: &Entry) -> bool {
    const NAME: &[u8] = b"\"book_closed\"";
    // A text may contain the name too, so it only says that reading the changes is worth while.
    let named =
        entry.payload.as_ref().is_some_and(|payload| payload.windows(NAME.len()).any(|part| part == NAME));
    named && entry.changes().is_ok_and(|changes| changes.contains(&Change::BookClosed))
}

/// Unpacks changes.
pub(super) fn unpack(frame: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::decompress(frame, unpacked_size(frame))
}

/// What unpacking may take: what the frame says, within what an entry can hold. One that claims more is not believed.
pub(super) fn unpacked_size(frame: &[u8]) -> usize {
    let said = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    said.and_then(|size| usize::try_from(size).ok()).map_or(MAX_PAYLOAD, |size| size.min(MAX_PAYLOAD))
}

/// Unpacks exactly `size` bytes, and stops at the first one too many.
pub(super) fn unpack_exactly(packed: &[u8], size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zstd::stream::read::Decoder::new(packed)?.take(size + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
}
