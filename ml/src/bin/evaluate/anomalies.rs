//! Unusual payments put into generated statements, and how many of them are found within a budget of alerts.
//!
//! In the second year of each statement about three rows in a hundred are made unusual: a payment several times its size
//! (35 %), a charge taken twice (25 %), a large payment at a place never seen before (20 %), a contract that becomes dearer
//! by 10 to 40 % from then on (20 %; only its first payment counts). Everything else counts as usual, also the journeys and
//! the odd large purchase that the households make by themselves.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use finbrain_ml::anomaly::{Past, Payment, strength, unusual};
use finbrain_ml::recurring::{Occurrence, recurring};
use jiff::Span;
use jiff::civil::Date;

use crate::households::{DAYS, FIRST_DAY, Row, statement};
use crate::isolation_forest::{self, Features};
use crate::random::Random;
use crate::report::{Report, percent};

const HOUSEHOLDS: usize = 60;
const RATE: f64 = 0.03;
const BUDGETS: [f64; 3] = [0.02, 0.05, 0.10];
/// Not the seed on which the thresholds were set.
const SEED: u64 = 7_041_776;
const KINDS: [&str; 4] = ["amount", "duplicate", "first time", "price rise"];

struct Judged {
    /// Which kind of anomaly was put here.
    kind: Option<usize>,
    ours: f64,
    forest: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Found {
    alerts: usize,
    by_kind: [usize; 4],
}

impl Found {
    fn total(&self) -> usize {
        self.by_kind.iter().sum()
    }
}

pub fn measure(report: &mut Report) {
    let started = Instant::now();
    let mut random = Random::new(SEED);
    let mut there = [0; 4];
    let mut ours = [Found::default(); 3];
    let mut forest = [Found::default(); 3];
    let (mut rows, mut flagged) = (0, 0);
    for _ in 0..HOUSEHOLDS {
        let judged = household(&mut random);
        rows += judged.len();
        flagged += judged.iter().filter(|row| row.ours > 0.0).count();
        judged.iter().filter_map(|row| row.kind).for_each(|kind| there[kind] += 1);
        for (at, budget) in BUDGETS.into_iter().enumerate() {
            spend(&judged, budget, |row| row.ours, &mut ours[at]);
            spend(&judged, budget, |row| row.forest, &mut forest[at]);
        }
    }
    show(report, there, &ours, &forest);
    report.text(&format!(
        "{HOUSEHOLDS} generated statements, {rows} payments in their second years, {} of them made unusual. {} of the payments have \
         any finding; only these can become alerts.",
        there.iter().sum::<usize>(),
        percent(flagged as f64 / rows as f64)
    ));
    println!("unusual payments: {:.1} s\n", started.elapsed().as_secs_f64());
}

fn show(report: &mut Report, there: [usize; 4], ours: &[Found], forest: &[Found]) {
    report.section("Unusual payments");
    let all: usize = there.iter().sum();
    let part = |found: usize, of: usize| percent(found as f64 / of.max(1) as f64);
    let mut rows = Vec::new();
    for (name, founds) in [("ours", ours), ("isolation forest", forest)] {
        for (budget, found) in BUDGETS.iter().zip(founds) {
            let mut row = vec![
                name.to_owned(),
                format!("{:.0} %", budget * 100.0),
                part(found.total(), all),
                part(found.total(), found.alerts),
            ];
            row.extend((0..KINDS.len()).map(|kind| part(found.by_kind[kind], there[kind])));
            rows.push(row);
        }
    }
    let mut heads = vec!["method", "alerts for", "recall", "precision"];
    heads.extend(KINDS);
    report.table(&heads, &rows);
}

/// Alerts for the rows of the highest scores, within the budget.
fn spend(rows: &[Judged], budget: f64, score: impl Fn(&Judged) -> f64, found: &mut Found) {
    let mut ranked: Vec<&Judged> = rows.iter().filter(|row| score(row) > 0.0).collect();
    ranked.sort_by(|a, b| score(b).total_cmp(&score(a)));
    ranked.truncate((rows.len() as f64 * budget).round() as usize);
    found.alerts += ranked.len();
    ranked.iter().filter_map(|row| row.kind).for_each(|kind| found.by_kind[kind] += 1);
}

fn household(random: &mut Random) -> Vec<Judged> {
    let rows = injected(statement(random), random);
    let ours = ours(&rows);
    let features = features(&rows);
    let forest = isolation_forest::scores(&features, random);
    let second_year = FIRST_DAY.saturating_add(Span::new().days(DAYS / 2));
    rows.iter()
        .zip(ours.into_iter().zip(forest))
        .filter(|((row, _), _)| row.date >= second_year)
        .map(|((_, kind), (ours, forest))| Judged { kind: *kind, ours, forest })
        .collect()
}

/// The rows with anomalies among them, ascending by date.
fn injected(rows: Vec<Row>, random: &mut Random) -> Vec<(Row, Option<usize>)> {
    let second_year = FIRST_DAY.saturating_add(Span::new().days(DAYS / 2));
    let mut rows: Vec<(Row, Option<usize>)> = rows.into_iter().map(|row| (row, None)).collect();
    let later: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].0.date >= second_year).collect();
    let mut stranger = 50_000;
    for _ in 0..(later.len() as f64 * RATE) as usize {
        let at = later[random.below(later.len())];
        match random.unit() {
            kind if kind < 0.35 => enlarge(&mut rows, at, random),
            kind if kind < 0.60 => charge_twice(&mut rows, &later, random),
            kind if kind < 0.80 => {
                stranger += 1;
                let amount = -((random.size(600.0, 0.5) * 100.0) as i64).max(15_000);
                rows.push((Row { merchant: stranger, amount, contract: false, ..rows[at].0 }, Some(2)));
            }
            _ => raise(&mut rows, &later, random),
        }
    }
    rows.sort_by_key(|(row, _)| row.date);
    rows
}

fn enlarge(rows: &mut [(Row, Option<usize>)], at: usize, random: &mut Random) {
    let factor = random.between(3.0, 10.0);
    if let Some((row, kind @ None)) = rows.get_mut(at) {
        row.amount = (row.amount as f64 * factor) as i64;
        *kind = Some(0);
    }
}

/// Any merchant is as likely as any other; weighted by rows it would mostly be the bus.
fn charge_twice(rows: &mut Vec<(Row, Option<usize>)>, later: &[usize], random: &mut Random) {
    let merchants: BTreeSet<u32> = later.iter().map(|&at| rows[at].0.merchant).collect();
    let Some(&merchant) = merchants.iter().nth(random.below(merchants.len())) else { return };
    let own: Vec<usize> = later.iter().copied().filter(|&at| rows[at].0.merchant == merchant).collect();
    let (row, kind) = rows[own[random.below(own.len())]];
    if kind.is_none() {
        let date = row.date.saturating_add(Span::new().days(random.below(3) as i64));
        rows.push((Row { date, ..row }, Some(1)));
    }
}

fn raise(rows: &mut [(Row, Option<usize>)], later: &[usize], random: &mut Random) {
    let contracts: Vec<usize> = later.iter().copied().filter(|&at| rows[at].0.contract).collect();
    let at = contracts[random.below(contracts.len())];
    let (first, kind) = rows[at];
    let raised = rows.iter().any(|(row, kind)| row.merchant == first.merchant && *kind == Some(3));
    if kind.is_some() || raised {
        return;
    }
    let factor = random.between(1.1, 1.4);
    let same = |row: &Row| row.merchant == first.merchant && row.date >= first.date;
    rows.iter_mut().filter(|(row, _)| same(row)).for_each(|(row, _)| {
        row.amount = (row.amount as f64 * factor) as i64;
    });
    rows[at].1 = Some(3);
}

/// The strongest finding about each row, from the rows before it.
fn ours(rows: &[(Row, Option<usize>)]) -> Vec<f64> {
    let mut merchants: HashMap<u32, Vec<Payment>> = HashMap::new();
    let mut categories: HashMap<u8, Vec<i64>> = HashMap::new();
    let mut sizes: Vec<(Date, i64)> = Vec::new();
    let mut scores = Vec::with_capacity(rows.len());
    for (row, _) in rows {
        let merchant = merchants.entry(row.merchant).or_default();
        let category = categories.entry(row.category).or_default();
        let year_ago = row.date.saturating_sub(Span::new().days(365));
        let start = sizes.partition_point(|(date, _)| *date < year_ago);
        let usual: Vec<i64> = sizes[start..].iter().map(|(_, size)| *size).collect();
        let occurrences: Vec<Occurrence> =
            merchant.iter().map(|p| Occurrence { date: p.date, amount: p.amount }).collect();
        let series = recurring(&occurrences, row.date);
        let payment = Payment { date: row.date, amount: row.amount };
        let past = Past { merchant, category, usual: &usual, series: &series };
        scores.push(unusual(&payment, &past).first().map_or(0.0, strength));
        merchant.push(payment);
        category.push(row.amount);
        sizes.push((row.date, row.amount));
    }
    scores
}

/// What the forest sees: size, category, weekday, day of the month, how well the merchant is known, size against the mean
/// of the merchant so far, days since the last payment there.
fn features(rows: &[(Row, Option<usize>)]) -> Vec<Features> {
    struct Known {
        count: f64,
        sum: f64,
        last: Date,
    }
    let mut merchants: HashMap<u32, Known> = HashMap::new();
    let feature = |(row, _): &(Row, Option<usize>)| {
        let size = (row.amount.unsigned_abs() as f64).ln();
        let known = merchants.entry(row.merchant).or_insert(Known { count: 0.0, sum: 0.0, last: row.date });
        let against = if known.count > 0.0 { size - known.sum / known.count } else { 0.0 };
        let days = row.date.duration_since(known.last).as_hours() as f64 / 24.0;
        let features = [
            size,
            f64::from(row.category),
            f64::from(row.date.weekday().to_monday_zero_offset()),
            f64::from(row.date.day()),
            (1.0 + known.count).ln(),
            against,
            days.min(400.0),
        ];
        *known = Known { count: known.count + 1.0, sum: known.sum + size, last: row.date };
        features
    };
    rows.iter().map(feature).collect()
}
