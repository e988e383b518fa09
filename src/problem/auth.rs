//! What a refusal at the door means to a client.

use finbrain_domain::session::Ended;

use super::{Code, Problem};
use crate::auth::{error::AuthError, password::PasswordError};

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::WrongHost => Code::Misdirected.into(),
            AuthError::WrongOrigin => Code::OriginRefused.into(),
            AuthError::AmbiguousCredentials => {
                Self::new(Code::BadRequest).saying("Send one proof of identity: the cookie or a token.")
            }
            AuthError::NoSession => Code::NoSession.into(),
            AuthError::SessionEnded(ended) => Self::new(Code::SessionExpired).saying(match ended {
                Ended::Idle => "The page was closed for too long. Sign in again.",
                Ended::Inactive => "Nothing was done for too long. Sign in again.",
                Ended::Absolute => "The session has reached its longest life. Sign in again.",
            }),
            AuthError::BadCredentials => Code::BadCredentials.into(),
            AuthError::TooManyRequests { retry_after } | AuthError::TooManyAttempts { retry_after } => {
                Self::new(Code::TooManyRequests).retry_after(retry_after)
            }
            AuthError::Busy { retry_after }
            | AuthError::ChangeUnderWay { retry_after }
            | AuthError::DemosFull { retry_after, .. } => Self::new(Code::Busy).retry_after(retry_after),
            AuthError::Password(error) => error.into(),
            AuthError::RegistrationClosed => Code::RegistrationClosed.into(),
            AuthError::EmailTaken => Code::EmailTaken.into(),
            AuthError::DemoClosed => Code::DemoClosed.into(),
            AuthError::NotADemo => Code::NotADemo.into(),
            AuthError::Contended => Code::Busy.into(),
            AuthError::NoRandomness => {
                tracing::error!("system gives no random numbers");
                Code::Unavailable.into()
            }
            AuthError::Store(cause) => cause.into(),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort | PasswordError::TooLong => Code::PasswordLength.into(),
            PasswordError::Weak => Code::PasswordWeak.into(),
        }
    }
}
