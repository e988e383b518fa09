//! Erasure: how an account ends. The book gets its last entry, the person is forgotten, the book is reduced to tombstones.
//! Any step may be the last before a crash, so a row of due work stands before the first and goes with the last.

use finbrain_domain::{
    change::Change,
    ids::BookId,
    ports::{Due, DueKind, Journal, StoreError, UserError},
    user::User,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Ports,
    error::Error,
    registry::{Owner, Registry},
    user_session::{CloseBook, Envelope},
};

/// After this time no request that was to close a book can be under way.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Closes an account and erases what is in it. When this fails after the book was closed, the worker does the rest.
pub async fn erase(
    ports: &Ports,
    registry: &Registry,
    owner: Owner,
    envelope: Envelope,
) -> Result<(), Error> {
    let Owner { user, book } = owner;
    let at = ports.clock.now().saturating_add(GRACE).unwrap_or(Timestamp::MAX);
    ports.due.plan(Due { book, user, at, kind: DueKind::Erasure }).await?;
    close(registry, owner, envelope).await?;
    forget(ports, owner).await?;
    Ok(ports.due.done(book, DueKind::Erasure).await?)
}

/// Finishes an erasure that was cut short. A book that was not closed is left alone: whoever wanted to was refused, or was
/// never told that it was done.
pub(crate) async fn finish(ports: &Ports, owner: Owner) -> Result<(), Error> {
    if is_closed(&*ports.journal, owner.book).await? { forget(ports, owner).await } else { Ok(()) }
}

/// Erases a demo, unless it was kept meanwhile.
pub(crate) async fn expire_demo(ports: &Ports, registry: &Registry, owner: Owner) -> Result<(), Error> {
    match claim(ports, owner).await? {
        Claim::Kept => return Ok(()),
        // Planned for somebody who never came, since the plan stands before the person.
        Claim::Gone if ports.journal.head(owner.book).await? == 0 => return Ok(()),
        Claim::Claimed | Claim::Gone => {}
    }
    // A book that is half reduced cannot be opened any more.
    if !is_closed(&*ports.journal, owner.book).await? {
        close(registry, owner, Envelope::system()).await?;
    }
    forget(ports, owner).await
}

enum Claim {
    Claimed,
    Kept,
    Gone,
}

/// Makes a demo one that is over, by compare-and-set: whoever wants to keep it was faster, or finds it over.
async fn claim(ports: &Ports, owner: Owner) -> Result<Claim, Error> {
    loop {
        let Some(user) = ports.users.user(owner.user).await? else { return Ok(Claim::Gone) };
        if user.demo_until.is_none() {
            return Ok(Claim::Kept);
        }
        let over = User { demo_until: Some(Timestamp::UNIX_EPOCH), ..user.clone() };
        match ports.users.replace(user, over).await {
            Ok(()) => return Ok(Claim::Claimed),
            Err(UserError::Conflict) => {}
            Err(UserError::EmailTaken) => unreachable!("a claim changes no address"),
            Err(UserError::Store(error)) => return Err(error.into()),
        }
    }
}

async fn close(registry: &Registry, owner: Owner, envelope: Envelope) -> Result<(), Error> {
    match registry.command(owner, CloseBook, envelope).await {
        Ok(_) | Err(Error::Domain(finbrain_domain::Error::BookClosed)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Forgets the person and reduces their closed book. Each step may be repeated; the last drops the timed work of the book.
async fn forget(ports: &Ports, owner: Owner) -> Result<(), Error> {
    let durable = ports.users.sessions(owner.user).await?;
    let alive = ports.shared.alive(owner.user, ports.clock.now()).await.unwrap_or_default();
    ports.users.remove(owner.user).await?;
    // Without the shared state the sessions end by themselves: the durable store knows them no more.
    let tokens = durable.iter().chain(&alive).map(|session| session.token).collect();
    if let Err(error) = ports.shared.evict(tokens).await {
        tracing::warn!(error = %error, "sessions of a closed account stay in the shared state");
    }
    ports.models.forget_examples(owner.user).await?;
    Ok(ports.journal.reduce(owner.book).await?)
}

/// Whether a book is closed, told without opening it. Its closing is its last entry, and the last to be reduced.
async fn is_closed(journal: &dyn Journal, book: BookId) -> Result<bool, StoreError> {
    // Asked first: a book that is begun between the two questions is not taken for a reduced one.
    let head = journal.head(book).await?;
    let last = journal.before(book, u64::MAX, 1).await?.pop();
    Ok(match last {
        Some(entry) => entry.changes().is_ok_and(|changes| changes.contains(&Change::BookClosed)),
        None => head > 0,
    })
}
