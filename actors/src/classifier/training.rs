//! Training: the shipped lexicon and everyone's corrections, off the request path; a candidate is promoted only when it
//! is not worse on held-out rows and knows the canary texts.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use finbrain_domain::ports::{Clock, Models, StoreError, TrainingExample};
use finbrain_ml::{Model, Verdict, better_or_equal, evaluate, lexicon};
use futures_util::FutureExt as _;

use super::{
    observed,
    poison::{Sharing, Shipped, admit},
    serving,
};

/// The newest corrections that a training takes.
const MOST_CORRECTIONS: usize = 20_000;

/// How a training ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Promoted,
    Rejected { reason: String },
    Failed { reason: String },
}

impl Outcome {
    fn stopped() -> Self {
        Self::Failed { reason: "training stopped unexpectedly".to_owned() }
    }

    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::Rejected { .. } => "rejected",
            Self::Failed { .. } => "failed",
        }
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Promoted => None,
            Self::Rejected { reason } | Self::Failed { reason } => Some(reason),
        }
    }
}

pub(super) struct Trained {
    pub outcome: Outcome,
    /// How many corrections there were.
    pub seen: Option<u64>,
}

/// Trains from what a store holds, and promotes what came out if it may. For a program that does nothing else.
pub async fn train_now(
    models: &dyn Models,
    clock: &dyn Clock,
    sharing: Sharing,
) -> Result<Outcome, StoreError> {
    let current = serving(models).await?.model;
    Ok(train(models, clock, current, sharing).await.outcome)
}

/// Trains a candidate and promotes it if it may.
pub(super) async fn train(
    models: &dyn Models,
    clock: &dyn Clock,
    current: Arc<Model>,
    sharing: Sharing,
) -> Trained {
    let started = Instant::now();
    let work = async {
        let seen = models.count_examples().await.ok();
        (seen, attempt(models, clock, current, sharing).await)
    };
    // A panic in the store must leave the actor serving, as one in the training does. What it broke is the store's own
    // matter: nothing here outlives the attempt.
    let (seen, outcome) = match AssertUnwindSafe(work).catch_unwind().await {
        Ok((seen, Ok(outcome))) => (seen, outcome),
        Ok((seen, Err(error))) => (seen, Outcome::Failed { reason: error.to_string() }),
        Err(_) => (None, Outcome::stopped()),
    };
    metrics::histogram!("finbrain_training_seconds").record(started.elapsed());
    observed::trained(&outcome);
    Trained { outcome, seen }
}

async fn attempt(
    models: &dyn Models,
    clock: &dyn Clock,
    current: Arc<Model>,
    sharing: Sharing,
) -> Result<Outcome, StoreError> {
    let corrections = models.examples(MOST_CORRECTIONS).await?;
    // A panic in training must leave the actor serving.
    let candidate = tokio::task::spawn_blocking(move || candidate(&corrections, &current, sharing)).await;
    match candidate {
        Ok(Ok(Ok(bytes))) => {
            models.promote(bytes, clock.now()).await?;
            Ok(Outcome::Promoted)
        }
        Ok(Ok(Err(reason))) => Ok(Outcome::Rejected { reason }),
        Ok(Err(reason)) => Ok(Outcome::Failed { reason }),
        Err(_) => Ok(Outcome::stopped()),
    }
}

/// The bytes of a candidate that passed, or why it did not.
fn candidate(
    corrections: &[TrainingExample],
    current: &Model,
    sharing: Sharing,
) -> Result<Result<Vec<u8>, String>, String> {
    let mut examples = lexicon::examples().map_err(|error| error.to_string())?;
    let shipped = Shipped::of(&examples);
    examples.extend(admit(corrections, sharing, &shipped));
    let held_out = lexicon::held_out().map_err(|error| error.to_string())?;
    let model = finbrain_ml::train(&examples, &lexicon::options(), Some(current))
        .map_err(|error| error.to_string())?;
    Ok(match better_or_equal(&model, current, &held_out) {
        Verdict::Promote => Ok(model.to_bytes()),
        Verdict::Reject { reason } => Err(reason.to_string()),
    })
}

/// Share of the held-out rows that a model gets right.
pub(super) fn accuracy(model: &Model) -> f64 {
    lexicon::held_out().map_or(0.0, |rows| evaluate(model, &rows).accuracy)
}
