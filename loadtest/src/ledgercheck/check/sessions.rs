//! I7 and I8: a session that was ended does nothing more, and one that was not ended goes on.

use std::collections::HashMap;

use super::{
    super::record::What,
    answers::named,
    history::{Attempt, History},
    report::{Invariant, Report},
};

/// What is known of a session.
#[derive(Debug, Default)]
struct Life {
    /// When somebody first asked for its end.
    asked: Option<u64>,
    /// When its end was first acknowledged, and in which line.
    ended: Option<(u64, usize)>,
    /// When it was given out and when its successes came back, in order.
    successes: Vec<u64>,
}

pub fn check(history: &History, report: &mut Report) {
    let lives = lives(history);
    for attempt in &history.attempts {
        let Some(answer) = attempt.answer() else { continue };
        if attempt.request.what == What::Login && answer.status == 401 {
            let what = format!("{}: the password is right", named(attempt, answer));
            report.found(Invariant::I8, attempt.reply_line, what);
        }
        let Some(life) = attempt.request.session.and_then(|session| lives.get(&session)) else { continue };
        if let Some((ended, line)) = life.ended
            && answer.sent > ended
            && answer.is_success()
        {
            let what = format!("{} with a session that was ended in line {line}", named(attempt, answer));
            report.found(Invariant::I7, attempt.reply_line, what);
        }
        if answer.status == 401 && !history.start.rules.idle_may_suffer {
            thrown_out(attempt, life, history.start.rules.idle_ms, report);
        }
    }
}

/// A 401 for a session whose end nobody asked for, though it was used a moment ago.
fn thrown_out(attempt: &Attempt, life: &Life, idle_ms: u64, report: &mut Report) {
    let Some(answer) = attempt.answer() else { return };
    if life.asked.is_some_and(|asked| asked <= answer.got) {
        return;
    }
    let before = life.successes.partition_point(|got| *got <= answer.sent);
    let Some(last) = before.checked_sub(1).map(|last| life.successes[last]) else { return };
    let unused_ms = (answer.got - last) / 1_000_000;
    if unused_ms < idle_ms {
        let what = format!(
            "{} for a session that nobody ended and that was used {unused_ms} ms before",
            named(attempt, answer)
        );
        report.found(Invariant::I8, attempt.reply_line, what);
    }
}

/// When the end of each session was acknowledged.
pub fn ends(history: &History) -> HashMap<u64, u64> {
    let lives = lives(history).into_iter();
    lives.filter_map(|(session, life)| Some((session, life.ended?.0))).collect()
}

fn lives(history: &History) -> HashMap<u64, Life> {
    let mut lives: HashMap<u64, Life> = HashMap::new();
    for session in &history.sessions {
        lives.entry(session.session).or_default().successes.push(session.at);
    }
    for attempt in &history.attempts {
        let Some(session) = attempt.request.session else { continue };
        let life = lives.entry(session).or_default();
        let is_logout = attempt.request.what == What::Logout;
        // One that was never written down may have arrived at any time.
        let sent = attempt.sent().unwrap_or(0);
        if is_logout {
            life.asked = Some(life.asked.map_or(sent, |asked| asked.min(sent)));
        }
        let Some(answer) = attempt.success() else { continue };
        if is_logout && life.ended.is_none_or(|(ended, _)| answer.got < ended) {
            life.ended = Some((answer.got, attempt.reply_line));
        }
        life.successes.push(answer.got);
    }
    for life in lives.values_mut() {
        life.successes.sort_unstable();
    }
    lives
}
