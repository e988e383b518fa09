//! What clients do, by lot: the mix of operations, and what is known of the book after them.

use rand::{RngExt as _, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    client::Client,
    record::{Answer, What},
    run::{Known, Row},
    send::Call,
};

/// Logouts among all operations.
const LOGOUT: f64 = 0.01;
/// Rows of a bulk write.
const BULK: usize = 20;
/// Rows that are remembered as worth changing.
const REMEMBERED: usize = 300;
/// The months in which everything happens.
const MONTHS: [&str; 6] = ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"];
const CATEGORIES: [&str; 4] = ["food-drinks", "transportation", "housing-bills", "income"];

pub fn is_logout(random: &mut StdRng) -> bool {
    random.random_bool(LOGOUT)
}

/// An operation by lot. Those that write have a key.
pub fn draw(client: &mut Client) -> Call {
    let marker = &client.marker();
    let lot = client.random.random_range(0..100);
    let mut call = match lot {
        0..24 => record(client, marker),
        24..36 => amend(client, marker),
        36..42 => remove(client),
        42..45 => bulk(client, marker),
        45..50 => reverse(client, What::Undo, "/undo"),
        50..53 => reverse(client, What::Redo, "/redo"),
        53..55 => category(client, marker),
        55..66 => list(client),
        66..74 => read(client),
        74..82 => dashboard(client),
        82..86 => Call::get(What::Breakdown, format!("/analytics/breakdown?months={}", MONTHS.join(","))),
        86..90 => Call::get(What::Monthly, format!("/analytics/monthly?months={}", MONTHS.join(","))),
        90..95 => changes(client),
        _ => Call::post(What::Heartbeat, "/session/heartbeat", json!({ "active": true })),
    };
    if call.what.is_write() {
        call.key = Some(uuid_from(&mut client.random).to_string());
    }
    call
}

/// A UUID of version 7 whose random bits come from the seed. Its time is now, as a browser makes it.
fn uuid_from(random: &mut StdRng) -> Uuid {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random.random()).into_uuid()
}

/// Money that is found again wherever it is told.
fn amount(random: &mut StdRng) -> String {
    let sign = if random.random_bool(0.8) { "-" } else { "" };
    format!("{sign}{}.{:02}", random.random_range(1_000_000..9_000_000), random.random_range(0..100))
}

fn title(random: &mut StdRng, marker: &str) -> String {
    format!("{marker} {:016x}", random.random::<u64>())
}

fn pick<'a>(random: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[random.random_range(0..from.len())]
}

fn transaction(client: &mut Client, marker: &str) -> Value {
    let own = {
        let known = client.account.known();
        let categories = &known.categories;
        (!categories.is_empty()).then(|| categories[client.random.random_range(0..categories.len())].clone())
    };
    let random = &mut client.random;
    let day = random.random_range(1..=28);
    let mut body = json!({
        "id": uuid_from(random).to_string(),
        "date": format!("{}-{day:02}", pick(random, &MONTHS)),
        "description": title(random, marker),
        "amount": amount(random),
        "currency": "ILS",
    });
    match random.random_range(0..4) {
        // The classifier chooses.
        0 => {}
        1 if own.is_some() => body["category_id"] = json!(own),
        _ => body["category_id"] = json!(pick(random, &CATEGORIES)),
    }
    body
}

fn record(client: &mut Client, marker: &str) -> Call {
    let body = transaction(client, marker);
    Call::post(What::Record, "/transactions", body)
}

fn bulk(client: &mut Client, marker: &str) -> Call {
    let rows: Vec<Value> = (0..BULK).map(|_| transaction(client, marker)).collect();
    Call::post(What::Bulk, "/transactions/bulk", json!({ "transactions": rows }))
}

/// A row that somebody made; one that never was when there is none yet.
fn row(client: &mut Client) -> Row {
    let known = client.account.known();
    if known.rows.is_empty() {
        drop(known);
        return Row { id: uuid_from(&mut client.random).to_string(), changed: 0 };
    }
    known.rows[client.random.random_range(0..known.rows.len())].clone()
}

fn amend(client: &mut Client, marker: &str) -> Call {
    let row = row(client);
    let random = &mut client.random;
    let mut body = json!({ "description": title(random, marker) });
    if random.random_bool(0.5) {
        body["amount"] = json!(amount(random));
    }
    if random.random_bool(0.3) {
        body["category_id"] = json!(pick(random, &CATEGORIES));
    }
    let path = format!("/transactions/{}", row.id);
    let mut call = Call::new(What::Amend, Method::PATCH, path, Some(body));
    call.if_match = client.random.random_bool(0.5).then_some(row.changed);
    call
}

fn remove(client: &mut Client) -> Call {
    let row = row(client);
    let mut call = Call::new(What::Remove, Method::DELETE, format!("/transactions/{}", row.id), None);
    call.if_match = client.random.random_bool(0.3).then_some(row.changed);
    call
}

/// Undo or redo of the last step, or of one that is named.
fn reverse(client: &mut Client, what: What, path: &str) -> Call {
    let named = {
        let known = client.account.known();
        let entries = &known.entries;
        let is_named = client.random.random_bool(0.3) && !entries.is_empty();
        is_named.then(|| entries[client.random.random_range(0..entries.len())].clone())
    };
    match named {
        Some(entry) => Call::post(what, path, json!({ "entry_id": entry })),
        None => Call::new(what, Method::POST, path, None),
    }
}

fn category(client: &mut Client, marker: &str) -> Call {
    let random = &mut client.random;
    let kind = if random.random_bool(0.7) { "expense" } else { "income" };
    let body = json!({ "id": uuid_from(random).to_string(), "name": title(random, marker), "kind": kind });
    Call::post(What::Category, "/categories", body)
}

fn list(client: &mut Client) -> Call {
    let random = &mut client.random;
    let limit = random.random_range(1..=25);
    let filter = match random.random_range(0..5) {
        0 => format!("&category={}", pick(random, &CATEGORIES)),
        1 => "&type=expense".to_owned(),
        2 => "&type=income".to_owned(),
        3 => format!("&from={0}-05&to={0}-24", pick(random, &MONTHS)),
        _ => String::new(),
    };
    Call::get(What::List, format!("/transactions?limit={limit}{filter}"))
}

fn read(client: &mut Client) -> Call {
    Call::get(What::Read, format!("/transactions/{}", row(client).id))
}

fn dashboard(client: &mut Client) -> Call {
    let first = client.random.random_range(0..MONTHS.len());
    let last = client.random.random_range(first..MONTHS.len());
    Call::get(What::Dashboard, format!("/dashboard?from={}&to={}", MONTHS[first], MONTHS[last]))
}

fn changes(client: &mut Client) -> Call {
    let back = client.random.random_range(0..40);
    let since = client.seen.saturating_sub(back);
    Call::get(What::Changes, format!("/changes?since={since}&limit=50"))
}

/// Keeps what a later operation may want to change.
pub fn learn(known: &mut Known, call: &Call, answer: &Answer) {
    let Some(version) = answer.version else { return };
    known.version = known.version.max(version);
    if let Some(entry) = &answer.entry {
        known.entries.push(entry.clone());
        forget_oldest(&mut known.entries);
    }
    let row = |body: &Value| {
        let id = body.get("id")?.as_str()?.to_owned();
        Some(Row { id, changed: version })
    };
    match (call.what, &call.body) {
        (What::Record, Some(body)) => known.rows.extend(row(body)),
        (What::Bulk, Some(body)) => {
            let rows = body["transactions"].as_array().into_iter().flatten();
            known.rows.extend(rows.filter_map(row));
        }
        (What::Category, Some(body)) => known.categories.extend(body["id"].as_str().map(ToOwned::to_owned)),
        (What::Amend | What::Read, _) => {
            let slot = answer.etag.as_ref().and_then(|tag| tag.trim_matches('"').parse().ok());
            let id = call.path.rsplit('/').next().unwrap_or_default();
            if let (Some(row), Some(slot)) = (known.rows.iter_mut().find(|row| row.id == id), slot) {
                row.changed = row.changed.max(slot);
            }
        }
        _ => {}
    }
    forget_oldest(&mut known.rows);
}

fn forget_oldest<T>(list: &mut Vec<T>) {
    if list.len() > REMEMBERED {
        list.drain(..REMEMBERED / 4);
    }
}
