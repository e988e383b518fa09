//! Which value of a body the book refused. The rules name the cause; a form wants the place.

use finbrain_actors::Error;
use finbrain_domain::{Error as Cause, transaction::NewTransaction};

use crate::problem::{Code, FieldError, Problem};

/// The fields of a body that answer for what the rules can find wrong.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    pub category: &'static str,
    pub amount: &'static str,
    pub splits: &'static str,
}

impl Fields {
    pub fn of(new: &NewTransaction) -> Self {
        let category = if new.splits.is_empty() { "category_id" } else { "splits" };
        Self { category, amount: "amount", splits: "splits" }
    }

    /// The refusal of a body with these fields.
    pub fn refuse(self, error: Error) -> Problem {
        match error {
            Error::Domain(cause) => self.at("", cause),
            other => other.into(),
        }
    }

    fn at(self, prefix: &str, cause: Cause) -> Problem {
        let Some(field) = self.of_cause(&cause) else { return cause.into() };
        let pointer = format!("{prefix}/{field}");
        match cause {
            // The path leads somewhere; it is the body that does not.
            Cause::NotFound { noun } => Problem::new(Code::InvalidBody).at(vec![FieldError {
                pointer: pointer.into(),
                code: Code::NotFound.as_str(),
                message: format!("There is no such {noun}: it does not exist, or it is not yours.").into(),
            }]),
            cause => Problem::invalid(pointer, cause),
        }
    }

    fn of_cause(self, cause: &Cause) -> Option<&'static str> {
        Some(match cause {
            Cause::NotFound { noun: "account" } => "account_id",
            Cause::NotFound { noun: "category" } | Cause::CategoryArchived => self.category,
            Cause::Exists { .. } => "id",
            Cause::ExternalIdTaken => "external_id",
            Cause::DateTooEarly | Cause::DateTooLate => "date",
            Cause::AmountMalformed
            | Cause::AmountTooPrecise { .. }
            | Cause::AmountTooLarge
            | Cause::AmountZero => self.amount,
            Cause::SplitsUnbalanced => self.splits,
            _ => return None,
        })
    }
}

/// The refusal of one of many rows.
pub fn of_rows(rows: &[Fields], error: Error) -> Problem {
    match error {
        Error::Row { row, cause } => match rows.get(row) {
            Some(fields) => fields.at(&format!("/transactions/{row}"), cause),
            None => cause.into(),
        },
        other => other.into(),
    }
}
