//! Problem documents (RFC 9457): the only form in which the API says no.
//!
//! Owns the table of codes, the JSON form, and the headers that belong to a status. It knows no route and no driver,
//! and it never repeats what a client sent.

mod actors;
mod auth;
mod code;
mod domain;
mod invalid;

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

pub use self::{
    code::Code,
    invalid::{FieldError, Invalid},
};

/// The content type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client waits when nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An answer that says no, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Duration,
}

impl Problem {
    /// A problem with the advice of the table.
    pub fn new(code: Code) -> Self {
        Self { code, detail: Cow::Borrowed(code.advice()), errors: Vec::new(), retry_after: RETRY_AFTER }
    }

    /// The same with a more precise sentence, which must be safe to show.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same with the places that are wrong.
    #[must_use]
    pub fn at(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same with the time after which to try again. Only 429 and 503 show it.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    pub fn code(&self) -> Code {
        self.code
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The document, with the id of the request when it is known.
    pub(crate) fn document(&self, request_id: Option<&str>) -> Vec<u8> {
        let document = Document {
            r#type: self.code.uri(),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            errors: &self.errors,
            request_id,
        };
        serde_json::to_vec(&document).expect("a problem has string keys and finite numbers")
    }
}

/// A problem document, for the description of the API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    #[schema(example = "/problems/amount_zero")]
    r#type: String,
    title: String,
    status: u16,
    /// What to do, as a sentence.
    detail: String,
    /// Stable and made for programs.
    code: String,
    errors: Vec<FieldErrorDocument>,
    request_id: Option<String>,
}

/// One place that is wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorDocument {
    /// A JSON pointer into the body, or `?name` for a parameter of the query.
    pointer: String,
    code: String,
    message: String,
}

/// The form on the wire.
#[derive(Debug, Serialize)]
struct Document<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    errors: &'a [FieldError],
    request_id: Option<&'a str>,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, whole_seconds(self.retry_after)));
            }
            StatusCode::UNAUTHORIZED => {
                // A scheme that browsers do not know: they show no dialogue of their own.
                response.insert_header((header::WWW_AUTHENTICATE, "Session realm=\"finbrain\""));
            }
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => {
                // The rest of the body is not worth reading.
                response.force_close();
            }
            _ => {}
        }
        response.body(self.document(None))
    }
}

/// Rounded up, and never zero: a client that comes back at once gains nothing.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn a_problem_is_a_document_of_its_own_media_type() {
        let response = Problem::new(Code::AmountZero).error_response();

        assert_eq!(response.status(), 422);
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), MEDIA_TYPE);
        let body = to_bytes(response.into_body()).await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "/problems/amount_zero",
                "title": "Amount is zero",
                "status": 422,
                "detail": "Send an amount other than zero.",
                "code": "amount_zero",
                "errors": [],
                "request_id": null,
            })
        );
    }

    #[test]
    fn every_429_and_503_says_when_to_come_back() {
        for code in Code::ALL {
            let response = Problem::new(*code).error_response();

            let says = response.headers().contains_key(header::RETRY_AFTER);
            assert_eq!(says, [429, 503].contains(&response.status().as_u16()), "{code:?}");
        }
    }

    #[test]
    fn waits_are_rounded_up_to_whole_seconds() {
        let wait = |duration| {
            let response = Problem::new(Code::Busy).retry_after(duration).error_response();
            response.headers().get(header::RETRY_AFTER).unwrap().to_str().unwrap().to_owned()
        };

        assert_eq!(wait(Duration::ZERO), "1");
        assert_eq!(wait(Duration::from_millis(1_001)), "2");
        assert_eq!(wait(Duration::from_secs(60)), "60");
    }

    #[test]
    fn every_401_names_a_scheme() {
        let response = Problem::new(Code::NoSession).error_response();

        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
