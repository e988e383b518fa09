//! Single writes over HTTP, each durable before it is answered.

use std::time::Duration;

use serde_json::json;

use super::{
    load::{Load, Outcome},
    server::{Server, post},
    table::{Table, Target, Unit, milliseconds},
};

const TURN: Duration = Duration::from_secs(3);
const ROUNDS: usize = 2;
const COMMITS: &str = "finbrain_journal_commits_total";

/// What one run did.
#[derive(Default)]
struct Written {
    outcome: Outcome,
    commits: f64,
}

/// `cookies` belong to as many persons, each with a book and a connection of their own.
pub fn measure(table: &mut Table, server: &Server, cookies: &[String]) -> anyhow::Result<()> {
    table.begin("durable writes, one row each");
    let (mut one, mut all) = (Written::default(), Written::default());
    for _ in 0..ROUNDS {
        write(server, &cookies[..1], &mut one)?;
        write(server, cookies, &mut all)?;
    }
    table.add("1 person", one.outcome.rate(), Unit::PerSecond, Target::None);
    table.remark(format!("p99 {:.2} ms", milliseconds(one.outcome.quantile(0.99))));
    let persons = format!("{} persons at once", cookies.len());
    table.add(&persons, all.outcome.rate(), Unit::PerSecond, Target::AtLeast(2000.0));
    table.remark("aim 5,000/s");
    let slow = milliseconds(all.outcome.quantile(0.99));
    table.add(format!("{persons}, p99"), slow, Unit::Milliseconds, Target::None);
    let flushes = all.commits / all.outcome.answers() as f64;
    table.add(format!("{persons}, flushes for each write"), flushes, Unit::Each, Target::AtMost(0.25));
    table.remark("commits of the store; its checkpoints beside them are not counted");
    Ok(())
}

fn write(server: &Server, cookies: &[String], written: &mut Written) -> anyhow::Result<()> {
    let row = json!({
        "date": jiff::Timestamp::now().strftime("%F").to_string(),
        "description": "coffee with friends",
        "amount": "-18.00",
        "currency": "ILS",
    });
    let request = |cookie: &String| vec![post(server.address, "/api/v1/transactions", Some(cookie), &row)];
    let connections = cookies.iter().map(request).collect();
    let load = Load { address: server.address, connections, lasts: TURN, pace: None, status: 201 };
    let before = server.metric(COMMITS)?;
    written.outcome.merge(load.run()?);
    written.commits += server.metric(COMMITS)? - before;
    Ok(())
}
