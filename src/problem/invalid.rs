//! Places in a request that are wrong. A parser collects them all, so that a person corrects a form in one go.

use std::borrow::Cow;

use finbrain_domain::Error;
use serde::Serialize;

use super::{Code, Problem};

/// So many places are listed at most; a bulk write may have thousands.
const LISTED: usize = 100;

/// One place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer into the body, or `?name` for a parameter of the query. For `undo_conflict` it names a row.
    pub pointer: Cow<'static, str>,
    pub code: &'static str,
    pub message: Cow<'static, str>,
}

/// What a parser found wrong so far.
#[derive(Debug, Default)]
pub struct Invalid {
    first: Option<Problem>,
    errors: Vec<FieldError>,
    count: usize,
}

impl Invalid {
    pub fn new() -> Self {
        Self::default()
    }

    /// Unwraps a parsed value, or notes what is wrong at `pointer`.
    pub fn take<T>(
        &mut self,
        pointer: impl Into<Cow<'static, str>>,
        result: Result<T, impl Into<Problem>>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(pointer, error.into());
                None
            }
        }
    }

    /// Notes that the value at `pointer` is wrong.
    pub fn note(&mut self, pointer: impl Into<Cow<'static, str>>, problem: Problem) {
        self.count += 1;
        if self.errors.len() < LISTED {
            let message = problem.detail.clone();
            self.errors.push(FieldError { pointer: pointer.into(), code: problem.code.as_str(), message });
        }
        self.first.get_or_insert(problem);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `Err` when something was noted.
    pub fn check(self) -> Result<(), Problem> {
        if self.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

/// A single error gives the problem its own code, several give `invalid_body`.
impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid { first: Some(problem), errors, count: 1 } => problem.at(errors),
            Invalid { errors, count, .. } => Problem::new(Code::InvalidBody)
                .saying(format!("{count} values are not valid. Correct the places listed in errors."))
                .at(errors),
        }
    }
}

impl Problem {
    /// The problem of one wrong value.
    pub fn invalid(pointer: impl Into<Cow<'static, str>>, error: Error) -> Self {
        let mut invalid = Invalid::new();
        invalid.note(pointer, error.into());
        invalid.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_wrong_value_gives_the_problem_its_code() {
        let problem = Problem::invalid("/amount", Error::AmountZero);

        assert_eq!(problem.code(), Code::AmountZero);
        assert_eq!(problem.errors()[0].pointer, "/amount");
        assert_eq!(problem.errors()[0].code, "amount_zero");
    }

    #[test]
    fn several_wrong_values_are_listed_together() {
        let mut invalid = Invalid::new();
        assert_eq!(invalid.take("/name", Ok::<_, Error>(1)), Some(1));
        assert_eq!(invalid.take::<u8>("/amount", Err(Error::AmountMalformed)), None);
        assert_eq!(invalid.take::<u8>("/date", Err(Error::DateMalformed)), None);

        let problem = invalid.check().unwrap_err();

        assert_eq!(problem.code(), Code::InvalidBody);
        let places: Vec<_> = problem.errors().iter().map(|e| (e.pointer.as_ref(), e.code)).collect();
        assert_eq!(places, [("/amount", "amount_malformed"), ("/date", "date_malformed")]);
    }

    #[test]
    fn thousands_of_wrong_rows_are_counted_but_not_all_listed() {
        let mut invalid = Invalid::new();
        for row in 0..20_000 {
            invalid.note(format!("/transactions/{row}/amount"), Error::AmountZero.into());
        }

        let problem = Problem::from(invalid);

        assert_eq!(problem.errors().len(), LISTED);
        assert!(problem.detail.starts_with("20000 values"));
    }
}
