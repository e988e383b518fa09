//! What an actor's error means to a client.

use finbrain_actors::Error;

use super::{Code, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Domain(cause) | Error::Row { row: _, cause } => cause.into(),
            Error::Store(cause) => cause.into(),
            Error::Busy { retry_after } | Error::Quarantined { retry_after } => {
                Self::new(Code::Busy).retry_after(retry_after)
            }
            Error::Deadline | Error::Stopped => Code::OutcomeUnknown.into(),
            Error::Unanswered => Code::Unavailable.into(),
            Error::Contended | Error::Overtaken => Code::Busy.into(),
            Error::Behind { .. } => Self::new(Code::Unavailable)
                .saying("This server has not read what you have seen yet. Try again shortly."),
            Error::KeyReused => Code::KeyReused.into(),
        }
    }
}
