//! How a suggested category looks on the wire.

use finbrain_actors::classifier::{Source, Suggestion};
use finbrain_domain::{
    money::{Currency, Money},
    text::Description,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Invalid, Problem};

/// A text to find a category for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SuggestRequest)]
pub struct SuggestBody {
    description: String,
    /// Decimal string; only its sign counts.
    amount: Option<String>,
    currency: Option<String>,
}

impl SuggestBody {
    /// The description, and whether it is about income.
    pub fn parse(self) -> Result<(Description, bool), Problem> {
        let mut invalid = Invalid::new();
        let description = invalid.take("/description", Description::parse(&self.description));
        let currency = match &self.currency {
            Some(code) => invalid.take("/currency", Currency::parse(code)),
            None => Some(Currency::USD),
        };
        let income = match (&self.amount, currency) {
            (Some(amount), Some(currency)) => {
                invalid.take("/amount", Money::parse(amount, currency)).is_some_and(Money::is_income)
            }
            _ => false,
        };
        match description {
            Some(description) if invalid.is_empty() => Ok((description, income)),
            _ => Err(invalid.into()),
        }
    }
}

/// A suggested category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionView {
    category_id: String,
    /// From 0 to 1.
    confidence: f32,
    source: SourceView,
    /// Words that spoke for it.
    why: Vec<String>,
    alternatives: Vec<AlternativeView>,
}

/// The layer that answered.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SuggestionSource)]
pub enum SourceView {
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

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        match source {
            Source::Sign => Self::Sign,
            Source::Memory => Self::Memory,
            Source::Corrections => Self::Corrections,
            Source::Model => Self::Model,
            Source::Unsure => Self::Unsure,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alternative)]
pub struct AlternativeView {
    category_id: String,
    confidence: f32,
}

impl SuggestionView {
    pub fn new(suggestion: &Suggestion) -> Self {
        let alternative = |(category, confidence): &(finbrain_domain::category::CategoryId, f32)| {
            AlternativeView { category_id: category.to_string(), confidence: *confidence }
        };
        Self {
            category_id: suggestion.category.to_string(),
            confidence: suggestion.confidence,
            source: suggestion.source.into(),
            why: suggestion.why.clone(),
            alternatives: suggestion.alternatives.iter().map(alternative).collect(),
        }
    }
}
