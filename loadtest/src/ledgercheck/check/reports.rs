//! What a report must say of a folded book. Written from the contract, not from the server: that the two agree is the
//! point.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fold::{Fold, Row, text};

/// Newest rows on the dashboard, and the months that it shows at least.
const RECENT: usize = 8;
const LEAST_MONTHS: i32 = 12;

#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    income: i128,
    expenses: i128,
    count: u64,
}

impl Flow {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        rows.fold(Self::default(), |flow, row| Self {
            income: flow.income + row.minor.max(0),
            expenses: flow.expenses + row.minor.min(0),
            count: flow.count + 1,
        })
    }

    fn json(self) -> Value {
        let net = self.income + self.expenses;
        json!({ "in": text(self.income), "out": text(self.expenses), "net": text(net), "count": self.count })
    }
}

fn flow_of(fold: &Fold, months: &[String]) -> Flow {
    Flow::of(fold.rows.values().filter(|row| months.contains(&row.month)))
}

/// `/dashboard` of the months from `from` to `to`, but for the person's today.
pub fn dashboard(fold: &Fold, from: &str, to: &str) -> Option<Value> {
    let (first, last) = (month_number(from)?, month_number(to)?);
    let months: Vec<String> = (first..=last).map(month_text).collect();
    let length = last - first + 1;
    let previous: Vec<String> = (first - length..first).map(month_text).collect();
    let shown = (first.min(last + 1 - LEAST_MONTHS)..=last).map(month_text);
    let breakdown = breakdown(fold, &months);
    let balance: i128 = fold.rows.values().map(|row| row.minor).sum();
    Some(json!({
        "currency": "ILS",
        "period": { "from": from, "to": to },
        "totals": flow_of(fold, &months).json(),
        "previous": flow_of(fold, &previous).json(),
        "categories": breakdown["data"],
        "months": shown.map(|month| month_flow(fold, &month)).collect::<Vec<_>>(),
        "recent": fold.rows.values().rev().take(RECENT).map(|row| &row.json).collect::<Vec<_>>(),
        "review": { "count": fold.rows.values().filter(|row| row.review).count() },
        "balance": { "amount": text(balance), "currency": "ILS" },
        "unconverted": [],
        "rates": [],
    }))
}

fn month_flow(fold: &Fold, month: &str) -> Value {
    let Flow { income, expenses, .. } = flow_of(fold, &[month.to_owned()]);
    json!({ "month": month, "in": text(income), "out": text(expenses), "net": text(income + expenses) })
}

/// `/analytics/breakdown` of these months.
pub fn breakdown(fold: &Fold, months: &[String]) -> Value {
    let mut sums: BTreeMap<&str, (i128, u64)> = BTreeMap::new();
    for row in expenses(fold).filter(|row| months.contains(&row.month)) {
        let (amount, count) = sums.entry(&row.category).or_default();
        *amount += row.minor;
        *count += 1;
    }
    let spent = sums.values().map(|(amount, _)| (*amount).min(0)).sum();
    let mut sums: Vec<(i128, &str, u64)> =
        sums.into_iter().map(|(category, (amount, count))| (amount, category, count)).collect();
    sums.sort_unstable();
    let data: Vec<Value> = sums
        .iter()
        .map(|(amount, category, count)| {
            let percent = percent(*amount, spent);
            json!({ "category_id": category, "amount": text(*amount), "percent": percent, "count": count })
        })
        .collect();
    report(data, sums.iter().map(|(amount, ..)| amount).sum())
}

/// `/analytics/monthly` of these months, over all expense categories.
pub fn monthly(fold: &Fold, months: &[String]) -> Value {
    let mut sums: BTreeMap<&str, i128> = months.iter().map(|month| (month.as_str(), 0)).collect();
    for row in expenses(fold) {
        if let Some(sum) = sums.get_mut(row.month.as_str()) {
            *sum += row.minor;
        }
    }
    let spent = sums.values().map(|amount| (*amount).min(0)).sum();
    let data = sums.iter().map(|(month, amount)| {
        json!({ "month": month, "amount": text(*amount), "percent": percent(*amount, spent) })
    });
    report(data.collect(), sums.values().sum())
}

fn report(data: Vec<Value>, total: i128) -> Value {
    json!({ "data": data, "total": text(total), "currency": "ILS", "unconverted": [], "rates": [] })
}

fn expenses(fold: &Fold) -> impl Iterator<Item = &Row> {
    fold.rows.values().filter(|row| fold.categories.get(&row.category) == Some(&true))
}

/// `/transactions` with the filter of a query.
pub fn list(fold: &Fold, query: &BTreeMap<&str, &str>) -> Value {
    let passes = |row: &&Row| {
        query.iter().all(|(name, value)| match *name {
            "category" => row.category == *value,
            "type" => (row.minor > 0) == (*value == "income"),
            "from" => row.date.as_str() >= *value,
            "to" => row.date.as_str() <= *value,
            _ => true,
        })
    };
    let matching: Vec<&Row> = fold.rows.values().rev().filter(passes).collect();
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let Flow { income, expenses, count } = Flow::of(matching.iter().copied());
    json!({
        "data": matching.iter().take(limit).map(|row| &row.json).collect::<Vec<_>>(),
        "more": matching.len() > limit,
        "totals": { "count": count, "in": text(income), "out": text(expenses), "currency": "ILS",
            "unconverted": [] },
    })
}

/// Tenths of a percent, half up, as a number with one decimal; none when the signs differ.
fn percent(part: i128, whole: i128) -> f64 {
    if whole == 0 || (part < 0) != (whole < 0) {
        return 0.0;
    }
    let (part, whole) = (part.unsigned_abs(), whole.unsigned_abs());
    let tenths = (part * 2000 + whole) / (whole * 2);
    // Tenths are small integers, so the division is exact to the digit shown.
    tenths as f64 / 10.0
}

/// Months since year 0.
fn month_number(month: &str) -> Option<i32> {
    let (year, month) = month.split_once('-')?;
    Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()? - 1)
}

fn month_text(number: i32) -> String {
    format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1)
}
