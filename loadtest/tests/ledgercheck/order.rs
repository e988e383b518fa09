//! I4 and I5: versions never run backwards.

use finbrain_loadtest::ledgercheck::{
    Invariant,
    record::{Answer, Request, What},
};
use serde_json::json;

use crate::story::{Story, answer, id, request, row_a, written};

/// The list as it was at version 1: empty.
fn empty_list(id: u64, session: u64) -> (Request, Answer) {
    let body = json!({
        "data": [],
        "page": { "next": null },
        "totals": { "count": 0, "in": "0.00", "out": "0.00", "currency": "ILS", "unconverted": [] },
    });
    let request = Request { path: "/transactions?limit=5".into(), ..request(id, session, What::List) };
    (request, Answer { version: Some(1), body, ..answer(200) })
}

#[test]
fn a_client_that_goes_back_in_time_is_found() {
    let mut story = Story::clean();
    let (request, answer) = empty_list(50, 1);
    story.exchange(request, answer);

    // It is stale for everybody else as well.
    let report = story.check();
    assert_eq!((report.of(Invariant::I4), report.of(Invariant::I5), report.violations.len()), (1, 1, 2));
}

#[test]
fn an_answer_below_the_version_that_was_demanded_is_found() {
    let mut story = Story::clean();
    story.rules().elections = true;
    let (request, answer) = empty_list(50, 9);
    story.exchange(Request { seen: 2, ..request }, answer);

    story.breaks(Invariant::I4);
}

#[test]
fn an_answer_without_what_another_client_was_told_before_is_found() {
    let mut story = Story::clean();
    let (request, answer) = empty_list(50, 9);
    story.exchange(request, answer);

    let report = story.breaks(Invariant::I5);

    assert!(report.violations[0].what.contains("version 1, while 6 was told"), "{report}");
}

#[test]
fn an_answer_to_a_request_that_was_under_way_may_be_older() {
    let mut story = Story::clean();
    let (request, answer) = empty_list(50, 9);
    story.exchange(request, answer);
    story.answer(50).sent = 0;

    story.is_clean();
}

#[test]
fn stale_answers_of_elections_are_counted_apart() {
    let mut story = Story::clean();
    let (request, answer) = empty_list(50, 9);
    story.exchange(request, answer);
    story.rules().elections = true;

    assert_eq!(story.is_clean().stale_in_elections, 1);
}

#[test]
fn replays_and_heartbeats_may_tell_an_old_version() {
    let mut story = Story::clean();
    let first = story.request(id::RECORD_A).clone();
    let replay = Answer { replayed: true, ..written(2, json!({ "transaction": row_a("zqmarker a") })) };
    story.exchange(Request { id: 50, ..first }, replay);
    story.exchange(request(51, 1, What::Heartbeat), Answer { version: Some(3), ..answer(200) });

    story.is_clean();
}
