//! The life of a book: its first entry, and its end.

use crate::{
    account::Account,
    category,
    change::Change,
    ids::AccountId,
    ledger::Ledger,
    settings::{Settings, SettingsPatch},
    text::Name,
};

/// The changes of a book's first entry: settings, the account "Cash" in the base currency, the default categories.
pub fn open(settings: Settings) -> Vec<Change> {
    let cash = Account {
        id: AccountId::new(),
        name: Name::parse("Cash").expect("Cash is a name"),
        currency: settings.base_currency,
    };
    let mut changes = vec![
        Change::Settings { from: None, to: Some(settings) },
        Change::Account { from: None, to: Some(cash) },
    ];
    changes.extend(
        category::defaults().into_iter().map(|category| Change::Category { from: None, to: Some(category) }),
    );
    changes
}

/// Changes the person's settings; no change when nothing differs.
pub fn amend_settings(ledger: &Ledger, patch: SettingsPatch) -> Option<Change> {
    let from = ledger.settings();
    let to = patch.apply(from);
    (to != *from).then(|| Change::Settings { from: Some(from.clone()), to: Some(to) })
}
