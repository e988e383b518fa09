//! I7 and I8: who is signed out, and who is not.

use finbrain_loadtest::ledgercheck::{
    Invariant,
    record::{Answer, Record, Request, Session, What},
};
use serde_json::{Value, json};

use crate::story::{SECOND, Story, answer, asked, change, id, problem, request, told, written};

const ROW_C: &str = "01a20e06-0000-7000-8000-00000000000c";

fn record_c() -> Request {
    let body = asked(ROW_C, "2026-03-01", "zqmarker c", "-22222222.22", "food-drinks");
    Request { body: Some(body), ..request(50, 2, What::Record) }
}

fn row_c() -> Value {
    told(ROW_C, "2026-03-01", "zqmarker c", "-22222222.22", "food-drinks")
}

#[test]
fn a_write_of_a_session_that_was_ended_is_found() {
    let mut story = Story::clean();
    story.append(json!([change(ROW_C, Value::Null, row_c())]), Value::Null);
    story.exchange(record_c(), written(8, json!({ "transaction": row_c() })));

    story.breaks(Invariant::I7);
}

#[test]
fn a_write_of_an_ended_session_that_nobody_was_told_of_is_found() {
    let mut story = Story::clean();
    story.append(json!([change(ROW_C, Value::Null, row_c())]), Value::Null);
    story.lose(record_c());

    story.breaks(Invariant::I7);
}

#[test]
fn any_success_of_an_ended_session_is_found() {
    let mut story = Story::clean();
    story.exchange(request(50, 2, What::Heartbeat), answer(200));
    story.breaks(Invariant::I7);

    // It was under way when the session ended.
    story.answer(50).sent = 0;
    story.is_clean();
}

#[test]
fn a_session_that_is_thrown_out_is_found() {
    let thrown_out = |story: &mut Story| {
        story.exchange(request(50, 1, What::Heartbeat), problem(401, "no_session"));
    };
    let mut story = Story::clean();
    thrown_out(&mut story);
    story.breaks(Invariant::I8);

    story.rules().idle_may_suffer = true;
    story.is_clean();

    let mut story = Story::clean();
    thrown_out(&mut story);
    let idle = story.answer(50);
    (idle.sent, idle.got) = (idle.sent + 90 * SECOND, idle.got + 90 * SECOND);
    story.is_clean();
}

#[test]
fn a_session_that_never_worked_is_found() {
    let mut story = Story::clean();
    let at = story.answer(id::AFTER_LOGOUT).got;
    let session = Session { session: 3, account: 0, token: "another".into(), at };
    story.records.insert(1, Record::Session(session));
    story.exchange(request(50, 3, What::Heartbeat), problem(401, "no_session"));

    story.breaks(Invariant::I8);
}

#[test]
fn a_session_whose_end_was_asked_for_may_be_over() {
    let mut story = Story::clean();
    story.lose(request(49, 1, What::Logout));
    story.exchange(request(50, 1, What::Heartbeat), problem(401, "session_revoked"));

    story.is_clean();
}

#[test]
fn a_login_with_the_right_password_is_not_refused() {
    let mut story = Story::clean();
    let login = Request { session: None, ..request(50, 9, What::Login) };
    story.exchange(login.clone(), problem(401, "bad_credentials"));
    story.breaks(Invariant::I8);

    let mut story = Story::clean();
    story.exchange(login, Answer { retry_after: Some("3".into()), ..problem(429, "too_many_requests") });
    story.is_clean();
}

#[test]
fn the_refusal_after_a_logout_is_what_is_expected() {
    let mut story = Story::clean();
    story.replace(id::AFTER_LOGOUT, problem(401, "no_session"));

    story.is_clean();
}
