//! Categories: the seven defaults and `income`, whose ids are fixed for ever, and a person's own.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    change::Change,
    error::Error,
    ledger::Ledger,
    text::Name,
    transaction::{Filter, Matcher, Transaction},
};

/// A book has at most this many categories, those it once had included.
pub const MAX_CATEGORIES: usize = 1000;

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

/// A category as a person makes it.
#[derive(Debug, Clone)]
pub struct NewCategory {
    pub id: Option<CategoryId>,
    pub name: Name,
    pub kind: CategoryKind,
    pub color: Option<Color>,
}

/// What is to become of a category; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct CategoryPatch {
    pub name: Option<Name>,
    pub color: Option<Option<Color>>,
    pub archived: Option<bool>,
}

/// Adds a category.
pub fn create(ledger: &Ledger, new: NewCategory) -> Result<Category, Error> {
    let id = new.id.unwrap_or_default();
    if ledger.categories().get(&id).is_some() {
        return Err(Error::Exists { noun: "category" });
    }
    if ledger.categories().places() >= MAX_CATEGORIES {
        return Err(Error::TooMany { limit: MAX_CATEGORIES });
    }
    let category = Category { id, name: new.name, kind: new.kind, color: new.color, archived: false };
    check_name(ledger, &category)?;
    Ok(category)
}

/// Changes some fields of a category.
pub fn amend(
    ledger: &Ledger,
    id: &CategoryId,
    patch: CategoryPatch,
    expected: Option<u64>,
) -> Result<(Category, Category), Error> {
    let from = current(ledger, id, expected)?.clone();
    let to = Category {
        name: patch.name.unwrap_or_else(|| from.name.clone()),
        color: patch.color.unwrap_or_else(|| from.color.clone()),
        archived: patch.archived.unwrap_or(from.archived),
        ..from.clone()
    };
    check_name(ledger, &to)?;
    Ok((from, to))
}

/// Deletes a category; its transactions move to another one, in the same entry.
pub fn remove(
    ledger: &Ledger,
    id: &CategoryId,
    move_to: Option<&CategoryId>,
    expected: Option<u64>,
) -> Result<Vec<Change>, Error> {
    let from = current(ledger, id, expected)?.clone();
    if id.is_builtin() {
        return Err(Error::CategoryBuiltin);
    }
    let users = users(ledger, id);
    let mut changes = Vec::with_capacity(users.len() + 1);
    if !users.is_empty() {
        let target = move_to.ok_or(Error::CategoryInUse { count: users.len() })?;
        let target = ledger.categories().get(target).filter(|target| target.id != *id);
        let target = target.ok_or(Error::NotFound { noun: "category" })?;
        changes.extend(users.into_iter().map(|from| {
            let mut to = from.clone();
            for line in to.lines.iter_mut().filter(|line| line.category == *id) {
                line.category = target.id.clone();
            }
            Change::Transaction { from: Some(Box::new(from)), to: Some(Box::new(to)) }
        }));
    }
    changes.push(Change::Category { from: Some(from), to: None });
    Ok(changes)
}

/// The transactions with a line in this category.
pub fn users(ledger: &Ledger, id: &CategoryId) -> Vec<Transaction> {
    let filter = Filter { categories: vec![id.clone()], ..Filter::default() };
    let matcher = Matcher::new(ledger, &filter);
    ledger
        .rows()
        .between(None, None)
        .filter(|row| matcher.matches(*row, ledger))
        .map(|row| row.to_transaction(ledger.tables()))
        .collect()
}

fn current<'a>(ledger: &'a Ledger, id: &CategoryId, expected: Option<u64>) -> Result<&'a Category, Error> {
    let category = ledger.categories().get(id).ok_or(Error::NotFound { noun: "category" })?;
    if expected.is_some_and(|expected| Some(expected) != ledger.categories().changed(id)) {
        return Err(Error::ChangedSince);
    }
    Ok(category)
}

/// Names are told apart in any case; archived categories give theirs free.
pub(crate) fn check_name(ledger: &Ledger, category: &Category) -> Result<(), Error> {
    let name = category.name.to_lowercase();
    let taken = !category.archived
        && ledger
            .categories()
            .iter()
            .any(|other| other.id != category.id && !other.archived && other.name.to_lowercase() == name);
    if taken { Err(Error::CategoryNameTaken) } else { Ok(()) }
}
