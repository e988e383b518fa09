//! From what the rules and the stores say to what a client reads: one exhaustive match each, so that a new error does
//! not compile until somebody has decided what it means outside.

use finbrain_domain::{
    Error,
    ports::{StoreError, UserError},
};

use super::{Code, FieldError, Problem};

/// So many rows of a conflict are listed at most.
const LISTED: usize = 100;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::IdMalformed { noun } => {
                Self::new(Code::IdMalformed).saying(format!("Send the {noun} id as a UUID."))
            }
            Error::CurrencyUnknown => Code::CurrencyUnknown.into(),
            Error::AmountMalformed => Code::AmountMalformed.into(),
            Error::AmountTooPrecise { currency, digits } => Self::new(Code::AmountTooPrecise)
                .saying(format!("Send at most {digits} decimal digits for {}.", currency.code())),
            Error::AmountTooLarge => Code::AmountTooLarge.into(),
            Error::AmountZero => Code::AmountZero.into(),
            Error::SplitsUnbalanced => Code::SplitsUnbalanced.into(),
            Error::DateMalformed => Code::DateMalformed.into(),
            Error::DateTooEarly => Code::DateTooEarly.into(),
            Error::DateTooLate => Code::DateTooLate.into(),
            Error::MonthMalformed => Code::MonthMalformed.into(),
            Error::PeriodReversed => Code::PeriodReversed.into(),
            Error::PeriodTooLong { limit } => {
                Self::new(Code::PeriodTooLong).saying(format!("Ask for at most {limit} months."))
            }
            Error::TextEmpty => Code::TextEmpty.into(),
            Error::TextTooLong { limit } => {
                Self::new(Code::TextTooLong).saying(format!("Send at most {limit} characters."))
            }
            Error::TextControl => Code::TextControl.into(),
            Error::TooMany { limit } => {
                Self::new(Code::TooMany).saying(format!("Send at most {limit} items."))
            }
            Error::TagTwice => Code::TagTwice.into(),
            Error::EmailMalformed => Code::EmailMalformed.into(),
            Error::TimeZoneUnknown => Code::TimeZoneUnknown.into(),
            Error::LocaleMalformed => Code::LocaleMalformed.into(),
            Error::ColorMalformed => Code::ColorMalformed.into(),
            Error::NotFound { noun } => Self::new(Code::NotFound)
                .saying(format!("There is no such {noun}: it does not exist, or it is not yours.")),
            Error::Exists { noun } => {
                Self::new(Code::Exists).saying(format!("A {noun} with this id exists already: use a new id."))
            }
            Error::ExternalIdTaken => Code::ExternalIdTaken.into(),
            Error::CategoryNameTaken => Code::CategoryNameTaken.into(),
            Error::CategoryBuiltin => Code::CategoryBuiltin.into(),
            Error::CategoryInUse { count } => Self::new(Code::CategoryInUse)
                .saying(format!("{count} transactions use it: name another category in move_to.")),
            Error::CategoryArchived => Code::CategoryArchived.into(),
            Error::ChangedSince => Code::ChangedSince.into(),
            Error::NothingToUndo => Code::NothingToUndo.into(),
            Error::NothingToRedo => Code::NothingToRedo.into(),
            Error::NotUndoable { entry: _ } => Code::NotUndoable.into(),
            Error::UndoConflict { rows } => undo_conflict(rows),
            Error::BookFull { limit } => Self::new(Code::BookFull)
                .saying(format!("A book holds {limit} transactions: delete some, or start another account.")),
            Error::EntryTooLarge { limit } => Self::new(Code::EntryTooLarge)
                .saying(format!("One change holds {limit} rows or bytes: split it into smaller parts.")),
            Error::BookClosed => Code::BookClosed.into(),
            Error::SessionRevoked => Code::SessionRevoked.into(),
            Error::JournalDamaged { slot, what } => {
                tracing::error!(journal.slot = slot, journal.fault = what, "a journal is damaged");
                Code::Damaged.into()
            }
            Error::FormatUnknown { format } => {
                tracing::error!(journal.format = format, "a journal was written by a newer version");
                Code::Damaged.into()
            }
        }
    }
}

fn undo_conflict(rows: Vec<String>) -> Problem {
    let detail = format!("{} rows were changed later: {}", rows.len(), Code::UndoConflict.advice());
    let errors = rows
        .into_iter()
        .take(LISTED)
        .map(|row| FieldError {
            pointer: row.into(),
            code: "changed_later",
            message: "A later change touched the same fields.".into(),
        })
        .collect();
    Problem::new(Code::UndoConflict).saying(detail).at(errors)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(store.fault = cause, "the store is not available");
                Code::Unavailable.into()
            }
            StoreError::OutcomeUnknown(cause) => {
                tracing::warn!(store.fault = cause, "the outcome of a write is unknown");
                Code::OutcomeUnknown.into()
            }
            StoreError::NoRoom(cause) => {
                tracing::error!(store.fault = cause, "the store has no room");
                Code::NoRoom.into()
            }
            StoreError::Damaged(cause) => {
                tracing::error!(store.fault = cause, "the store is damaged");
                Code::Damaged.into()
            }
            StoreError::Closed => Code::BookClosed.into(),
        }
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::EmailTaken => Code::EmailTaken.into(),
            UserError::Conflict => Code::Busy.into(),
            UserError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_rules_have_the_promised_status() {
        let table = [
            (Error::IdMalformed { noun: "transaction" }, 422),
            (Error::AmountMalformed, 422),
            (Error::TextTooLong { limit: 500 }, 422),
            (Error::NotFound { noun: "transaction" }, 404),
            (Error::Exists { noun: "transaction" }, 409),
            (Error::ExternalIdTaken, 409),
            (Error::CategoryNameTaken, 409),
            (Error::CategoryInUse { count: 3 }, 409),
            (Error::CategoryBuiltin, 409),
            (Error::CategoryArchived, 422),
            (Error::NothingToUndo, 409),
            (Error::NothingToRedo, 409),
            (Error::UndoConflict { rows: vec![] }, 409),
            (Error::ChangedSince, 412),
            (Error::EntryTooLarge { limit: 9 }, 413),
            (Error::BookFull { limit: 9 }, 409),
            (Error::BookClosed, 401),
            (Error::SessionRevoked, 401),
            (Error::JournalDamaged { slot: 1, what: "chain is broken" }, 503),
            (Error::FormatUnknown { format: 9 }, 503),
        ];

        for (error, status) in table {
            let shown = format!("{error:?}");
            assert_eq!(Problem::from(error).code().status(), status, "{shown}");
        }
    }

    #[test]
    fn errors_of_stores_never_show_their_cause() {
        let table = [
            (StoreError::Unavailable("db.internal:27017".into()), 503),
            (StoreError::OutcomeUnknown("db.internal:27017".into()), 503),
            (StoreError::Damaged("db.internal:27017".into()), 503),
            (StoreError::NoRoom("db.internal:27017".into()), 507),
        ];

        for (error, status) in table {
            let problem = Problem::from(error);

            assert_eq!(problem.code().status(), status);
            assert!(!String::from_utf8(problem.document(None)).unwrap().contains("internal:"));
        }
    }

    #[test]
    fn an_undo_conflict_lists_the_rows() {
        let problem = Problem::from(Error::UndoConflict { rows: vec!["transaction/7".into()] });

        assert_eq!(problem.errors()[0].pointer, "transaction/7");
    }
}
