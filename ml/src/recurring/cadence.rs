//! How often a series comes, and the calendar of each rhythm. Knows nothing of amounts.

use jiff::Span;
use jiff::civil::Date;

/// The rhythm of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cadence {
    Weekly,
    Fortnightly,
    Monthly,
    Quarterly,
    HalfYearly,
    Yearly,
}

impl Cadence {
    /// All of them, the quickest first.
    pub const ALL: [Cadence; 6] = [
        Cadence::Weekly,
        Cadence::Fortnightly,
        Cadence::Monthly,
        Cadence::Quarterly,
        Cadence::HalfYearly,
        Cadence::Yearly,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Cadence::Weekly => "weekly",
            Cadence::Fortnightly => "fortnightly",
            Cadence::Monthly => "monthly",
            Cadence::Quarterly => "quarterly",
            Cadence::HalfYearly => "half_yearly",
            Cadence::Yearly => "yearly",
        }
    }

    /// How many times a year it comes.
    #[must_use]
    pub fn per_year(self) -> u32 {
        match self {
            Cadence::Weekly => 52,
            Cadence::Fortnightly => 26,
            Cadence::Monthly => 12,
            Cadence::Quarterly => 4,
            Cadence::HalfYearly => 2,
            Cadence::Yearly => 1,
        }
    }

    /// Days that a payment may come early or late: weekends, holidays, the bank's own delay.
    pub(crate) fn slack(self) -> i64 {
        match self {
            Cadence::Weekly => 1,
            Cadence::Fortnightly => 2,
            Cadence::Monthly => 4,
            Cadence::Quarterly => 8,
            Cadence::HalfYearly => 10,
            Cadence::Yearly => 14,
        }
    }

    /// About how many days a period has; for windows, never for dates.
    pub(crate) fn days(self) -> i64 {
        match self {
            Cadence::Weekly => 7,
            Cadence::Fortnightly => 14,
            Cadence::Monthly => 31,
            Cadence::Quarterly => 92,
            Cadence::HalfYearly => 184,
            Cadence::Yearly => 366,
        }
    }

    /// The fewest payments that show this rhythm.
    pub(crate) fn fewest(self) -> usize {
        match self {
            Cadence::Weekly | Cadence::Fortnightly => 4,
            Cadence::Monthly | Cadence::Quarterly | Cadence::HalfYearly => 3,
            Cadence::Yearly => 2,
        }
    }

    /// Whole months of a period, unless it is counted in weeks.
    pub(crate) fn months(self) -> Option<i64> {
        match self {
            Cadence::Weekly | Cadence::Fortnightly => None,
            Cadence::Monthly => Some(1),
            Cadence::Quarterly => Some(3),
            Cadence::HalfYearly => Some(6),
            Cadence::Yearly => Some(12),
        }
    }

    /// The date some periods later. The end of a month stands for days that the month lacks; the end of the calendar
    /// for dates that it lacks.
    pub(crate) fn later(self, date: Date, periods: u16) -> Date {
        let periods = i64::from(periods);
        date.saturating_add(match self.months() {
            Some(months) => Span::new().months(months * periods),
            None => Span::new().days(self.days() * periods),
        })
    }
}

/// Whole days from one date to the other; negative when `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// This day of the date's month, or the month's last where it has no such day.
fn on_day(date: Date, day: i8) -> Date {
    date.with().day(day.clamp(1, date.days_in_month())).build().unwrap_or(date)
}

/// Of this day of the month, the occurrence nearest to the date.
pub(crate) fn nearest_day(date: Date, day: i8) -> Date {
    let month = Span::new().months(1);
    let around = [date.saturating_sub(month), date, date.saturating_add(month)];
    let [before, this, after] = around.map(|date| on_day(date, day));
    let distance = |candidate: &Date| days_between(date, *candidate).abs();
    [this, before, after].into_iter().min_by_key(distance).unwrap_or(this)
}
