//! Text that people write: any Unicode but control characters, bounded, stored byte for byte.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Text of one to `MAX` characters without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(Box<str>);

pub type Description = Text<500>;
pub type Note = Text<4000>;
pub type Tag = Text<64>;
pub type Name = Text<100>;
pub type ExternalId = Text<200>;

pub const MAX_TAGS: usize = 20;

impl<const MAX: usize> Text<MAX> {
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Err(Error::TextEmpty);
        }
        // A character is at least one byte, so short texts need no count.
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(Error::TextTooLong { limit: MAX });
        }
        if text.chars().any(char::is_control) {
            return Err(Error::TextControl);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    /// Never the text itself: it is a person's own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text of {} bytes", self.0.len())
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0.into()
    }
}

impl<const MAX: usize> From<&Text<MAX>> for String {
    fn from(text: &Text<MAX>) -> Self {
        text.as_str().to_owned()
    }
}

/// Checks a list of tags: at most [`MAX_TAGS`], none twice.
pub fn parse_tags<S: AsRef<str>>(tags: &[S]) -> Result<Vec<Tag>, Error> {
    if tags.len() > MAX_TAGS {
        return Err(Error::TooMany { limit: MAX_TAGS });
    }
    let tags = tags.iter().map(|tag| Tag::parse(tag.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let twice = tags.iter().enumerate().any(|(at, tag)| tags[..at].contains(tag));
    if twice { Err(Error::TagTwice) } else { Ok(tags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters_and_kept_byte_for_byte() {
        let hebrew = "קפה עם חברים ".repeat(38);

        let kept = Description::parse(&hebrew).unwrap();

        assert_eq!(kept.as_str(), hebrew);
        assert_eq!(Description::parse(&"é".repeat(501)), Err(Error::TextTooLong { limit: 500 }));
    }

    #[test]
    fn control_characters_and_blank_text_are_refused() {
        for bad in ["a\0b", "a\nb", "\u{7f}", "a\u{85}"] {
            assert_eq!(Description::parse(bad), Err(Error::TextControl));
        }
        assert_eq!(Description::parse(" \u{a0}"), Err(Error::TextEmpty));
    }

    #[test]
    fn a_tag_stands_once() {
        assert_eq!(parse_tags(&["work", "work"]), Err(Error::TagTwice));
        assert_eq!(parse_tags(&vec!["x"; 21]), Err(Error::TooMany { limit: MAX_TAGS }));
    }
}
