//! Whether a new model may take over from the one that serves. Knows nothing of where either is stored.

use std::fmt;

use crate::evaluation::evaluate;
use crate::example::Example;
use crate::lexicon::canary_rows;
use crate::model::Model;

/// A canary text that a model got wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Missed {
    pub text: String,
    pub expected: String,
    pub given: String,
}

/// Whether the candidate takes over.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Promote,
    Reject { reason: Reason },
}

/// Why a candidate was turned down; `Display` gives a sentence to record.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Accuracies on the held-out rows.
    Worse {
        candidate: f64,
        current: f64,
    },
    Canaries(Vec<Missed>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Worse { candidate, current } => {
                write!(f, "accuracy on held-out rows would fall from {current:.4} to {candidate:.4}")
            }
            Reason::Canaries(missed) => {
                write!(f, "{} canary texts fail", missed.len())?;
                missed.iter().take(5).try_for_each(|miss| {
                    write!(f, "; {:?} is {}, not {}", miss.text, miss.expected, miss.given)
                })
            }
        }
    }
}

/// Asks the model about the canary texts.
///
/// # Errors
/// The texts it gets wrong.
pub fn canaries(model: &Model) -> Result<(), Vec<Missed>> {
    // The table is compiled in, and a test reads it: it cannot be malformed here.
    let missed: Vec<Missed> =
        canary_rows().unwrap_or_default().into_iter().filter_map(|row| missed(model, row)).collect();
    if missed.is_empty() { Ok(()) } else { Err(missed) }
}

fn missed(model: &Model, row: Example) -> Option<Missed> {
    let prediction = model.predict(&row.text);
    let given = prediction.best().map_or("", |best| &best.label);
    (*given != row.label).then(|| Missed { text: row.text, expected: row.label, given: given.to_owned() })
}

/// Promotes a candidate that passes the canaries and is not less accurate than the current model on rows neither was
/// trained on.
#[must_use]
pub fn better_or_equal(candidate: &Model, current: &Model, held_out: &[Example]) -> Verdict {
    if let Err(missed) = canaries(candidate) {
        return Verdict::Reject { reason: Reason::Canaries(missed) };
    }
    let [candidate, current] = [candidate, current].map(|model| evaluate(model, held_out).accuracy);
    if candidate < current {
        return Verdict::Reject { reason: Reason::Worse { candidate, current } };
    }
    Verdict::Promote
}
