//! The form of a golden file: JSON with one entry a line, each with the fields that a store keeps, changes as text.

use finbrain_domain::{
    entry::{Author, Entry, Key, Reversal},
    ids::{BookId, Digest, EntryId},
    money::Currency,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Golden {
    pub about: String,
    pub books: Vec<Book>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Book {
    pub name: String,
    entries: Vec<Stored>,
    pub expected: Figures,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub version: u64,
    pub digest: Digest,
    pub closed: bool,
    pub transactions: usize,
    /// Lines of splits count in their own categories.
    pub sums: Vec<Sum>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub category: String,
    pub currency: Currency,
    pub minor: i128,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    book: BookId,
    slot: u64,
    entry_id: EntryId,
    format: u32,
    author: Author,
    key: Option<String>,
    request_hash: Option<Digest>,
    auth_generation: u64,
    at: Timestamp,
    reverses: Option<Reversal>,
    changes: String,
    digest: Digest,
    chain: Digest,
    pending: bool,
}

impl Golden {
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap()
    }

    pub fn of(books: impl IntoIterator<Item = (&'static str, Vec<Entry>, Figures)>) -> Self {
        let about = "Journals of entry format 1 with what they come to. Written once by domain/tests/golden; they open \
                     with these digests for ever.";
        let book = |(name, entries, expected): (&str, Vec<Entry>, Figures)| Book {
            name: name.to_owned(),
            entries: entries.iter().map(Stored::from).collect(),
            expected,
        };
        Self { about: about.to_owned(), books: books.into_iter().map(book).collect() }
    }

    /// One line for each entry and sum, so that a difference shows where it lies.
    pub fn to_text(&self) -> String {
        let books: Vec<_> = self.books.iter().map(Book::to_text).collect();
        format!("{{\"about\": {},\n\"books\": [\n{}\n]}}\n", json(&self.about), books.join(",\n"))
    }
}

impl Book {
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().map(Entry::from).collect()
    }

    fn to_text(&self) -> String {
        let entries: Vec<_> = self.entries.iter().map(json).collect();
        let Figures { version, digest, closed, transactions, sums } = &self.expected;
        let sums: Vec<_> = sums.iter().map(json).collect();
        format!(
            "{{\"name\": {},\n\"entries\": [\n{}\n],\n\"expected\": {{\"version\": {version}, \"digest\": \"{digest}\", \
             \"closed\": {closed}, \"transactions\": {transactions}, \"sums\": [\n{}\n]}}}}",
            json(&self.name),
            entries.join(",\n"),
            sums.join(",\n"),
        )
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

impl From<&Entry> for Stored {
    fn from(entry: &Entry) -> Self {
        let payload = entry.payload.clone().expect("a golden entry has its changes");
        Self {
            book: entry.book,
            slot: entry.slot,
            entry_id: entry.entry_id,
            format: entry.format,
            author: entry.author,
            key: entry.key.as_ref().map(|key| key.key.clone()),
            request_hash: entry.key.as_ref().map(|key| key.request),
            auth_generation: entry.auth_generation,
            at: entry.at,
            reverses: entry.reverses,
            changes: String::from_utf8(payload).unwrap(),
            digest: entry.digest,
            chain: entry.chain,
            pending: entry.pending,
        }
    }
}

impl From<Stored> for Entry {
    fn from(stored: Stored) -> Self {
        Self {
            book: stored.book,
            slot: stored.slot,
            entry_id: stored.entry_id,
            format: stored.format,
            author: stored.author,
            key: stored.key.zip(stored.request_hash).map(|(key, request)| Key { key, request }),
            auth_generation: stored.auth_generation,
            at: stored.at,
            reverses: stored.reverses,
            payload: Some(stored.changes.into_bytes()),
            digest: stored.digest,
            chain: stored.chain,
            pending: stored.pending,
        }
    }
}
