//! What is wrong with a document, in words that are safe to show.
//!
//! Owns the one walk over untyped JSON that refuses what no typed parser may see (duplicate keys, NUL, excessive
//! nesting), and the translation of serde's messages. It never repeats a value that a client sent.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_path_to_error::{Path, Segment};

use crate::problem::FieldError;

/// Deeper documents are refused.
const MAX_DEPTH: usize = 16;
/// Objects with more keys are refused; it bounds the search for duplicates.
const MAX_KEYS: usize = 64;

const SEND_AN_OBJECT: &str = "Send an object.";

/// Walks a whole document. `Err` with a place when it is JSON that must not be read further; `Err` without one when
/// it is no JSON.
pub(super) fn walk(text: &str) -> Result<(), Fault> {
    let mut trail = Trail::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let walked = Walk(&mut trail).deserialize(&mut json).and_then(|()| json.end());
    match (walked, trail.flaw.take()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(flaw)) => Err(Fault::Refused(trail.error(flaw))),
        (Err(error), None) => Err(Fault::Syntax { line: error.line(), column: error.column() }),
    }
}

/// Why a document goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax { line: usize, column: usize },
    Refused(FieldError),
}

/// What the walk looks for.
#[derive(Debug, Clone, Copy)]
enum Flaw {
    DuplicateKey,
    Nul,
    TooDeep,
    TooManyKeys,
}

/// Where the walk stands.
#[derive(Debug, Default)]
struct Trail<'de> {
    steps: Vec<Step<'de>>,
    flaw: Option<Flaw>,
}

#[derive(Debug)]
enum Step<'de> {
    Key(Cow<'de, str>),
    Index(usize),
}

impl Trail<'_> {
    fn stop<E: de::Error>(&mut self, flaw: Flaw) -> E {
        self.flaw = Some(flaw);
        E::custom("refused")
    }

    fn error(&self, flaw: Flaw) -> FieldError {
        let mut pointer = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) => push_segment(&mut pointer, key),
                Step::Index(index) => push_segment(&mut pointer, &index.to_string()),
            }
        }
        let (code, message) = match flaw {
            Flaw::DuplicateKey => ("duplicate_key", "The key appears twice: send it once."),
            Flaw::Nul => ("nul_character", "It contains a NUL character: remove it."),
            Flaw::TooDeep => ("too_deep", "It is nested too deeply."),
            Flaw::TooManyKeys => ("too_many_keys", "The object has too many keys."),
        };
        FieldError { pointer: pointer.into(), code, message: message.into() }
    }
}

struct Walk<'a, 'de>(&'a mut Trail<'de>);

impl<'de> DeserializeSeed<'de> for Walk<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(self.0.stop(Flaw::Nul)) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let trail = self.0;
        if trail.steps.len() == MAX_DEPTH {
            return Err(trail.stop(Flaw::TooDeep));
        }
        for index in 0.. {
            trail.steps.push(Step::Index(index));
            if items.next_element_seed(Walk(trail))?.is_none() {
                break;
            }
            trail.steps.pop();
        }
        trail.steps.pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let trail = self.0;
        if trail.steps.len() == MAX_DEPTH {
            return Err(trail.stop(Flaw::TooDeep));
        }
        let mut seen: Vec<Cow<'de, str>> = Vec::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            if seen.len() == MAX_KEYS {
                return Err(trail.stop(Flaw::TooManyKeys));
            }
            let flaw = if key.contains('\0') {
                Some(Flaw::Nul)
            } else {
                seen.contains(&key).then_some(Flaw::DuplicateKey)
            };
            trail.steps.push(Step::Key(key.clone()));
            if let Some(flaw) = flaw {
                return Err(trail.stop(flaw));
            }
            seen.push(key);
            entries.next_value_seed(Walk(trail))?;
            trail.steps.pop();
        }
        Ok(())
    }
}

/// A key, borrowed from the text unless it contains escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// The body is a list or a bare value.
pub(super) fn no_object() -> FieldError {
    FieldError { pointer: "".into(), code: "wrong_type", message: SEND_AN_OBJECT.into() }
}

/// Which part of a request a place belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Body,
    Query,
}

/// Says what a typed parser did not like, at the place where it stopped. serde has only its message to tell the
/// cases apart; tables in the tests of the extractors hold it to that.
pub(super) fn shape_error(part: Part, path: &Path, message: &str) -> FieldError {
    let mut missing = None;
    let (code, message): (_, Cow<'static, str>) = if message.starts_with("missing field") {
        missing = message.split('`').nth(1);
        ("missing_field", "It is missing.".into())
    } else if message.starts_with("unknown field") {
        ("unknown_field", expected("There is no such field here. Use one of", message))
    } else if message.starts_with("duplicate field") {
        ("duplicate_key", "The key appears twice: send it once.".into())
    } else if message.starts_with("unknown variant") {
        ("unknown_variant", expected("Use one of", message))
    } else if message.starts_with("invalid type") {
        ("wrong_type", wanted(message))
    } else {
        ("invalid_value", "The value is not valid.".into())
    };
    FieldError { pointer: pointer(part, path, missing).into(), code, message }
}

/// The names that serde lists behind "expected".
fn expected(lead: &str, message: &str) -> Cow<'static, str> {
    let names: Vec<&str> = match message.rsplit_once("expected ") {
        Some((_, list)) => list.split('`').skip(1).step_by(2).collect(),
        None => Vec::new(),
    };
    if names.is_empty() {
        "Nothing is expected here.".into()
    } else {
        format!("{lead}: {}.", names.join(", ")).into()
    }
}

/// The kind of value that serde expected, without the names of our types.
fn wanted(message: &str) -> Cow<'static, str> {
    match message
        .rsplit_once(", expected ")
        .map(|(_, wanted)| wanted.split(" at line ").next().unwrap_or(wanted))
    {
        Some(wanted) if wanted.starts_with("struct ") || wanted == "a map" => SEND_AN_OBJECT.into(),
        Some("a string" | "str" | "string") => "Send a text.".into(),
        Some("a boolean") => "Send true or false.".into(),
        Some("a sequence") => "Send a list.".into(),
        Some(number)
            if number.starts_with(['i', 'u', 'f']) && number.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            "Send a number.".into()
        }
        _ => "The value has the wrong type.".into(),
    }
}

/// A JSON pointer (RFC 6901) into a body, `?name` for a parameter of a query.
fn pointer(part: Part, path: &Path, missing: Option<&str>) -> String {
    let mut pointer = String::new();
    let mut push = |segment: &str| match part {
        Part::Body => push_segment(&mut pointer, segment),
        Part::Query => {
            pointer.push('?');
            pointer.push_str(segment);
        }
    };
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&index.to_string()),
            Segment::Map { key } => push(key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    missing.into_iter().for_each(&mut push);
    pointer
}

fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for c in segment.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, &'static str) {
        match walk(text) {
            Err(Fault::Refused(error)) => (error.pointer.into_owned(), error.code),
            other => panic!("{text} gave {other:?}"),
        }
    }

    #[test]
    fn documents_without_flaws_pass() {
        for text in [r#"{"a":1,"b":[1,2,{"a":"x"}],"c":null}"#, "[]", "\"x\"", "-1.5", " true "] {
            assert_eq!(walk(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_key_may_not_appear_twice_at_any_depth() {
        assert_eq!(refused(r#"{"a":1,"a":2}"#), ("/a".into(), "duplicate_key"));
        assert_eq!(refused(r#"{"x":[0,{"a/b":1,"a\/b":2}]}"#), ("/x/1/a~1b".into(), "duplicate_key"));
        assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), ("/a".into(), "duplicate_key"));
    }

    #[test]
    fn nul_is_refused_in_values_and_keys() {
        assert_eq!(refused(r#"{"a":["x","y\u0000z"]}"#), ("/a/1".into(), "nul_character"));
        assert_eq!(refused(r#"{"a\u0000":1}"#).1, "nul_character");
        assert_eq!(walk(r#"{"a":"\\u0000"}"#), Ok(()));
    }

    #[test]
    fn nesting_and_keys_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let keys = |count: usize| {
            let pairs: Vec<_> = (0..count).map(|n| format!("\"k{n}\":0")).collect();
            format!("{{{}}}", pairs.join(","))
        };

        assert_eq!(walk(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(refused(&nested(MAX_DEPTH + 1)).1, "too_deep");
        assert_eq!(refused(&nested(100_000)).1, "too_deep");
        assert_eq!(walk(&keys(MAX_KEYS)), Ok(()));
        assert_eq!(refused(&keys(MAX_KEYS + 1)).1, "too_many_keys");
    }

    #[test]
    fn what_is_no_json_names_the_place() {
        assert_eq!(walk("{\"a\":\n ?}"), Err(Fault::Syntax { line: 2, column: 2 }));
        assert!(matches!(walk("{} {}"), Err(Fault::Syntax { .. })));
        assert!(matches!(walk(""), Err(Fault::Syntax { .. })));
    }
}
