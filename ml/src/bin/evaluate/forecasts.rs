//! Forecasts of generated households, month by month, against three simple ones.

use std::collections::BTreeMap;
use std::time::Instant;

use finbrain_ml::forecast::{LEAST_MONTHS, Method, Range, forecast};

use crate::households::{Shape, monthly};
use crate::random::Random;
use crate::report::{Report, percent};

const SERIES: usize = 60;
/// From here on seasonal naive has a year to look back on.
const FIRST: usize = 12;
/// Not the seed on which the widths were set.
const SEED: u64 = 3_141_593;

/// Sums over months that were forecast from what came before them. Errors are relative to the mean of their series, so
/// that a rich household counts as much as a poor one.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    ours: f64,
    last_month: f64,
    seasonal: f64,
    median_12: f64,
    actual: f64,
    covered: f64,
    months: f64,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.ours += other.ours;
        self.last_month += other.last_month;
        self.seasonal += other.seasonal;
        self.median_12 += other.median_12;
        self.actual += other.actual;
        self.covered += other.covered;
        self.months += other.months;
    }
}

/// How often each method was chosen once two years were known, by shape.
type Chosen = BTreeMap<Method, [usize; Shape::ALL.len()]>;

/// Coverage by how long the history is, and by how far ahead.
#[derive(Debug, Default)]
struct Coverage {
    young: [(f64, f64); 4],
    ahead: [(f64, f64); 3],
}

pub fn measure(report: &mut Report) {
    let started = Instant::now();
    let mut random = Random::new(SEED);
    let mut coverage = Coverage::default();
    let mut rows = Vec::new();
    let mut all = Sums::default();
    let mut chosen = Chosen::new();
    for (number, shape) in Shape::ALL.into_iter().enumerate() {
        let mut sums = Sums::default();
        for _ in 0..SERIES {
            let series = monthly(shape, &mut random);
            sums.add(&backtest(&series));
            coverage.add(&series);
            let methods = (24..series.len()).filter_map(|at| Some(forecast(&series[..at], 0)?.method));
            methods.for_each(|method| chosen.entry(method).or_default()[number] += 1);
        }
        rows.push(row(shape.name(), &sums));
        all.add(&sums);
    }
    rows.push(row("**all**", &all));
    report.section("Forecasts");
    report.text(&format!(
        "{SERIES} generated series of each shape, 24 to 60 months, every month from the thirteenth on forecast from those before \
         it. WAPE: the sum of the errors over the sum of the amounts, each series in units of its mean; sizes are of the whole \
         total, recurring part included."
    ));
    report.table(
        &[
            "shape",
            "months",
            "WAPE",
            "last month",
            "seasonal naive",
            "median of 12",
            "below last month",
            "below seasonal naive",
            "in P10-P90",
        ],
        &rows,
    );
    coverage.show(report);
    show_chosen(&chosen, report);
    println!("forecasts: {:.1} s\n", started.elapsed().as_secs_f64());
}

fn backtest(series: &[i64]) -> Sums {
    let unit = series.iter().map(|&amount| amount as f64).sum::<f64>() / series.len() as f64;
    let mut sums = Sums::default();
    for at in FIRST..series.len() {
        let (past, actual) = (&series[..at], series[at]);
        let Some(next) = forecast(past, 1).and_then(|forecast| forecast.months.first().copied()) else {
            continue;
        };
        let error = |guess: i64| (guess - actual).abs() as f64 / unit.max(1.0);
        let mut year = past[at - 12..].to_vec();
        year.sort_unstable();
        sums.add(&Sums {
            ours: error(next.p50),
            last_month: error(past[at - 1]),
            seasonal: error(past[at - 12]),
            median_12: error(i64::midpoint(year[5], year[6])),
            actual: actual as f64 / unit.max(1.0),
            covered: covers(&next, actual),
            months: 1.0,
        });
    }
    sums
}

fn covers(range: &Range, actual: i64) -> f64 {
    f64::from(u8::from((range.p10..=range.p90).contains(&actual)))
}

impl Coverage {
    fn add(&mut self, series: &[i64]) {
        for at in LEAST_MONTHS..series.len() {
            let Some(forecast) = forecast(&series[..at], 12) else { continue };
            let age = [6, 12, 24, usize::MAX].iter().position(|&below| at < below).unwrap_or(3);
            for (ahead, (range, &actual)) in forecast.months.iter().zip(&series[at..]).enumerate() {
                let hit = covers(range, actual);
                if ahead == 0 {
                    self.young[age].0 += hit;
                    self.young[age].1 += 1.0;
                }
                if at >= FIRST {
                    let far = [1, 6, 12].iter().position(|&below| ahead < below).unwrap_or(2);
                    self.ahead[far].0 += hit;
                    self.ahead[far].1 += 1.0;
                }
            }
        }
    }

    fn show(&self, report: &mut Report) {
        let names = ["3 to 5 months", "6 to 11", "12 to 23", "24 and more"];
        let far = ["next month, from a year on", "2 to 6 months ahead", "7 to 12 months ahead"];
        let young = names.iter().zip(&self.young);
        let rows: Vec<Vec<String>> = young
            .chain(far.iter().zip(&self.ahead))
            .map(|(name, (hits, of))| {
                vec![(*name).to_owned(), format!("{of:.0}"), percent(hits / of.max(1.0))]
            })
            .collect();
        report.table(&["history, or distance", "months", "in P10-P90"], &rows);
    }
}

fn show_chosen(chosen: &Chosen, report: &mut Report) {
    report.text("Which method was chosen, of the months from the twenty-fifth on:");
    let totals: Vec<usize> =
        (0..Shape::ALL.len()).map(|shape| chosen.values().map(|row| row[shape]).sum()).collect();
    let row = |method: &Method| {
        let counts = chosen.get(method).copied().unwrap_or_default();
        let parts =
            counts.iter().zip(&totals).map(|(count, total)| percent(*count as f64 / (*total).max(1) as f64));
        [method.as_str().to_owned()].into_iter().chain(parts).collect()
    };
    let rows: Vec<Vec<String>> = Method::ALL.iter().map(row).collect();
    let heads: Vec<&str> = ["method"].into_iter().chain(Shape::ALL.map(Shape::name)).collect();
    report.table(&heads, &rows);
}

fn row(name: &str, sums: &Sums) -> Vec<String> {
    let wape = |errors: f64| format!("{:.3}", errors / sums.actual);
    vec![
        name.to_owned(),
        format!("{:.0}", sums.months),
        wape(sums.ours),
        wape(sums.last_month),
        wape(sums.seasonal),
        wape(sums.median_12),
        percent(1.0 - sums.ours / sums.last_month),
        percent(1.0 - sums.ours / sums.seasonal),
        percent(sums.covered / sums.months),
    ]
}
