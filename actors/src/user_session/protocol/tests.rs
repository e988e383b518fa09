//! One command against one journal, answer by answer.

use std::time::Duration;

use finbrain_domain::{
    book,
    change::Change,
    entry::{Author, Draft, Entry, Key},
    ids::{BookId, Digest, EntryId},
    ledger::Ledger,
    ports::{AppendError, StoreError},
    settings::Settings,
    text::Name,
};

use super::{
    Course, Next, Outcome,
    write::{LAST_CALL, LAST_START},
};
use crate::{
    error::Error,
    user_session::command::{Envelope, Verdict},
};

const NOW: Duration = Duration::ZERO;

fn draft(changes: Vec<Change>) -> Draft {
    Draft {
        entry_id: EntryId::new(),
        author: Author::System,
        key: Some(Key { key: "k".into(), request: Digest::of(b"request") }),
        auth_generation: 0,
        at: "2026-11-24T08:00:00Z".parse().unwrap(),
        reverses: None,
        changes,
        pending: false,
    }
}

/// A book with its first entry.
fn ledger() -> Ledger {
    let mut ledger = Ledger::empty(BookId::new());
    let opening = draft(book::open(Settings::of(Name::parse("Dana").unwrap())));
    let opening = Draft { key: None, ..opening };
    ledger.apply(&Entry::seal(ledger.book(), 1, Digest::ZERO, &opening).unwrap()).unwrap();
    ledger
}

/// A course whose entry for slot 2 has been sent.
fn sent(ledger: &Ledger) -> (Course, Entry) {
    let mut course = Course::new(&Envelope::system(), false);
    let next = course.decided(Verdict::Write, Some(&draft(vec![])), ledger);
    let Next::Append(entry, Duration::ZERO) = next else { panic!("{next:?}") };
    (course, entry)
}

fn unknown() -> Result<(), AppendError> {
    Err(StoreError::OutcomeUnknown("reply lost".into()).into())
}

fn down() -> StoreError {
    StoreError::Unavailable("down".into())
}

fn somebodys(ledger: &Ledger) -> Entry {
    Entry::seal(ledger.book(), ledger.version() + 1, ledger.chain(), &draft(vec![])).unwrap()
}

fn refused(next: Next) -> Error {
    let Next::Answer(Outcome::Refused(error)) = next else { panic!("{next:?}") };
    error
}

fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::Store(StoreError::OutcomeUnknown(_)))
}

#[test]
fn an_unknown_outcome_sends_the_same_entry_to_the_same_slot_until_the_last_call() {
    let (mut course, entry) = sent(&ledger());
    let mut waited = NOW;

    let end = loop {
        match course.appended(unknown(), waited) {
            Next::Append(again, pause) => {
                assert_eq!(again, entry);
                waited += pause;
            }
            end => break end,
        }
    };

    assert!(is_unknown(&refused(end)));
    assert!(waited > LAST_CALL - Duration::from_secs(1) && waited <= LAST_CALL);
}

#[test]
fn what_is_down_before_anything_was_sent_is_a_certain_refusal_and_after_it_is_not() {
    let (mut course, _) = sent(&ledger());
    assert_eq!(refused(course.appended(Err(down().into()), NOW)), Error::Store(down()));

    let (mut course, entry) = sent(&ledger());
    assert!(matches!(course.appended(unknown(), NOW), Next::Append(again, _) if again == entry));

    assert!(matches!(course.appended(Err(down().into()), NOW), Next::Append(again, _) if again == entry));
    let full = AppendError::Store(StoreError::NoRoom("full".into()));
    assert!(is_unknown(&refused(course.appended(Err(full), LAST_CALL))));
}

#[test]
fn a_taken_slot_is_read_from_before_it_even_when_the_ledger_has_gone_on() {
    let mut ledger = ledger();
    let (mut course, entry) = sent(&ledger);
    // It landed although the reply was lost, and a probe brought it here.
    course.appended(unknown(), NOW);
    ledger.apply(&entry).unwrap();

    assert_eq!(course.appended(Err(AppendError::SlotTaken), NOW), Next::ReadTail { after: 1 });

    assert_eq!(course.tail_read(Ok(&[entry]), NOW), Next::Answer(Outcome::Accepted(2)));
}

#[test]
fn a_taken_slot_that_no_read_shows_is_tried_again_with_the_same_entry() {
    let (mut course, entry) = sent(&ledger());
    course.appended(Err(AppendError::SlotTaken), NOW);

    assert!(matches!(course.tail_read(Ok(&[]), NOW), Next::Append(again, _) if again == entry));
    assert!(matches!(course.tail_read(Err(down()), NOW), Next::Append(again, _) if again == entry));

    assert!(is_unknown(&refused(course.tail_read(Ok(&[]), LAST_CALL))));
}

#[test]
fn a_lost_slot_is_decided_again_four_times_and_then_refused_for_certain() {
    let ledger = ledger();
    let mut steps = Vec::new();
    let mut course = Course::new(&Envelope::system(), false);
    for _ in 0..5 {
        course.decided(Verdict::Write, Some(&draft(vec![])), &ledger);
        course.appended(Err(AppendError::SlotTaken), NOW);
        steps.push(course.tail_read(Ok(&[somebodys(&ledger)]), NOW));
    }

    assert!(steps[..4].iter().all(|step| matches!(step, Next::Decide(pause) if *pause <= LAST_CALL / 30)));
    assert_eq!(refused(steps.pop().unwrap()), Error::Contended);
}

#[test]
fn a_taken_key_is_looked_up_and_may_be_my_own() {
    let ledger = ledger();
    let (mut course, entry) = sent(&ledger);
    assert_eq!(course.appended(Err(AppendError::KeyTaken), NOW), Next::FindKey);

    assert_eq!(course.found(Ok(Some(entry.clone())), &ledger, NOW), Next::ReadTail { after: 1 });
    assert_eq!(course.tail_read(Ok(&[entry]), NOW), Next::Answer(Outcome::Accepted(2)));
}

#[test]
fn a_key_of_an_older_entry_is_replayed_and_one_of_a_newer_entry_after_the_ledger_followed() {
    let mut ledger = ledger();
    let other = somebodys(&ledger);
    let (mut course, _) = sent(&ledger);
    course.appended(Err(AppendError::KeyTaken), NOW);
    assert_eq!(course.found(Ok(Some(other.clone())), &ledger, NOW), Next::ReadTail { after: 1 });
    assert_eq!(course.tail_read(Ok(std::slice::from_ref(&other)), NOW), Next::Decide(NOW));
    ledger.apply(&other).unwrap();

    assert_eq!(course.decided(Verdict::Replay(2), None, &ledger), Next::ReadSlot(2, NOW));

    assert!(matches!(course.found(Ok(None), &ledger, NOW), Next::ReadSlot(2, _)), "a stale read");
    assert!(is_unknown(&refused(course.found(Ok(None), &ledger, LAST_CALL))), "it stands, whatever was read");
    assert_eq!(course.found(Ok(Some(other.clone())), &ledger, NOW), Next::Answer(Outcome::Written(other)));
}

#[test]
fn a_book_that_is_closed_may_have_been_closed_by_my_own_entry() {
    let ledger = ledger();
    let (mut course, entry) = sent(&ledger);

    assert_eq!(course.appended(Err(AppendError::Closed), NOW), Next::ReadTail { after: 1 });

    let closed = Error::Domain(finbrain_domain::Error::BookClosed);
    assert!(
        matches!(course.tail_read(Ok(&[]), NOW), Next::Append(again, _) if again == entry),
        "a stale read"
    );
    assert_eq!(refused(course.tail_read(Err(StoreError::Closed), NOW)), closed, "and reduced");
    assert_eq!(course.tail_read(Ok(&[entry]), NOW), Next::Answer(Outcome::Accepted(2)));
}

#[test]
fn a_refusal_is_said_only_over_a_ledger_that_is_current_and_not_older_than_the_client_has_seen() {
    let ledger = ledger();
    let missing = || Verdict::Refuse(finbrain_domain::Error::NotFound { noun: "transaction" }.into());
    let mut course = Course::new(&Envelope { seen: 2, ..Envelope::system() }, false);

    assert_eq!(course.decided(missing(), None, &ledger), Next::ReadTail { after: 1 });
    assert_eq!(course.tail_read(Ok(&[]), NOW), Next::Decide(NOW));
    assert_eq!(refused(course.decided(missing(), None, &ledger)), Error::Behind { version: 1, seen: 2 });

    let mut alone = Course::new(&Envelope::system(), true);
    assert_eq!(alone.decided(Verdict::Nothing, None, &ledger), Next::Answer(Outcome::Unchanged));
    assert!(matches!(refused(alone.decided(missing(), None, &ledger)), Error::Domain(_)));
}

#[test]
fn a_refusal_of_a_keyed_command_is_said_only_when_the_key_stands_nowhere() {
    let mut ledger = ledger();
    let old = somebodys(&ledger);
    ledger.apply(&old).unwrap();
    let key = old.key.clone();
    let missing = || Verdict::Refuse(finbrain_domain::Error::NotFound { noun: "transaction" }.into());
    let mut course = Course::new(&Envelope { key, ..Envelope::system() }, true);

    assert_eq!(course.decided(missing(), None, &ledger), Next::FindKey);

    assert_eq!(course.found(Ok(Some(old.clone())), &ledger, NOW), Next::Answer(Outcome::Written(old)));
    assert_eq!(refused(course.found(Err(down()), &ledger, NOW)), Error::Store(down()));
    assert_eq!(course.found(Ok(None), &ledger, NOW), Next::Decide(NOW));
    assert!(matches!(refused(course.decided(missing(), None, &ledger)), Error::Domain(_)));
}

#[test]
fn whoever_is_shut_out_is_told_at_once() {
    let envelope = Envelope { key: draft(vec![]).key, ..Envelope::system() };
    let mut course = Course::new(&envelope, false);
    let revoked = finbrain_domain::Error::SessionRevoked;

    let next = course.decided(Verdict::Refuse(revoked.clone().into()), None, &ledger());

    assert_eq!(refused(next), Error::Domain(revoked));
}

#[test]
fn a_command_whose_turn_comes_too_late_is_not_begun() {
    let course = Course::new(&Envelope::system(), false);

    assert_eq!(course.begin(LAST_START), Next::Decide(NOW));
    assert!(matches!(refused(course.begin(LAST_START + Duration::from_millis(1))), Error::Busy { .. }));
}
