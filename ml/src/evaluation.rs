//! How good a model is, in figures. Knows nothing of how it was trained.

use std::collections::BTreeMap;

use crate::example::Example;
use crate::features::{Block, hash_gram};
use crate::model::Model;
use crate::train::{Options, TrainError, train};

/// The surest part of the answers whose accuracy is reported.
const COVERAGE: f64 = 0.8;
const BINS: usize = 15;

/// Figures over rows whose labels are known. All fractions are between 0 and 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Evaluation {
    pub samples: usize,
    pub accuracy: f64,
    /// Accuracy on the 80 % of the rows that the model is surest of.
    pub accuracy_at_80: f64,
    /// Expected calibration error over 15 equal bins (Naeini et al. 2015).
    pub ece: f64,
    pub classes: Vec<ClassScore>,
}

/// Figures of one label.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ClassScore {
    pub label: String,
    /// Of the rows answered with this label, the part that has it.
    pub precision: f64,
    /// Of the rows that have this label, the part answered with it.
    pub recall: f64,
    /// How many rows have it.
    pub support: usize,
}

struct Answer<'a> {
    expected: &'a str,
    given: String,
    probability: f64,
}

impl Answer<'_> {
    fn is_right(&self) -> bool {
        self.expected == self.given
    }
}

/// Asks the model about every row.
#[must_use]
pub fn evaluate(model: &Model, rows: &[Example]) -> Evaluation {
    summarise(rows.iter().map(|row| answer(model, row)).collect())
}

/// Trains `folds` times, each time on all rows but one part, and sums up the answers about the parts left out. Rows fall
/// into parts by a hash of their text and number, so the result is the same every time.
///
/// # Errors
/// When a training fails, or `folds` is below 2.
pub fn k_fold(rows: &[Example], options: &Options, folds: usize) -> Result<Evaluation, TrainError> {
    if folds < 2 {
        return Err(TrainError::Option("folds"));
    }
    let part = |number: usize, row: &Example| {
        (hash_gram(Block::Word, &format!("{number} {}", row.text)) % folds as u64) as usize
    };
    let mut answers = Vec::with_capacity(rows.len());
    for fold in 0..folds {
        let (held, kept): (Vec<_>, Vec<_>) =
            rows.iter().enumerate().partition(|&(number, row)| part(number, row) == fold);
        let kept: Vec<Example> = kept.into_iter().map(|(_, row)| row.clone()).collect();
        let model = train(&kept, options, None)?;
        answers.extend(held.into_iter().map(|(_, row)| answer(&model, row)));
    }
    Ok(summarise(answers))
}

fn answer<'a>(model: &Model, row: &'a Example) -> Answer<'a> {
    let prediction = model.predict(&row.text);
    let (given, probability) = prediction
        .best()
        .map_or((String::new(), 0.0), |best| (best.label.to_string(), f64::from(best.probability)));
    Answer { expected: &row.label, given, probability }
}

fn summarise(mut answers: Vec<Answer<'_>>) -> Evaluation {
    answers.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let surest = (answers.len() as f64 * COVERAGE).round() as usize;
    Evaluation {
        samples: answers.len(),
        accuracy: accuracy(&answers),
        accuracy_at_80: accuracy(answers.get(..surest).unwrap_or_default()),
        ece: calibration_error(&answers),
        classes: classes(&answers),
    }
}

fn fraction(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn accuracy(answers: &[Answer<'_>]) -> f64 {
    fraction(answers.iter().filter(|answer| answer.is_right()).count(), answers.len())
}

fn calibration_error(answers: &[Answer<'_>]) -> f64 {
    let mut gaps = [0.0; BINS];
    for answer in answers {
        let bin = ((answer.probability * BINS as f64) as usize).min(BINS - 1);
        if let Some(gap) = gaps.get_mut(bin) {
            *gap += answer.probability - f64::from(u8::from(answer.is_right()));
        }
    }
    gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / answers.len().max(1) as f64
}

#[derive(Default)]
struct Tally {
    right: usize,
    given: usize,
    expected: usize,
}

fn classes(answers: &[Answer<'_>]) -> Vec<ClassScore> {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for answer in answers {
        tallies.entry(answer.expected).or_default().expected += 1;
        let given = tallies.entry(answer.given.as_str()).or_default();
        given.given += 1;
        given.right += usize::from(answer.is_right());
    }
    let score = |(label, tally): (&str, Tally)| ClassScore {
        label: label.to_owned(),
        precision: fraction(tally.right, tally.given),
        recall: fraction(tally.right, tally.expected),
        support: tally.expected,
    };
    tallies.into_iter().map(score).collect()
}
