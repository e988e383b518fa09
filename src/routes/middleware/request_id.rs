//! The name of one request, by which a person and a log talk about the same thing.

use std::fmt;

use actix_web::http::header::{HeaderName, HeaderValue};
use uuid::Uuid;

/// Minted here for every request; what a client sends under the same name is not believed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id as text.
    pub fn text(self) -> String {
        self.0.to_string()
    }

    pub(super) fn header_value(self) -> HeaderValue {
        let mut text = Uuid::encode_buffer();
        HeaderValue::from_str(self.0.hyphenated().encode_lower(&mut text)).expect("a UUID is ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.0)
    }
}
