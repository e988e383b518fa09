//! What the operator decides about accounts.

use finbrain_domain::{email::Email, session::SessionLife};

use super::public_url::PublicUrl;

#[derive(Debug, Clone)]
pub struct AuthSettings {
    pub life: SessionLife,
    pub registration: Registration,
    pub demos: Demos,
    /// Who becomes administrator by registering.
    pub administrator: Administrator,
    pub limits: AuthLimits,
    pub sessions_per_user: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demos {
    /// At most so many alive.
    Open {
        limit: u64,
    },
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Administrator {
    /// The first who registers: on a machine that only its owner reaches.
    First,
    Named(Email),
    Nobody,
}

/// How often something may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub per_minute: u32,
    pub burst: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthLimits {
    /// Secrets tried, from one address prefix.
    pub attempts_per_address: Allowance,
    /// Secrets tried, on one account.
    pub attempts_per_account: Allowance,
    pub registrations_per_address: Allowance,
    pub demos_per_address: Allowance,
    /// Attempts that wait at a time, for the store and for a thread that hashes. More than the pool takes, because equal
    /// ones share a hash; each that stands here costs memory, and the time of those behind.
    pub attempts_at_once: usize,
}

impl Default for AuthLimits {
    fn default() -> Self {
        Self {
            attempts_per_address: Allowance { per_minute: 30, burst: 60 },
            attempts_per_account: Allowance { per_minute: 6, burst: 10 },
            registrations_per_address: Allowance { per_minute: 10, burst: 20 },
            demos_per_address: Allowance { per_minute: 4, burst: 10 },
            attempts_at_once: 2048,
        }
    }
}

impl AuthSettings {
    /// The defaults, which follow from who can reach the server: on loopback everything is open, elsewhere nothing is.
    pub fn of(public_url: &PublicUrl, administrator: Option<Email>) -> Self {
        let is_loopback = public_url.is_loopback();
        let unnamed = if is_loopback { Administrator::First } else { Administrator::Nobody };
        Self {
            life: SessionLife::default(),
            registration: if is_loopback { Registration::Open } else { Registration::Closed },
            demos: if is_loopback { Demos::Open { limit: 200 } } else { Demos::Closed },
            administrator: administrator.map_or(unnamed, Administrator::Named),
            limits: AuthLimits::default(),
            sessions_per_user: 10,
        }
    }
}
