//! The form of every answer: errors are problem documents, none is a mistake of the server, and whoever is told to come
//! again is told when.

use serde_json::Value;

use super::{
    super::record::{Answer, Rules},
    history::{Attempt, History},
    report::{Invariant, Report},
};

pub fn check(history: &History, report: &mut Report) {
    for attempt in &history.attempts {
        let Some(answer) = attempt.answer().filter(|answer| answer.status >= 400) else { continue };
        for fault in faults(answer, &history.start.rules) {
            report.found(Invariant::Form, attempt.reply_line, format!("{}: {fault}", named(attempt, answer)));
        }
    }
}

/// How an attempt is told to people.
pub fn named(attempt: &Attempt, answer: &Answer) -> String {
    let (method, path) = (&attempt.request.method, &attempt.request.path);
    format!("{method} {path} -> {} {}", answer.status, answer.code().unwrap_or_default())
}

fn faults(answer: &Answer, rules: &Rules) -> Vec<String> {
    if rules.pods_die && is_of_the_proxy(answer) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    match answer.status {
        503 => {}
        507 if rules.no_room => {}
        500.. => faults.push("no 5xx but 503".into()),
        // What these clients ask for is well formed, so that only the book, the session or the load can be against it.
        401 | 404 | 408 | 409 | 412 | 429 => {}
        // A category that was undone meanwhile.
        422 if misses_a_category(answer) => {}
        _ => faults.push("nothing was wrong with the request".into()),
    }
    if answer.code() == Some("unknown_route") {
        faults.push("the path exists".into());
    }
    if matches!(answer.status, 429 | 503) {
        let seconds = answer.retry_after.as_ref().and_then(|text| text.parse::<u64>().ok());
        if seconds.is_none_or(|seconds| seconds == 0) {
            faults.push("there is no Retry-After of a second or more".into());
        }
    }
    if answer.status == 408 && answer.body.is_null() {
        // The head of the request did not arrive in time: HTTP speaks, and the API was not asked.
        return faults;
    }
    let is_problem = answer.media_type.as_deref() == Some("application/problem+json");
    if !is_problem || answer.code().is_none() || answer.body["status"] != answer.status {
        faults.push("it is no problem document".into());
    }
    faults
}

fn misses_a_category(answer: &Answer) -> bool {
    let errors = answer.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let is_missing = |error: &Value| {
        let pointer = error["pointer"].as_str().unwrap_or_default();
        error["code"] == "not_found" && pointer.ends_with("/category_id")
    };
    !errors.is_empty() && errors.iter().all(is_missing)
}

/// Whether the proxy says that the pod did not answer. A pod says it as a problem document, and is wrong to.
fn is_of_the_proxy(answer: &Answer) -> bool {
    matches!(answer.status, 502 | 504) && answer.media_type.as_deref() == Some("text/html")
}
