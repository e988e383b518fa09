//! From examples to a model: vocabulary, fit, calibration. Knows nothing of where examples come from.

use std::collections::BTreeSet;

use crate::calibration;
use crate::example::{Example, digest};
use crate::features::{Block, GramMap, Scratch, Vocabulary};
use crate::format::{Content, MAX_FEATURES, MAX_LABEL_BYTES, MAX_LABELS, ModelError};
use crate::model::Model;
use crate::objective::{Loss, Objective, Rows, minimise};
use crate::ties::{Occurrences, Ties};

/// Fewer examples than this cannot spare any for calibration.
const FEWEST_TO_CALIBRATE: usize = 40;

/// How to train. The defaults are what measured best.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub loss: Loss,
    /// Strength of L2 relative to one example of weight 1. Above zero.
    pub l2: f64,
    /// At most this many steps of the optimiser. 1 to 10,000.
    pub iterations: usize,
    /// Training stops when a step improves the objective by less than this fraction. From zero up, below 1.
    pub tolerance: f64,
    /// A word n-gram must occur in this many examples.
    pub min_word_examples: u32,
    /// A character n-gram must occur in this many examples.
    pub min_char_examples: u32,
    /// Only the most frequent n-grams are kept. At most 400,000.
    pub max_features: usize,
    /// The part of the examples on which the temperature is fitted, before training on all. Zero to 0.5.
    pub calibration_share: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            loss: Loss::SquaredHinge,
            l2: 2.0,
            iterations: 100,
            tolerance: 1e-3,
            min_word_examples: 1,
            min_char_examples: 1,
            max_features: 80_000,
            calibration_share: 0.2,
        }
    }
}

/// Why no model came out.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TrainError {
    #[error("training option {0} is out of range")]
    Option(&'static str),
    #[error("there are no examples to train on")]
    Empty,
    #[error("{0} labels exceed the limit of {MAX_LABELS}")]
    TooManyLabels(usize),
    #[error("label {0:?} is empty or longer than {MAX_LABEL_BYTES} bytes")]
    Label(String),
    #[error("example {0:?} has a weight that is negative or not a number")]
    Weight(String),
    #[error("training produced no valid model: {0}")]
    Model(#[from] ModelError),
}

impl Options {
    fn check(&self) -> Result<&Options, TrainError> {
        let rules = [
            ("l2", self.l2.is_finite() && self.l2 > 0.0),
            ("iterations", (1..=10_000).contains(&self.iterations)),
            ("tolerance", (0.0..1.0).contains(&self.tolerance)),
            ("max_features", (1..=MAX_FEATURES).contains(&self.max_features)),
            ("calibration_share", (0.0..=0.5).contains(&self.calibration_share)),
        ];
        match rules.iter().find(|(_, holds)| !holds) {
            Some((name, _)) => Err(TrainError::Option(name)),
            None => Ok(self),
        }
    }
}

/// Trains on the examples. `warm` is a model to start from, trained with the same loss: it saves time, and its
/// temperature is kept unless the examples have doubled since, because calibration needs rows that no part of the model
/// has seen.
///
/// # Errors
/// When an option or an example is out of range, or there is none.
pub fn train(examples: &[Example], options: &Options, warm: Option<&Model>) -> Result<Model, TrainError> {
    let options = options.check()?;
    check(examples)?;
    let all: Vec<&Example> = examples.iter().collect();
    let data_hash = digest(examples);
    if let Some(warm) = warm.filter(|warm| examples.len() / 2 <= warm.samples() as usize) {
        let content =
            Content { data_hash, temperature: warm.temperature(), ..fit(&all, options, Some(warm)) };
        return Ok(Model::from_content(&content)?);
    }
    let (fitted, held) = calibration::split(&all, options.calibration_share);
    if held.is_empty() || fitted.is_empty() || examples.len() < FEWEST_TO_CALIBRATE {
        return Ok(Model::from_content(&Content { data_hash, ..fit(&all, options, warm) })?);
    }
    let trial = Model::from_content(&fit(&fitted, options, None))?;
    let temperature = calibration::temperature(&trial, &held);
    let content = Content { data_hash, temperature, ..fit(&all, options, Some(&trial)) };
    Ok(Model::from_content(&content)?)
}

fn check(examples: &[Example]) -> Result<(), TrainError> {
    if examples.is_empty() {
        return Err(TrainError::Empty);
    }
    if let Some(bad) = examples.iter().find(|e| e.label.is_empty() || e.label.len() > MAX_LABEL_BYTES) {
        return Err(TrainError::Label(bad.label.clone()));
    }
    if let Some(bad) = examples.iter().find(|e| !e.weight.is_finite() || e.weight < 0.0) {
        return Err(TrainError::Weight(bad.text.clone()));
    }
    let labels = labels(examples.iter());
    if labels.len() > MAX_LABELS { Err(TrainError::TooManyLabels(labels.len())) } else { Ok(()) }
}

fn labels<'a>(examples: impl Iterator<Item = &'a Example>) -> Vec<&'a str> {
    examples.map(|example| example.label.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn fit(examples: &[&Example], options: &Options, warm: Option<&Model>) -> Content {
    let labels = labels(examples.iter().copied());
    let mut content = Content {
        data_hash: [0; 32],
        samples: examples.len() as u32,
        temperature: 1.0,
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        words: 0,
        grams: Vec::new(),
        idf: Vec::new(),
        bias: Vec::new(),
        weights: Vec::new(),
    };
    collect_grams(examples, options, &mut content);
    let vocabulary =
        Vocabulary::new(content.blocks(), content.idf.clone(), content.words).unwrap_or_default();
    let ties = ties(examples, &vocabulary);
    let rows = rows(examples, &labels, &vocabulary, &ties);
    let start = start(&vocabulary, &ties, &labels, warm);
    let objective = Objective::new(&rows, ties.count(), labels.len(), options.loss, options.l2);
    let parameters = minimise(&objective, start, options.iterations, options.tolerance);
    let (tied, bias) = parameters.split_at(ties.count() * labels.len());
    content.bias = bias.iter().map(|&w| w as f32).collect();
    for id in 0..vocabulary.len() {
        let (group, share) = ties.group(id as u32);
        let from = group as usize * labels.len();
        let own = tied.get(from..from + labels.len()).unwrap_or_default();
        content.weights.extend(own.iter().map(|&w| w as f32 * share));
    }
    content
}

struct Seen {
    block: Block,
    text: String,
    examples: u32,
    last: usize,
}

/// Fills in the n-grams that occur often enough, words first, each block in the order of its text, and their smoothed
/// inverse document frequencies: `ln((1 + n) / (1 + df)) + 1`.
fn collect_grams(examples: &[&Example], options: &Options, content: &mut Content) {
    let mut seen: Vec<Seen> = count(examples).into_values().collect();
    seen.retain(|gram| match gram.block {
        Block::Word => gram.examples >= options.min_word_examples,
        Block::Char => gram.examples >= options.min_char_examples,
    });
    seen.sort_unstable_by(|a, b| b.examples.cmp(&a.examples).then_with(|| a.text.cmp(&b.text)));
    seen.truncate(options.max_features);
    seen.sort_unstable_by(|a, b| {
        (a.block == Block::Char).cmp(&(b.block == Block::Char)).then_with(|| a.text.cmp(&b.text))
    });
    content.words = seen.iter().take_while(|gram| gram.block == Block::Word).count() as u32;
    let n = examples.len() as f64;
    content.idf =
        seen.iter().map(|gram| (((1.0 + n) / (1.0 + f64::from(gram.examples))).ln() + 1.0) as f32).collect();
    content.grams = seen.into_iter().map(|gram| gram.text).collect();
}

fn count(examples: &[&Example]) -> GramMap<Seen> {
    let mut seen: GramMap<Seen> = GramMap::default();
    let mut scratch = Scratch::default();
    for (number, example) in examples.iter().enumerate() {
        scratch.load(&example.text);
        scratch.each_gram(|gram| {
            let entry = seen.entry(gram.hash).or_insert_with(|| Seen {
                block: gram.block,
                text: scratch
                    .chars
                    .get(gram.start as usize..gram.end as usize)
                    .unwrap_or_default()
                    .iter()
                    .collect(),
                examples: 0,
                last: usize::MAX,
            });
            if entry.last != number {
                entry.last = number;
                entry.examples += 1;
            }
        });
    }
    seen
}

fn ties(examples: &[&Example], vocabulary: &Vocabulary) -> Ties {
    let mut occurrences = Occurrences::new(vocabulary);
    let mut scratch = Scratch::default();
    for (row, example) in examples.iter().enumerate() {
        vocabulary.vectorise(&example.text, &mut scratch);
        occurrences.add(row, &scratch);
    }
    occurrences.tie(vocabulary)
}

fn rows(examples: &[&Example], labels: &[&str], vocabulary: &Vocabulary, ties: &Ties) -> Rows {
    let mut rows = Rows::default();
    let mut scratch = Scratch::default();
    for example in examples {
        let Ok(label) = labels.binary_search(&example.label.as_str()) else { continue };
        vocabulary.vectorise(&example.text, &mut scratch);
        rows.push(ties.condense(&scratch.found), label, f64::from(example.weight));
    }
    rows
}

/// The parameters to start from: those of the warm model where it knows the n-gram and the label, zero elsewhere.
fn start(vocabulary: &Vocabulary, ties: &Ties, labels: &[&str], warm: Option<&Model>) -> Vec<f64> {
    let width = labels.len();
    let mut start = vec![0.0; (ties.count() + 1) * width];
    let Some(warm) = warm else { return start };
    let known: Vec<(usize, usize)> = labels
        .iter()
        .enumerate()
        .filter_map(|(to, label)| {
            warm.labels().iter().position(|known| **known == **label).map(|from| (from, to))
        })
        .collect();
    let mut add = |from: &[f32], to: usize, share: f32| {
        for &(old, new) in &known {
            if let (Some(&weight), Some(slot)) = (from.get(old), start.get_mut(to + new)) {
                *slot += f64::from(weight * share);
            }
        }
    };
    let mut ids: Vec<(u32, u64)> = vocabulary.hashes().map(|(hash, id)| (id, hash)).collect();
    // In a fixed order, because sums of floats depend on it and equal data must give equal bytes.
    ids.sort_unstable();
    for (id, hash) in ids {
        if let Some(old) = warm.vocabulary.id(hash) {
            let (group, share) = ties.group(id);
            add(warm.row(old), group as usize * width, share);
        }
    }
    add(&warm.bias, ties.count() * width, 1.0);
    start
}
