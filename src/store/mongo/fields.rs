//! How values of the domain stand in documents: ids as text, digests as 32 bytes, instants as microseconds since 1970
//! (a date of BSON has milliseconds only), counters as 64-bit integers.

use std::{fmt::Display, str::FromStr};

use finbrain_domain::ids::Digest;
use jiff::Timestamp;
use mongodb::bson::{Binary, Bson, Document, spec::BinarySubtype};

use super::fault::Fault;

pub(super) fn text(value: impl Display) -> Bson {
    Bson::String(value.to_string())
}

pub(super) fn bytes(bytes: Vec<u8>) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes })
}

pub(super) fn hash(digest: Digest) -> Bson {
    bytes(digest.0.to_vec())
}

/// An instant, cut to microseconds: the precision that the chain of a journal covers.
pub(super) fn instant(at: Timestamp) -> Bson {
    Bson::Int64(at.as_microsecond())
}

/// A slot or a number as MongoDB compares: what does not fit is behind everything.
pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Bits of a counter that is stored and never compared.
pub(super) const fn counter(number: u64) -> Bson {
    Bson::Int64(number.cast_signed())
}

/// Reads the fields of a document. What it says of a wrong one is the field's name, never its value.
pub(super) struct Fields<'a>(pub &'a Document);

impl<'a> Fields<'a> {
    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, Fault> {
        self.0.get_str(name).map_err(|_| unreadable(name))
    }

    pub(super) fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, Fault> {
        self.text(name)?.parse().map_err(|_| unreadable(name))
    }

    pub(super) fn integer(&self, name: &'static str) -> Result<i64, Fault> {
        self.0.get_i64(name).map_err(|_| unreadable(name))
    }

    pub(super) fn counter(&self, name: &'static str) -> Result<u64, Fault> {
        Ok(self.integer(name)?.cast_unsigned())
    }

    pub(super) fn number<T: TryFrom<i64>>(&self, name: &'static str) -> Result<T, Fault> {
        self.integer(name)?.try_into().map_err(|_| unreadable(name))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Fault> {
        self.0.get_bool(name).map_err(|_| unreadable(name))
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<&'a [u8], Fault> {
        Ok(self.0.get_binary_generic(name).map_err(|_| unreadable(name))?)
    }

    pub(super) fn hash(&self, name: &'static str) -> Result<Digest, Fault> {
        self.bytes(name)?.try_into().map(Digest).map_err(|_| unreadable(name))
    }

    pub(super) fn instant(&self, name: &'static str) -> Result<Timestamp, Fault> {
        Timestamp::from_microsecond(self.integer(name)?).map_err(|_| unreadable(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A document within, if it is there.
    pub(super) fn inner(&self, name: &'static str) -> Result<Option<Fields<'a>>, Fault> {
        if !self.has(name) {
            return Ok(None);
        }
        self.0.get_document(name).map(|inner| Some(Fields(inner))).map_err(|_| unreadable(name))
    }
}

pub(super) fn unreadable(name: &str) -> Fault {
    Fault::damaged(format!("field {name} of a document cannot be read"))
}
