//! Bytes that no well-behaved client sends.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::app::{App, spawn_app};

/// Sends bytes as they are and reads until the server closes, or answers no more for a while.
async fn answer_to(app: &App, bytes: &[u8], patience: Duration) -> String {
    let mut stream = TcpStream::connect(app.places().public).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A connection that stays open after its answer is none of our business here.
    let _ = tokio::time::timeout(patience, async {
        let mut chunk = [0; 4096];
        while let Ok(read) = stream.read(&mut chunk).await {
            if read == 0 {
                break;
            }
            answer.extend_from_slice(&chunk[..read]);
            if answer.ends_with(b"}") {
                break;
            }
        }
    })
    .await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up_after_ten_seconds() {
    let app = spawn_app();
    let origin = app.stranger().origin();
    let host = origin.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/json\r\n\
         Content-Length: 50\r\n\r\n{{\"email\":"
    );

    let answer = answer_to(&app, head.as_bytes(), Duration::from_secs(20)).await;

    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[tokio::test]
async fn what_is_no_request_of_ours_is_refused_and_the_server_goes_on() {
    let app = spawn_app();
    let host = app.places().public;
    let requests = [
        ("GET /api/v1/me HTTP/1.0\r\n\r\n".to_owned(), "421"),
        (format!("GET /api/v1/me HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n"), "400"),
        (format!("GET http://evil.example/api/v1/me HTTP/1.1\r\nHost: {host}\r\n\r\n"), "421"),
        (format!("GET /api/v1/me HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "x".repeat(200_000)), "4"),
        ("\0\0\0\0\r\n\r\n".to_owned(), "400"),
        ("GET  /api/v1/me HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (format!("POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n"), "400"),
        (
            format!(
                "POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            "4",
        ),
    ];
    for (request, status) in requests {
        let answer = answer_to(&app, request.as_bytes(), Duration::from_secs(3)).await;

        let said = answer.split(' ').nth(1).unwrap_or_default();
        assert!(said.starts_with(status), "{:?}: {answer}", &request[..request.len().min(100)]);
    }
    app.stranger().get("/me").is(401).await;
}
