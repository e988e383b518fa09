//! The layers of a suggestion. The first that is sure answers, and says which it was and why.

use finbrain_domain::{
    category::{CategoryId, CategoryKind},
    ledger::Ledger,
};
use finbrain_ml::{
    Model, Prediction, Ranked, merchant,
    overlay::{Opinion, Overlay},
};

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
    /// The person chose it for merchants like this one.
    Corrections,
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
pub fn suggest(ledger: &Ledger, overlay: &Overlay, income: bool, prepared: &Prepared) -> Suggestion {
    let Prepared { merchant, prediction } = prepared;
    if let Some(category) = ledger.merchant_category(merchant) {
        return Suggestion {
            alternatives: alternatives(ledger, &prediction.ranked, category),
            category: category.clone(),
            confidence: 1.0,
            source: Source::Memory,
            why: vec![merchant.clone()],
        };
    }
    let mut opinion = overlay.opinion(merchant);
    // What was chosen for money out says nothing of money in, nor the other way round.
    opinion
        .labels
        .retain(|(label, _)| usable(ledger, label).is_some_and(|id| is_income(ledger, &id) == income));
    if income {
        return of_income(ledger, &opinion, merchant);
    }
    blended(ledger, &opinion, prepared)
}

fn is_income(ledger: &Ledger, id: &CategoryId) -> bool {
    ledger.categories().get(id).is_some_and(|category| category.kind == CategoryKind::Income)
}

/// The model knows nothing of income, so that only what is chosen for like merchants speaks against the plain category.
fn of_income(ledger: &Ledger, opinion: &Opinion, merchant: &str) -> Suggestion {
    let sure = opinion.labels.first().filter(|(_, strength)| *strength >= THRESHOLD);
    let (category, confidence, source, why) = match sure.and_then(|(label, _)| usable(ledger, label)) {
        Some(category) => {
            let strength = opinion.labels.first().map_or(THRESHOLD, |(_, strength)| *strength);
            (category, strength, Source::Corrections, vec![merchant.to_owned()])
        }
        None => (CategoryId::income(), 1.0, Source::Sign, Vec::new()),
    };
    Suggestion { category, confidence, source, why, alternatives: Vec::new() }
}

/// The model's answer moved by the person's own corrections. They decide when the model alone had said something else.
fn blended(ledger: &Ledger, opinion: &Opinion, prepared: &Prepared) -> Suggestion {
    let Prepared { merchant, prediction } = prepared;
    let ranked = opinion.blend(prediction);
    let best = |ranked: &[Ranked]| {
        let best =
            ranked.iter().find_map(|ranked| Some((usable(ledger, &ranked.label)?, ranked.probability)));
        best.filter(|(_, probability)| *probability >= THRESHOLD)
    };
    let alone = best(&prediction.ranked).map(|(category, _)| category);
    let (category, confidence, source) = match best(&ranked) {
        Some((category, confidence)) if alone.as_ref() == Some(&category) => {
            (category, confidence, Source::Model)
        }
        Some((category, confidence)) => (category, confidence, Source::Corrections),
        None => {
            let highest = ranked.first().map_or(0.0, |best| best.probability);
            (CategoryId::other(), highest, Source::Unsure)
        }
    };
    let why = match source {
        Source::Corrections => vec![merchant.clone()],
        _ => prediction.reasons.clone(),
    };
    let alternatives = alternatives(ledger, &ranked, &category);
    Suggestion { category, confidence, source, why, alternatives }
}

fn alternatives(ledger: &Ledger, ranked: &[Ranked], chosen: &CategoryId) -> Vec<(CategoryId, f32)> {
    ranked
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
