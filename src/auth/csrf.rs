//! Whether a request that changes something comes from our own pages. Cookies travel with requests that other sites
//! provoke; what the browser says about the origin of a request does not lie.

use super::public_url::PublicUrl;

/// The two headers by which a browser tells where a request was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Provenance<'a> {
    pub sec_fetch_site: Option<&'a str>,
    pub origin: Option<&'a str>,
}

impl Provenance<'_> {
    /// Whether an unsafe request may pass: said to be of the same origin, or of an origin that is ours. Never when the
    /// browser calls it cross-site, and never when nothing is said.
    pub fn is_ours(self, public_url: &PublicUrl) -> bool {
        match self.sec_fetch_site {
            Some("same-origin") => true,
            Some("cross-site") => false,
            _ => self.origin.is_some_and(|origin| public_url.accepts_origin(origin)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::public_url::InsecureHttp;

    #[test]
    fn an_unsafe_request_passes_only_from_our_own_pages() {
        let url = PublicUrl::parse("https://finbrain.example", InsecureHttp::Refused).unwrap();
        let ours = Some("https://finbrain.example");
        let foreign = Some("https://evil.example");
        for (sec_fetch_site, origin, passes) in [
            (Some("same-origin"), ours, true),
            (Some("same-origin"), None, true),
            (None, ours, true),
            (Some("none"), ours, true),
            (Some("same-site"), ours, true),
            (Some("cross-site"), ours, false),
            (Some("cross-site"), foreign, false),
            (Some("cross-site"), None, false),
            (Some("same-site"), Some("https://other.finbrain.example"), false),
            (Some("same-site"), None, false),
            (Some("none"), None, false),
            (Some("SAME-ORIGIN"), None, false),
            (Some(""), None, false),
            (None, foreign, false),
            (None, Some("null"), false),
            (None, Some("https://finbrain.example.evil.example"), false),
            (None, None, false),
        ] {
            let provenance = Provenance { sec_fetch_site, origin };
            assert_eq!(provenance.is_ours(&url), passes, "{provenance:?}");
        }
    }
}
