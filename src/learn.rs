//! `finbrain train` and `finbrain evaluate`: the classifier from the command line.

#![allow(clippy::print_stdout, reason = "the answer of a command is what it prints")]

use std::{fs::File, io::Read as _, path::Path, process::ExitCode};

use anyhow::Context as _;
use finbrain_actors::classifier::{MAX_BYTES, Outcome, Sharing, evaluate_csv, serving, train_now};
use finbrain_domain::ports::{Clock, Models};

/// Trains now, and promotes what came out if it may. Exit 1 when it may not.
pub async fn train(models: &dyn Models, clock: &dyn Clock, sharing: Sharing) -> anyhow::Result<ExitCode> {
    let outcome = train_now(models, clock, sharing).await?;
    let serving = serving(models).await?;
    match outcome.reason() {
        None => println!("{}", outcome.as_str()),
        Some(reason) => println!("{}: {reason}", outcome.as_str()),
    }
    println!("model {} ({})", serving.number, serving.model.version());
    println!("accuracy on held-out rows {:.4}", serving.accuracy);
    Ok(if outcome == Outcome::Promoted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the figures of the model that serves on a labelled CSV.
pub async fn evaluate(models: &dyn Models, file: &Path) -> anyhow::Result<ExitCode> {
    let mut csv = Vec::new();
    // One byte more than may be, so that a larger file is refused and none is read whole.
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    opened
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut csv)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let serving = serving(models).await?;
    let figures =
        evaluate_csv(&serving.model, &csv).with_context(|| format!("cannot evaluate {}", file.display()))?;
    println!("model {} ({})", serving.number, serving.model.version());
    println!("rows {}", figures.rows);
    println!("accuracy {:.4}", figures.accuracy);
    println!("accuracy on the surest 80 % {:.4}", figures.surest_80);
    println!("calibration error {:.4}", figures.calibration_error);
    for (category, rows, right) in figures.by_category {
        println!("{category} {right}/{rows}");
    }
    Ok(ExitCode::SUCCESS)
}
