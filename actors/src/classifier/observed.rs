//! What can be seen of the classifier from outside, without a word of what it was asked.

use super::{Outcome, Serving, Suggestion};

pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("finbrain_trainings_total", Unit::Count, "Trainings of the shared model by outcome");
    describe_histogram!(
        "finbrain_training_seconds",
        Unit::Seconds,
        "Time of one training with its evaluation"
    );
    describe_gauge!("finbrain_model_accuracy", "Share of held-out rows that the serving model gets right");
    describe_counter!("finbrain_model_swaps_total", Unit::Count, "Times that another model began to serve");
    describe_histogram!("finbrain_suggestion_confidence", "Confidence of suggestions, from 0 to 1");
    describe_counter!(
        "finbrain_suggestions_judged_total",
        Unit::Count,
        "Suggestions that a person kept or changed"
    );
    for outcome in ["promoted", "rejected", "failed"] {
        metrics::counter!("finbrain_trainings_total", "outcome" => outcome).increment(0);
    }
    for judgement in [Judgement::Kept, Judgement::Changed] {
        metrics::counter!("finbrain_suggestions_judged_total", "verdict" => judgement.as_str()).increment(0);
    }
    metrics::counter!("finbrain_model_swaps_total").increment(0);
    let _ = metrics::histogram!("finbrain_training_seconds");
    let _ = metrics::histogram!("finbrain_suggestion_confidence");
}

/// What a person made of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    Kept,
    Changed,
}

impl Judgement {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Changed => "changed",
        }
    }

    pub const fn of(kept: bool) -> Self {
        if kept { Self::Kept } else { Self::Changed }
    }

    /// Counted when what follows from it has been written.
    pub fn count(self) {
        metrics::counter!("finbrain_suggestions_judged_total", "verdict" => self.as_str()).increment(1);
    }
}

/// A suggestion was given to a person.
pub fn observe(suggestion: &Suggestion) {
    metrics::histogram!("finbrain_suggestion_confidence").record(f64::from(suggestion.confidence));
}

pub(super) fn serves(serving: &Serving) {
    metrics::gauge!("finbrain_model_accuracy").set(serving.accuracy);
}

pub(super) fn swapped() {
    metrics::counter!("finbrain_model_swaps_total").increment(1);
}

pub(super) fn trained(outcome: &Outcome) {
    metrics::counter!("finbrain_trainings_total", "outcome" => outcome.as_str()).increment(1);
}
