//! The server's secret and the keys that follow from it. Two generations live during a rotation: what the older one
//! signed still counts, and only the newer one signs.

use std::fmt;

use finbrain_domain::{
    email::Email,
    ids::UserId,
    ports::{StoreError, Users},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use super::token::{TagKey, TagKeys};

/// A line of a secret file must have at least this many characters.
const MIN_SECRET: usize = 32;

#[derive(Clone)]
pub struct ServerKeys {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("secret file must hold one line of at least {MIN_SECRET} characters, or two during a rotation")]
    SecretMalformed,
    #[error("system gives no random numbers")]
    Random(#[source] getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServerKeys {
    /// The secret in the durable store, created there once: pods that share the store share the keys.
    pub async fn load(users: &dyn Users) -> Result<Self, KeyError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(KeyError::Random)?;
        let current = users.server_key("server_secret", fresh).await?;
        Ok(Self { current, previous: None })
    }

    /// The content of `FINBRAIN_SECRET_FILE`: the secret, and during a rotation the older one in a second line.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let secret = |line: &str| <[u8; 32]>::from(Sha256::digest(line.as_bytes()));
        if lines.iter().any(|line| line.len() < MIN_SECRET) {
            return Err(KeyError::SecretMalformed);
        }
        match lines[..] {
            [current] => Ok(Self { current: secret(current), previous: None }),
            [current, previous] => Ok(Self { current: secret(current), previous: Some(secret(previous)) }),
            _ => Err(KeyError::SecretMalformed),
        }
    }

    pub fn tag_keys(&self) -> TagKeys {
        let tag_key = |secret| TagKey::new(derive(secret, b"session token tag"));
        TagKeys::new(tag_key(&self.current), self.previous.as_ref().map(tag_key))
    }

    /// Signs what pods share, so that only they can have written it.
    pub fn shared_state_key(&self) -> [u8; 32] {
        derive(&self.current, b"shared state")
    }

    /// Names an account in limits without saying who it is.
    pub(super) fn email_key(&self, email: &Email) -> String {
        hex(&self.current, email.as_str().as_bytes())
    }

    pub(super) fn user_key(&self, user: UserId) -> String {
        hex(&self.current, user.as_bytes())
    }
}

impl fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("server keys")
    }
}

fn hex(secret: &[u8; 32], account: &[u8]) -> String {
    let key = derive(secret, b"account in limits");
    finbrain_domain::ids::Digest(derive(&key, account)).to_string()
}

fn derive(secret: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length will do");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::Token;

    const OLD: &str = "an old secret of more than thirty-two characters";
    const NEW: &str = "a new secret of more than thirty-two characters";

    #[test]
    fn a_token_survives_one_rotation_and_not_two() {
        let before = ServerKeys::parse(OLD).unwrap().tag_keys();
        let during = ServerKeys::parse(&format!("{NEW}\n{OLD}\n")).unwrap().tag_keys();
        let after = ServerKeys::parse(NEW).unwrap().tag_keys();
        let token = Token::mint(before.current()).unwrap();

        let text = token.reveal();

        assert_eq!(Token::parse(&text, &during).map(|token| token.digest()), Some(token.digest()));
        assert!(Token::parse(&text, &after).is_none());
        assert!(Token::parse(&Token::mint(during.current()).unwrap().reveal(), &after).is_some());
    }

    #[test]
    fn a_secret_is_one_long_line_or_two() {
        for bad in ["", "short", "\n\n", &format!("{NEW}\nshort"), &format!("{NEW}\n{OLD}\n{OLD}")] {
            assert!(ServerKeys::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_account_in_limits_does_not_tell_its_address() {
        let keys = ServerKeys::parse(NEW).unwrap();
        let [dana, noam] =
            ["dana@example.org", "noam@example.org"].map(|text| keys.email_key(&Email::parse(text).unwrap()));

        assert_ne!(dana, noam);
        assert!(!dana.contains("dana"));
        assert_eq!(format!("{keys:?}"), "server keys");
    }
}
