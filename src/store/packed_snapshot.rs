//! Snapshots as every store keeps them: packed, cut into parts, with a header that says what they must add up to.
//! Disposable, so that one that does not add up is the same as none.

use std::io;

use finbrain_domain::{
    ids::{BookId, Digest},
    ports::Snapshot,
};
use sha2::{Digest as _, Sha256};

use super::packing::unpack_exactly;

/// Bytes of one part.
pub(super) const PART: usize = 8 * 1024 * 1024;
/// No ledger is larger; a header that says so is damaged.
const MAX_SIZE: u64 = 1024 * 1024 * 1024;
const LEVEL: i32 = 1;

/// What a snapshot must add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub book: BookId,
    pub version: u64,
    pub format: u32,
    /// Bytes before packing.
    pub size: u64,
    /// Of everything above and the packed bytes.
    pub digest: Digest,
}

/// A snapshot made ready to be written.
pub(super) struct PackedSnapshot {
    pub header: Header,
    bytes: Vec<u8>,
}

impl PackedSnapshot {
    pub(super) fn new(snapshot: &Snapshot) -> io::Result<Self> {
        let Snapshot { book, version, format, ref bytes } = *snapshot;
        let size = bytes.len() as u64;
        let bytes = zstd::bulk::compress(bytes, LEVEL)?;
        let header =
            Header { book, version, format, size, digest: digest(book, version, format, size, &bytes) };
        Ok(Self { header, bytes })
    }

    pub(super) fn parts(&self) -> std::slice::Chunks<'_, u8> {
        self.bytes.chunks(PART)
    }
}

/// Covers the header too: right bytes under a wrong version would be worse than none.
fn digest(book: BookId, version: u64, format: u32, size: u64, packed: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(book.as_bytes());
    hash.update(version.to_be_bytes());
    hash.update(format.to_be_bytes());
    hash.update(size.to_be_bytes());
    hash.update(packed);
    Digest(hash.finalize().into())
}

impl Header {
    /// The snapshot, if all parts in a row are what the header was written for; else what is wrong.
    pub(super) fn unpack(&self, packed: &[u8]) -> Result<Snapshot, &'static str> {
        let Self { book, version, format, size, digest: expected } = *self;
        if size > MAX_SIZE || digest(book, version, format, size, packed) != expected {
            return Err("snapshot does not match its digest");
        }
        let bytes = unpack_exactly(packed, size).map_err(|_| "snapshot cannot be unpacked")?;
        Ok(Snapshot { book, version, format, bytes })
    }
}
