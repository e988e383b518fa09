//! A person who can sign in: identity and credentials. What they own is in their book.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    email::Email,
    ids::{BookId, EntryId, UserId},
    settings::Settings,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub book: BookId,
    /// `None` for a demo that nobody has kept.
    pub email: Option<Email>,
    pub password: Option<PasswordHash>,
    /// A change of credentials that waits for its journal entry.
    pub pending: Option<PendingCredential>,
    pub role: Role,
    pub auth_generation: u64,
    pub created_at: Timestamp,
    /// A demo is gone at this instant unless it is kept.
    pub demo_until: Option<Timestamp>,
    /// The settings that the first entry of the book writes.
    pub opening: Settings,
}

/// A password hash in PHC string format.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("password hash")
    }
}

/// New credentials, valid as soon as `entry` stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingCredential {
    pub password: PasswordHash,
    pub auth_generation: u64,
    pub entry: EntryId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Admin,
    Member,
}
