//! The model that serves: read from the store, never without one before it or the built-in one to fall back to; and those
//! that are kept beside it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use finbrain_domain::ports::{Models, StoreError, StoredModel};
use finbrain_ml::Model;
use jiff::Timestamp;

use super::training;

/// A model with the number under which it was promoted.
#[derive(Debug, Clone)]
pub struct Serving {
    pub model: Arc<Model>,
    /// The number of its promotion; 0 is the built-in model.
    pub number: u64,
    pub trained_at: Option<Timestamp>,
    /// Share of held-out rows that it gets right.
    pub accuracy: f64,
}

impl Serving {
    fn new(model: Arc<Model>, number: u64, trained_at: Option<Timestamp>) -> Self {
        let accuracy = training::accuracy(&model);
        Self { model, number, trained_at, accuracy }
    }

    pub(super) fn builtin() -> Self {
        Self::new(Arc::clone(Model::builtin()), 0, None)
    }

    fn kept(&self) -> Kept {
        Kept {
            number: self.number,
            version: self.model.version().to_owned(),
            trained_at: self.trained_at,
            samples: self.model.samples(),
            accuracy: self.accuracy,
        }
    }
}

/// What there is to say of a model that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub number: u64,
    pub version: String,
    /// `None` for the built-in model.
    pub trained_at: Option<Timestamp>,
    pub samples: u32,
    pub accuracy: f64,
}

/// What was read off kept models: each is opened once.
pub(super) type Known = BTreeMap<u64, Option<Kept>>;

/// The model that a store points to, for programs that ask once. A bad one gives way as in a server.
pub async fn serving(models: &dyn Models) -> Result<Serving, StoreError> {
    Ok(newest(models, 0).await?.unwrap_or_else(Serving::builtin))
}

/// The model that the pointer names when it is not the one that serves; when it cannot be read, the one before it.
pub(super) async fn newest(models: &dyn Models, serving: u64) -> Result<Option<Serving>, StoreError> {
    let pointed = models.newest().await?.unwrap_or_default();
    if pointed == serving {
        return Ok(None);
    }
    if pointed == 0 {
        return Ok(Some(Serving::builtin()));
    }
    if let Some(current) = models.current().await?
        && let Some(opened) = open(current).await
    {
        return Ok(Some(opened));
    }
    match models.previous().await? {
        Some(previous) if previous.number != serving => Ok(open(previous).await),
        _ => Ok(None),
    }
}

/// The model of this number, if it is kept and whole.
pub(super) async fn numbered(models: &dyn Models, number: u64) -> Result<Option<Serving>, StoreError> {
    if number == 0 {
        return Ok(Some(Serving::builtin()));
    }
    let Some(stored) = models.model(number).await? else { return Ok(None) };
    Ok(open(stored).await)
}

/// Every model that one can roll back to, newest first, the built-in one last. Damaged ones are left out.
pub(super) async fn history(models: &dyn Models, mut known: Known) -> Result<(Vec<Kept>, Known), StoreError> {
    let mut numbers: Vec<u64> = models.history().await?.into_iter().map(|record| record.number).collect();
    numbers.push(0);
    known.retain(|number, _| numbers.contains(number));
    for &number in &numbers {
        if let Entry::Vacant(unknown) = known.entry(number) {
            unknown.insert(numbered(models, number).await?.map(|serving| serving.kept()));
        }
    }
    let kept = numbers.iter().filter_map(|number| known.get(number)?.clone());
    Ok((kept.collect(), known))
}

async fn open(stored: StoredModel) -> Option<Serving> {
    let StoredModel { number, bytes, trained_at } = stored;
    let opened = tokio::task::spawn_blocking(move || {
        Model::from_bytes(&bytes).map(|model| Serving::new(Arc::new(model), number, Some(trained_at)))
    });
    match opened.await {
        Ok(Ok(serving)) => Some(serving),
        Ok(Err(error)) => {
            tracing::warn!(model.number = number, error = %error, "stored model is damaged");
            None
        }
        Err(_) => None,
    }
}
