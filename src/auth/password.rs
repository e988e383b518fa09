//! Passwords as people type them: bounded, never shown, wiped after use; and how strong a new one must be.

use std::fmt;

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

pub const MIN_BYTES: usize = 8;
pub const MAX_BYTES: usize = 256;
/// Strength is estimated on so many characters: the time grows with the square of the length, and with the substitutions
/// that somebody who means harm can pile up. A password that is strong so far is strong.
const ESTIMATED_CHARS: usize = 32;

/// Any characters whatever, 8 to 256 bytes of UTF-8.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("password is shorter than {MIN_BYTES} bytes")]
    TooShort,
    #[error("password is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("password is easy to guess")]
    Weak,
}

impl Password {
    /// Takes the text over, so that no copy of it stays behind.
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        match text.len() {
            ..MIN_BYTES => Err(PasswordError::TooShort),
            MIN_BYTES..=MAX_BYTES => Ok(Self(text)),
            _ => Err(PasswordError::TooLong),
        }
    }

    /// Whether the password is good enough to be a new one. `about` is what an attacker knows of the person.
    ///
    /// Estimated by zxcvbn; a score below 2 falls to a million guesses, the common passwords among them. There are no
    /// rules of composition. Takes milliseconds, and a tenth of a second for passwords made to that end: not for threads
    /// that answer requests.
    pub(super) fn check_strength(&self, about: &[String]) -> Result<(), PasswordError> {
        let known = about.iter().flat_map(|text| [text.as_str()].into_iter().chain(words(text)));
        let known: Vec<&str> = known.chain(["finbrain"]).collect();
        let cut = self.0.char_indices().nth(ESTIMATED_CHARS).map_or(self.0.len(), |(at, _)| at);
        if zxcvbn(&self.0[..cut], &known).score() < Score::Two { Err(PasswordError::Weak) } else { Ok(()) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password")
    }
}

/// The parts of a name or an address: the local part of an e-mail is a poor password, too.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.into()).unwrap()
    }

    #[test]
    fn length_is_counted_in_bytes_and_every_character_is_welcome() {
        assert_eq!(Password::parse("1234567".into()).unwrap_err(), PasswordError::TooShort);
        assert_eq!(Password::parse("x".repeat(257)).unwrap_err(), PasswordError::TooLong);
        assert!(Password::parse("x".repeat(256)).is_ok());
        assert!(Password::parse("סיסמה".into()).is_ok(), "five letters, ten bytes");
        assert!(Password::parse(" \t\u{0} 🐫 ".into()).is_ok());
    }

    #[test]
    fn common_passwords_are_refused() {
        for common in ["password", "12345678", "qwertyuiop", "iloveyou", "P@ssw0rd", "aaaaaaaaaaaa"] {
            assert_eq!(password(common).check_strength(&[]), Err(PasswordError::Weak), "{common}");
        }
        assert_eq!(password("correct horse battery staple").check_strength(&[]), Ok(()));
        assert_eq!(password("k7#vQ2pz").check_strength(&[]), Ok(()));
    }

    #[test]
    fn what_everybody_knows_of_the_person_is_refused() {
        let about = ["rosenblumowitz@example.org", "Dorothea Rosenblumowitz"].map(String::from);
        for known in ["rosenblumowitz", "Rosenblumowitz1", "rosenblumowitz@example.org", "finbrain"] {
            assert_eq!(password(known).check_strength(&about), Err(PasswordError::Weak), "{known}");
        }
        assert_eq!(password("rosenblumowitz").check_strength(&[]), Ok(()));
    }

    #[test]
    fn a_long_password_is_judged_by_its_beginning() {
        assert_eq!(password(&"é".repeat(128)).check_strength(&[]), Err(PasswordError::Weak));
        assert_eq!(password(&"correct horse battery staple ".repeat(8)).check_strength(&[]), Ok(()));
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(format!("{:?}", password("k7#vQ2pz-secret")), "password");
    }
}
