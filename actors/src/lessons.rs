//! What an entry teaches the model that all share: the corrections of people who share theirs, and what those who no
//! longer do, or forgot one, take back. Knows the ports and the registry; the limits for strangers are the classifier's.

use finbrain_domain::{
    category::CategoryId,
    change::Change,
    entry::{Author, Entry},
    ids::UserId,
    ports::TrainingExample,
};

use crate::{
    Ports,
    classifier::Sharing,
    error::Error,
    registry::{Owner, Registry},
    user_session::{GetSharing, Reader},
};

/// Whether a change is news for the shared model although it corrects nothing: a person stops sharing.
pub(crate) fn ends_sharing(change: &Change) -> bool {
    matches!(change, Change::Settings { from: Some(from), to: Some(to) }
        if from.share_corrections && !to.share_corrections)
}

/// Carries out what an entry means for the examples. Once more is harmless.
pub(crate) async fn deliver(
    ports: &Ports,
    registry: &Registry,
    sharing: Sharing,
    entry: &Entry,
) -> Result<(), Error> {
    let Author::User(author) = entry.author else { return Ok(()) };
    let changes = entry.changes()?;
    if sharing == Sharing::ByChoice && changes.iter().any(ends_sharing) {
        ports.models.forget_examples(author).await?;
    }
    for change in &changes {
        if let Change::Merchant { merchant, to: None, .. } = change {
            ports.models.forget_merchant(author, merchant.clone()).await?;
        }
    }
    let examples = examples(author, entry, changes);
    if examples.is_empty() || !counts(ports, author).await? {
        return Ok(());
    }
    if sharing == Sharing::ByChoice && !shares(registry, author, entry).await? {
        return Ok(());
    }
    ports.models.add_examples(examples).await?;
    // An account that is erased meanwhile loses its user first and its examples then: one of the two sees the other.
    if !counts(ports, author).await? {
        ports.models.forget_examples(author).await?;
    }
    Ok(())
}

/// Demo accounts teach nobody, nor does who is gone.
async fn counts(ports: &Ports, author: UserId) -> Result<bool, Error> {
    Ok(ports.users.user(author).await?.is_some_and(|user| user.demo_until.is_none()))
}

/// Whether the author shared when the entry was written: they do now, and their settings are not younger than it.
async fn shares(registry: &Registry, author: UserId, entry: &Entry) -> Result<bool, Error> {
    let everyone = Reader { token: None, auth_generation: u64::MAX, seen: entry.slot };
    let owner = Owner { user: author, book: entry.book };
    match registry.query(owner, GetSharing, everyone).await {
        Ok(answered) => Ok(answered.output.is_some_and(|since| since <= entry.slot)),
        Err(Error::Domain(finbrain_domain::Error::BookClosed)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The cleaned merchant and one of the default categories, nothing else.
fn examples(author: UserId, entry: &Entry, changes: Vec<Change>) -> Vec<TrainingExample> {
    let lessons = changes.into_iter().zip(0u32..).filter_map(|(change, index)| match change {
        Change::Merchant { merchant, to: Some(category), .. } if teaches(&category) => {
            Some(TrainingExample {
                user: author,
                book: entry.book,
                slot: entry.slot,
                index,
                text: merchant,
                category: category.as_str().to_owned(),
            })
        }
        _ => None,
    });
    lessons.collect()
}

fn teaches(category: &CategoryId) -> bool {
    category.is_builtin() && category.as_str() != CategoryId::INCOME
}
