//! Categories for a text that somebody types, over HTTP.

use std::time::Duration;

use serde_json::json;

use super::{
    load::{Load, Outcome},
    server::{Server, post},
    table::{Table, Target, Unit, milliseconds},
};

const TURN: Duration = Duration::from_secs(10);
/// A hundred requests a second.
const PACE: Duration = Duration::from_millis(10);
const TEXTS: [&str; 6] = [
    "coffee with friends",
    "SQ *BLUE BOTTLE 1234 OAKLAND CA",
    "קניות בסופר",
    "rent november",
    "corner shop 17",
    "zzxqv 4711",
];

/// `cookie` belongs to somebody with a book.
pub fn measure(table: &mut Table, server: &Server, cookie: &str) -> anyhow::Result<()> {
    table.begin("suggestions, 100 a second");
    let ask = |text| {
        let body = json!({ "description": text, "amount": "-12", "currency": "ILS" });
        post(server.address, "/api/v1/transactions/suggest", Some(cookie), &body)
    };
    let connections = vec![TEXTS.into_iter().map(ask).collect()];
    let load = Load { address: server.address, connections, lasts: TURN, pace: Some(PACE), status: 200 };
    let mut outcome: Outcome = load.run()?;
    let (half, slow) = (milliseconds(outcome.quantile(0.5)), milliseconds(outcome.quantile(0.99)));
    table.add("p50, client and wake-up included", half, Unit::Milliseconds, Target::None);
    table.add("p99, client and wake-up included", slow, Unit::Milliseconds, Target::AtMost(1.0));
    Ok(())
}
