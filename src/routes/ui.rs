//! The browser app, built into the program. Its shell is never behind a login, so that links lead somewhere.

use actix_web::{
    HttpRequest, HttpResponse, Route,
    dev::HttpServiceFactory,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware::Compress,
    web,
};
use rust_embed::RustEmbed;

use super::endpoint::method_not_allowed;
use crate::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui"]
struct Assets;

const SHELL: &str = "index.html";

/// Every path that is nobody else's, so it is registered last. Only here answers are compressed: those of the API hold
/// secrets beside what others may have put there.
pub fn everywhere_else(serve: Route) -> impl HttpServiceFactory {
    web::scope("").wrap(Compress::default()).default_service(serve)
}

/// Files by their path; the app itself for every other path that is not the API's.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Err(Code::UnknownRoute.into());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(method_not_allowed(HeaderValue::from_static("GET, HEAD")));
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let (name, file) = match Assets::get(path) {
        Some(file) => (path, file),
        None if is_file => return Err(Code::UnknownRoute.into()),
        None => (SHELL, Assets::get(SHELL).ok_or(Problem::new(Code::UnknownRoute))?),
    };
    // Weak: the bytes on the wire may be compressed.
    let tag = format!("W/\"{:032x}\"", short(&file.metadata.sha256_hash()));
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

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    #[actix_web::test]
    async fn files_are_sent_compressed_to_those_who_can_read_it() {
        let script =
            async || HttpResponse::Ok().content_type("text/javascript").body("let it = 1;".repeat(99));
        let app = test::init_service(App::new().service(everywhere_else(web::to(script)))).await;

        for (accepted, encoding) in [("br, gzip", Some("gzip")), ("identity", None)] {
            let request = test::TestRequest::with_uri("/assets/app.js");
            let request = request.insert_header((header::ACCEPT_ENCODING, accepted)).to_request();
            let answer = test::call_service(&app, request).await;

            let said = answer.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(said, encoding);
            let body = test::read_body(answer).await;
            assert_eq!(body.starts_with(&[0x1f, 0x8b]), encoding.is_some());
        }
    }
}
