//! Session tokens: what the browser holds. The server keeps only their digest.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use finbrain_domain::ids::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const RANDOM_BYTES: usize = 32;
const TAG_BYTES: usize = 8;
/// 40 bytes in base64url without padding.
const TEXT_LEN: usize = 54;

/// 32 random bytes and an 8-byte tag under a server key. The tag proves nothing about the session; it only lets garbage
/// be refused without asking a store.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; RANDOM_BYTES + TAG_BYTES]>);

impl Token {
    pub fn mint(key: &TagKey) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES + TAG_BYTES]);
        let (random, tag) = bytes.split_at_mut(RANDOM_BYTES);
        getrandom::fill(random)?;
        tag.copy_from_slice(&key.mac(random).finalize().into_bytes()[..TAG_BYTES]);
        Ok(Self(bytes))
    }

    /// `None` unless one of the keys has minted it.
    pub fn parse(text: &str, keys: &TagKeys) -> Option<Self> {
        // `decode_slice` wants room for the estimate, which exact input fills exactly.
        if text.len() != TEXT_LEN {
            return None;
        }
        let mut bytes = Zeroizing::new([0; RANDOM_BYTES + TAG_BYTES]);
        BASE64_URL_SAFE_NO_PAD.decode_slice_unchecked(text, bytes.as_mut_slice()).ok()?;
        let (random, tag) = bytes.split_at(RANDOM_BYTES);
        let minted = [Some(&keys.current), keys.previous.as_ref()]
            .into_iter()
            .flatten()
            .any(|key| key.mac(random).verify_truncated_left(tag).is_ok());
        minted.then_some(Self(bytes))
    }

    /// The token as the browser gets it. For the cookie only.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What the server knows the token by.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_slice())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session token")
    }
}

/// A key that tags tokens.
#[derive(Clone)]
pub struct TagKey(Zeroizing<[u8; 32]>);

impl TagKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    fn mac(&self, random: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(self.0.as_slice()).expect("a key of any length will do");
        mac.update(random);
        mac
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tag key")
    }
}

/// The key that tags new tokens, and during a rotation the one before it.
#[derive(Debug, Clone)]
pub struct TagKeys {
    current: TagKey,
    previous: Option<TagKey>,
}

impl TagKeys {
    pub fn new(current: TagKey, previous: Option<TagKey>) -> Self {
        Self { current, previous }
    }

    pub fn current(&self) -> &TagKey {
        &self.current
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> TagKeys {
        TagKeys::new(TagKey::new([1; 32]), None)
    }

    #[test]
    fn a_minted_token_is_read_back() {
        let token = Token::mint(keys().current()).unwrap();

        let read = Token::parse(&token.reveal(), &keys()).unwrap();

        assert_eq!(read.digest(), token.digest());
        assert_eq!(token.reveal().len(), TEXT_LEN);
        assert_ne!(Token::mint(keys().current()).unwrap().digest(), token.digest());
    }

    #[test]
    fn a_token_with_any_flipped_bit_is_refused() {
        let token = Token::mint(keys().current()).unwrap();

        for bit in 0..(RANDOM_BYTES + TAG_BYTES) * 8 {
            let mut flipped = token.clone();
            flipped.0[bit / 8] ^= 1 << (bit % 8);
            assert!(Token::parse(&flipped.reveal(), &keys()).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn there_is_one_way_to_write_a_token() {
        let text = Token::mint(keys().current()).unwrap().reveal();
        let last = text.len() - 1;

        // The last character carries two bits; the four unused ones must be zero.
        let readable = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        let readable = readable.filter(|c| Token::parse(&format!("{}{c}", &text[..last]), &keys()).is_some());

        assert_eq!(readable.count(), 1);
        assert!(Token::parse(&format!("{}==", *text), &keys()).is_none());
        assert!(Token::parse(&format!(" {}", *text), &keys()).is_none());
    }

    #[test]
    fn a_token_of_another_server_is_refused() {
        let token = Token::mint(&TagKey::new([2; 32])).unwrap();

        assert!(Token::parse(&token.reveal(), &keys()).is_none());
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::mint(keys().current()).unwrap();

        assert_eq!(
            format!("{token:?} {:?}", keys()),
            "session token TagKeys { current: tag key, previous: None }"
        );
    }

    proptest! {
        #[test]
        fn garbage_is_refused(text in ".{0,80}") {
            prop_assert!(Token::parse(&text, &keys()).is_none());
        }
    }
}
