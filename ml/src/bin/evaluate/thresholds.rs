//! Whether a threshold for each category asks for a review more wisely than one for all. Theirs are chosen on lexicon entries
//! that the asked model has not seen, and judged on rows that chose nothing.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use finbrain_ml::{Example, Model, lexicon, train};

use crate::report::{Report, percent};

/// Below this the program answers `other` and asks for a review.
pub const THRESHOLD: f32 = 0.45;
const FOLDS: usize = 5;
/// Thresholds that are tried, in hundredths.
const TRIED: std::ops::RangeInclusive<u8> = 5..=95;
/// The weight of a lexicon entry itself; what was made from it follows it and weighs half.
const ENTRY_WEIGHT: f32 = 1.0;
const VARIANT_WEIGHT: f32 = 0.5;

/// The likeliest category of one text.
struct Guess {
    label: Arc<str>,
    probability: f32,
    right: bool,
}

impl Guess {
    /// What showing it is worth. One that is as sure as the threshold is worth nothing either way: that is what the threshold
    /// says a wrong answer costs.
    fn worth(&self, threshold: f32) -> f64 {
        let cost = f64::from(THRESHOLD / (1.0 - THRESHOLD));
        match (self.probability >= threshold, self.right) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => -cost,
        }
    }
}

type Thresholds = BTreeMap<Arc<str>, f32>;

pub fn measure(yardstick: &[Example], report: &mut Report) -> Result<(), Box<dyn Error>> {
    let chosen = choose(&unseen_entries()?);
    let held_out = guesses(Model::builtin(), &lexicon::held_out()?);
    let yardstick = guesses(Model::builtin(), yardstick);
    let each: Vec<String> =
        chosen.iter().map(|(label, threshold)| format!("{label} {threshold:.2}")).collect();
    report.text(&format!(
        "One threshold for all, {THRESHOLD}, against one for each category, chosen by {FOLDS}-fold over the lexicon's entries \
         ({}). A right answer is worth 1, a wrong one costs {THRESHOLD} / {:.2}, a review nothing.",
        each.join(", "),
        1.0 - THRESHOLD
    ));
    let mut rows = Vec::new();
    for (name, guesses) in [("held-out rows", &held_out), ("yardstick", &yardstick)] {
        rows.push(figures(&format!("{name}, one threshold"), guesses, &Thresholds::new()));
        rows.push(figures(&format!("{name}, one for each category"), guesses, &chosen));
    }
    report.table(&["", "answered", "of these right", "worth of 100 texts", "gain ± standard error"], &rows);
    Ok(())
}

fn guesses(model: &Model, rows: &[Example]) -> Vec<Guess> {
    let guess = |row: &Example| {
        let best = model.predict(&row.text).ranked.into_iter().next()?;
        Some(Guess { right: *best.label == *row.label, label: best.label, probability: best.probability })
    };
    rows.iter().filter_map(guess).collect()
}

/// Every entry of the lexicon as guessed by a model that was trained without it and without what was made from it.
fn unseen_entries() -> Result<Vec<Guess>, Box<dyn Error>> {
    let examples = lexicon::examples()?;
    let mut entry = 0;
    let folds: Vec<usize> = examples
        .iter()
        .map(|example| {
            entry += usize::from(example.weight != VARIANT_WEIGHT);
            entry % FOLDS
        })
        .collect();
    let mut found = Vec::new();
    for fold in 0..FOLDS {
        let of = |is_held: bool| {
            let numbered = examples.iter().zip(&folds);
            numbered
                .filter(move |&(_, &other)| (other == fold) == is_held)
                .map(|(example, _)| example.clone())
        };
        let kept: Vec<Example> = of(false).collect();
        let held: Vec<Example> = of(true).filter(|example| example.weight == ENTRY_WEIGHT).collect();
        found.extend(guesses(&train(&kept, &lexicon::options(), None)?, &held));
    }
    Ok(found)
}

/// The threshold that is worth most, for each category; the lowest of equals.
fn choose(guesses: &[Guess]) -> Thresholds {
    let mut by_label: BTreeMap<Arc<str>, Vec<&Guess>> = BTreeMap::new();
    for guess in guesses {
        by_label.entry(Arc::clone(&guess.label)).or_default().push(guess);
    }
    let best = |guesses: &[&Guess]| {
        let worth = |threshold: f32| guesses.iter().map(|guess| guess.worth(threshold)).sum::<f64>();
        let tried = TRIED.rev().map(|hundredths| f32::from(hundredths) / 100.0);
        tried.max_by(|one, other| worth(*one).total_cmp(&worth(*other))).unwrap_or(THRESHOLD)
    };
    by_label.into_iter().map(|(label, guesses)| (label, best(&guesses))).collect()
}

/// A row of the table; a category without a threshold of its own has the one for all.
fn figures(name: &str, guesses: &[Guess], thresholds: &Thresholds) -> Vec<String> {
    let threshold = |guess: &Guess| thresholds.get(&guess.label).copied().unwrap_or(THRESHOLD);
    let all = guesses.len().max(1) as f64;
    let shown: Vec<&Guess> = guesses.iter().filter(|guess| guess.probability >= threshold(guess)).collect();
    let right = shown.iter().filter(|guess| guess.right).count();
    let worth: f64 = guesses.iter().map(|guess| guess.worth(threshold(guess))).sum();
    let gains: Vec<f64> =
        guesses.iter().map(|guess| guess.worth(threshold(guess)) - guess.worth(THRESHOLD)).collect();
    let mean = gains.iter().sum::<f64>() / all;
    let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / all;
    let gain = match thresholds.is_empty() {
        true => String::new(),
        false => format!("{:+.2} ± {:.2}", mean * 100.0, (variance / all).sqrt() * 100.0),
    };
    vec![
        name.to_owned(),
        percent(shown.len() as f64 / all),
        percent(right as f64 / shown.len().max(1) as f64),
        format!("{:.1}", worth / all * 100.0),
        gain,
    ]
}
