//! Credentials: proving a password again, and changing it in two durable halves around the journal entry that makes the
//! change true. Between the halves the new password waits in `User::pending`; whoever meets it there asks the journal.

use std::time::Duration;

use finbrain_domain::{
    ids::{EntryId, UserId},
    ports::UserError,
    user::{PendingCredential, User},
};
use jiff::{SignedDuration, Timestamp};

use super::{accounts::Auth, caller::Caller, error::AuthError, password::Password};

/// A pending credential whose entry is not in the journal is dropped only when no request that could still append the
/// entry is alive.
const PENDING_GRACE: SignedDuration = SignedDuration::from_secs(60);
/// How often a row that others change is read again.
const AMEND_TRIES: usize = 5;

impl Auth {
    /// Proves the password of somebody who is signed in, before something that cannot be taken back.
    pub async fn verify_password(
        &self,
        user: UserId,
        password: &Password,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        let user = self.user(user).await?;
        self.prove(&user, password, caller).await
    }

    /// The first half of a change of password: checks both and lays the new one aside until `entry` stands in the
    /// journal. The caller appends `entry`, which raises the generation to the one returned, and then
    /// [promotes](Auth::promote) what this returned.
    ///
    /// `entry` must have been made for this request: its age tells others whether the request may still be under way.
    pub async fn begin_password_change(
        &self,
        user: UserId,
        current: &Password,
        new: &Password,
        entry: EntryId,
        caller: &Caller,
    ) -> Result<PendingCredential, AuthError> {
        let user = self.settle(self.user(user).await?).await?;
        if user.pending.is_some() {
            return Err(AuthError::ChangeUnderWay { retry_after: Duration::from_secs(5) });
        }
        self.prove(&user, current, caller).await?;
        let email = user.email.as_ref().map_or("", |email| email.as_str());
        let password = self.gate.hash_new(new, email, &user.opening.name, caller).await?;
        let pending = PendingCredential { password, auth_generation: user.auth_generation + 1, entry };
        let waiting = User { pending: Some(pending.clone()), ..user.clone() };
        self.ports.users.replace(user, waiting).await.map_err(|refused| match refused {
            UserError::Store(cause) => AuthError::Store(cause),
            // Somebody else changed the account since it was read, and what was proved may not hold any more.
            UserError::Conflict | UserError::EmailTaken => AuthError::Contended,
        })?;
        Ok(pending)
    }

    /// The second half: the entry stands, so the credential counts. Harmless when a login has done it meanwhile.
    pub async fn promote(&self, user: UserId, pending: &PendingCredential) -> Result<User, AuthError> {
        let promoted = self.amend(user, |user| {
            // Only this credential's own entry can have raised the generation to its number.
            let is_promoted = user.auth_generation >= pending.auth_generation;
            Ok(if is_promoted { user } else { promoted(user, pending) })
        });
        promoted.await
    }

    /// The account after whatever became of a pending credential: promoted when its entry stands in the journal, dropped
    /// when it never will, and left alone while its request may be under way.
    pub(super) async fn settle(&self, user: User) -> Result<User, AuthError> {
        let Some(pending) = user.pending.clone() else { return Ok(user) };
        if self.ports.journal.by_id(user.book, pending.entry).await?.is_some() {
            return self.promote(user.id, &pending).await;
        }
        if age(pending.entry, self.now()) <= PENDING_GRACE {
            return Ok(user);
        }
        let dropped = self.amend(user.id, |user| {
            let is_same = user.pending.as_ref() == Some(&pending);
            Ok(if is_same { User { pending: None, ..user } } else { user })
        });
        dropped.await
    }

    /// Renews the hash of a password that is known to be right, because new hashes are dearer. Failing costs nothing: the
    /// next login tries again.
    pub(super) async fn rehash(&self, user: User, password: &Password, caller: &Caller) -> User {
        let Ok(hash) = self.gate.rehash(password, caller).await else { return user };
        let renewed = User { password: Some(hash), ..user.clone() };
        match self.ports.users.replace(user.clone(), renewed.clone()).await {
            Ok(()) => renewed,
            Err(cause) => {
                tracing::info!(%cause, "password hash was not renewed");
                user
            }
        }
    }

    /// The row of somebody who is signed in. One that is gone takes its sessions along.
    pub async fn user(&self, user: UserId) -> Result<User, AuthError> {
        self.ports.users.user(user).await?.ok_or(AuthError::NoSession)
    }

    /// Changes a row by compare-and-set, deciding again when others were faster.
    pub(super) async fn amend(
        &self,
        user: UserId,
        change: impl Fn(User) -> Result<User, AuthError>,
    ) -> Result<User, AuthError> {
        for _ in 0..AMEND_TRIES {
            let read = self.user(user).await?;
            let changed = change(read.clone())?;
            if changed == read {
                return Ok(read);
            }
            match self.ports.users.replace(read, changed.clone()).await {
                Ok(()) => return Ok(changed),
                Err(UserError::Conflict) => {}
                Err(UserError::EmailTaken) => return Err(AuthError::EmailTaken),
                Err(UserError::Store(cause)) => return Err(cause.into()),
            }
        }
        Err(AuthError::Contended)
    }

    async fn prove(&self, user: &User, password: &Password, caller: &Caller) -> Result<(), AuthError> {
        // The same bucket as at login: an account has one number of tries, whatever the way.
        let account = match &user.email {
            Some(email) => self.keys.email_key(email),
            None => self.keys.user_key(user.id),
        };
        let pass = self.gate.enter(account, caller, self.now()).await?;
        let verdict = self.gate.verify(&pass, password, user.password.as_ref()).await?;
        if verdict.matches { Ok(()) } else { Err(AuthError::BadCredentials) }
    }
}

fn promoted(user: User, pending: &PendingCredential) -> User {
    User {
        password: Some(pending.password.clone()),
        auth_generation: pending.auth_generation,
        pending: None,
        ..user
    }
}

/// The time since an entry's id was made; ids carry it. An id without a time is as old as can be.
fn age(entry: EntryId, now: Timestamp) -> SignedDuration {
    let made = entry.uuid().get_timestamp().map(|made| made.to_unix());
    let made = made.and_then(|(seconds, _)| Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
    now.duration_since(made.unwrap_or(Timestamp::MIN))
}
