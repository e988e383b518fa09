//! I1, I2 and I3: what is written, how often, and where.

use finbrain_loadtest::ledgercheck::{
    Invariant,
    record::{Answer, Record, Request, What},
};
use serde_json::{Value, json};

use crate::story::{ROW_A, SECOND, Story, answer, asked, change, id, problem, request, row_a, told, written};

const ROW_C: &str = "01a20e06-0000-7000-8000-00000000000c";

fn record_c(id: u64) -> Request {
    let body = asked(ROW_C, "2026-03-01", "zqmarker c", "-22222222.22", "food-drinks");
    Request { body: Some(body), ..request(id, 1, What::Record) }
}

fn row_c() -> Value {
    told(ROW_C, "2026-03-01", "zqmarker c", "-22222222.22", "food-drinks")
}

fn made_c() -> Value {
    json!([change(ROW_C, Value::Null, row_c())])
}

#[test]
fn an_acknowledged_write_that_is_gone_is_found() {
    let mut story = Story::clean();
    story.exchange(record_c(50), written(8, json!({ "transaction": row_c() })));

    story.breaks(Invariant::I1);
}

#[test]
fn an_acknowledged_slot_that_holds_another_entry_is_found() {
    let mut story = Story::clean();
    story.answer(id::AMEND_A).entry = Some("entry-99".into());

    story.breaks(Invariant::I1);
}

#[test]
fn an_acknowledged_slot_that_holds_something_else_is_found() {
    let mut story = Story::clean();
    story.request(id::RECORD_A).body.as_mut().unwrap()["amount"] = json!("-99999999.99");
    story.breaks(Invariant::I1);

    let mut story = Story::clean();
    story.answer(id::RECORD_A).body["transaction"]["review"] = json!(true);
    story.breaks(Invariant::I1);

    let mut story = Story::clean();
    story.request(id::REMOVE_B).path = format!("/transactions/{ROW_A}");
    story.breaks(Invariant::I1);
}

#[test]
fn a_write_that_names_no_version_is_found() {
    let mut story = Story::clean();
    story.answer(id::UNDO).version = None;

    assert!(story.check().of(Invariant::I1) > 0);
}

#[test]
fn a_replay_tells_the_same_slot_and_resource() {
    let again = |story: &mut Story, replay: Answer| {
        let first = story.request(id::RECORD_A).clone();
        story.exchange(Request { id: 50, ..first }, replay);
    };
    let same = written(2, json!({ "transaction": row_a("zqmarker a") }));
    let mut story = Story::clean();
    again(&mut story, Answer { replayed: true, ..same.clone() });
    story.is_clean();

    let mut story = Story::clean();
    again(&mut story, Answer { replayed: true, ..written(3, json!({ "transaction": row_a("zqmarker a") })) });
    assert!(story.check().of(Invariant::I2) > 0);

    let mut story = Story::clean();
    again(&mut story, Answer { replayed: true, ..written(2, json!({ "transaction": row_c() })) });
    assert!(story.check().of(Invariant::I2) > 0);

    // It says to be new, once more; and its version is one from before.
    let mut story = Story::clean();
    again(&mut story, same);
    assert!(story.check().of(Invariant::I2) > 0);
}

#[test]
fn a_key_that_was_acknowledged_is_not_refused_later() {
    let mut story = Story::clean();
    let first = story.request(id::RECORD_A).clone();
    story.exchange(Request { id: 50, ..first }, problem(409, "exists"));
    story.breaks(Invariant::I2);

    // Sent before the acknowledgement came back, it may have been decided before.
    story.answer(50).sent = 0;
    story.is_clean();
}

#[test]
fn a_slot_that_was_acknowledged_to_two_keys_is_found() {
    let mut story = Story::clean();
    let first = story.request(id::RECORD_A).clone();
    let other = Request { id: 50, key: Some("another".into()), ..first };
    let replay = Answer { replayed: true, ..written(2, json!({ "transaction": row_a("zqmarker a") })) };
    story.exchange(other, replay);

    story.breaks(Invariant::I2);
}

#[test]
fn a_write_of_unknown_outcome_may_be_there_once_or_not_at_all() {
    let mut story = Story::clean();
    story.lose(record_c(50));
    assert_eq!(story.is_clean().unknown, 1);

    story.append(made_c(), Value::Null);
    story.is_clean();

    story.append(made_c(), Value::Null);
    story.breaks(Invariant::I2);
}

#[test]
fn a_slot_that_nobody_asked_for_is_found() {
    let mut story = Story::clean();
    story.append(made_c(), Value::Null);

    story.breaks(Invariant::I2);
}

#[test]
fn an_undo_that_nobody_was_told_of_is_one_that_somebody_asked_for() {
    let back = json!([change(ROW_C, row_c(), Value::Null)]);
    let mut story = Story::clean();
    story.lose(record_c(50));
    story.append(made_c(), Value::Null);
    story.append(back, json!("entry-8"));
    story.breaks(Invariant::I2);

    story.lose(request(51, 1, What::Undo));
    story.is_clean();
}

#[test]
fn a_removal_of_unknown_outcome_is_not_taken_for_an_undo() {
    let remove = Request { path: format!("/transactions/{ROW_A}"), ..request(50, 1, What::Remove) };
    let mut story = Story::clean();
    story.append(json!([change(ROW_A, row_a("zqmarker a2"), Value::Null)]), json!("entry-2"));
    story.lose(remove);

    story.breaks(Invariant::I2);
}

#[test]
fn nothing_was_changed_is_taken_at_its_word_but_not_through_a_proxy() {
    let mut story = Story::clean();
    let busy = Answer { retry_after: Some("1".into()), ..problem(503, "busy") };
    story.exchange(record_c(50), busy);
    assert_eq!(story.is_clean().refused, 2);
    story.append(made_c(), Value::Null);
    story.breaks(Invariant::I2);

    story.rules().proxied = true;
    story.is_clean();

    story.rules().proxied = false;
    story.answer(50).body["code"] = json!("outcome_unknown");
    story.is_clean();
}

#[test]
fn more_access_facts_than_logouts_are_found() {
    let mut story = Story::clean();
    story.append(json!([]), Value::Null);
    story.breaks(Invariant::I2);

    // A logout of unknown outcome may have been written twice by its repetition.
    story.lose(request(50, 1, What::Logout));
    story.is_clean();
}

#[test]
fn a_gap_in_the_slots_is_found() {
    let mut story = Story::clean();
    for journal in story.journals() {
        journal.entries[6]["version"] = json!(8);
    }

    story.breaks(Invariant::I3);
}

#[test]
fn pods_that_tell_different_journals_are_found() {
    let mut story = Story::clean();
    story.journals()[1].entries[6]["at"] = json!("2026-11-24T09:00:00Z");
    story.breaks(Invariant::I3);

    let mut story = Story::clean();
    story.journals()[1].entries.pop();
    story.breaks(Invariant::I3);
}

#[test]
fn a_slot_that_was_seen_with_other_content_is_found() {
    let mut story = Story::clean();
    story.answer(id::CHANGES).body["data"][1]["changes"] = json!([]);
    story.breaks(Invariant::I3);

    let mut story = Story::clean();
    event(&mut story, 4).data["changes"] = json!([]);
    story.breaks(Invariant::I3);
}

#[test]
fn a_page_or_a_stream_with_a_gap_or_a_double_is_found() {
    let mut story = Story::clean();
    story.answer(id::CHANGES).body["data"].as_array_mut().unwrap().remove(1);
    story.breaks(Invariant::I3);

    let mut story = Story::clean();
    story.answer(id::CHANGES).body["data"].as_array_mut().unwrap().pop();
    story.breaks(Invariant::I3);

    let mut story = Story::clean();
    story.request(id::EVENTS).resume = Some(1);
    story.breaks(Invariant::I3);

    let mut story = Story::clean();
    story.request(id::EVENTS).resume = Some(3);
    story.breaks(Invariant::I3);
}

#[test]
fn an_event_too_large_for_a_stream_only_has_to_be_in_order() {
    let mut story = Story::clean();
    event(&mut story, 4).data = json!({ "version": 4, "reload": true });

    story.is_clean();
}

#[test]
fn an_account_without_journal_is_found() {
    let mut story = Story::clean();
    let elsewhere = Request { account: 1, ..request(50, 3, What::Heartbeat) };
    story.exchange(elsewhere, answer(200));

    story.breaks(Invariant::I3);
}

fn event(story: &mut Story, version: u64) -> &mut finbrain_loadtest::ledgercheck::record::Event {
    let events = story.records.iter_mut().filter_map(|record| match record {
        Record::Event(event) if event.version == Some(version) => Some(event),
        _ => None,
    });
    events.last().unwrap()
}

#[test]
fn a_long_silence_is_told_as_recovery() {
    let mut story = Story::clean();
    let stop = story.records.iter_mut().find_map(|record| match record {
        Record::Stopped { at } => Some(at),
        _ => None,
    });
    *stop.unwrap() += 30 * SECOND;

    assert!(story.is_clean().worst_recovery.as_secs() >= 30);
}
