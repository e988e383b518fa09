//! What only a real connection shows.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use actix_web::{HttpServer, web::Data};
use finbrain::{
    healthcheck::{Unhealthy, healthcheck},
    routes::ops::{self, Phase, Readiness},
    telemetry::Metrics,
};

use super::*;

/// Bodies that take longer are given up.
const HURRY: BodyRules = BodyRules { bytes: 1024, within: Duration::from_millis(50) };

/// A server on a free port; it stops with the test's runtime.
fn listen(readiness: &Readiness) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let readiness = readiness.clone();
    let factory = move || {
        App::new()
            .wrap(Edge::new(Transport::Http, Readiness::new()))
            .app_data(Data::new(readiness.clone()))
            .app_data(Data::new(Metrics::detached().1))
            .configure(ops::configure)
            .service(endpoint("/api/v1/slow").post(record).bodies(HURRY))
    };
    actix_web::rt::spawn(
        HttpServer::new(factory).workers(1).disable_signals().listen(listener).unwrap().run(),
    );
    address
}

/// Sends bytes and reads until the server closes the connection.
async fn exchange(address: SocketAddr, request: &'static str) -> String {
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    web::block(exchange).await.unwrap()
}

#[actix_web::test]
async fn a_body_that_stalls_is_answered_and_the_connection_closed() {
    let address = listen(&Readiness::new());

    let answer = exchange(
        address,
        "POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"amount\"",
    )
    .await;

    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
}

#[actix_web::test]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let address = listen(&Readiness::new());

    let answer = exchange(
        address,
        "POST /api/v1/slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n",
    )
    .await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[actix_web::test]
async fn a_healthcheck_follows_readiness() {
    let readiness = Readiness::new();
    let address = listen(&readiness);
    let check = async |address| web::block(move || healthcheck(address)).await.unwrap();

    assert!(matches!(check(address).await, Err(Unhealthy::NotReady(_))));
    readiness.set(Phase::Ready);
    assert!(check(address).await.is_ok());
    let everywhere = SocketAddr::new([0, 0, 0, 0].into(), address.port());
    assert!(check(everywhere).await.is_ok());
}

#[actix_web::test]
async fn a_healthcheck_without_a_server_fails() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    assert!(matches!(healthcheck(unused), Err(Unhealthy::Unreachable { .. })));
}
