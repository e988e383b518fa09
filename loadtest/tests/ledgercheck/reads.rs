//! I6: every answer equals the fold of its prefix.

use finbrain_loadtest::ledgercheck::{
    Invariant,
    record::{Request, What},
};
use serde_json::{Value, json};

use crate::story::{ROW_A, ROW_B, Story, id, problem, request};

/// Sets a value in the body of an answer.
fn spoil(id: u64, pointer: &str, value: Value) -> Story {
    let mut story = Story::clean();
    *story.answer(id).body.pointer_mut(pointer).unwrap() = value;
    story
}

#[test]
fn a_figure_that_is_not_the_sum_of_its_rows_is_found() {
    for (id, pointer, value) in [
        (id::DASHBOARD, "/totals/in", json!("87654321.01")),
        (id::DASHBOARD, "/totals/count", json!(3)),
        (id::DASHBOARD, "/previous/out", json!("-0.01")),
        (id::DASHBOARD, "/months/10/net", json!("0.00")),
        (id::DASHBOARD, "/recent/0/amount", json!("1.00")),
        (id::DASHBOARD, "/categories/0/percent", json!(99.9)),
        (id::DASHBOARD, "/review/count", json!(1)),
        (id::DASHBOARD, "/balance/amount", json!("0.00")),
        (id::LIST, "/totals/out", json!("0.00")),
        (id::LIST, "/page/next", Value::Null),
        (id::LIST, "/data", json!([])),
        (id::BREAKDOWN, "/total", json!("-1.00")),
        (id::BREAKDOWN, "/data/0/count", json!(2)),
        (id::MONTHLY, "/data/1/amount", json!("-1.00")),
        (id::READ_A, "/description", json!("zqmarker a")),
    ] {
        let report = spoil(id, pointer, value).breaks(Invariant::I6);

        assert!(report.violations[0].what.contains("by the journal"), "{report}");
    }
}

#[test]
fn a_figure_that_is_missing_is_found() {
    let mut story = Story::clean();
    story.answer(id::DASHBOARD).body.as_object_mut().unwrap().remove("review");

    story.breaks(Invariant::I6);
}

#[test]
fn a_tag_that_is_not_the_slot_of_the_last_change_is_found() {
    let mut story = Story::clean();
    story.answer(id::READ_A).etag = Some("\"2\"".into());

    story.breaks(Invariant::I6);
}

#[test]
fn a_row_that_is_there_and_not_found_is_found() {
    let read = |row: &str| Request { path: format!("/transactions/{row}"), ..request(50, 1, What::Read) };
    let mut story = Story::clean();
    story.exchange(read(ROW_A), problem(404, "not_found"));
    story.breaks(Invariant::I6);

    // It was removed and brought back: a read that was under way then may have missed it.
    let mut story = Story::clean();
    story.exchange(read(ROW_B), problem(404, "not_found"));
    story.answer(50).sent = 0;
    story.is_clean();
}

#[test]
fn a_version_that_is_gone_is_found() {
    let mut story = Story::clean();
    story.answer(id::LIST).version = Some(99);

    assert!(story.check().of(Invariant::I1) > 0);
}
