//! Packs the history of reference rates of the European Central Bank for `src/outbound/ecb`, whose README gives
//! the command. Reads the bank's CSV from standard input, writes the packed file to the path given.

use std::{env, fs, io::Read};

use anyhow::Context;
use finbrain_domain::money::Currency;

const LEVEL: i32 = 19;

fn main() -> anyhow::Result<()> {
    let path = env::args().nth(1).context("give the path of the file to write")?;
    let mut csv = String::new();
    std::io::stdin().read_to_string(&mut csv).context("cannot read standard input")?;
    let packed = zstd::encode_all(turn(&csv)?.as_bytes(), LEVEL)?;
    fs::write(&path, packed).with_context(|| format!("cannot write {path}"))
}

/// The table on its side, oldest day first, without the currencies that money cannot be in.
fn turn(csv: &str) -> anyhow::Result<String> {
    let mut lines = csv.lines();
    let codes: Vec<&str> = lines.next().context("input is empty")?.split(',').collect();
    let mut days: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    days.sort_unstable();
    anyhow::ensure!(days.iter().all(|day| day.len() == codes.len()), "rows differ in length");

    let column = |at: usize| days.iter().map(move |day| if day[at] == "N/A" { "" } else { day[at] });
    let mut text = column(0).collect::<Vec<_>>().join(",");
    for (at, code) in codes.iter().enumerate().skip(1) {
        if Currency::parse(code).is_ok() {
            text.push('\n');
            text.push_str(code);
            text.extend(column(at).flat_map(|rate| [",", rate]));
        }
    }
    Ok(text)
}
