//! What is read from a request before anybody is believed: host, origin, cookie, address. The one place in `auth` that
//! sees HTTP; it touches no store.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{
    HttpRequest,
    http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN, USER_AGENT},
};

use super::{
    address::TrustedProxies, caller::Caller, cookie::SessionCookie, csrf::Provenance, error::AuthError,
    public_url::PublicUrl,
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[derive(Debug, Clone)]
pub struct Door {
    public_url: PublicUrl,
    cookie: SessionCookie,
    proxies: TrustedProxies,
}

impl Door {
    pub fn new(public_url: PublicUrl, proxies: TrustedProxies) -> Self {
        Self { cookie: SessionCookie::of(&public_url), public_url, proxies }
    }

    pub fn public_url(&self) -> &PublicUrl {
        &self.public_url
    }

    pub fn cookie(&self) -> SessionCookie {
        self.cookie
    }

    /// Whether the request is meant for us: else a page of another name that points here could talk to us.
    pub fn check_host(&self, request: &HttpRequest) -> Result<(), AuthError> {
        let named = match request.uri().authority() {
            Some(authority) => Some(authority.as_str()),
            None => only(request, &HOST),
        };
        let is_ours = named.is_some_and(|host| self.public_url.accepts_host(host));
        if is_ours { Ok(()) } else { Err(AuthError::WrongHost) }
    }

    /// Whether a request that changes something was made by our own pages. Safe methods pass.
    pub fn check_origin(&self, request: &HttpRequest) -> Result<(), AuthError> {
        let provenance =
            Provenance { sec_fetch_site: only(request, &SEC_FETCH_SITE), origin: only(request, &ORIGIN) };
        let passes = request.method().is_safe() || provenance.is_ours(&self.public_url);
        if passes { Ok(()) } else { Err(AuthError::WrongOrigin) }
    }

    /// The text of the session token. Two cookies of the name, or a cookie beside an `Authorization`, are refused: which
    /// of them counts is not ours to guess.
    pub fn token<'a>(&self, request: &'a HttpRequest) -> Result<&'a str, AuthError> {
        let values = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.cookie.name()).map(|(_, token)| token);
        let token = ours.next().ok_or(AuthError::NoSession)?;
        if ours.next().is_some() || request.headers().contains_key(AUTHORIZATION) {
            return Err(AuthError::AmbiguousCredentials);
        }
        Ok(token)
    }

    pub fn caller(&self, request: &HttpRequest) -> Caller {
        // Only a socket without addresses has no peer; all of its clients are limited as one.
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
        let forwarded: Vec<&str> = request
            .headers()
            .get_all(X_FORWARDED_FOR)
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        let client = self.proxies.client(peer, forwarded.into_iter());
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        Caller::new(client.into(), user_agent)
    }
}

/// The value of a header that stands once; one that stands twice says nothing that could be trusted.
fn only<'a>(request: &'a HttpRequest, name: &HeaderName) -> Option<&'a str> {
    let mut values = request.headers().get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::auth::public_url::InsecureHttp;

    fn door() -> Door {
        let url = PublicUrl::parse("https://finbrain.example", InsecureHttp::Refused).unwrap();
        Door::new(url, TrustedProxies::parse("10.0.0.0/8").unwrap())
    }

    #[test]
    fn a_request_must_name_our_host_exactly_once() {
        let ours = TestRequest::get().insert_header(("host", "finbrain.example"));
        let other = TestRequest::get().insert_header(("host", "evil.example"));
        let twice = TestRequest::get()
            .append_header(("host", "finbrain.example"))
            .append_header(("host", "evil.example"));
        let forged = TestRequest::get()
            .insert_header(("host", "evil.example"))
            .insert_header(("x-forwarded-host", "finbrain.example"));
        let absolute =
            TestRequest::get().uri("https://evil.example/").insert_header(("host", "finbrain.example"));

        assert_eq!(door().check_host(&ours.to_http_request()), Ok(()));
        for request in [other, twice, forged, absolute, TestRequest::get()] {
            assert_eq!(door().check_host(&request.to_http_request()), Err(AuthError::WrongHost));
        }
    }

    #[test]
    fn safe_methods_pass_and_unsafe_ones_must_come_from_us() {
        for safe in [TestRequest::get(), TestRequest::default().method(actix_web::http::Method::HEAD)] {
            let request = safe.insert_header(("sec-fetch-site", "cross-site")).to_http_request();
            assert_eq!(door().check_origin(&request), Ok(()));
        }
        for bare in [TestRequest::post(), TestRequest::patch(), TestRequest::delete(), TestRequest::put()] {
            assert_eq!(door().check_origin(&bare.to_http_request()), Err(AuthError::WrongOrigin));
        }
        let ours = TestRequest::post().insert_header(("origin", "https://finbrain.example"));
        let twice = TestRequest::post()
            .append_header(("origin", "https://finbrain.example"))
            .append_header(("origin", "https://evil.example"));
        assert_eq!(door().check_origin(&ours.to_http_request()), Ok(()));
        assert_eq!(door().check_origin(&twice.to_http_request()), Err(AuthError::WrongOrigin));
    }

    #[test]
    fn one_cookie_is_a_token_and_two_proofs_are_none() {
        let token = |headers: &[(&str, &str)]| {
            let request =
                headers.iter().fold(TestRequest::get(), |request, header| request.append_header(*header));
            let request = request.to_http_request();
            door().token(&request).map(String::from)
        };

        assert_eq!(token(&[("cookie", "a=b; __Host-finbrain=abc; c=d")]), Ok("abc".into()));
        assert_eq!(token(&[("cookie", "a=b"), ("cookie", "__Host-finbrain=abc")]), Ok("abc".into()));
        for none in [&[][..], &[("cookie", "finbrain_dev=abc; x__Host-finbrain=abc")]] {
            assert_eq!(token(none), Err(AuthError::NoSession));
        }
        for two in [
            &[("cookie", "__Host-finbrain=abc; __Host-finbrain=abd")][..],
            &[("cookie", "__Host-finbrain=abc"), ("cookie", "__Host-finbrain=abc")],
            &[("cookie", "__Host-finbrain=abc"), ("authorization", "Bearer fbp_x")],
        ] {
            assert_eq!(token(two), Err(AuthError::AmbiguousCredentials));
        }
    }

    #[test]
    fn a_caller_is_the_network_behind_the_trusted_proxy() {
        let request = TestRequest::get()
            .peer_addr("10.0.0.1:5000".parse().unwrap())
            .append_header(("x-forwarded-for", "1.2.3.4"))
            .append_header(("x-forwarded-for", "198.51.100.7, 10.0.0.2"))
            .insert_header(("user-agent", "curl/8.5.0"))
            .to_http_request();

        let caller = door().caller(&request);

        assert_eq!(
            (caller.from.to_string().as_str(), caller.device.as_str()),
            ("198.51.100.0/24", "curl/8.5.0")
        );
    }
}
