//! Whether it pays to forecast recurring payments as such: generated statements, the months of their second years, once
//! from the totals alone and once as known payments plus the forecast of the rest. And what one answer costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use finbrain_ml::anomaly::{Past, Payment, unusual};
use finbrain_ml::forecast::{Forecast, forecast, forecast_with_known};
use finbrain_ml::recurring::{Occurrence, Series, recurring};
use jiff::Span;
use jiff::civil::Date;

use crate::households::{FIRST_DAY, Row, Shape, monthly, statement};
use crate::random::Random;
use crate::report::{Report, percent};

const HOUSEHOLDS: usize = 60;
const MONTHS: usize = 24;
const SEED: u64 = 271_828;

#[derive(Debug, Default)]
struct Sums {
    missed: f64,
    covered: f64,
}

impl Sums {
    fn add(&mut self, forecast: Option<Forecast>, actual: i64) {
        let Some(next) = forecast.and_then(|forecast| forecast.months.first().copied()) else { return };
        self.missed += (next.p50 - actual).abs() as f64;
        self.covered += f64::from(u8::from((next.p10..=next.p90).contains(&actual)));
    }
}

pub fn measure(report: &mut Report) {
    let mut random = Random::new(SEED);
    let (mut whole, mut split) = (Sums::default(), Sums::default());
    let (mut spent, mut months, mut known_part) = (0.0, 0.0, 0.0);
    for _ in 0..HOUSEHOLDS {
        let rows = statement(&mut random);
        let totals = totals(&rows);
        for month in 12..MONTHS {
            let actual = totals[month];
            let (residual, known) = apart(&rows, &totals[..month]);
            whole.add(forecast(&totals[..month], 1), actual);
            split.add(forecast_with_known(&residual, &[known], 1), actual);
            spent += actual as f64;
            known_part += known as f64;
            months += 1.0;
        }
    }
    report.text(&format!(
        "{HOUSEHOLDS} generated statements, the months of their second years; recurring payments, found by `recurring` before each \
         month, are {} of the spending.",
        percent(known_part / spent)
    ));
    let row = |name: &str, sums: &Sums| {
        vec![name.to_owned(), format!("{:.3}", sums.missed / spent), percent(sums.covered / months)]
    };
    report.table(
        &["forecast of", "WAPE", "in P10-P90"],
        &[row("the totals", &whole), row("the rest, plus the known", &split)],
    );
}

/// What one answer costs, on a merchant paid every second day for two years and on four years of months.
pub fn times(report: &mut Report) {
    let mut random = Random::new(SEED);
    let day = |day: i64| FIRST_DAY.saturating_add(Span::new().days(day));
    let mut amount = || -(random.size(4_200.0, 0.6) as i64);
    let merchant: Vec<Payment> = (0..365).map(|at| Payment { date: day(2 * at), amount: amount() }).collect();
    let occurrences: Vec<Occurrence> =
        merchant.iter().map(|one| Occurrence { date: one.date, amount: one.amount }).collect();
    let sizes: Vec<i64> = (0..1_000).map(|_| amount()).collect();
    let past = Past { merchant: &merchant, category: &sizes, usual: &sizes, series: &[] };
    let payment = Payment { date: day(730), amount: amount() };
    let history = monthly(Shape::SalaryAndRent, &mut random);
    let history: Vec<i64> = history.iter().copied().cycle().take(48).collect();
    let rows = [
        ("`recurring`, 365 payments", micros(|| recurring(&occurrences, payment.date).len())),
        (
            "`unusual`, 365 payments, 1,000 in the category and the year",
            micros(|| unusual(&payment, &past).len()),
        ),
        ("`forecast`, 48 months, 12 ahead", micros(|| forecast(&history, 12).is_some())),
    ];
    report.text("Time of one answer, the median of 200:");
    let rows: Vec<Vec<String>> =
        rows.iter().map(|(name, micros)| vec![(*name).to_owned(), format!("{micros:.0} µs")]).collect();
    report.table(&["what", "time"], &rows);
}

fn micros<T>(answer: impl Fn() -> T) -> f64 {
    let once = |_| {
        let started = Instant::now();
        std::hint::black_box(answer());
        started.elapsed()
    };
    let mut times: Vec<Duration> = (0..200).map(once).collect();
    times.sort_unstable();
    times.get(100).copied().unwrap_or_default().as_secs_f64() * 1e6
}

fn first_of(month: usize) -> Date {
    FIRST_DAY.saturating_add(Span::new().months(month as i64))
}

fn month_of(date: Date) -> usize {
    (usize::try_from(date.year() - FIRST_DAY.year()).unwrap_or_default()) * 12
        + usize::try_from(date.month() - 1).unwrap_or_default()
}

fn totals(rows: &[Row]) -> Vec<i64> {
    let mut totals = vec![0; MONTHS];
    rows.iter().for_each(|row| totals[month_of(row.date)] -= row.amount);
    totals
}

/// The past without the payments of series that are alive, and what those will take in the month after it.
fn apart(rows: &[Row], past: &[i64]) -> (Vec<i64>, i64) {
    let today = first_of(past.len());
    let last = today.last_of_month();
    let mut merchants: BTreeMap<u32, Vec<Occurrence>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.date < today) {
        merchants.entry(row.merchant).or_default().push(Occurrence { date: row.date, amount: row.amount });
    }
    let mut residual = past.to_vec();
    let mut known = 0;
    for payments in merchants.values() {
        for series in recurring(payments, today) {
            series
                .members
                .iter()
                .for_each(|&at| residual[month_of(payments[at].date)] += payments[at].amount);
            known -= series.amount * due(&series, today, last);
        }
    }
    (residual, known)
}

fn due(series: &Series, from: Date, to: Date) -> i64 {
    series.expected(to).filter(|date| *date >= from).count() as i64
}
