//! The final journal of one account, which everything else is compared with.

use std::collections::HashMap;

use serde_json::Value;

use super::history::History;

/// The journal as the first pod told it at the end.
#[derive(Debug, Default)]
pub struct Book {
    /// The entries of `/changes`; that of slot n stands at n - 1.
    pub entries: Vec<Value>,
    /// Entry ids by their slots. Access facts have none.
    pub ids: HashMap<u64, String>,
    /// Slots that take another entry back, or bring it back.
    reversals: HashMap<u64, String>,
    /// The line of the record.
    pub line: usize,
}

impl Book {
    /// The books of all accounts.
    pub fn all(history: &History) -> Vec<Self> {
        let mut books: Vec<Self> = Vec::new();
        books.resize_with(history.accounts(), Self::default);
        for journal in history.journals.iter().rev() {
            if let Some(book) = books.get_mut(journal.value.account) {
                *book = Self::new(journal.line, &journal.value.entries, &journal.value.history);
            }
        }
        books
    }

    fn new(line: usize, entries: &[Value], history: &[Value]) -> Self {
        let mut book = Self { entries: entries.to_vec(), line, ..Self::default() };
        for row in history {
            let Some(version) = row["version"].as_u64() else { continue };
            if let Some(id) = row["entry_id"].as_str() {
                book.ids.insert(version, id.to_owned());
            }
            if let Some(id) = row["undoes"].as_str() {
                book.reversals.insert(version, id.to_owned());
            }
        }
        book
    }

    pub fn version(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn entry(&self, version: u64) -> Option<&Value> {
        self.entries.get(usize::try_from(version.checked_sub(1)?).ok()?)
    }

    pub fn changes(&self, version: u64) -> &[Value] {
        self.entry(version).and_then(|entry| entry["changes"].as_array()).map_or(&[], Vec::as_slice)
    }

    pub fn is_reversal(&self, version: u64) -> bool {
        self.reversals.contains_key(&version)
    }
}
