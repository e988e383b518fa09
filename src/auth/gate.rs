//! The one gate for every check of a secret: limits per address prefix and per account first, then the pool of hashing
//! threads. A [`Pass`] is the proof that the limits were asked; without one nothing is compared.

use std::{fmt, sync::Arc};

use finbrain_domain::{
    ports::{Limit, Shared},
    user::PasswordHash,
};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    address::AddressPrefix,
    caller::Caller,
    error::AuthError,
    hash_pool::{Attempt, HashPool, Verdict},
    password::Password,
    settings::{Allowance, AuthLimits},
};

pub(super) struct Gate {
    shared: Arc<dyn Shared>,
    places: Arc<Semaphore>,
    pool: Arc<HashPool>,
    limits: AuthLimits,
}

/// That one attempt on an account was counted and is within the limits.
#[derive(Debug)]
pub(super) struct Pass {
    account: String,
    from: AddressPrefix,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new(shared: Arc<dyn Shared>, pool: Arc<HashPool>, limits: AuthLimits) -> Self {
        Self { shared, places: Arc::new(Semaphore::new(limits.attempts_at_once)), pool, limits }
    }

    /// Counts an attempt. `account` is a keyed digest: limits are kept where others may read them.
    pub(super) async fn enter(
        &self,
        account: String,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Pass, AuthError> {
        // First, because counting may wait as well; an attempt that finds no place costs nobody a try.
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.pool.full())?;
        let address = caller.from.to_string();
        self.count("attempts_address", &address, self.limits.attempts_per_address, now).await?;
        self.count("attempts_account", &account, self.limits.attempts_per_account, now).await?;
        Ok(Pass { account, from: caller.from, _place: place })
    }

    pub(super) async fn verify(
        &self,
        pass: &Pass,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, AuthError> {
        let attempt = Attempt { account: &pass.account, from: pass.from, password, stored };
        Ok(self.pool.verify(attempt).await?)
    }

    /// Hashes a new password if it is strong, whatever is known of the person. The caller has counted the attempt.
    pub(super) async fn hash_new(
        &self,
        password: &Password,
        email: &str,
        name: &str,
        caller: &Caller,
    ) -> Result<PasswordHash, AuthError> {
        Ok(self.pool.hash_new(password, vec![email.into(), name.into()], caller.from).await?)
    }

    /// Hashes a password again that has just proved right.
    pub(super) async fn rehash(
        &self,
        password: &Password,
        caller: &Caller,
    ) -> Result<PasswordHash, AuthError> {
        Ok(self.pool.rehash(password, caller.from).await?)
    }

    pub(super) async fn count_registration(&self, caller: &Caller, now: Timestamp) -> Result<(), AuthError> {
        let allowance = self.limits.registrations_per_address;
        self.count("registrations_address", &caller.from.to_string(), allowance, now).await
    }

    pub(super) async fn count_demo(&self, caller: &Caller, now: Timestamp) -> Result<(), AuthError> {
        let allowance = self.limits.demos_per_address;
        self.count("demos_address", &caller.from.to_string(), allowance, now).await
    }

    /// A shared state that cannot count lets nobody try secrets: adapters count for themselves while theirs is away.
    async fn count(
        &self,
        name: &'static str,
        key: &str,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let Allowance { per_minute, burst } = allowance;
        let counted = self.shared.limit(Limit { name, key, per_minute, burst, now }).await?;
        counted.map_err(|retry_after| AuthError::TooManyAttempts { retry_after })
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("limits", &self.limits).finish_non_exhaustive()
    }
}
