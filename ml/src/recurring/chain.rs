//! The search for rhythms: which payments of one merchant follow each other by a period. It knows dates and sizes, not
//! what a series is worth to anybody.

use std::cmp::Ordering;

use jiff::civil::Date;

use super::cadence::{Cadence, days_between};
use crate::robust::{MAD_TO_SIGMA, median, median_and_mad};

/// Sizes that differ by less than this part are one price.
const SAME_PRICE: f64 = 0.08;
/// A new price between half and double the old one continues the series.
const LARGEST_CHANGE: f64 = 2.0;
/// The part of the payments between a chain's ends that must belong to it: a daily coffee is no weekly one.
const OWN_SHARE: f64 = 0.7;
/// The part of all payments that makes them one series.
const NEARLY_ALL: f64 = 0.9;
/// One period in four may lack its payment.
const FEWEST_FILLED: f64 = 0.75;
/// Spread of the sizes, relative to their median, up to which payments by the week or by the month are one series.
const WEEKLY_SPREAD: f64 = 0.12;
const MONTHLY_SPREAD: f64 = 0.4;
/// Sizes that are nearly equal prove a rhythm by the month, also among many other payments; by the week they may be chance.
const STEADY_SPREAD: f64 = 0.02;
/// Payments of the same price and rhythm that one merchant takes, as for two children.
const TWINS: usize = 3;
/// How far back a payment looks for the one before it.
const WINDOW: usize = 16;

/// One payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub index: usize,
    pub date: Date,
    pub size: f64,
}

/// Payments that follow each other by a period.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub cadence: Cadence,
    pub points: Vec<Point>,
}

impl Chain {
    fn first(&self) -> Option<&Point> {
        self.points.first()
    }

    fn last(&self) -> Option<&Point> {
        self.points.last()
    }

    fn sizes(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.size).collect()
    }

    /// The usual deviation of the sizes, as a part of their median.
    fn spread(&self) -> f64 {
        match median_and_mad(&mut self.sizes()) {
            Some((middle, deviation)) if middle > 0.0 => MAD_TO_SIGMA * deviation / middle,
            _ => 0.0,
        }
    }
}

/// The chains among payments of one sign, ascending by date: all payments at once where they are one series, such as a bill
/// that varies; else within each price, so that two subscriptions stay apart, and among all that is left.
pub(super) fn chains(points: &[Point]) -> Vec<Chain> {
    if let Some(only) = best_chain(points, points, NEARLY_ALL) {
        return vec![only];
    }
    let mut rest = points.to_vec();
    let mut found = Vec::new();
    for price in prices(points) {
        take_chains(points, &price, &mut rest, &mut found);
    }
    let remaining = rest.clone();
    take_chains(points, &remaining, &mut rest, &mut found);
    let mut found = joined(found);
    found.iter_mut().for_each(|chain| extend(chain, &mut rest));
    joined(found)
}

/// Groups of about equal sizes, each ascending by date.
fn prices(points: &[Point]) -> Vec<Vec<Point>> {
    let mut by_size = points.to_vec();
    by_size.sort_by(|a, b| a.size.total_cmp(&b.size));
    let same = |a: &Point, b: &Point| b.size - a.size <= a.size * SAME_PRICE;
    let mut groups: Vec<Vec<Point>> = by_size.chunk_by(same).map(<[Point]>::to_vec).collect();
    groups.iter_mut().for_each(|group| group.sort_by_key(|point| (point.date, point.index)));
    groups
}

fn take_chains(all: &[Point], group: &[Point], rest: &mut Vec<Point>, found: &mut Vec<Chain>) {
    for chain in best_chains(all, group) {
        rest.retain(|point| !chain.points.iter().any(|taken| taken.index == point.index));
        found.push(chain);
    }
}

/// One chain that explains the group, or several of one rhythm by the month that do so together.
fn best_chains(all: &[Point], group: &[Point]) -> Vec<Chain> {
    if let Some(only) = best_chain(all, group, OWN_SHARE) {
        return vec![only];
    }
    let mut by_month = Cadence::ALL.into_iter().filter(|cadence| cadence.months().is_some());
    by_month.find_map(|cadence| twins(all, group, cadence)).unwrap_or_default()
}

fn best_chain(all: &[Point], group: &[Point], own_share: f64) -> Option<Chain> {
    Cadence::ALL
        .into_iter()
        .filter_map(|cadence| longest(group, cadence, 1))
        .filter(|(chain, _)| is_regular(chain, all, group, own_share))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(chain, _)| chain)
}

fn twins(all: &[Point], group: &[Point], cadence: Cadence) -> Option<Vec<Chain>> {
    let mut rest = group.to_vec();
    let mut chains = Vec::new();
    while chains.len() < TWINS
        && let Some((chain, _)) = longest(&rest, cadence, TWINS)
        && is_regular(&chain, all, group, OWN_SHARE / TWINS as f64)
    {
        rest.retain(|point| !chain.points.iter().any(|taken| taken.index == point.index));
        chains.push(chain);
    }
    let explained = rest.len() as f64 <= (1.0 - OWN_SHARE) * group.len() as f64 / 2.0;
    (chains.len() > 1 && explained).then_some(chains)
}

/// The best chain of a rhythm and its worth: payments count, skipped periods and days off the date count against it.
/// None where the payments are far too many for the rhythm, which also bounds the work.
fn longest(group: &[Point], cadence: Cadence, at_once: usize) -> Option<(Chain, f64)> {
    let (first, last) = (group.first()?, group.last()?);
    let periods = days_between(first.date, last.date) / cadence.days() + 2;
    if group.len() as i64 * 2 > periods * 3 * at_once as i64 {
        return None;
    }
    let mut best: Vec<(f64, Option<usize>)> = Vec::with_capacity(group.len());
    for (i, point) in group.iter().enumerate() {
        let from = i.saturating_sub(WINDOW);
        let before = group.get(from..i).unwrap_or_default().iter().zip(from..);
        let link = before
            .filter_map(|(earlier, j)| {
                Some((best.get(j)?.0 - cost(earlier.date, point.date, cadence)?, Some(j)))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let (worth, link) = link.filter(|(worth, _)| *worth > 0.0).unwrap_or((0.0, None));
        best.push((worth + 1.0, link));
    }
    let end = (0..best.len()).max_by(|&a, &b| worth(&best, a).total_cmp(&worth(&best, b)))?;
    let mut points: Vec<Point> =
        std::iter::successors(Some(end), |&i| best.get(i)?.1).filter_map(|i| group.get(i).copied()).collect();
    points.reverse();
    Some((Chain { cadence, points }, worth(&best, end)))
}

fn worth(best: &[(f64, Option<usize>)], at: usize) -> f64 {
    best.get(at).map_or(f64::NEG_INFINITY, |(worth, _)| *worth)
}

/// What it costs to say that one payment follows the other; None if it does not.
fn cost(earlier: Date, later: Date, cadence: Cadence) -> Option<f64> {
    let gap = days_between(earlier, later);
    if gap + cadence.slack() < cadence.days() - 3 || gap > 2 * cadence.days() + cadence.slack() {
        return None;
    }
    (1..=2u16).find_map(|periods| {
        let off = days_between(cadence.later(earlier, periods), later).abs();
        let skipped = f64::from(periods - 1);
        (off <= cadence.slack()).then(|| 0.6 * skipped + 0.2 * off as f64 / cadence.slack() as f64)
    })
}

fn is_regular(chain: &Chain, all: &[Point], group: &[Point], own_share: f64) -> bool {
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return false };
    let count = chain.points.len();
    let between = |points: &[Point]| {
        points.iter().filter(|point| first.date <= point.date && point.date <= last.date).count() as f64
    };
    let periods = days_between(first.date, last.date) as f64 / (365.25 / f64::from(chain.cadence.per_year()));
    let spread = chain.spread();
    let by_month = chain.cadence.months().is_some();
    let allowed = if by_month { MONTHLY_SPREAD } else { WEEKLY_SPREAD };
    let of_all = count as f64 / between(all).max(1.0);
    count >= chain.cadence.fewest()
        && (count > 2 || of_all >= OWN_SHARE)
        && count as f64 >= FEWEST_FILLED * (periods.round() + 1.0)
        && count as f64 >= own_share * between(group)
        && spread <= allowed
        && (of_all >= own_share || by_month && (of_all >= own_share / 2.0 || spread <= STEADY_SPREAD))
}

/// Joins chains of one rhythm where one begins a period after the other's end: a new price.
fn joined(mut chains: Vec<Chain>) -> Vec<Chain> {
    let start = |chain: &Chain| chain.first().map(|point| (point.date, point.index));
    chains.sort_by_key(start);
    let mut joined: Vec<Chain> = Vec::with_capacity(chains.len());
    for chain in chains {
        let before = joined.iter_mut().filter(|earlier| follows(earlier, &chain)).max_by(|a, b| {
            closeness(a, &chain).partial_cmp(&closeness(b, &chain)).unwrap_or(Ordering::Equal)
        });
        match before {
            Some(earlier) => earlier.points.extend(chain.points),
            None => joined.push(chain),
        }
    }
    joined
}

fn closeness(earlier: &Chain, later: &Chain) -> Option<f64> {
    Some(-(earlier.last()?.size / later.first()?.size).ln().abs())
}

fn follows(earlier: &Chain, later: &Chain) -> bool {
    let (Some(end), Some(start)) = (earlier.last(), later.first()) else { return false };
    earlier.cadence == later.cadence
        && cost(end.date, start.date, later.cadence).is_some()
        && is_near(end.size, start.size)
}

fn is_near(a: f64, b: f64) -> bool {
    a <= b * LARGEST_CHANGE && b <= a * LARGEST_CHANGE
}

/// Takes payments that come when the chain's next are due and are too few at their price to be a chain of their own:
/// the first at a new price, above all.
fn extend(chain: &mut Chain, rest: &mut Vec<Point>) {
    let Some(usual) = median(&mut chain.sizes()) else { return };
    while let Some(last) = chain.last().copied() {
        let due = |point: &Point| {
            let cost = cost(last.date, point.date, chain.cadence)?;
            is_near(usual, point.size).then_some(cost + (point.size / usual).ln().abs())
        };
        let next = rest.iter().enumerate().filter_map(|(at, point)| Some((at, due(point)?)));
        let Some((at, _)) = next.min_by(|a, b| a.1.total_cmp(&b.1)) else { return };
        chain.points.push(rest.remove(at));
    }
}
