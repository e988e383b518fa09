//! Thousands of notes in three currencies over three years: the reports of the server against a fold of this test's own,
//! and the categories that the classifier chose against labels.
//!
//! The fold shares no line with the server: it reads the rows that the API lists, converts each with the published
//! euro rates of its day, and adds up integers.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread,
    time::Instant,
};

use finbrain::outbound::ecb;
use finbrain_domain::{money::Currency, ports::RateTable};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::{
    person::{Client, Person},
    program::Server,
};

const CURRENCIES: [&str; 3] = ["ILS", "USD", "EUR"];
/// Three years; the bundled rates know every day of them.
const FIRST: Date = date(2023, 10, 31);
const DAYS: i64 = 1096;
const CONNECTIONS: usize = 8;
const BULK: usize = 700;
/// Of the yardstick's labels, so many must be met.
const ACCURACY: f64 = 0.60;

/// A note and the slug of its label.
struct Note {
    text: String,
    label: String,
}

/// The yardstick where it is, else the notes of the repository. Tells which.
fn notes() -> (Vec<Note>, bool) {
    let yardstick = std::env::var_os("FINBRAIN_TEST_DATA");
    let path = match &yardstick {
        Some(folder) => Path::new(folder).join("finbrain_labelled.csv"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/notes.csv"),
    };
    let mut reader =
        csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let note = |row: csv::StringRecord| Note { text: row[0].to_owned(), label: slug(&row[1]).to_owned() };
    (reader.records().map(|row| note(row.unwrap())).collect(), yardstick.is_some())
}

fn slug(label: &str) -> &str {
    match label {
        "Food & Drinks" => "food-drinks",
        "Housing & Bills" => "housing-bills",
        "Transportation" => "transportation",
        "Education & Personal Growth" => "education-growth",
        "Health & Essentials" => "health-essentials",
        "Leisure & Gifts" => "leisure-gifts",
        slug => slug,
    }
}

/// What is sent of the note at this place: another day, currency and amount each time.
fn body(index: usize, note: &Note) -> Value {
    let number = index as i64;
    let day = FIRST.saturating_add(jiff::Span::new().days(number * 37 % DAYS));
    let minor = number * 7_919 % 49_999 + 1;
    json!({
        "date": day.to_string(),
        "description": note.text,
        "amount": format!("-{}.{:02}", minor / 100, minor % 100),
        "currency": CURRENCIES[index % 3],
        "external_id": format!("note-{index}"),
    })
}

/// The first half one by one over several connections at once, the rest in bulk.
fn enter(person: &Person, server: &Server, notes: &[Note]) {
    let bodies: Vec<Value> = notes.iter().enumerate().map(|(index, note)| body(index, note)).collect();
    let (single, bulk) = bodies.split_at(bodies.len() / 2);
    thread::scope(|scope| {
        for part in single.chunks(single.len().div_ceil(CONNECTIONS)) {
            let mut client = person.on(server);
            scope.spawn(move || {
                for body in part {
                    client.post("/transactions", body).expect(201);
                }
            });
        }
        let mut client = person.on(server);
        scope.spawn(move || {
            for rows in bulk.chunks(BULK) {
                let answer = client.post("/transactions/bulk", &json!({"transactions": rows})).expect(201);
                assert_eq!(answer.json()["count"], rows.len());
            }
        });
    });
}

/// A row as the API lists it.
struct Row {
    day: Date,
    month: String,
    minor: i128,
    currency: Currency,
    category: String,
    note: usize,
}

impl Row {
    fn read(listed: &Value) -> Self {
        let text =
            |name: &str| listed[name].as_str().unwrap_or_else(|| panic!("{name} in {listed}")).to_owned();
        let day: Date = text("date").parse().unwrap();
        Self {
            day,
            month: format!("{:04}-{:02}", day.year(), day.month()),
            minor: minor(&text("amount")),
            currency: Currency::parse(&text("currency")).unwrap(),
            category: text("category_id"),
            note: text("external_id").strip_prefix("note-").unwrap().parse().unwrap(),
        }
    }
}

/// Hundredths of a decimal string.
fn minor(amount: &str) -> i128 {
    let (whole, cents) = amount.split_once('.').expect("these currencies have two digits");
    assert_eq!(cents.len(), 2, "{amount}");
    format!("{whole}{cents}").parse().unwrap()
}

fn amount(minor: i128) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

/// Millionths of a unit for one euro: the newest rate of the last week.
fn micros(rates: &RateTable, currency: Currency, day: Date) -> i128 {
    if currency == Currency::EUR {
        return 1_000_000;
    }
    let week = day.saturating_sub(jiff::Span::new().days(7))..=day;
    let published = rates.range(week).rev().find_map(|(_, rates)| rates.get(&currency));
    let mut rate = *published.unwrap_or_else(|| panic!("no rate on {day}"));
    rate.rescale(6);
    rate.mantissa()
}

/// An amount at the rate of its day: one division, halves to even.
fn convert(rates: &RateTable, row: &Row, to: Currency) -> i128 {
    if row.currency == to {
        return row.minor;
    }
    let numerator = row.minor * micros(rates, to, row.day);
    let denominator = micros(rates, row.currency, row.day);
    let (whole, rest) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    match (rest * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
        std::cmp::Ordering::Greater => whole + 1,
    }
}

/// Every row in one currency, by month and category.
struct Fold {
    currency: &'static str,
    cells: BTreeMap<(String, String), (i128, u64)>,
    foreign: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

impl Fold {
    fn of(rows: &[Row], rates: &RateTable, currency: &'static str) -> Self {
        let to = Currency::parse(currency).unwrap();
        let mut fold = Self { currency, cells: BTreeMap::new(), foreign: BTreeMap::new() };
        for row in rows {
            let cell = fold.cells.entry((row.month.clone(), row.category.clone())).or_default();
            *cell = (cell.0 + convert(rates, row, to), cell.1 + 1);
            if row.currency != to {
                *fold
                    .foreign
                    .entry(row.month.clone())
                    .or_default()
                    .entry(row.currency.code())
                    .or_default() += 1;
            }
        }
        fold
    }

    fn sum(&self, wanted: impl Fn(&str, &str) -> bool) -> (i128, u64) {
        let cells = self.cells.iter().filter(|((month, category), _)| wanted(month, category));
        cells.fold((0, 0), |sum, (_, cell)| (sum.0 + cell.0, sum.1 + cell.1))
    }

    /// `/analytics/breakdown` of these months is what the fold says.
    fn breakdown(&self, client: &mut Client, months: &[String]) {
        let path = format!("/analytics/breakdown?months={}&currency={}", months.join(","), self.currency);
        let answer = client.get(&path).expect(200).json();

        let categories: BTreeSet<&String> = self.cells.keys().map(|(_, category)| category).collect();
        let mut expected: Vec<(i128, u64, &String)> = categories
            .into_iter()
            .map(|id| (self.sum(|month, category| category == id && months.iter().any(|m| m == month)), id))
            .filter_map(|((amount, count), id)| (count > 0).then_some((amount, count, id)))
            .collect();
        expected.sort_by_key(|(amount, _, id)| (*amount, *id));
        let total: i128 = expected.iter().map(|(amount, ..)| amount).sum();
        let shown: Vec<Value> = expected
            .iter()
            .map(|(sum, count, id)| json!([id, amount(*sum), count, tenths(*sum, total)]))
            .collect();
        let data = answer["data"].as_array().unwrap().iter();
        let told: Vec<Value> = data
            .map(|row| json!([row["category_id"], row["amount"], row["count"], row["percent"]]))
            .collect();
        assert_eq!(told, shown, "{path}");
        self.common(&answer, total, months, &path);
    }

    /// `/analytics/monthly` of these months and categories (all when there are none) is what the fold says.
    fn monthly(&self, client: &mut Client, months: &[String], categories: &[&str]) {
        let path = format!(
            "/analytics/monthly?months={}&categories={}&currency={}",
            months.join(","),
            categories.join(","),
            self.currency
        );
        let answer = client.get(&path).expect(200).json();

        let chosen = |category: &str| categories.is_empty() || categories.contains(&category);
        let sums: BTreeMap<&String, i128> = months
            .iter()
            .map(|wanted| (wanted, self.sum(|month, category| month == wanted && chosen(category)).0))
            .collect();
        let total: i128 = sums.values().sum();
        let shown: Vec<Value> =
            sums.iter().map(|(month, sum)| json!([month, amount(*sum), tenths(*sum, total)])).collect();
        let data = answer["data"].as_array().unwrap().iter();
        let told: Vec<Value> = data.map(|row| json!([row["month"], row["amount"], row["percent"]])).collect();
        assert_eq!(told, shown, "{path}");
        self.common(&answer, total, months, &path);
    }

    /// What both reports have.
    fn common(&self, answer: &Value, total: i128, months: &[String], path: &str) {
        assert_eq!(answer["total"], amount(total), "{path}");
        assert_eq!(answer["currency"], self.currency);
        assert_eq!(answer["unconverted"], json!([]), "{path}");
        let mut foreign: BTreeMap<&str, u64> = BTreeMap::new();
        for month in months {
            for (currency, count) in self.foreign.get(month).into_iter().flatten() {
                *foreign.entry(currency).or_default() += count;
            }
        }
        let used = answer["rates"].as_array().unwrap().iter();
        let used: BTreeMap<&str, u64> =
            used.map(|used| (used["currency"].as_str().unwrap(), used["count"].as_u64().unwrap())).collect();
        assert_eq!(used, foreign, "{path}");
    }

    /// The totals of `/transactions` under a filter.
    fn totals(&self, client: &mut Client, filter: &str, wanted: impl Fn(&str, &str) -> bool) {
        let path = format!("/transactions?limit=1&display_currency={}&{filter}", self.currency);
        let (out, count) = self.sum(wanted);
        let expected = json!({
            "count": count, "in": "0.00", "out": amount(out), "currency": self.currency, "unconverted": [],
        });
        assert_eq!(client.get(&path).expect(200).json()["totals"], expected, "{path}");
    }

    /// The first screen over the same months.
    fn dashboard(&self, client: &mut Client, from: &str, to: &str) {
        let path = format!("/dashboard?from={from}&to={to}&currency={}", self.currency);
        let answer = client.get(&path).expect(200).json();
        let (out, count) = self.sum(|month, _| (from..=to).contains(&month));
        let expected = json!({"in": "0.00", "out": amount(out), "net": amount(out), "count": count});
        assert_eq!(answer["totals"], expected, "{path}");
        for shown in answer["months"].as_array().unwrap() {
            let (out, _) = self.sum(|month, _| shown["month"] == month);
            assert_eq!(shown["out"], amount(out), "{path}: {shown}");
        }
    }
}

/// Percent with one decimal, halves up.
fn tenths(part: i128, whole: i128) -> f64 {
    if whole == 0 { 0.0 } else { ((part * 2_000 + whole) / (whole * 2)) as f64 / 10.0 }
}

/// `GET /rates` tells the published rates.
fn rates_agree(client: &mut Client, rates: &RateTable) {
    for day in ["2023-12-25", "2024-02-29", "2025-06-15", "2026-10-30"] {
        let answer = client.get(&format!("/rates?date={day}&base=EUR&symbols=USD,ILS")).expect(200).json();
        for code in ["USD", "ILS"] {
            let micros = micros(rates, Currency::parse(code).unwrap(), day.parse().unwrap());
            let told: f64 = answer["rates"][code].as_str().unwrap().parse().unwrap();
            assert_eq!((told * 1e6).round() as i128, micros, "{code} on {day}");
        }
    }
}

fn accuracy(rows: &[Row], notes: &[Note]) -> f64 {
    let hits = rows.iter().filter(|row| row.category == notes[row.note].label).count();
    hits as f64 / notes.len() as f64
}

#[test]
fn reports_over_three_years_and_three_currencies_equal_an_independent_fold() {
    let (notes, is_yardstick) = notes();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let person = Person::register(&server, "yardstick@example.org");
    let began = Instant::now();
    enter(&person, &server, &notes);
    let entered = began.elapsed();
    let mut client = person.on(&server);

    let listed = client.all("/transactions?limit=500", "cursor");
    let rows: Vec<Row> = listed.iter().map(Row::read).collect();
    let rates = ecb::table().unwrap();

    assert_eq!(rows.len(), notes.len());
    assert_eq!(rows.iter().map(|row| row.note).collect::<BTreeSet<_>>().len(), notes.len());
    for row in &listed {
        let number: usize = row["external_id"].as_str().unwrap()[5..].parse().unwrap();
        let sent = body(number, &notes[number]);
        for field in ["date", "description", "amount", "currency"] {
            assert_eq!(row[field], sent[field]);
        }
    }
    rates_agree(&mut client, &rates);
    let months: Vec<String> =
        rows.iter().map(|row| row.month.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(months.len(), 37);
    for currency in CURRENCIES {
        compare(&Fold::of(&rows, &rates, currency), &mut client, &months);
    }

    let accuracy = accuracy(&rows, &notes);
    let source = if is_yardstick { "the yardstick" } else { "tests/data/notes.csv" };
    println!(
        "{} notes of {source} entered in {:.1} s, categories right: {:.1} %",
        notes.len(),
        entered.as_secs_f64(),
        accuracy * 100.0
    );
    assert!(!is_yardstick || accuracy >= ACCURACY, "{accuracy}");
}

fn compare(fold: &Fold, client: &mut Client, months: &[String]) {
    let every_third: Vec<String> = months.iter().step_by(3).cloned().collect();
    let one_and_empty = ["2025-02".to_owned(), "2022-01".to_owned()];
    for set in [months, &months[..12], &months[20..21], &every_third, &one_and_empty] {
        fold.breakdown(client, set);
        fold.monthly(client, set, &[]);
        fold.monthly(client, set, &["food-drinks"]);
        fold.monthly(client, set, &["transportation", "other", "health-essentials"]);
    }
    fold.totals(client, "", |_, _| true);
    fold.totals(client, "type=expense&from=2024-03-01&to=2025-01-31", |month, _| {
        ("2024-03"..="2025-01").contains(&month)
    });
    fold.totals(client, "category=leisure-gifts,education-growth&from=2026-10-01", |month, category| {
        month >= "2026-10" && ["leisure-gifts", "education-growth"].contains(&category)
    });
    fold.dashboard(client, "2026-01", "2026-09");
    fold.dashboard(client, "2023-10", "2026-10");
}
