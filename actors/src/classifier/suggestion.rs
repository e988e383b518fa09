//! The layers of a suggestion. The first that is sure answers, and says which it was and why.

use finbrain_domain::{category::CategoryId, ledger::Ledger};
use finbrain_ml::{Model, Prediction, merchant};

/// Below this the model is not sure and a person should look.
const THRESHOLD: f32 = 0.45;
/// So many other categories are offered.
const ALTERNATIVES: usize = 3;

/// What can be said of a description without its book: asked on the caller's thread, before the actor is.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The cleaned merchant, the key of what a person's corrections taught.
    pub merchant: String,
    pub prediction: Prediction,
}

impl Prepared {
    /// Nothing: for rows whose category is known and teaches nobody.
    pub fn silent() -> Self {
        let prediction = Prediction { ranked: Vec::new(), reasons: Vec::new() };
        Self { merchant: String::new(), prediction }
    }

    pub fn new(model: &Model, description: &str) -> Self {
        Self { merchant: merchant(description), prediction: model.predict(description) }
    }
}

/// A category for a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    pub category: CategoryId,
    /// From 0 to 1.
    pub confidence: f32,
    pub source: Source,
    /// Words that spoke for it.
    pub why: Vec<String>,
    pub alternatives: Vec<(CategoryId, f32)>,
}

/// The layer that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Money in is income.
    Sign,
    /// The person chose it for this merchant before.
    Memory,
    Model,
    /// The model is not sure: `other`, to be reviewed.
    Unsure,
}

impl Suggestion {
    pub fn is_unsure(&self) -> bool {
        self.source == Source::Unsure
    }
}

/// The category for a text in this book.
pub fn suggest(ledger: &Ledger, income: bool, prepared: &Prepared) -> Suggestion {
    let sure = |category: CategoryId, source, why| Suggestion {
        category,
        confidence: 1.0,
        source,
        why,
        alternatives: Vec::new(),
    };
    if let Some(category) = ledger.merchant_category(&prepared.merchant) {
        let why = vec![prepared.merchant.clone()];
        return Suggestion {
            alternatives: alternatives(ledger, &prepared.prediction, category),
            ..sure(category.clone(), Source::Memory, why)
        };
    }
    if income {
        return sure(CategoryId::income(), Source::Sign, Vec::new());
    }
    from_model(ledger, &prepared.prediction)
}

fn from_model(ledger: &Ledger, prediction: &Prediction) -> Suggestion {
    let best = prediction.ranked.iter().find_map(|ranked| {
        let category = usable(ledger, &ranked.label)?;
        (ranked.probability >= THRESHOLD).then_some((category, ranked.probability))
    });
    let (category, confidence, source) = match best {
        Some((category, confidence)) => (category, confidence, Source::Model),
        None => {
            let highest = prediction.best().map_or(0.0, |best| best.probability);
            (CategoryId::other(), highest, Source::Unsure)
        }
    };
    Suggestion {
        alternatives: alternatives(ledger, prediction, &category),
        category,
        confidence,
        source,
        why: prediction.reasons.clone(),
    }
}

fn alternatives(ledger: &Ledger, prediction: &Prediction, chosen: &CategoryId) -> Vec<(CategoryId, f32)> {
    prediction
        .ranked
        .iter()
        .filter_map(|ranked| Some((usable(ledger, &ranked.label)?, ranked.probability)))
        .filter(|(category, _)| category != chosen)
        .take(ALTERNATIVES)
        .collect()
}

/// The category of a label, if the book has it and offers it.
fn usable(ledger: &Ledger, label: &str) -> Option<CategoryId> {
    let id = CategoryId::parse(label).ok()?;
    let offered = ledger.categories().get(&id).is_some_and(|category| !category.archived);
    offered.then_some(id)
}
