//! The query of a request: strictly decoded, without unknown or repeated parameters.

use std::{collections::HashSet, fmt, future::Ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;

use super::document::{self, Part};
use crate::problem::{Code, FieldError, Problem};

/// Longer queries are refused.
const MAX_LENGTH: usize = 8 * 1024;

/// A parsed query. `T` should deny unknown fields.
pub struct Query<T>(pub T);

impl<T> fmt::Debug for Query<T> {
    /// Never the content: people search for what they bought.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("query")
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    if query.len() > MAX_LENGTH {
        return Err(Code::QueryTooLong.into());
    }
    check_encoding(query)?;
    check_repetition(query)?;
    serde_urlencoded::from_str(query).map_err(|_| misshapen::<T>(query))
}

/// The parser behind us replaces what it cannot decode; we refuse it instead.
fn check_encoding(query: &str) -> Result<(), Problem> {
    let mut decoded = Vec::with_capacity(query.len());
    let mut bytes = query.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit =
            || bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (digit(), digit()) {
            (Some(high), Some(low)) => decoded.push(high << 4 | low),
            _ => return Err(Code::MalformedQuery.into()),
        }
    }
    match std::str::from_utf8(&decoded) {
        Ok(text) if !text.contains('\0') => Ok(()),
        _ => Err(Code::MalformedQuery.into()),
    }
}

/// Held for every `T`: a map would keep the last value silently.
fn check_repetition(query: &str) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    match form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !seen.insert(name.clone())) {
        None => Ok(()),
        Some((name, _)) => Err(Problem::new(Code::InvalidQuery).at(vec![FieldError {
            pointer: format!("?{name}").into(),
            code: "duplicate_key",
            message: "The parameter appears twice: send it once.".into(),
        }])),
    }
}

/// Parses once more, this time keeping track of the place: only those who err pay for it.
fn misshapen<T: DeserializeOwned>(query: &str) -> Problem {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    let errors = match serde_path_to_error::deserialize::<_, T>(pairs) {
        Ok(_) => Vec::new(),
        Err(error) => vec![document::shape_error(Part::Query, error.path(), &error.inner().to_string())],
    };
    Problem::new(Code::InvalidQuery).at(errors)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        from: Option<String>,
        limit: u16,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Income,
        Expense,
    }

    #[test]
    fn a_query_is_decoded() {
        let page = parse::<Page>("from=%D7%A9%D7%9C%D7%95%D7%9D+x&limit=20&kind=income").unwrap();

        assert_eq!(page, Page { from: Some("שלום x".into()), limit: 20, kind: Some(Kind::Income) });
    }

    #[test]
    fn a_query_that_does_not_fit_names_the_parameter() {
        let table = [
            ("limit=1&colour=red", "?colour", "unknown_field"),
            ("limit=1&limit=2", "?limit", "duplicate_key"),
            ("limit=1&li%6Dit=2", "?limit", "duplicate_key"),
            ("from=x", "?limit", "missing_field"),
            ("limit=many", "?limit", "invalid_value"),
            ("limit=70000", "?limit", "invalid_value"),
            ("limit=-1", "?limit", "invalid_value"),
            ("limit=", "?limit", "invalid_value"),
            ("limit=1&kind=transfer", "?kind", "unknown_variant"),
        ];

        for (query, pointer, code) in table {
            let problem = parse::<Page>(query).unwrap_err();

            assert_eq!(problem.code(), Code::InvalidQuery, "{query}");
            let [error] = problem.errors() else { panic!("{query} gave {problem:?}") };
            assert_eq!((error.pointer.as_ref(), error.code), (pointer, code), "{query}");
            assert!(!error.message.contains("many") && !error.message.contains("transfer"));
        }
    }

    #[test]
    fn a_query_that_cannot_be_decoded_is_refused() {
        for query in
            ["limit=%", "limit=1%2", "limit=1%zz", "from=%FF", "from=%C3", "from=%00", "from=%C3&x=%A9"]
        {
            assert_eq!(parse::<Page>(query).unwrap_err().code(), Code::MalformedQuery, "{query}");
        }
    }

    #[test]
    fn a_query_is_bounded() {
        let long = format!("limit=1&from={}", "x".repeat(MAX_LENGTH));

        assert_eq!(parse::<Page>(&long).unwrap_err().code(), Code::QueryTooLong);
    }
}
