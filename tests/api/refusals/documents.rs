//! Bodies that are no documents, or not such documents, at every endpoint that takes one.

use reqwest::Method;

use super::{Case, Stage};

const JSON: &str = "application/json";

#[tokio::test]
async fn bodies_that_are_no_documents_are_refused() {
    let stage = Stage::set().await;
    stage.refuses(&cases(&stage)).await;
}

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(17), "]".repeat(17));
    let wide: Vec<String> = (0..65).map(|key| format!("\"k{key}\":1")).collect();
    let wide = format!("{{{}}}", wide.join(","));
    let forms: [(&[u8], u16, &'static str); 16] = [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"{}x", 400, "malformed_json"),
        (b"{\"name\": zanzibar}", 400, "malformed_json"),
        (b"{'name': 'zanzibar'}", 400, "malformed_json"),
        (b"{\"a\":\"\\ud800\"}", 400, "malformed_json"),
        (b"{\"a\":\"\x00\"}", 400, "malformed_json"),
        (b"\xef\xbb\xbf{}", 400, "malformed_json"),
        (b"{\"name\":\"\xff\"}", 400, "invalid_utf8"),
        (b"[]", 422, "invalid_body"),
        (b"null", 422, "invalid_body"),
        (b"\"zanzibar\"", 422, "invalid_body"),
        (b"{\"zanzibar\":1}", 422, "invalid_body"),
        (b"{\"a\":1,\"\\u0061\":2}", 422, "invalid_body"),
        (deep.as_bytes(), 422, "invalid_body"),
        (wide.as_bytes(), 422, "invalid_body"),
    ];
    let mut cases = Vec::new();
    for (method, path, body) in stage.writes() {
        let case = |status, code| Case::new(method.clone(), &*path, status, code);
        cases.extend(forms.iter().map(|(form, status, code)| case(*status, code).raw(*form, JSON)));
        // The same key twice, at first and at last.
        let text = body.to_string();
        if let Some(rest) = text.strip_prefix("{\"") {
            cases.push(case(422, "invalid_body").raw(format!("{{\"x\":1,\"x\":1,\"{rest}"), JSON));
        }
        for media_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "multipart/form-data; boundary=x",
            "application/jsonp",
        ] {
            cases.push(case(415, "unsupported_media_type").raw(text.clone(), media_type));
        }
        cases.push(
            case(415, "unsupported_media_type").raw(text, JSON).header("content-encoding", Some("gzip")),
        );
        let limit = if path == "/transactions/bulk" { 20 * 1024 * 1024 } else { 64 * 1024 };
        let large = format!("{{\"zanzibar\":\"{}\"}}", "z".repeat(limit));
        cases.push(case(413, "body_too_large").raw(large, JSON));
    }
    let bulk = Case::new(Method::POST, "/transactions/bulk", 422, "invalid_body");
    cases.push(bulk.clone().raw("{\"transactions\":{}}", JSON));
    cases.push(bulk.clone().raw("{\"transactions\":[1]}", JSON));
    cases.push(bulk.raw("{\"transactions\":null}", JSON));
    cases
}
