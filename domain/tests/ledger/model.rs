//! A book as plainly as it can be written down: full values in ordered maps, every past state kept. It never sees a
//! `Change`; what an entry did is the difference between the states around it.

use std::collections::{BTreeMap, BTreeSet};

use finbrain_domain::{
    account::Account,
    anomaly::Pattern,
    category::{Category, CategoryId},
    entry::Author,
    ids::{AccountId, Digest, TransactionId},
    ledger::Ledger,
    settings::Settings,
    transaction::Transaction,
};
use jiff::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub settings: Settings,
    pub accounts: BTreeMap<AccountId, Account>,
    pub categories: BTreeMap<CategoryId, Category>,
    pub transactions: BTreeMap<TransactionId, Transaction>,
    pub merchants: BTreeMap<String, CategoryId>,
    pub silenced: BTreeSet<Pattern>,
    pub revoked: BTreeMap<Digest, Timestamp>,
    pub generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Command,
    Undo(usize),
    Redo(usize),
}

/// One entry: slot `n` stands at `n - 1`.
#[derive(Debug, Clone)]
pub struct Past {
    pub author: Author,
    pub kind: Kind,
    pub before: State,
    pub after: State,
}

impl Past {
    /// Whether the entry touched anything that undo may touch.
    pub fn undoable(&self) -> bool {
        let (before, after) = (&self.before, &self.after);
        before.settings != after.settings
            || before.accounts != after.accounts
            || before.categories != after.categories
            || before.transactions != after.transactions
            || before.silenced != after.silenced
    }
}

#[derive(Debug, Clone)]
pub struct Model {
    pub state: State,
    pub past: Vec<Past>,
    /// The slot of the last change, by the JSON of the id.
    changed: BTreeMap<String, u64>,
    /// Every account and category that ever was, in the order of appearance.
    accounts: Vec<AccountId>,
    categories: Vec<CategoryId>,
}

impl Model {
    /// The model of a book that has just been opened.
    pub fn opened(ledger: &Ledger, author: Author) -> Self {
        let state = read(ledger);
        let past = Past { author, kind: Kind::Command, before: state.clone(), after: state.clone() };
        let mut changed = BTreeMap::from([("settings".to_owned(), 1)]);
        changed.extend(state.accounts.keys().map(|id| (id.to_string(), 1)));
        changed.extend(state.categories.keys().map(|id| (id.to_string(), 1)));
        let accounts = ledger.accounts().iter().map(|account| account.id).collect();
        let categories = ledger.categories().iter().map(|category| category.id.clone()).collect();
        Self { state, past: vec![past], changed, accounts, categories }
    }

    pub fn commit(&mut self, author: Author, kind: Kind, at: Timestamp, mut after: State) {
        after.revoked.retain(|_, until| *until >= at);
        let before = std::mem::replace(&mut self.state, after.clone());
        let slot = self.past.len() as u64 + 1;
        if before.settings != after.settings {
            self.changed.insert("settings".to_owned(), slot);
        }
        for id in differences(&before.accounts, &after.accounts) {
            self.changed.insert(id.to_string(), slot);
            if !self.accounts.contains(&id) {
                self.accounts.push(id);
            }
        }
        for id in differences(&before.categories, &after.categories) {
            if !self.categories.contains(&id) {
                self.categories.push(id.clone());
            }
            self.changed.insert(id.to_string(), slot);
        }
        for id in differences(&before.transactions, &after.transactions) {
            self.changed.insert(id.to_string(), slot);
        }
        self.past.push(Past { author, kind, before, after });
    }

    /// The slot in which a transaction or category changed last.
    pub fn changed(&self, id: &str) -> u64 {
        self.changed.get(id).copied().unwrap_or(0)
    }

    /// The transactions as a list shows them, oldest first.
    pub fn sorted(&self) -> Vec<&Transaction> {
        let mut sorted: Vec<_> = self.state.transactions.values().collect();
        sorted.sort_by_key(|transaction| (transaction.date, transaction.id));
        sorted
    }

    /// The digest, from its documentation.
    pub fn digest(&self, ledger: &Ledger) -> Digest {
        let state = &self.state;
        let version = self.past.len();
        let mut lines = vec![
            line_of(("ledger", 1, ledger.book(), version, ledger.chain(), false)),
            line_of(("settings", &state.settings, self.changed("settings"))),
        ];
        for id in &self.accounts {
            lines.push(line_of(("account", id, state.accounts.get(id), self.changed(&id.to_string()))));
        }
        for id in &self.categories {
            lines.push(line_of(("category", id, state.categories.get(id), self.changed(id.as_str()))));
        }
        for transaction in self.sorted() {
            lines.push(line_of(("transaction", transaction, self.changed(&transaction.id.to_string()))));
        }
        lines.extend(state.merchants.iter().map(|(merchant, id)| line_of(("merchant", merchant, id))));
        let silenced = state.silenced.iter();
        lines.extend(silenced.map(|pattern| line_of(("silenced", pattern.kind.as_str(), &pattern.merchant))));
        lines.push(line_of(("generation", state.generation)));
        lines.extend(state.revoked.iter().map(|(token, until)| line_of(("revoked", token, until))));
        Digest::of(lines.concat().as_bytes())
    }
}

fn line_of(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value).unwrap() + "\n"
}

/// The keys under which two maps differ.
pub fn differences<K: Ord + Clone, V: PartialEq>(a: &BTreeMap<K, V>, b: &BTreeMap<K, V>) -> BTreeSet<K> {
    a.keys().chain(b.keys()).filter(|key| a.get(key) != b.get(key)).cloned().collect()
}

/// Everything that can be read from a ledger. Merchants, revocations and the generation have no list to read from
/// and are compared by digest.
pub fn read(ledger: &Ledger) -> State {
    State {
        settings: ledger.settings().clone(),
        accounts: ledger.accounts().iter().map(|account| (account.id, account.clone())).collect(),
        categories: ledger.categories().iter().map(|c| (c.id.clone(), c.clone())).collect(),
        transactions: ledger
            .rows()
            .between(None, None)
            .map(|row| (row.id(), row.to_transaction(ledger.tables())))
            .collect(),
        merchants: BTreeMap::new(),
        silenced: ledger.silenced().clone(),
        revoked: BTreeMap::new(),
        generation: ledger.auth_generation(),
    }
}
