//! E-mail addresses, as identities. Compared in lower case; the rules are deliberately plain.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// An address in lower case: one `@`, a non-empty local part, a domain with a dot or `localhost`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(Box<str>);

impl Email {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(Error::EmailMalformed)?;
        let local_is_fine = (1..=64).contains(&local.len())
            && !local.contains('@')
            && local.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"<>(),;:\\\"[]".contains(c));
        let label_is_fine = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c == '-' || c.is_alphanumeric())
        };
        let domain_is_fine = domain.len() <= 253
            && domain.split('.').all(label_is_fine)
            && (domain.contains('.') || domain.eq_ignore_ascii_case("localhost"));
        if local_is_fine && domain_is_fine && text.len() <= 254 {
            Ok(Self(text.to_lowercase().into()))
        } else {
            Err(Error::EmailMalformed)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    /// Never the address itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("e-mail address")
    }
}

impl TryFrom<String> for Email {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(Email::parse(" Dana@Example.ORG "), Email::parse("dana@example.org"));
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for bad in ["", "a", "@b.c", "a@", "a@b", "a b@c.d", "a@b..c", "a@-b.c", "a@b@c.d", "a\0@b.c"] {
            assert_eq!(Email::parse(bad), Err(Error::EmailMalformed), "{bad:?}");
        }
    }
}
