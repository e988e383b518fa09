//! Every way in which somebody is not let in. A variant carries what an answer needs; none carries what a person typed.

use std::time::Duration;

use finbrain_domain::{ports::StoreError, session::Ended};

use super::{hash_pool::HashRefused, password::PasswordError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    // Who asks.
    #[error("request names a host that is not ours")]
    WrongHost,
    #[error("request that changes something does not come from our own pages")]
    WrongOrigin,
    #[error("request carries more than one proof of identity")]
    AmbiguousCredentials,
    #[error("there is no such session")]
    NoSession,
    #[error("session is over")]
    SessionEnded(Ended),
    #[error("session makes too many requests")]
    TooManyRequests { retry_after: Duration },

    // Proving it.
    #[error("e-mail address or password is wrong")]
    BadCredentials,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error("too many passwords wait to be checked")]
    Busy { retry_after: Duration },
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("a change of the password is under way")]
    ChangeUnderWay { retry_after: Duration },

    // Accounts.
    #[error("registration is by invitation")]
    RegistrationClosed,
    #[error("e-mail address is taken")]
    EmailTaken,
    #[error("demo accounts are switched off")]
    DemoClosed,
    #[error("there are as many demo accounts as there may be ({limit})")]
    DemosFull { limit: u64, retry_after: Duration },
    #[error("account is not a demo")]
    NotADemo,

    // Our side.
    /// Others kept changing the same row.
    #[error("account was changed by others all the time")]
    Contended,
    #[error("system gives no random numbers")]
    NoRandomness,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HashRefused> for AuthError {
    fn from(refused: HashRefused) -> Self {
        match refused {
            HashRefused::Busy { retry_after } => Self::Busy { retry_after },
            HashRefused::Password(cause) => Self::Password(cause),
            HashRefused::Damaged => Self::Store(StoreError::Damaged("password hash cannot be read".into())),
        }
    }
}
