//! What proves that a value in Redis was written by one of our pods, and names keys there. Whoever can write to Redis
//! without the key can neither hand out a session nor a rate. Knows nothing of connections.

use std::fmt;

use finbrain_domain::{
    ids::{Digest, UserId},
    session::Session,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// All keys begin with this; the number rises when what is kept under them changes its form.
pub(super) const PREFIX: &str = "finbrain:1:";
const TAG_BYTES: usize = 32;
/// A session has some 500 bytes; a larger value is not one.
const MOST_SEALED: usize = 8 << 10;

#[derive(Clone)]
pub(super) struct Seal(Zeroizing<[u8; 32]>);

impl Seal {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// The key of a session. Its token is a digest already.
    pub(super) fn session_key(token: Digest) -> String {
        format!("{PREFIX}session:{token}")
    }

    /// The key of the tokens that a person holds.
    pub(super) fn owner_key(user: UserId) -> String {
        format!("{PREFIX}sessions-of:{user}")
    }

    /// The key of a counter: nobody reads an address or an account from it.
    pub(super) fn limit_key(&self, name: &str, who: &str) -> String {
        let digest =
            Digest(self.mac("limit", &[name.as_bytes(), who.as_bytes()]).finalize().into_bytes().into());
        format!("{PREFIX}limit:{digest}")
    }

    /// A session without its moving times, under a signature.
    pub(super) fn seal_session(&self, session: &Session) -> Option<Vec<u8>> {
        let (last_seen_at, last_active_at) = (session.created_at, session.created_at);
        let fixed = Session { last_seen_at, last_active_at, ..session.clone() };
        let body = serde_json::to_vec(&fixed).ok()?;
        Some(self.seal("session", &[], &body)).filter(|sealed| sealed.len() <= MOST_SEALED)
    }

    /// The session of this token, if one of our pods has written it.
    pub(super) fn open_session(&self, token: Digest, sealed: &[u8]) -> Option<Session> {
        if sealed.len() > MOST_SEALED {
            return None;
        }
        let session: Session = serde_json::from_slice(self.open("session", &[], sealed)?).ok()?;
        (session.token == token).then_some(session)
    }

    /// Signs a body and the place where it belongs.
    pub(super) fn seal(&self, purpose: &str, place: &[&[u8]], body: &[u8]) -> Vec<u8> {
        let mut mac = self.mac(purpose, place);
        mac.update(body);
        let mut sealed = Vec::with_capacity(TAG_BYTES + body.len());
        sealed.extend_from_slice(&mac.finalize().into_bytes());
        sealed.extend_from_slice(body);
        sealed
    }

    pub(super) fn open<'a>(&self, purpose: &str, place: &[&[u8]], sealed: &'a [u8]) -> Option<&'a [u8]> {
        let (tag, body) = sealed.split_at_checked(TAG_BYTES)?;
        let mut mac = self.mac(purpose, place);
        mac.update(body);
        mac.verify_slice(tag).is_ok().then_some(body)
    }

    /// Every part goes in behind its length, so that no two lists of parts are alike.
    fn mac(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(self.0.as_slice()).expect("a key of any length will do");
        mac.update(&(parts.len() as u64).to_le_bytes());
        for part in [&[purpose.as_bytes()], parts].concat() {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seal")
    }
}

#[cfg(test)]
mod tests {
    use finbrain_domain::ids::{BookId, SessionId};

    use super::*;

    fn session() -> Session {
        let at = "2026-11-24T08:00:00Z".parse().unwrap();
        Session {
            id: SessionId::new(),
            token: Digest::of(b"token"),
            user: UserId::new(),
            book: BookId::new(),
            auth_generation: 3,
            created_at: at,
            last_seen_at: at,
            last_active_at: at,
            device: "Firefox on Linux".into(),
            address: "203.0.113.0/24".into(),
        }
    }

    #[test]
    fn a_sealed_session_opens_under_its_own_token_and_key_alone() {
        let (seal, session) = (Seal::new([7; 32]), session());

        let sealed = seal.seal_session(&session).unwrap();

        assert_eq!(seal.open_session(session.token, &sealed), Some(session.clone()));
        assert_eq!(seal.open_session(Digest::of(b"another"), &sealed), None);
        assert_eq!(Seal::new([8; 32]).open_session(session.token, &sealed), None);
        assert_eq!(seal.open("rates", &[], &sealed), None, "another purpose");
    }

    #[test]
    fn a_sealed_session_with_any_flipped_bit_or_lost_end_is_refused() {
        let (seal, session) = (Seal::new([7; 32]), session());
        let sealed = seal.seal_session(&session).unwrap();

        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert_eq!(seal.open_session(session.token, &flipped), None, "byte {at}");
            assert_eq!(seal.open_session(session.token, &sealed[..at]), None, "length {at}");
        }
    }

    #[test]
    fn a_counter_does_not_tell_whom_it_counts() {
        let seal = Seal::new([7; 32]);

        let key = seal.limit_key("login", "203.0.113.0/24");

        assert!(key.starts_with("finbrain:1:limit:") && !key.contains("203"), "{key}");
        assert_ne!(key, seal.limit_key("reset", "203.0.113.0/24"));
        assert_ne!(seal.limit_key("ab", "c"), seal.limit_key("a", "bc"));
        assert_ne!(key, Seal::new([8; 32]).limit_key("login", "203.0.113.0/24"));
        assert_eq!(format!("{seal:?}"), "seal");
    }
}
