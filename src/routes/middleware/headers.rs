//! The headers that tell a browser what it must not do with our answers.

use actix_web::http::header::{
    self, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// How people reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Http,
    Https,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct SecurityHeaders {
    transport: Transport,
}

impl SecurityHeaders {
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    pub fn apply(self, headers: &mut HeaderMap) {
        const ALWAYS: [(HeaderName, &str); 4] = [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        ];
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.transport == Transport::Https {
            // Other hosts below ours are not ours to speak for.
            let year = HeaderValue::from_static("max-age=31536000");
            headers.insert(STRICT_TRANSPORT_SECURITY, year);
        }
    }
}
