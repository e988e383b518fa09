//! The temperature that makes a model's probabilities mean what they say (Guo et al. 2017), and the rows to find it on.

use std::collections::HashMap;

use crate::example::Example;
use crate::features::{Block, hash_gram, with_scratch};
use crate::model::Model;
use crate::objective::softmax;
use crate::text::clean;

/// Splits into rows to fit and rows held back. Rows that share their rarest word stay on one side: "pizza" and "pizza
/// with friends" on both would make the model look surer than it may be. Depends on the texts alone, not on chance.
pub(crate) fn split<'a>(examples: &[&'a Example], share: f64) -> (Vec<&'a Example>, Vec<&'a Example>) {
    if share <= 0.0 {
        return (examples.to_vec(), Vec::new());
    }
    let cleaned: Vec<String> = examples.iter().map(|example| clean(&example.text)).collect();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in cleaned.iter().flat_map(|text| text.split(' ')) {
        *counts.entry(word).or_default() += 1;
    }
    let bound = (share * u64::MAX as f64) as u64;
    let (mut fitted, mut held) = (Vec::new(), Vec::new());
    for (&example, text) in examples.iter().zip(&cleaned) {
        let rarest = text.split(' ').min_by_key(|&word| (counts.get(word), word)).unwrap_or_default();
        let side = if hash_gram(Block::Word, rarest) < bound { &mut held } else { &mut fitted };
        side.push(example);
    }
    (fitted, held)
}

/// The temperature with the least negative log-likelihood on the rows, by golden-section search over its logarithm.
pub(crate) fn temperature(model: &Model, rows: &[&Example]) -> f32 {
    let scored: Vec<(Vec<f32>, usize, f64)> = rows
        .iter()
        .filter_map(|row| {
            let label = model.labels().iter().position(|label| **label == *row.label)?;
            Some((scores(model, &row.text), label, f64::from(row.weight)))
        })
        .collect();
    if scored.is_empty() {
        return 1.0;
    }
    let loss = |log_temperature: f64| -> f64 {
        let sharpness = (-log_temperature).exp();
        let row_loss = |(scores, label, weight): &(Vec<f32>, usize, f64)| {
            let mut scaled: Vec<f64> = scores.iter().map(|&score| f64::from(score) * sharpness).collect();
            let right = scaled.get(*label).copied().unwrap_or_default();
            weight * (softmax(&mut scaled) - right)
        };
        scored.iter().map(row_loss).sum()
    };
    golden_section(loss, 0.02_f64.ln(), 5.0_f64.ln()).exp() as f32
}

fn scores(model: &Model, text: &str) -> Vec<f32> {
    with_scratch(|scratch| {
        model.vocabulary.vectorise(text, scratch);
        let mut scores = vec![0.0; model.labels().len()];
        model.score(&scratch.found, &mut scores);
        scores
    })
}

fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..40 {
        if fa < fb {
            (high, b, fb) = (b, a, fa);
            a = high - ratio * (high - low);
            fa = f(a);
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + ratio * (high - low);
            fb = f(b);
        }
    }
    (low + high) / 2.0
}
