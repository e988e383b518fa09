//! The cookie that carries a session token.

use actix_web::cookie::{Cookie, SameSite};

use super::{
    public_url::{PublicUrl, Transport},
    token::Token,
};

/// The cookie's form, which follows from the public URL. It has no age: the server ends sessions, and a browser that is
/// closed forgets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    name: &'static str,
    is_secure: bool,
}

impl SessionCookie {
    pub fn of(public_url: &PublicUrl) -> Self {
        match public_url.transport() {
            // The prefix makes the browser refuse the cookie from sub-domains and over plain HTTP.
            Transport::Encrypted => Self { name: "__Host-finbrain", is_secure: true },
            Transport::Loopback | Transport::Insecure => Self { name: "finbrain_dev", is_secure: false },
        }
    }

    pub fn name(self) -> &'static str {
        self.name
    }

    /// Sets the token.
    pub fn holding(self, token: &Token) -> Cookie<'static> {
        self.cookie(token.reveal().to_string())
    }

    /// Takes the token away.
    pub fn removed(self) -> Cookie<'static> {
        let mut cookie = self.cookie(String::new());
        cookie.make_removal();
        cookie
    }

    fn cookie(self, value: String) -> Cookie<'static> {
        Cookie::build(self.name, value)
            .http_only(true)
            .secure(self.is_secure)
            .same_site(SameSite::Strict)
            .path("/")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{public_url::InsecureHttp, token::TagKey};

    #[test]
    fn the_cookie_follows_from_the_public_url() {
        let token = Token::mint(&TagKey::new([1; 32])).unwrap();
        for (url, name, rest) in [
            ("https://finbrain.example", "__Host-finbrain", "; HttpOnly; SameSite=Strict; Secure; Path=/"),
            ("https://localhost:8443", "__Host-finbrain", "; HttpOnly; SameSite=Strict; Secure; Path=/"),
            ("http://localhost:8080", "finbrain_dev", "; HttpOnly; SameSite=Strict; Path=/"),
            ("http://192.168.1.5:8080", "finbrain_dev", "; HttpOnly; SameSite=Strict; Path=/"),
        ] {
            let cookie = SessionCookie::of(&PublicUrl::parse(url, InsecureHttp::Allowed).unwrap());

            let text = cookie.holding(&token).to_string();

            assert_eq!(text, format!("{name}={}{rest}", *token.reveal()), "{url}");
        }
    }

    #[test]
    fn a_removed_cookie_is_empty_and_expired_in_the_same_place() {
        let url = PublicUrl::parse("https://finbrain.example", InsecureHttp::Refused).unwrap();

        let text = SessionCookie::of(&url).removed().to_string();

        assert!(
            text.starts_with("__Host-finbrain=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0;"),
            "{text}"
        );
    }
}
