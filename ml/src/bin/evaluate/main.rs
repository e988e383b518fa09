//! Measures what this crate promises and writes `ml/EVALUATION.md`: `evaluate FILE`, a labelled CSV (`description,category`).
#![allow(clippy::print_stdout)]

mod anomalies;
mod classification;
mod forecasts;
mod households;
mod isolation_forest;
mod known;
mod random;
mod report;
mod thresholds;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use report::Report;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: evaluate FILE")?;
    let started = Instant::now();
    let mut report = Report::begin();
    classification::measure(&path, &mut report)?;
    forecasts::measure(&mut report);
    known::measure(&mut report);
    anomalies::measure(&mut report);
    known::times(&mut report);
    println!("{:.0} s in all", started.elapsed().as_secs_f64());
    report.write(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/EVALUATION.md")))?;
    Ok(())
}
