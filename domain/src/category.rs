//! Categories: the seven defaults and `income`, whose ids are fixed for ever, and a person's own.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::Error, text::Name};

/// The slug of a default category, or a UUID.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CategoryId(Box<str>);

impl CategoryId {
    pub const OTHER: &str = "other";
    pub const INCOME: &str = "income";

    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    pub fn parse(text: &str) -> Result<Self, Error> {
        if DEFAULTS.iter().any(|default| default.slug == text) {
            return Ok(Self(text.into()));
        }
        match Uuid::try_parse(text) {
            Ok(uuid) if !uuid.is_nil() => Ok(Self(uuid.to_string().into())),
            _ => Err(Error::IdMalformed { noun: "category" }),
        }
    }

    pub fn other() -> Self {
        Self(Self::OTHER.into())
    }

    pub fn income() -> Self {
        Self(Self::INCOME.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_builtin(&self) -> bool {
        DEFAULTS.iter().any(|default| default.slug == &*self.0)
    }
}

impl Default for CategoryId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for CategoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CategoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "category {}", self.0)
    }
}

impl TryFrom<String> for CategoryId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<CategoryId> for String {
    fn from(id: CategoryId) -> Self {
        id.0.into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub id: CategoryId,
    pub name: Name,
    pub kind: CategoryKind,
    pub color: Option<Color>,
    /// Kept for the past, no longer offered.
    pub archived: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    Expense,
    Income,
}

/// A colour of the form `#rrggbb`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(Box<str>);

impl Color {
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.strip_prefix('#') {
            Some(hex) if hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Ok(Self(text.to_ascii_lowercase().into()))
            }
            _ => Err(Error::ColorMalformed),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Color {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.0.into()
    }
}

struct Builtin {
    slug: &'static str,
    name: &'static str,
    kind: CategoryKind,
}

const fn expense(slug: &'static str, name: &'static str) -> Builtin {
    Builtin { slug, name, kind: CategoryKind::Expense }
}

const DEFAULTS: [Builtin; 8] = [
    expense("food-drinks", "Food & drinks"),
    expense("housing-bills", "Housing & bills"),
    expense("transportation", "Transportation"),
    expense("education-growth", "Education & growth"),
    expense("health-essentials", "Health & essentials"),
    expense("leisure-gifts", "Leisure & gifts"),
    expense(CategoryId::OTHER, "Other"),
    Builtin { slug: CategoryId::INCOME, name: "Income", kind: CategoryKind::Income },
];

/// The categories of a new book.
pub fn defaults() -> Vec<Category> {
    DEFAULTS
        .iter()
        .map(|default| Category {
            id: CategoryId(default.slug.into()),
            name: Name::parse(default.name).expect("the names of the defaults are valid"),
            kind: default.kind,
            color: None,
            archived: false,
        })
        .collect()
}
