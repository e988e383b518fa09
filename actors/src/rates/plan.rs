//! What to ask the rate source for, and when. Pure: time comes in as a value.
//!
//! The unit of asking is a month. The bundled history has no holes, so only months behind its end are ever asked
//! for: once they are over, once; the running one once an hour at most, because rates come once a day and may be
//! corrected; after a failure with growing patience.

use std::collections::{BTreeMap, BTreeSet};

use finbrain_domain::calendar::Month;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// Requests on their way at once.
const MAX_IN_FLIGHT: usize = 2;
const REFRESH_AFTER: SignedDuration = SignedDuration::from_hours(1);
const FIRST_PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Answered,
    Failed,
    /// The source never answers: it is switched off.
    Off,
}

#[derive(Debug, Default)]
struct Asked {
    in_flight: bool,
    failures: u32,
    /// Not to be asked for again before; `None` for at once.
    not_before: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Plan {
    /// The first day that the bundled history does not know.
    first_unknown: Date,
    asked: BTreeMap<Month, Asked>,
    waiting: BTreeSet<Month>,
}

/// The days of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    pub month: Month,
    pub from: Date,
    pub to: Date,
}

impl Plan {
    pub fn new(first_unknown: Date) -> Self {
        Self { first_unknown, asked: BTreeMap::new(), waiting: BTreeSet::new() }
    }

    /// Somebody converts at the rates of these days. There are no rates of tomorrow to ask for.
    pub fn want(&mut self, from: Date, to: Date, now: Timestamp) {
        let (first, last) = (from.max(self.first_unknown), to.min(today(now)));
        if first > last {
            return;
        }
        let due = |month: &Month| {
            self.asked.get(month).is_none_or(|asked| {
                !asked.in_flight && asked.not_before.is_none_or(|not_before| now >= not_before)
            })
        };
        self.waiting.extend(Month::of(first).through(Month::of(last)).filter(due));
    }

    /// The next request to send, the newest month first; it is in flight from now on.
    pub fn next(&mut self, now: Timestamp) -> Option<Request> {
        if self.asked.values().filter(|asked| asked.in_flight).count() >= MAX_IN_FLIGHT {
            return None;
        }
        let month = self.waiting.pop_last()?;
        self.asked.entry(month).or_default().in_flight = true;
        // A week more: it has a day of publication in any case, and what came out after the last request of the
        // month before.
        let from = month.first_day().saturating_sub(7.days());
        Some(Request { month, from, to: month.last_day().min(today(now)) })
    }

    pub fn ended(&mut self, month: Month, ended: Ended, now: Timestamp) {
        let asked = self.asked.entry(month).or_default();
        asked.in_flight = false;
        asked.failures = if ended == Ended::Failed { asked.failures.saturating_add(1) } else { 0 };
        let wait = match ended {
            Ended::Answered if month.last_day() >= today(now) => Some(REFRESH_AFTER),
            Ended::Answered | Ended::Off => None,
            Ended::Failed => Some(patience(asked.failures)),
        };
        let not_before = wait.and_then(|wait| now.checked_add(wait).ok());
        asked.not_before = Some(not_before.unwrap_or(Timestamp::MAX));
    }
}

/// The day by which publication is told apart.
pub(super) fn today(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}

fn patience(failures: u32) -> SignedDuration {
    let factor = 1 << failures.saturating_sub(1).min(6);
    (FIRST_PATIENCE * factor).min(REFRESH_AFTER)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    fn after(minutes: i64) -> Timestamp {
        at("2026-11-24T12:00:00Z") + SignedDuration::from_mins(minutes)
    }

    /// A plan that knows everything up to 2026-08-31.
    fn plan() -> Plan {
        Plan::new(date(2026, 9, 1))
    }

    fn want_all(plan: &mut Plan, now: Timestamp) -> Vec<Month> {
        plan.want(date(2020, 1, 1), date(2030, 1, 1), now);
        std::iter::from_fn(|| plan.next(now)).map(|request| request.month).collect()
    }

    #[test]
    fn only_days_between_the_history_and_tomorrow_are_asked_for() {
        let mut plan = plan();

        plan.want(date(2000, 1, 1), date(2026, 8, 31), after(0));
        plan.want(date(2026, 11, 25), date(2027, 11, 24), after(0));
        assert_eq!(plan.next(after(0)), None);

        plan.want(date(2026, 11, 24), date(2026, 11, 24), after(0));
        assert_eq!(
            plan.next(after(0)),
            Some(Request { month: month("2026-11"), from: date(2026, 10, 25), to: date(2026, 11, 24) })
        );
    }

    #[test]
    fn two_requests_are_in_flight_at_most_and_the_newest_month_goes_first() {
        let mut plan = plan();

        assert_eq!(want_all(&mut plan, after(0)), [month("2026-11"), month("2026-10")]);
        assert_eq!(want_all(&mut plan, after(0)), []);
        plan.ended(month("2026-10"), Ended::Answered, after(1));
        assert_eq!(want_all(&mut plan, after(1)), [month("2026-09")]);
    }

    #[test]
    fn a_month_that_is_over_is_asked_for_once_and_the_running_one_hourly() {
        let mut plan = plan();
        want_all(&mut plan, after(0));
        plan.ended(month("2026-11"), Ended::Answered, after(0));
        plan.ended(month("2026-10"), Ended::Answered, after(0));
        want_all(&mut plan, after(0));
        plan.ended(month("2026-09"), Ended::Answered, after(0));

        assert_eq!(want_all(&mut plan, after(59)), []);
        assert_eq!(want_all(&mut plan, after(60)), [month("2026-11")]);
    }

    #[test]
    fn failures_are_met_with_growing_patience_up_to_an_hour() {
        let mut plan = Plan::new(date(2026, 11, 1));
        let mut now = 0;

        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(want_all(&mut plan, after(now)), [month("2026-11")]);
            plan.ended(month("2026-11"), Ended::Failed, after(now));
            assert_eq!(want_all(&mut plan, after(now + wait - 1)), []);
            now += wait;
        }
    }

    #[test]
    fn a_source_that_is_off_is_not_asked_again() {
        let mut plan = Plan::new(date(2026, 11, 1));
        want_all(&mut plan, after(0));

        plan.ended(month("2026-11"), Ended::Off, after(0));

        assert_eq!(want_all(&mut plan, after(6 * 24 * 60)), []);
    }
}
