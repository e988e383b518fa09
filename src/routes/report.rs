//! Reports as answers: tagged by everything that they depend on, rendered once, and sent again as the same bytes.

use std::{sync::LazyLock, time::UNIX_EPOCH};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::{Bytes, Data},
};
use finbrain_actors::{
    Ports,
    rates::RatesHandle,
    registry::Registry,
    user_session::{Answered, Query, Report, Sourced},
};
use finbrain_domain::ids::{BookId, Digest};
use quick_cache::{Weighter, sync::Cache};
use serde::Serialize;

use super::caller::{CurrentUser, LEDGER_VERSION};
use crate::problem::Problem;

/// Reports that are kept rendered, about, and the bytes of all of them together.
const KEPT: usize = 4096;
const KEPT_BYTES: u64 = 16 << 20;
/// Larger ones are rendered each time.
const LARGEST: usize = 64 * 1024;

/// Reports that were rendered for one version of a book.
pub struct Rendered {
    kept: Cache<Key, Bytes, Length>,
}

type Key = (BookId, [u8; 16]);

/// A report weighs what it takes.
#[derive(Debug, Clone, Copy)]
struct Length;

impl Weighter<Key, Bytes> for Length {
    fn weight(&self, key: &Key, body: &Bytes) -> u64 {
        u64::try_from(size_of_val(key) + body.len()).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rendered reports", self.kept.len())
    }
}

impl Default for Rendered {
    fn default() -> Self {
        Self { kept: Cache::with_weighter(KEPT, KEPT_BYTES, Length) }
    }
}

/// Where reports come from.
#[derive(Debug)]
pub struct Reports {
    pub registry: Data<Registry>,
    pub rates: Data<RatesHandle>,
    pub rendered: Data<Rendered>,
    pub ports: Data<Ports>,
}

impl Reports {
    pub fn of(request: &HttpRequest) -> Result<Self, Problem> {
        use super::caller::part;
        Ok(Self {
            registry: part::<Registry>(request)?.clone(),
            rates: part::<RatesHandle>(request)?.clone(),
            rendered: part::<Rendered>(request)?.clone(),
            ports: part::<Ports>(request)?.clone(),
        })
    }

    /// Answers with 304, with bytes rendered before, or with the query's output.
    pub async fn answer<Q: Query, V: Serialize>(
        &self,
        request: &HttpRequest,
        caller: &CurrentUser,
        query: Q,
        view: impl FnOnce(&Q::Output) -> V,
    ) -> Result<HttpResponse, Problem> {
        let book = caller.session.book;
        let (version, settings) = self.registry.current(caller.owner(), caller.reader()).await?;
        let today = settings.today(self.ports.clock.now());
        let key = Tag { book, version, revision: self.rates.current().revision(), today }.digest(request);
        // A client that has seen more than this ledger gets no answer from before: the query refuses it.
        if caller.reader().seen <= version {
            if matches(request, &key) {
                return Ok(answer(HttpResponse::NotModified(), version, &key).finish());
            }
            if let Some(body) = self.rendered.kept.get(&(book, key)) {
                return Ok(answer(HttpResponse::Ok(), version, &key).content_type(JSON).body(body));
            }
        }
        let Answered { output: Report { output, revision, today }, version } = self
            .registry
            .query_proven(caller.owner(), Sourced(query), caller.reader(), Some(version))
            .await?;
        let body = Bytes::from(serde_json::to_vec(&view(&output)).expect("reports are plain data"));
        let key = Tag { book, version, revision, today }.digest(request);
        if body.len() <= LARGEST {
            self.rendered.kept.insert((book, key), body.clone());
        }
        Ok(answer(HttpResponse::Ok(), version, &key).content_type(JSON).body(body))
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Tells this program from one that was built before or after it: they may count differently.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let file = std::env::current_exe().and_then(std::fs::metadata).ok();
    let length = file.as_ref().map(std::fs::Metadata::len);
    let written = file.and_then(|file| file.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    format!("{} {length:?} {written:?}", env!("CARGO_PKG_VERSION"))
});

/// What a report depends on beside its query.
struct Tag {
    book: BookId,
    version: u64,
    revision: u64,
    today: jiff::civil::Date,
}

impl Tag {
    fn digest(&self, request: &HttpRequest) -> [u8; 16] {
        let Self { book, version, revision, today } = self;
        let (build, path, query) = (&*BUILD, request.path(), request.query_string());
        let text = format!("{book}\n{version}\n{revision}\n{today}\n{build}\n{path}\n{query}");
        let mut short = [0; 16];
        short.copy_from_slice(&Digest::of(text.as_bytes()).0[..16]);
        short
    }
}

fn answer(
    mut response: actix_web::HttpResponseBuilder,
    version: u64,
    key: &[u8; 16],
) -> actix_web::HttpResponseBuilder {
    response.insert_header((LEDGER_VERSION, version)).insert_header((header::ETAG, quoted(key)));
    response
}

fn quoted(key: &[u8; 16]) -> String {
    format!("\"{:032x}\"", u128::from_be_bytes(*key))
}

fn matches(request: &HttpRequest, key: &[u8; 16]) -> bool {
    let Some(asked) = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let quoted = quoted(key);
    asked.split(',').any(|tag| tag.trim().trim_start_matches("W/") == quoted)
}
