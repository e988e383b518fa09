//! `/dashboard` and `/analytics/…` against a fold of the same rows that is written here, the slow and plain way.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Person, transaction, with},
};

const CATEGORIES: [&str; 8] = [
    "food-drinks",
    "housing-bills",
    "transportation",
    "education-growth",
    "health-essentials",
    "leisure-gifts",
    "other",
    "income",
];

/// A row as it was sent.
#[derive(Debug, Clone)]
struct Sent {
    date: String,
    category: &'static str,
    /// In shekels at the rate of its day; `None` when that has none.
    shekels: Option<Decimal>,
    amount: Decimal,
    currency: &'static str,
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Fourteen months of rows in three currencies, one of which nobody converts.
async fn fill(dana: &Person) -> Vec<Sent> {
    let mut state = 7u64;
    let mut dice = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut sent = Vec::new();
    for _ in 0..600 {
        let month = dice(14);
        let (year, month) = (2025 + (month + 9) / 12, (month + 9) % 12 + 1);
        let date = format!("{year}-{month:02}-{:02}", dice(24) + 1);
        let category = CATEGORIES[usize::try_from(dice(8)).unwrap()];
        let currency = ["ILS", "ILS", "ILS", "EUR", "KWD"][usize::try_from(dice(5)).unwrap()];
        // A refund now and then.
        let sign = if category == "income" || dice(15) == 0 { 1 } else { -1 };
        let amount = Decimal::new(sign * i64::try_from(dice(90_000) + 1).unwrap(), 2);
        sent.push(Sent { date, category, shekels: None, amount, currency });
    }
    let rows: Vec<Value> = sent
        .iter()
        .map(|row| {
            json!({"date": row.date, "description": "zanzibar", "amount": row.amount.to_string(),
            "currency": row.currency, "category_id": row.category})
        })
        .collect();
    dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await;
    for row in &mut sent {
        row.shekels = match row.currency {
            "ILS" => Some(row.amount),
            "EUR" => rate(dana, &row.date).await.map(|rate| (rate * row.amount).round_dp(2)),
            _ => None,
        };
    }
    sent
}

async fn rate(dana: &Person, date: &str) -> Option<Decimal> {
    let rates = dana.get(&format!("/rates?date={date}&base=EUR&symbols=ILS")).is(200).await;
    rates["rates"]["ILS"].as_str().map(|rate| rate.parse().unwrap())
}

fn in_months<'a>(sent: &'a [Sent], months: &'a [&str]) -> impl Iterator<Item = &'a Sent> {
    sent.iter().filter(|row| months.iter().any(|month| row.date.starts_with(month)))
}

/// What came in, what went out, and how many rows that were.
fn flow(sent: &[Sent], months: &[&str]) -> (Decimal, Decimal, usize) {
    let amounts: Vec<Decimal> = in_months(sent, months).filter_map(|row| row.shekels).collect();
    let sum = |positive: bool| amounts.iter().filter(|amount| amount.is_sign_positive() == positive).sum();
    (sum(true), sum(false), amounts.len())
}

fn assert_flow(flow: &Value, expected: (Decimal, Decimal, usize)) {
    let (income, out, count) = expected;
    assert_eq!((decimal(&flow["in"]), decimal(&flow["out"])), (income, out));
    assert_eq!(decimal(&flow["net"]), income + out);
    if flow.get("count").is_some() {
        assert_eq!(flow["count"], count);
    }
}

/// The sum and number of rows by expense category.
fn by_category(sent: &[Sent], months: &[&str]) -> BTreeMap<&'static str, (Decimal, usize)> {
    let mut sums = BTreeMap::new();
    for row in in_months(sent, months).filter(|row| row.category != "income") {
        if let Some(amount) = row.shekels {
            let sum: &mut (Decimal, usize) = sums.entry(row.category).or_default();
            *sum = (sum.0 + amount, sum.1 + 1);
        }
    }
    sums
}

/// A share in percent with one decimal, half up.
fn percent(part: Decimal, whole: Decimal) -> f64 {
    use rust_decimal::{RoundingStrategy::MidpointAwayFromZero, prelude::ToPrimitive as _};
    if part.is_sign_positive() || whole.is_zero() {
        return 0.0;
    }
    let share = part * Decimal::ONE_HUNDRED / whole;
    share.round_dp_with_strategy(1, MidpointAwayFromZero).to_f64().unwrap()
}

fn assert_breakdown(rows: &Value, expected: &BTreeMap<&'static str, (Decimal, usize)>) {
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), expected.len());
    let spent = expected.values().map(|(amount, _)| (*amount).min(Decimal::ZERO)).sum();
    for row in rows {
        let (amount, count) = expected[row["category_id"].as_str().unwrap()];
        assert_eq!((decimal(&row["amount"]), &row["count"]), (amount, &json!(count)));
        assert_eq!(row["percent"].as_f64().unwrap(), percent(amount, spent), "{row}");
    }
    assert!(rows.is_sorted_by_key(|row| decimal(&row["amount"])), "the biggest spending comes first");
}

fn unconverted(sent: &[Sent], months: &[&str]) -> Value {
    let mut left: BTreeMap<&str, (Decimal, usize)> = BTreeMap::new();
    for row in in_months(sent, months).filter(|row| row.shekels.is_none()) {
        let sum = left.entry(row.currency).or_default();
        *sum = (sum.0 + row.amount, sum.1 + 1);
    }
    let digits = |currency| if currency == "KWD" { 3 } else { 2 };
    left.into_iter()
        .map(|(currency, (amount, count))| {
            let amount = format!("{amount:.*}", digits(currency));
            json!({"currency": currency, "amount": amount, "count": count})
        })
        .collect()
}

#[tokio::test]
async fn the_dashboard_equals_a_fold_of_the_rows() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let sent = fill(&dana).await;
    let months = ["2026-08", "2026-09", "2026-10", "2026-11"];

    let dashboard = dana.get("/dashboard?from=2026-08&to=2026-11").is(200).await;

    assert_eq!(dashboard["period"], json!({"from": "2026-08", "to": "2026-11"}));
    assert_eq!((&dashboard["currency"], &dashboard["today"]), (&json!("ILS"), &json!("2026-11-24")));
    assert_flow(&dashboard["totals"], flow(&sent, &months));
    assert_flow(&dashboard["previous"], flow(&sent, &["2026-04", "2026-05", "2026-06", "2026-07"]));
    assert_breakdown(&dashboard["categories"], &by_category(&sent, &months));
    assert_eq!(dashboard["unconverted"], unconverted(&sent, &months));
    let by_month = dashboard["months"].as_array().unwrap();
    assert_eq!((by_month.len(), &by_month[0]["month"]), (12, &json!("2025-12")));
    for month in by_month {
        assert_flow(month, flow(&sent, &[month["month"].as_str().unwrap()]));
    }
    let recent: Vec<_> = dashboard["recent"].as_array().unwrap().iter().map(|row| &row["date"]).collect();
    let mut dates: Vec<_> = sent.iter().map(|row| json!(row.date)).collect();
    dates.sort_by(|one, other| other.as_str().cmp(&one.as_str()));
    assert_eq!(recent, dates[..8].iter().collect::<Vec<_>>());
    assert_eq!(dashboard["review"]["count"], 0);
}

#[tokio::test]
async fn breakdown_and_monthly_equal_a_fold_of_the_rows() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let sent = fill(&dana).await;
    // In any order, and not in a row.
    let months = ["2026-11", "2025-12", "2026-03"];

    let breakdown = dana.get("/analytics/breakdown?months=2026-11,2025-12,2026-03").is(200).await;
    let monthly = dana.get("/analytics/monthly?months=2026-11,2025-12,2026-03").is(200).await;
    let some = "/analytics/monthly?months=2026-03,2026-11&categories=transportation,other";
    let some = dana.get(some).is(200).await;

    let expected = by_category(&sent, &months);
    assert_breakdown(&breakdown["data"], &expected);
    let total: Decimal = expected.values().map(|(amount, _)| *amount).sum();
    assert_eq!((decimal(&breakdown["total"]), decimal(&monthly["total"])), (total, total));
    assert_eq!(breakdown["unconverted"], unconverted(&sent, &months));
    let of = |month: &str, named: &[&str]| -> Decimal {
        let sums = by_category(&sent, &[month]);
        sums.iter().filter(|(id, _)| named.is_empty() || named.contains(*id)).map(|(_, sum)| sum.0).sum()
    };
    assert_eq!(monthly.column("month"), ["2025-12", "2026-03", "2026-11"]);
    for row in monthly.data() {
        let amount = of(row["month"].as_str().unwrap(), &[]);
        assert_eq!(decimal(&row["amount"]), amount);
        assert_eq!(row["percent"].as_f64().unwrap(), percent(amount, total));
    }
    for row in some.data() {
        let amount = of(row["month"].as_str().unwrap(), &["transportation", "other"]);
        assert_eq!(decimal(&row["amount"]), amount);
    }
}

#[tokio::test]
async fn conversions_name_rate_date_and_source() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    for date in ["2026-10-05", "2026-10-24", "2026-10-14"] {
        let body = json!({"date": date, "description": "zanzibar", "amount": "-10", "currency": "EUR",
            "category_id": "leisure-gifts"});
        dana.recorded(body).await;
    }

    let breakdown = dana.get("/analytics/breakdown?months=2026-10").is(200).await;

    let used = &breakdown["rates"][0];
    assert_eq!(
        (&used["currency"], &used["count"], &used["source"]),
        (&json!("EUR"), &json!(3), &json!("ecb"))
    );
    assert_eq!((&used["first_date"], &used["last_date"]), (&json!("2026-10-05"), &json!("2026-10-23")));
    assert_eq!(decimal(&used["first_rate"]), rate(&dana, "2026-10-05").await.unwrap());
    assert_eq!(decimal(&used["last_rate"]), rate(&dana, "2026-10-24").await.unwrap());
    assert_eq!(breakdown["unconverted"], json!([]));
    assert_eq!(dana.get("/dashboard?from=2026-10&to=2026-10").await["rates"], breakdown["rates"]);
    let in_euro = dana.get("/analytics/breakdown?months=2026-10&currency=EUR").is(200).await;
    assert_eq!((&in_euro["total"], &in_euro["rates"]), (&json!("-30.00"), &json!([])));
}

#[tokio::test]
async fn a_report_that_did_not_change_is_not_sent_again() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-1").await;
    for path in ["/dashboard", "/analytics/breakdown?months=2026-11", "/analytics/monthly"] {
        let first = dana.get(path).is(200).await;
        let tag = first.etag().to_owned();

        let again = dana.get(path).header("if-none-match", &tag).is(304).await;
        assert_eq!((again.etag(), again.version()), (tag.as_str(), first.version()));
        for tags in [format!("\"x\", {tag}"), format!("W/{tag}")] {
            dana.get(path).header("if-none-match", &tags).is(304).await;
        }
        assert_eq!(dana.get(path).header("if-none-match", "\"x\"").is(200).await.json, first.json);
        let query = if path.contains('?') { "&currency=EUR" } else { "?currency=EUR" };
        dana.get(&format!("{path}{query}")).header("if-none-match", &tag).is(200).await;

        dana.record("zanzibar", "-1").await;
        let changed = dana.get(path).header("if-none-match", &tag).is(200).await;
        assert_ne!(changed.etag(), tag);
    }
}

#[tokio::test]
async fn a_report_is_another_one_on_the_next_day_of_the_person() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.patch("/me", json!({"time_zone": "Asia/Jerusalem"})).is(200).await;
    let tag = dana.get("/dashboard").await.etag().to_owned();

    // 13 h 59 min later it is 23:59 in Jerusalem, and a minute later the next day.
    app.clock.advance(14 * 3600 - 60);
    let dana = dana.login().await;
    dana.get("/dashboard").header("if-none-match", &tag).is(304).await;
    app.clock.advance(60);

    let next = dana.get("/dashboard").header("if-none-match", &tag).is(200).await;
    assert_eq!(next["today"], "2026-11-25");
}

#[tokio::test]
async fn reports_of_an_empty_book_are_empty_and_whole() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let dashboard = dana.get("/dashboard").is(200).await;

    assert_eq!(dashboard["totals"], json!({"in": "0.00", "out": "0.00", "net": "0.00", "count": 0}));
    assert_eq!(dashboard["period"], json!({"from": "2026-11", "to": "2026-11"}));
    assert_eq!(dashboard["months"].as_array().unwrap().len(), 12);
    assert_eq!(dashboard["balance"], json!({"amount": "0.00", "currency": "ILS"}));
    for field in ["categories", "recent", "unconverted", "rates"] {
        assert_eq!(dashboard[field], json!([]), "{field}");
    }
    assert_eq!(dana.get("/analytics/breakdown").await["total"], "0.00");
    assert_eq!(dana.get("/analytics/monthly").await.data().len(), 12);
}

#[tokio::test]
async fn a_report_of_one_person_is_never_shown_to_another() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    dana.record("zanzibar", "-1").await;
    omer.recorded(with(transaction("other", "-2"), json!({"category_id": "other"}))).await;
    let dashboard = dana.get("/dashboard").await;

    let other = omer.get("/dashboard").header("if-none-match", dashboard.etag()).await;

    // Versions, days and queries are equal; the books are not.
    assert_eq!((other.status, &other["totals"]["out"]), (200, &json!("-2.00")));
    assert_ne!(other.etag(), dashboard.etag());
    assert_eq!(omer.get("/dashboard").is(200).await["totals"]["out"], "-2.00");
    assert_eq!(dana.get("/dashboard").is(200).await["totals"]["out"], "-1.00");
}
