//! How values of the domain stand in columns: ids as text, digests as 32 bytes, instants as microseconds since 1970,
//! documents as JSON.

use std::{fmt::Display, str::FromStr};

use finbrain_domain::ids::Digest;
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::{Serialize, de::DeserializeOwned};

/// Something with a textual form, such as an id.
pub(super) struct Text<T>(pub T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Text(self.0.to_string())))
    }
}

impl<T> FromSql for Text<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

pub(super) struct Hash(pub Digest);

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0.0)))
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let blob = value.as_blob()?;
        let bytes = blob
            .try_into()
            .map_err(|_| FromSqlError::InvalidBlobSize { expected_size: 32, blob_size: blob.len() })?;
        Ok(Self(Digest(bytes)))
    }
}

/// An instant, cut to microseconds: the precision that the chain of a journal covers.
pub(super) struct Instant(pub Timestamp);

impl ToSql for Instant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(Value::Integer(self.0.as_microsecond())))
    }
}

impl FromSql for Instant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_microsecond(value.as_i64()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A value as JSON, read by meaning and never compared by its text, since later versions may write more fields.
pub(super) struct Document<T>(pub T);

impl<T: Serialize> ToSql for Document<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let json = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(ToSqlOutput::Owned(Value::Text(json)))
    }
}

impl<T: DeserializeOwned> FromSql for Document<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // The text of a parse error may quote what it read, which is personal.
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::other(Unreadable { line: error.line(), column: error.column() }))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("document cannot be read at line {line}, column {column}")]
struct Unreadable {
    line: usize,
    column: usize,
}

/// A limit or a slot as SQLite counts: what does not fit means "all".
pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
