//! `make bench`: the figures that the design promises, measured in one run and printed as one table.
//!
//! It measures the program from outside, as a process that is asked over HTTP, and its rules as functions; it decides
//! nothing and asserts nothing, because machines differ. The ratios are what counts. `cargo bench --bench figures -- reads`
//! measures a part: labels, books, reads, suggestions, writes, logins, opening, folding, process, pods. The last needs the servers that
//! `bash .ci/servers` installs.

mod bare;
mod books;
mod labels;
mod load;
mod logins;
mod pods;
mod process;
mod reads;
mod server;
mod suggestions;
mod table;
mod writes;

use std::{fs, path::Path, time::Instant};

use serde_json::{Value, json};

use self::{
    reads::Readers,
    server::{Server, post, seed},
    table::Table,
};

const WRITERS: u32 = 64;
/// The first of the persons who write; those before them read.
const FIRST_WRITER: u32 = 3;
const FIRST_LOGIN: u32 = FIRST_WRITER + WRITERS;
/// Rows of one request.
const BULK: usize = 20_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [first, body] if first == bare::ARGUMENT => bare::serve(body),
        // `cargo test --all-targets` starts benchmarks without it, to see whether they build.
        arguments if !arguments.iter().any(|argument| argument == "--bench") => Ok(()),
        arguments => measure(&Parts::named(arguments)),
    }
}

/// What is to be measured; everything when nothing is named.
struct Parts(Vec<String>);

impl Parts {
    fn named(arguments: &[String]) -> Self {
        Self(arguments.iter().filter(|argument| !argument.starts_with('-')).cloned().collect())
    }

    fn has(&self, part: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|named| named == part)
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn measure(parts: &Parts) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut table = Table::default();
    let room = tempfile::tempdir()?;
    let folder = |name: &str| -> anyhow::Result<_> {
        let folder = room.path().join(name);
        fs::create_dir(&folder)?;
        Ok(folder)
    };
    if parts.has("labels") {
        labels::measure(&mut table)?;
    }
    if parts.has("books") {
        books::measure(&mut table)?;
    }
    if ["reads", "suggestions", "writes", "logins", "opening"].iter().any(|part| parts.has(part)) {
        over_http(parts, &mut table, &folder("persons")?)?;
    }
    if parts.has("folding") {
        books::fold_journal(&mut table, &folder("journal")?)?;
    }
    if parts.has("process") {
        process::measure(&mut table, &folder("full")?)?;
    }
    if parts.has("pods") {
        pods::measure(&mut table)?;
    }
    let text = table.markdown(began);
    println!("{text}");
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("figures.md"), text)?;
    Ok(())
}

/// Everything that is asked of one server.
fn over_http(parts: &Parts, table: &mut Table, room: &Path) -> anyhow::Result<()> {
    seed(room, FIRST_LOGIN + logins::accounts(), 0)?;
    let server = Server::start(room)?;
    let reader = |number, rows| -> anyhow::Result<String> {
        let cookie = server.sign_in(number)?;
        import(&server, &cookie, rows)?;
        Ok(cookie)
    };
    let small = reader(0, 1000)?;
    let mut middle = vec![reader(1, 10_000)?];
    for _ in 1..8 {
        middle.push(server.sign_in(1)?);
    }
    let readers = Readers { small, middle, large: reader(2, 100_000)? };
    if parts.has("reads") {
        reads::measure(table, &server, &readers, room)?;
    }
    if parts.has("suggestions") {
        suggestions::measure(table, &server, &readers.middle[0])?;
    }
    if parts.has("writes") {
        let writers = (FIRST_WRITER..FIRST_LOGIN).map(|number| server.sign_in(number));
        writes::measure(table, &server, &writers.collect::<anyhow::Result<Vec<_>>>()?)?;
    }
    if parts.has("logins") {
        logins::measure(table, &server, FIRST_LOGIN)?;
    }
    if parts.has("opening") {
        server.stop()?;
        books::open_from_snapshot(table, &Server::start(room)?, &readers.large)?;
    }
    Ok(())
}

/// Writes rows into somebody's book: expenses of three years in a few categories, nine in ten in shekels.
fn import(server: &Server, cookie: &str, rows: usize) -> anyhow::Result<()> {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    let row = |number: usize| -> Value {
        let day = jiff::Span::new().days(i64::try_from(number % 1095).unwrap_or_default());
        let currency = match number % 20 {
            7 => "USD",
            13 => "EUR",
            _ => "ILS",
        };
        let categories = ["food-drinks", "housing-bills", "transportation", "leisure-gifts", "other"];
        json!({
            "date": today.saturating_sub(day).to_string(),
            "description": format!("corner shop {number}"),
            "amount": format!("-{}.50", number * 7919 % 400 + 1),
            "currency": currency,
            "category_id": categories[number % categories.len()],
        })
    };
    let numbers: Vec<usize> = (0..rows).collect();
    for bulk in numbers.chunks(BULK) {
        let body = json!({ "transactions": bulk.iter().copied().map(row).collect::<Vec<_>>() });
        server.expect(201, &post(server.address, "/api/v1/transactions/bulk", Some(cookie), &body))?;
    }
    Ok(())
}
