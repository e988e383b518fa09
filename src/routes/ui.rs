//! The browser app, built into the program. Its shell is never behind a login, so that links lead somewhere.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use rust_embed::RustEmbed;

use crate::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui"]
struct Assets;

const SHELL: &str = "index.html";

/// Files by their path; the app itself for every other path that is not the API's.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Err(Code::UnknownRoute.into());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Code::MethodNotAllowed.into());
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let (name, file) = match Assets::get(path) {
        Some(file) => (path, file),
        None if is_file => return Err(Code::UnknownRoute.into()),
        None => (SHELL, Assets::get(SHELL).ok_or(Problem::new(Code::UnknownRoute))?),
    };
    let tag = format!("\"{:032x}\"", short(&file.metadata.sha256_hash()));
    let cached =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|asked| asked.as_bytes() == tag.as_bytes());
    let mut response = if cached { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // Names under assets/ carry a hash of their content.
    let lifetime =
        if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.insert_header((header::CACHE_CONTROL, lifetime)).insert_header((header::ETAG, tag));
    if cached {
        return Ok(response.finish());
    }
    response.content_type(mime_guess::from_path(name).first_or_octet_stream());
    Ok(match file.data {
        std::borrow::Cow::Borrowed(bytes) => response.body(bytes),
        std::borrow::Cow::Owned(bytes) => response.body(bytes),
    })
}

fn short(hash: &[u8; 32]) -> u128 {
    let mut first = [0; 16];
    first.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(first)
}
