//! The JSON body of a request: bounded in size, time and form before any of it is believed.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header,
    web::{self, BytesMut},
};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::document::{self, Fault, Part};
use crate::problem::{Code, Problem};

/// Larger bodies are parsed off the worker's thread, so that the requests beside them do not wait.
const PARSED_IN_PLACE: usize = 256 * 1024;

/// How large a body may be and how long it may take. Put another one into a resource's `app_data` for bulk writes.
#[derive(Debug, Clone, Copy)]
pub struct BodyRules {
    pub bytes: usize,
    pub within: Duration,
}

impl BodyRules {
    pub const SINGLE: Self = Self { bytes: 64 * 1024, within: Duration::from_secs(10) };
    pub const BULK: Self = Self { bytes: 20 * 1024 * 1024, within: Duration::from_secs(10) };
}

/// A parsed body. `T` should deny unknown fields; duplicate keys, NUL and deep nesting are refused for every `T`.
pub struct Body<T>(pub T);

impl<T> fmt::Debug for Body<T> {
    /// Never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("body")
    }
}

impl<T: DeserializeOwned + Send + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let received = receive(request, payload, "application/json");
        Box::pin(async move {
            let bytes = received.await?;
            if bytes.len() <= PARSED_IN_PLACE {
                return parse(&bytes).map(Self);
            }
            match web::block(move || parse(&bytes)).await {
                Ok(parsed) => parsed.map(Self),
                Err(_) => Err(Code::Busy.into()),
            }
        })
    }
}

/// A body that may be left out altogether.
pub struct BodyOrDefault<T>(pub T);

impl<T> fmt::Debug for BodyOrDefault<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("body")
    }
}

impl<T: DeserializeOwned + Default + Send + 'static> FromRequest for BodyOrDefault<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_empty(request) {
            return Box::pin(std::future::ready(Ok(Self(T::default()))));
        }
        let body = Body::from_request(request, payload);
        Box::pin(async move { body.await.map(|Body(body)| Self(body)) })
    }
}

/// The bytes of a `text/csv` body, bounded like any other.
pub struct CsvBody(pub web::Bytes);

impl fmt::Debug for CsvBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("body")
    }
}

impl FromRequest for CsvBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let received = receive(request, payload, "text/csv");
        Box::pin(async move { received.await.map(|bytes| Self(bytes.freeze())) })
    }
}

/// The bytes of a body, within the rules of its endpoint.
fn receive(
    request: &HttpRequest,
    payload: &mut Payload,
    media_type: &str,
) -> impl Future<Output = Result<web::BytesMut, Problem>> + use<> {
    let rules = request.app_data::<BodyRules>().copied().unwrap_or(BodyRules::SINGLE);
    let acceptable = check_head(request, rules, media_type);
    let payload = payload.take();
    async move {
        acceptable?;
        tokio::time::timeout(rules.within, read(payload, rules.bytes))
            .await
            .map_err(|_| Problem::new(Code::RequestTimeout))?
    }
}

/// Whether the head announces no body.
fn is_empty(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    !headers.contains_key(header::TRANSFER_ENCODING) && length.is_none_or(|length| length == "0")
}

/// What can be refused before a byte of the body is read.
fn check_head(request: &HttpRequest, rules: BodyRules, media_type: &str) -> Result<(), Problem> {
    let is_expected = request.content_type().trim().eq_ignore_ascii_case(media_type);
    let charset = request.encoding().map_err(|_| Problem::new(Code::UnsupportedMediaType))?;
    if !is_expected || charset.name() != "UTF-8" || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Code::UnsupportedMediaType.into());
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match announced.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > rules.bytes => Err(too_large(rules.bytes)),
        _ => Ok(()),
    }
}

async fn read(mut payload: Payload, limit: usize) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: PayloadError) -> Problem {
    match error {
        PayloadError::Overflow => Code::BodyTooLarge.into(),
        _ => Problem::new(Code::BadRequest).saying("The body ended early: send all of it."),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::BodyTooLarge).saying(format!("Send at most {} KiB at once.", limit / 1024))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(Code::InvalidUtf8))?;
    match document::walk(text) {
        Ok(()) => {}
        Err(Fault::Refused(error)) => return Err(Problem::new(Code::InvalidBody).at(vec![error])),
        Err(Fault::Syntax { line, column }) => {
            return Err(Problem::new(Code::MalformedJson).saying(format!(
                "Send one JSON document: this one breaks at line {line}, column {column}."
            )));
        }
    }
    // serde would read a list as the fields of a struct in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Problem::new(Code::InvalidBody).at(vec![document::no_object()]));
    }
    serde_json::from_str(text).map_err(|_| misshapen::<T>(text))
}

/// Parses once more, this time keeping track of the place: only those who err pay for it.
fn misshapen<T: DeserializeOwned>(text: &str) -> Problem {
    let mut json = serde_json::Deserializer::from_str(text);
    let errors = match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => Vec::new(),
        Err(error) => {
            vec![document::shape_error(Part::Body, error.path(), &error.inner().to_string())]
        }
    };
    Problem::new(Code::InvalidBody).at(errors)
}
