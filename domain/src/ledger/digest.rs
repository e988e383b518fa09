//! The digest of a ledger: one number for everything that a book means, so that two ledgers (folded and unpacked,
//! today's and that of a golden file) can be compared, and `finbrain check` can print what a journal comes to.
//! It must not depend on how the ledger holds things: not on columns, hash order, or what is merely remembered.
//!
//! The canonical form is a sequence of lines, each a JSON array that begins with its kind and ends with a line feed
//! (which JSON never contains unescaped), hashed with SHA-256:
//!
//! | line | how many |
//! | --- | --- |
//! | `["ledger",1,book,version,chain,closed]` (1 is the number of this form) | one |
//! | `["settings",settings,changed]` | one |
//! | `["account",id,account or null,changed]` | each that ever was, in the order of first appearance |
//! | `["category",id,category or null,changed]` | the same |
//! | `["transaction",transaction,changed]` | each that is there, by (date, id) |
//! | `["merchant",merchant,category]` | each, by the bytes of its name |
//! | `["silenced",kind,merchant]` | each pattern that is, in their order; none in books from before there were any |
//! | `["generation",auth_generation]` | one |
//! | `["revoked",token,until]` | each, by token |
//!
//! `changed` is the slot of the last change. Idempotency keys and undo steps are left out: both are found again in the
//! journal, and neither alters an answer about money.

use serde::Serialize;
use sha2::Digest as _;

use super::Ledger;
use crate::ids::Digest;

/// The number of the canonical form.
const FORM: u32 = 1;

/// Lines on their way into the hash; the buffer is used again for each.
#[derive(Default)]
struct Lines {
    hash: sha2::Sha256,
    buffer: Vec<u8>,
}

impl Lines {
    fn add(&mut self, line: impl Serialize) {
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, &line).expect("a line has string keys and finite numbers");
        self.buffer.push(b'\n');
        self.hash.update(&self.buffer);
    }
}

impl Ledger {
    /// SHA-256 over the canonical form that this module documents.
    pub fn digest(&self) -> Digest {
        let mut lines = Lines::default();
        lines.add(("ledger", FORM, self.book, self.version, self.chain, self.access.closed));
        lines.add(("settings", &self.settings, self.settings_changed));
        for (id, account, changed) in self.accounts.slots() {
            lines.add(("account", id, account, changed));
        }
        for (id, category, changed) in self.categories.slots() {
            lines.add(("category", id, category, changed));
        }
        for row in self.rows.between(None, None) {
            lines.add(("transaction", row.to_transaction(self.tables()), row.changed()));
        }
        let mut merchants: Vec<_> = self.merchants.iter().collect();
        merchants.sort_unstable();
        for (merchant, category) in merchants {
            lines.add(("merchant", merchant, category));
        }
        for pattern in &self.silenced {
            lines.add(("silenced", pattern.kind, &pattern.merchant));
        }
        lines.add(("generation", self.access.generation));
        let mut revoked: Vec<_> = self.access.revoked.iter().collect();
        revoked.sort_unstable();
        for (token, until) in revoked {
            lines.add(("revoked", token, until));
        }
        Digest(lines.hash.finalize().into())
    }
}
