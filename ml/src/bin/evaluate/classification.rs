//! The classifier on labelled texts: right, calibrated, quick.

use std::error::Error;
use std::time::Instant;

use finbrain_ml::{Evaluation, Example, Model, Options, evaluate, k_fold, lexicon, train};

use crate::random::Random;
use crate::report::{Report, percent};
use crate::thresholds::{self, THRESHOLD};

const LARGE: usize = 50_000;
const CORRECTIONS: usize = 50;

pub fn measure(path: &str, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let rows = read(path)?;
    report.section("Categories");
    let folds = k_fold(&rows, &Options::default(), 5)?;
    let shipped = evaluate(Model::builtin(), &rows);
    let held_out = evaluate(Model::builtin(), &lexicon::held_out()?);
    report.text(&format!(
        "The yardstick has {} labelled texts; the shipped model has never seen them. The held-out rows are the repository's own, \
         written apart from what it is trained on.",
        rows.len()
    ));
    report.table(
        &["", "rows", "accuracy", "on the surest 80 %", "calibration error"],
        &[
            figures("5-fold, trained on the yardstick", &folds),
            figures("shipped model on the yardstick", &shipped),
            figures("shipped model on held-out rows", &held_out),
        ],
    );
    by_category(&folds, &shipped, report);
    reliability(&rows, report);
    thresholds::measure(&rows, report)?;
    times(&rows, report)
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
    if rows.is_empty() { Err(format!("{path} has no rows").into()) } else { Ok(rows) }
}

fn figures(name: &str, figures: &Evaluation) -> Vec<String> {
    vec![
        name.to_owned(),
        figures.samples.to_string(),
        percent(figures.accuracy),
        percent(figures.accuracy_at_80),
        format!("{:.3}", figures.ece),
    ]
}

fn by_category(folds: &Evaluation, shipped: &Evaluation, report: &mut Report) {
    let rows: Vec<Vec<String>> = folds
        .classes
        .iter()
        .filter(|class| class.support > 0)
        .map(|class| {
            let other = shipped.classes.iter().find(|other| other.label == class.label);
            let mut row = vec![class.label.clone(), class.support.to_string()];
            for score in [Some(class), other] {
                row.extend(score.map_or([String::new(), String::new()], |score| {
                    [percent(score.precision), percent(score.recall)]
                }));
            }
            row
        })
        .collect();
    report.table(
        &["category", "rows", "5-fold precision", "5-fold recall", "shipped precision", "shipped recall"],
        &rows,
    );
}

/// What the shipped model's confidence is worth on texts it has never seen.
fn reliability(rows: &[Example], report: &mut Report) {
    let mut bins = [(0_u32, 0.0_f64, 0_u32); 10];
    let (mut sure, mut sure_right) = (0_u32, 0_u32);
    for row in rows {
        let prediction = Model::builtin().predict(&row.text);
        let Some(best) = prediction.best() else { continue };
        let right = u32::from(*best.label == *row.label);
        let bin = &mut bins[((best.probability * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + f64::from(best.probability), bin.2 + right);
        if best.probability >= THRESHOLD {
            sure += 1;
            sure_right += right;
        }
    }
    report.text(&format!(
        "The shipped model's confidence on the yardstick. At or above the threshold of {THRESHOLD} it answers {} of the texts, \
         {} of them rightly; the others go to the review.",
        percent(f64::from(sure) / rows.len() as f64),
        percent(f64::from(sure_right) / f64::from(sure.max(1)))
    ));
    let filled = (0..10).zip(bins).filter(|(_, bin)| bin.0 > 0);
    let rows: Vec<Vec<String>> = filled
        .map(|(tenth, (count, confidence, right))| {
            let count_f = f64::from(count);
            vec![
                format!("{:.1} to {:.1}", f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0),
                count.to_string(),
                percent(confidence / count_f),
                percent(f64::from(right) / count_f),
            ]
        })
        .collect();
    report.table(&["confidence", "texts", "mean confidence", "right"], &rows);
}

fn times(rows: &[Example], report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (model, small) = timed(|| train(rows, &Options::default(), None))?;
    let many = enlarged(rows)?;
    let (_, large) = timed(|| train(&many, &Options::default(), None))?;
    let corrected = corrected()?;
    let (_, warm) = timed(|| train(&corrected, &lexicon::options(), Some(Model::builtin())))?;
    let [p50, p99] = latency(Model::builtin(), rows);
    let [own_p50, own_p99] = latency(&model, rows);
    report.text(&format!(
        "Times, one core. The {LARGE} rows are the yardstick and the lexicon, each text with a word of another of its category. \
         Warm retraining starts from the shipped model, on the lexicon's {} examples and {CORRECTIONS} corrections.",
        corrected.len() - CORRECTIONS
    ));
    report.table(
        &["what", "time"],
        &[
            vec![format!("full training, {} rows", rows.len()), format!("{small:.2} s")],
            vec![format!("full training, {LARGE} rows"), format!("{large:.2} s")],
            vec![format!("warm retraining after {CORRECTIONS} corrections"), format!("{warm:.2} s")],
            vec!["one text, shipped model, p50 / p99".to_owned(), format!("{p50:.1} / {p99:.1} µs")],
            vec![
                "one text, trained on the yardstick, p50 / p99".to_owned(),
                format!("{own_p50:.1} / {own_p99:.1} µs"),
            ],
        ],
    );
    Ok(())
}

fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, f64), E> {
    let started = Instant::now();
    let result = work()?;
    Ok((result, started.elapsed().as_secs_f64()))
}

fn enlarged(rows: &[Example]) -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = rows.to_vec();
    examples.extend(lexicon::examples()?);
    let mut random = Random::new(50_000);
    let originals = examples.len();
    while examples.len() < LARGE {
        let (one, other) = (&examples[random.below(originals)], &examples[random.below(originals)]);
        if one.label == other.label
            && let Some(word) = other.text.split_whitespace().last()
        {
            examples.push(Example::new(format!("{} {word}", one.text), one.label.clone()));
        }
    }
    examples.truncate(LARGE);
    Ok(examples)
}

fn corrected() -> Result<Vec<Example>, Box<dyn Error>> {
    let mut examples = lexicon::examples()?;
    let every = (examples.len() / CORRECTIONS).max(1);
    let corrections: Vec<Example> = examples
        .iter()
        .step_by(every)
        .take(CORRECTIONS)
        .map(|example| Example {
            text: format!("{} corrected", example.text),
            label: "other".to_owned(),
            weight: 3.0,
        })
        .collect();
    examples.extend(corrections);
    Ok(examples)
}

/// The median and the 99th of a hundred, in microseconds, over three rounds of all texts.
fn latency(model: &Model, rows: &[Example]) -> [f64; 2] {
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
    [0.5, 0.99].map(|part| {
        let at = (nanos.len() as f64 * part) as usize;
        nanos.get(at).copied().unwrap_or_default() as f64 / 1e3
    })
}
