//! Reading the dashboard, against actix-web alone with the same bytes.

use std::{fs, path::Path, time::Duration};

use super::{
    bare::Bare,
    load::{Load, Outcome},
    server::{Server, get},
    table::{Table, Target, Unit, milliseconds},
};

const CONNECTIONS: usize = 64;
/// How long a server is measured before it is another one's turn, so that noise of the machine hits all alike.
const TURN: Duration = Duration::from_millis(1250);
const ROUNDS: usize = 6;

/// The books that are read, by their size.
#[derive(Debug)]
pub struct Readers {
    /// Cookies of persons with 1,000, 10,000 and 100,000 transactions.
    pub small: String,
    pub middle: Vec<String>,
    pub large: String,
}

/// One kind of request at one server.
struct Contestant {
    load: Load,
    outcome: Outcome,
}

pub fn measure(table: &mut Table, server: &Server, readers: &Readers, room: &Path) -> anyhow::Result<()> {
    table.begin("dashboard, 64 connections");
    let first = &readers.middle[0];
    let answer = server.expect(200, &dashboard(server, first, &[]))?;
    let tag = answer.header("etag")?;
    let body = room.join("dashboard.json");
    fs::write(&body, &answer.body)?;
    let bare = Bare::start(&body)?;
    let whole = |cookie: &str| vec![dashboard(server, cookie, &[]); CONNECTIONS];
    let sessions = readers.middle.iter().cycle().take(CONNECTIONS);
    let mut contestants = [
        (bare.address, vec![get(bare.address, "/whole", &[]); CONNECTIONS], 200),
        (server.address, whole(&readers.small), 200),
        (server.address, whole(first), 200),
        (server.address, whole(&readers.large), 200),
        (server.address, sessions.map(|cookie| dashboard(server, cookie, &[])).collect(), 200),
        (bare.address, vec![get(bare.address, "/unchanged", &[]); CONNECTIONS], 304),
        (server.address, vec![dashboard(server, first, &[("if-none-match", tag)]); CONNECTIONS], 304),
    ]
    .map(|(address, requests, status): (_, Vec<_>, _)| {
        let connections = requests.into_iter().map(|request| vec![request]).collect();
        Contestant {
            load: Load { address, connections, lasts: TURN, pace: None, status },
            outcome: Outcome::default(),
        }
    });
    for _ in 0..ROUNDS {
        for Contestant { load, outcome } in &mut contestants {
            outcome.merge(load.run()?);
        }
    }
    let [bare, mut small, mut middle, mut large, mut several, bare_304, mut middle_304] =
        contestants.map(|contestant| contestant.outcome);
    let (yardstick, yardstick_304) = (bare.rate(), bare_304.rate());
    table.add(format!("bare handler, {} bytes", answer.body.len()), yardstick, Unit::PerSecond, Target::None);
    compare(table, "1,000 rows", &mut small, yardstick, 40.0);
    compare(table, "10,000 rows", &mut middle, yardstick, 40.0);
    compare(table, "100,000 rows", &mut large, yardstick, 40.0);
    compare(table, "10,000 rows, 8 sessions", &mut several, yardstick, 40.0);
    let share = 100.0 * large.rate() / middle.rate();
    table.add("100,000 rows against 10,000", share, Unit::Percent, Target::AtLeast(80.0));
    table.add("bare handler, 304", yardstick_304, Unit::PerSecond, Target::None);
    compare(table, "10,000 rows, 304", &mut middle_304, yardstick_304, 60.0);
    Ok(())
}

/// Adds the share of the yardstick's rate that was reached, and the worst latency but one in a hundred.
fn compare(table: &mut Table, what: &str, outcome: &mut Outcome, yardstick: f64, least: f64) {
    let share = 100.0 * outcome.rate() / yardstick;
    table.add(format!("{what}, share of bare"), share, Unit::Percent, Target::AtLeast(least));
    let median = milliseconds(outcome.quantile(0.5));
    table.remark(format!("{:.0}/s, p50 {median:.2} ms", outcome.rate()));
    let slow = milliseconds(outcome.quantile(0.99));
    table.add(format!("{what}, p99"), slow, Unit::Milliseconds, Target::AtMost(10.0));
}

fn dashboard(server: &Server, cookie: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie)]).collect();
    get(server.address, "/api/v1/dashboard", &headers)
}
