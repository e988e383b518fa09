//! The checker finds what it looks for: every invariant has a run that breaks it and one that does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod durable;
mod live;
mod order;
mod reads;
mod sessions;
mod story;

use finbrain_loadtest::ledgercheck::{
    Invariant,
    record::{Answer, Record},
};
use story::{Story, id, problem};

#[test]
fn a_clean_run_has_no_violation_and_is_counted() {
    let report = Story::clean().is_clean();

    assert_eq!((report.seed, report.operations, report.acknowledged, report.refused), (7, 6, 5, 1));
    assert_eq!((report.reads, report.sightings, report.slots, report.unknown), (5, 5, 7, 0));
    assert!(report.to_string().contains("what was acknowledged is there"));
    assert_eq!(serde_json::to_value(&report).unwrap()["worst_recovery_ms"], 4000);
}

#[test]
fn the_half_line_of_a_killed_run_is_left_out() {
    let mut story = Story::clean();
    // The reply was never written.
    let at =
        story.records.iter().position(|record| matches!(record, Record::Answer(a) if a.id == id::DASHBOARD));
    story.records.remove(at.unwrap());
    story.half_line = r#"{"record":"answer","id":13,"se"#.into();

    story.is_clean();
}

#[test]
fn a_mistake_of_the_server_is_found() {
    for status in [500, 502, 504, 507, 400, 403, 422] {
        let mut story = Story::clean();
        story.replace(id::READ_NOTHING, problem(status, "internal"));

        story.breaks(Invariant::Form);
    }
}

#[test]
fn no_room_is_an_answer_where_the_disk_is_full_on_purpose() {
    let mut story = Story::clean();
    story.replace(id::READ_NOTHING, problem(507, "no_room"));
    story.rules().no_room = true;

    story.is_clean();
}

#[test]
fn a_proxy_answers_for_a_pod_only_where_pods_die_on_purpose() {
    for (pods_die, media_type, is_right) in
        [(true, "text/html", true), (false, "text/html", false), (true, "application/problem+json", false)]
    {
        let mut story = Story::clean();
        story.replace(id::READ_NOTHING, problem(502, "internal"));
        story.answer(id::READ_NOTHING).media_type = Some(media_type.into());
        story.rules().pods_die = pods_die;

        if is_right {
            story.is_clean();
        } else {
            story.breaks(Invariant::Form);
        }
    }
}

#[test]
fn who_is_told_to_come_again_is_told_when() {
    for (retry_after, is_right) in
        [(None, false), (Some("0"), false), (Some("soon"), false), (Some("1"), true)]
    {
        for status in [429, 503] {
            let mut story = Story::clean();
            story.replace(id::READ_NOTHING, problem(status, "busy"));
            story.answer(id::READ_NOTHING).retry_after = retry_after.map(Into::into);

            if is_right {
                story.is_clean();
            } else {
                story.breaks(Invariant::Form);
            }
        }
    }
}

#[test]
fn an_error_that_is_no_problem_document_is_found() {
    let mut story = Story::clean();
    story.answer(id::READ_NOTHING).media_type = Some("text/html".into());
    story.breaks(Invariant::Form);

    let mut story = Story::clean();
    story.answer(id::READ_NOTHING).body["status"] = 400.into();
    story.breaks(Invariant::Form);
}

#[test]
fn a_request_that_never_arrived_whole_is_answered_by_http_alone() {
    let mut story = Story::clean();
    story.replace(id::READ_NOTHING, Answer { media_type: None, ..story::answer(408) });
    story.is_clean();

    story.replace(id::READ_NOTHING, story::answer(404));
    story.breaks(Invariant::Form);
}

#[test]
fn a_secret_in_a_log_is_found_and_the_same_digits_elsewhere_are_not() {
    for secret in [
        format!("session={}", story::TOKEN),
        "saved \"zqmarker a\"".into(),
        "amount: -12345678.90".into(),
        "minor=1234567890,".into(),
    ] {
        let mut story = Story::clean();
        story.pod_log = Some(format!("ready\nrequest took 3 ms {secret}\n"));

        assert_eq!(story.breaks(Invariant::Secret).violations[0].line, 2);
    }
    let mut story = Story::clean();
    story.pod_log = Some("ready\n12345678.901 ms, id 91234567890, tokenOfTheFirstSession\n".into());
    story.is_clean();
}

#[test]
fn memory_and_descriptors_that_are_not_given_back_are_found() {
    for (resident, descriptors) in [(400 << 20, 20), (100 << 20, 99)] {
        let mut story = Story::clean();
        let footprints = story.records.iter_mut().filter_map(|record| match record {
            Record::Footprint(footprint) => Some(footprint),
            _ => None,
        });
        let last = footprints.last().unwrap();
        (last.resident, last.descriptors) = (resident, descriptors);

        story.breaks(Invariant::Resources);
    }
}
