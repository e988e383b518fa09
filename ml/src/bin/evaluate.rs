//! Prints the figures of a labelled CSV (`description,category`): `evaluate FILE`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use finbrain_ml::{Evaluation, Example, Model, Options, evaluate, k_fold, lexicon, train};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: evaluate FILE")?;
    let rows = read(&path)?;
    let options = options()?;

    let started = Instant::now();
    let trained = train(&rows, &options, None)?;
    println!(
        "training on {} rows: {:.2} s, {} features",
        rows.len(),
        started.elapsed().as_secs_f64(),
        trained.features()
    );
    println!("model file: {} bytes", trained.to_bytes().len());
    retraining()?;
    show("5-fold, trained on it", &k_fold(&rows, &options, 5)?);
    show("shipped model, never seen", &evaluate(Model::builtin(), &rows));
    latency(&trained, &rows);
    Ok(())
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options::default();
    for pair in std::env::args().skip(2) {
        let (name, value) = pair.split_once('=').ok_or("options are name=value")?;
        match name {
            "l2" => options.l2 = value.parse()?,
            "iterations" => options.iterations = value.parse()?,
            "tolerance" => options.tolerance = value.parse()?,
            "words" => options.min_word_examples = value.parse()?,
            "chars" => options.min_char_examples = value.parse()?,
            "share" => options.calibration_share = value.parse()?,
            "loss" if value == "hinge" => options.loss = finbrain_ml::Loss::SquaredHinge,
            "loss" if value == "softmax" => options.loss = finbrain_ml::Loss::Softmax,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    Ok(options)
}

/// `Food & Drinks` -> `food-drinks`; a slug stays as it is.
fn slug(category: &str) -> String {
    let known = [
        ("Food", "food-drinks"),
        ("Housing", "housing-bills"),
        ("Transportation", "transportation"),
        ("Education", "education-growth"),
        ("Health", "health-essentials"),
        ("Leisure", "leisure-gifts"),
        ("Other", "other"),
    ];
    known.iter().find(|(start, _)| category.starts_with(start)).map_or(category, |(_, slug)| slug).to_owned()
}

fn read(path: &str) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(path)?.records() {
        let record = record?;
        let (Some(text), Some(category)) = (record.get(0), record.get(1)) else { continue };
        rows.push(Example::new(text, slug(category)));
    }
    Ok(rows)
}

fn show(title: &str, figures: &Evaluation) {
    println!(
        "{title}: accuracy {:.4}, surest 80 % {:.4}, ECE {:.4} ({} rows)",
        figures.accuracy, figures.accuracy_at_80, figures.ece, figures.samples
    );
    for class in &figures.classes {
        println!(
            "  {:<20} precision {:.3} recall {:.3} of {}",
            class.label, class.precision, class.recall, class.support
        );
    }
}

/// The shipped lexicon and fifty corrections, starting from the shipped model.
fn retraining() -> Result<(), Box<dyn Error>> {
    let mut examples = lexicon::examples()?;
    let corrections = examples.iter().step_by(300).take(50).map(|example| Example {
        text: format!("{} corrected", example.text),
        label: "other".to_owned(),
        weight: 3.0,
    });
    let corrections: Vec<Example> = corrections.collect();
    examples.extend(corrections);
    let started = Instant::now();
    train(&examples, &lexicon::options(), Some(Model::builtin()))?;
    println!("warm retraining on {} examples: {:.2} s", examples.len(), started.elapsed().as_secs_f64());
    Ok(())
}

fn latency(model: &Model, rows: &[Example]) {
    let mut nanos: Vec<u128> = rows
        .iter()
        .cycle()
        .take(rows.len() * 3)
        .map(|row| {
            let started = Instant::now();
            std::hint::black_box(model.predict(std::hint::black_box(&row.text)));
            started.elapsed().as_nanos()
        })
        .collect();
    nanos.sort_unstable();
    let at =
        |part: f64| nanos.get((nanos.len() as f64 * part) as usize).copied().unwrap_or_default() as f64 / 1e3;
    println!("one text: p50 {:.1} µs, p99 {:.1} µs", at(0.5), at(0.99));
}
