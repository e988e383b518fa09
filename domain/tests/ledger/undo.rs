//! Undo: the inverse, its conflicts, and what it leaves alone.

use finbrain_domain::{
    access::AccessChange,
    account::Account,
    category::{self, CategoryId, CategoryKind, CategoryPatch, NewCategory},
    change::Change,
    entry::{Entry, Reversal},
    error::Error,
    ids::{AccountId, EntryId, TransactionId},
    money::Currency,
    text::{Description, ExternalId, Name},
    transaction::{TransactionPatch, amend, remove, teach},
    undo,
};
use proptest::prelude::{prop_assert_eq, proptest};

use crate::{
    book::{ALICE, BOB, Book, moment, plain},
    fold::{Pair, author},
    model::read,
    step::{command, step},
};

impl Book {
    fn amend(&mut self, id: TransactionId, patch: TransactionPatch) -> Entry {
        let (from, to) = amend(&self.ledger, id, patch, None, moment()).unwrap();
        self.commit(ALICE, None, vec![change(&from, &to)])
    }

    fn create_category(&mut self, name: &str) -> (CategoryId, Entry) {
        let name = Name::parse(name).unwrap();
        let new = NewCategory { id: None, name, kind: CategoryKind::Expense, color: None };
        let category = category::create(&self.ledger, new).unwrap();
        let change = Change::Category { from: None, to: Some(category.clone()) };
        (category.id, self.commit(ALICE, None, vec![change]))
    }

    fn last(&self) -> Entry {
        self.journal.last().unwrap().clone()
    }

    /// The rows that stand in the way of an undo, after checking that the attempt changed nothing.
    fn conflicts(&mut self, entry: &Entry) -> Vec<String> {
        let before = self.ledger.digest();
        let answer = self.undo(entry);
        assert_eq!(self.ledger.digest(), before);
        match answer {
            Err(Error::UndoConflict { rows }) => rows,
            other => panic!("{other:?} is no conflict"),
        }
    }
}

fn change(
    from: &finbrain_domain::transaction::Transaction,
    to: &finbrain_domain::transaction::Transaction,
) -> Change {
    Change::Transaction { from: Some(Box::new(from.clone())), to: Some(Box::new(to.clone())) }
}

fn described(text: &str) -> TransactionPatch {
    TransactionPatch { description: Some(Description::parse(text).unwrap()), ..TransactionPatch::default() }
}

fn identified(external: Option<&str>) -> TransactionPatch {
    let external = external.map(|text| ExternalId::parse(text).unwrap());
    TransactionPatch { external_id: Some(external), ..TransactionPatch::default() }
}

fn categorized(category: &CategoryId) -> TransactionPatch {
    TransactionPatch { category: Some(category.clone()), ..TransactionPatch::default() }
}

proptest! {
    #[test]
    fn undo_restores_what_was_before_and_redo_what_was_after(
        steps in proptest::collection::vec((step(), 0u8..6), 1..16),
        last in step(),
    ) {
        let mut pair = Pair::open();
        for (step, by) in &steps {
            pair.take(step, author(*by));
        }
        let before = read(&pair.book.ledger);
        let Some(command) = command(&last, &pair.model) else { return Ok(()) };
        pair.run(&command, ALICE);
        let after = read(&pair.book.ledger);
        let entry = pair.book.last();

        // Access facts, learning, and commands that wrote nothing cannot be undone; the fold test covers them.
        if before == after || before.generation != after.generation {
            return Ok(());
        }
        let undone = pair.book.undo(&entry).unwrap();
        prop_assert_eq!(&read(&pair.book.ledger), &before);
        let redone = pair.book.redo(&undone).unwrap();
        prop_assert_eq!(&read(&pair.book.ledger), &after);
        pair.book.undo(&redone).unwrap();
        prop_assert_eq!(&read(&pair.book.ledger), &before);
        prop_assert_eq!(pair.book.fold().digest(), pair.book.ledger.digest());
    }
}

#[test]
fn a_new_book_has_nothing_to_undo() {
    let mut book = Book::open();
    let opening = book.last();

    assert_eq!(book.ledger.steps().last_done(ALICE), None);
    assert_eq!(book.undo(&opening), Err(Error::NotUndoable { entry: opening.entry_id }));
}

#[test]
fn undo_leaves_later_changes_to_other_fields() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let renamed = book.amend(row.id, described("Bakery"));
    book.amend(row.id, identified(Some("bank-1")));

    book.undo(&renamed).unwrap();

    let now = book.ledger.transaction(row.id).unwrap();
    assert_eq!(now.description, row.description);
    assert_eq!(now.external_id.as_deref(), Some("bank-1"));
}

#[test]
fn a_later_change_of_the_same_field_is_a_conflict_that_names_the_row() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let renamed = book.amend(row.id, described("Bakery"));
    book.amend(row.id, described("Bakery, Haifa"));

    assert_eq!(book.conflicts(&renamed), [row.id.to_string()]);
}

#[test]
fn a_removed_row_is_in_the_way_of_undoing_what_was_changed_on_it() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let renamed = book.amend(row.id, described("Bakery"));
    let removal = remove(&book.ledger, row.id, None).unwrap();
    let removal = book.commit(ALICE, None, vec![removal]);

    assert_eq!(book.conflicts(&renamed), [row.id.to_string()]);
    book.undo(&removal).unwrap();
    book.undo(&renamed).unwrap();
    assert_eq!(book.ledger.transaction(row.id), Some(row));
}

#[test]
fn an_entry_is_not_undone_twice() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let recorded = book.last();
    book.undo(&recorded).unwrap();

    assert_eq!(book.conflicts(&recorded), [row.id.to_string()]);
}

#[test]
fn a_category_in_use_is_in_the_way_of_undoing_its_creation() {
    let mut book = Book::open();
    let (pets, created) = book.create_category("Pets");
    let row = book.record(plain(-500)).unwrap();
    let moved = book.amend(row.id, categorized(&pets));

    assert_eq!(book.conflicts(&created), [row.id.to_string()]);
    book.undo(&moved).unwrap();
    book.undo(&created).unwrap();
    assert_eq!(book.ledger.categories().get(&pets), None);
}

#[test]
fn undoing_a_categorys_removal_brings_back_the_category_and_its_rows() {
    let mut book = Book::open();
    let (pets, _) = book.create_category("Pets");
    let rows: Vec<_> = (1..=100)
        .map(|n| {
            let row = book.record(plain(-n)).unwrap();
            book.amend(row.id, categorized(&pets));
            row.id
        })
        .collect();
    let before = read(&book.ledger);
    let removal = category::remove(&book.ledger, &pets, Some(&CategoryId::other()), None).unwrap();
    let removal = book.commit(ALICE, None, removal);
    assert_eq!(book.ledger.transaction(rows[7]).unwrap().category(), Some(&CategoryId::other()));

    let undone = book.undo(&removal).unwrap();

    assert_eq!(read(&book.ledger), before);
    book.redo(&undone).unwrap();
    assert_eq!(book.ledger.categories().get(&pets), None);
}

#[test]
fn a_name_taken_since_is_in_the_way_of_undoing_a_removal() {
    let mut book = Book::open();
    let (pets, _) = book.create_category("Pets");
    let removal = category::remove(&book.ledger, &pets, None, None).unwrap();
    let removal = book.commit(ALICE, None, removal);
    book.create_category("PETS");

    assert_eq!(book.conflicts(&removal), [pets.to_string()]);
}

#[test]
fn a_name_given_free_by_archiving_is_not_taken_back_from_another() {
    let mut book = Book::open();
    let (pets, _) = book.create_category("Pets");
    let patch = CategoryPatch { archived: Some(true), ..CategoryPatch::default() };
    let (from, to) = category::amend(&book.ledger, &pets, patch, None).unwrap();
    let archived = book.commit(ALICE, None, vec![Change::Category { from: Some(from), to: Some(to) }]);
    book.create_category("pets");

    assert_eq!(book.conflicts(&archived), [pets.to_string()]);
}

#[test]
fn an_external_id_used_since_is_in_the_way() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    book.amend(row.id, identified(Some("bank-1")));
    let freed = book.amend(row.id, identified(None));
    let other = book.record(plain(-600)).unwrap();
    book.amend(other.id, identified(Some("bank-1")));

    assert_eq!(book.conflicts(&freed), [row.id.to_string()]);
}

#[test]
fn an_external_id_used_since_by_a_row_of_the_same_entry_is_in_the_way() {
    let mut book = Book::open();
    let (a, b) = (book.record(plain(-500)).unwrap(), book.record(plain(-600)).unwrap());
    book.amend(a.id, identified(Some("bank-1")));
    let (a_from, a_to) = amend(&book.ledger, a.id, identified(None), None, moment()).unwrap();
    let (b_from, b_to) = amend(&book.ledger, b.id, described("Bakery"), None, moment()).unwrap();
    let both = book.commit(ALICE, None, vec![change(&a_from, &a_to), change(&b_from, &b_to)]);
    book.amend(b.id, identified(Some("bank-1")));

    let rows = book.conflicts(&both);

    assert!(rows.contains(&a.id.to_string()) && rows.contains(&b.id.to_string()));
}

#[test]
fn two_rows_may_change_their_external_ids_in_one_entry() {
    let mut book = Book::open();
    let (a, b) = (book.record(plain(-500)).unwrap(), book.record(plain(-600)).unwrap());
    book.amend(a.id, identified(Some("bank-1")));
    book.amend(b.id, identified(Some("bank-2")));
    let now = |book: &Book, id| book.ledger.transaction(id).unwrap();
    let (a_from, b_from) = (now(&book, a.id), now(&book, b.id));
    let (mut a_to, mut b_to) = (a_from.clone(), b_from.clone());
    std::mem::swap(&mut a_to.external_id, &mut b_to.external_id);

    let swap = book.commit(ALICE, None, vec![change(&a_from, &a_to), change(&b_from, &b_to)]);

    let holder = |book: &Book, id: &str| {
        book.ledger.rows().by_external_id(&ExternalId::parse(id).unwrap()).map(|row| row.id())
    };
    assert_eq!((holder(&book, "bank-1"), holder(&book, "bank-2")), (Some(b.id), Some(a.id)));
    book.undo(&swap).unwrap();
    assert_eq!((holder(&book, "bank-1"), holder(&book, "bank-2")), (Some(a.id), Some(b.id)));
}

#[test]
fn an_account_in_use_is_in_the_way_of_undoing_its_creation() {
    let mut book = Book::open();
    let bank = Account { id: AccountId::new(), name: Name::parse("Bank").unwrap(), currency: Currency::ILS };
    let added = book.commit(ALICE, None, vec![Change::Account { from: None, to: Some(bank.clone()) }]);
    let row = book
        .record(finbrain_domain::transaction::NewTransaction { account: Some(bank.id), ..plain(-500) })
        .unwrap();

    assert_eq!(book.conflicts(&added), [row.id.to_string()]);
}

#[test]
fn access_and_learning_are_never_undone_and_keep_redo() {
    let mut book = Book::open();
    book.record(plain(-500)).unwrap();
    let recorded = book.last();
    let undone = book.undo(&recorded).unwrap();
    let taught = teach(&book.ledger, "corner shop", &CategoryId::other()).unwrap();
    let raised = Change::Access(AccessChange::GenerationRaised { from: 0, to: 1 });

    for changes in [vec![taught], vec![raised]] {
        let entry = book.commit(ALICE, None, changes);
        assert_eq!(book.undo(&entry), Err(Error::NotUndoable { entry: entry.entry_id }));
    }

    assert_eq!(book.ledger.steps().last_done(ALICE), None);
    assert_eq!(book.ledger.steps().last_undone(ALICE).map(|step| step.entry), Some(undone.entry_id));
}

#[test]
fn what_a_correction_taught_stays_when_the_correction_is_undone() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let other = CategoryId::other();
    let (from, to) = amend(&book.ledger, row.id, categorized(&other), None, moment()).unwrap();
    let taught = teach(&book.ledger, "corner shop", &other).unwrap();
    let corrected = book.commit(ALICE, None, vec![change(&from, &to), taught]);

    book.undo(&corrected).unwrap();

    assert_eq!(book.ledger.transaction(row.id), Some(row));
    assert_eq!(book.ledger.merchant_category("corner shop"), Some(&other));
}

#[test]
fn a_new_command_clears_redo_and_each_author_has_steps_of_their_own() {
    let mut book = Book::open();
    book.record(plain(-500)).unwrap();
    let first = book.last();
    let (from, to) = amend(
        &book.ledger,
        book.ledger.rows().between(None, None).next().unwrap().id(),
        described("B"),
        None,
        moment(),
    )
    .unwrap();
    let second = book.commit(BOB, None, vec![change(&from, &to)]);
    let last = |book: &Book, author| book.ledger.steps().last_done(author).map(|step| step.entry);
    assert_eq!((last(&book, ALICE), last(&book, BOB)), (Some(first.entry_id), Some(second.entry_id)));

    book.undo(&second).unwrap();
    assert!(book.ledger.steps().last_undone(BOB).is_some());
    book.record(plain(-700)).unwrap();

    assert_eq!(book.ledger.steps().last_undone(BOB), None);
    assert_eq!(last(&book, BOB), None);
}

#[test]
fn an_entry_that_changed_nothing_cannot_be_undone() {
    let mut book = Book::open();
    let row = book.record(plain(-500)).unwrap();
    let same = book.commit(ALICE, Some(Reversal::Undo(EntryId::new())), vec![change(&row, &row)]);

    assert_eq!(undo::inverse(&book.ledger, &same), Err(Error::NotUndoable { entry: same.entry_id }));
}
