//! The name of one request, by which a person and a log talk about the same thing.

use std::{
    cell::RefCell,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use actix_web::http::header::{HeaderName, HeaderValue};
use uuid::{Builder, Uuid, fmt::Hyphenated};

/// Random bytes of one id.
const RANDOM: usize = 10;
/// So many ids share a call of the system for random numbers, which takes as long as the rest of this layer.
const AT_ONCE: usize = 64;

/// Minted here for every request; what a client sends under the same name is not believed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let random = POOL.with_borrow_mut(Pool::take);
        Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id as text.
    pub fn text(self) -> String {
        self.0.to_string()
    }

    /// The id as text, without an allocation.
    pub(super) fn encode(self, buffer: &mut [u8; Hyphenated::LENGTH]) -> &str {
        self.0.hyphenated().encode_lower(buffer)
    }

    pub(super) fn header_value(self) -> HeaderValue {
        HeaderValue::from_str(self.encode(&mut [0; Hyphenated::LENGTH])).expect("a UUID is ASCII")
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; RANDOM * AT_ONCE], left: 0 }) };
}

/// Random bytes that wait for their ids.
struct Pool {
    bytes: [u8; RANDOM * AT_ONCE],
    left: usize,
}

impl Pool {
    fn take(&mut self) -> [u8; RANDOM] {
        if self.left == 0 {
            getrandom::fill(&mut self.bytes).expect("the system gave random numbers when the server started");
            self.left = AT_ONCE;
        }
        self.left -= 1;
        let mut taken = [0; RANDOM];
        taken.copy_from_slice(&self.bytes[self.left * RANDOM..][..RANDOM]);
        taken
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_of_version_seven_and_never_the_same() {
        let ids: Vec<RequestId> = (0..AT_ONCE * 3).map(|_| RequestId::new()).collect();

        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
        let different: HashSet<String> = ids.iter().map(|id| id.text()).collect();
        assert_eq!(different.len(), ids.len());
        assert!(different.contains(ids[0].encode(&mut [0; Hyphenated::LENGTH])));
    }
}
