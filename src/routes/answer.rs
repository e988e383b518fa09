//! How answers about a book are written: with the version of the ledger, and for writes with the entry they made.

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode, http::header};
use finbrain_actors::user_session::{Accepted, Answered};

use super::caller::{ENTRY_ID, IDEMPOTENT_REPLAYED, LEDGER_VERSION};

/// An answer from memory.
pub fn read<T>(answered: &Answered<T>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((LEDGER_VERSION, answered.version));
    response
}

/// The answer to a write.
pub fn written<T>(status: StatusCode, accepted: &Accepted<T>) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((LEDGER_VERSION, accepted.version));
    if let Some(entry) = accepted.entry_id {
        response.insert_header((ENTRY_ID, entry.to_string()));
    }
    if accepted.replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    response
}

/// The tag of a resource: the slot of its last change.
pub fn tag(changed: u64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{changed}\""))
}
