//! The proxy's control port: `GET /` tells the fault and what was seen, `PUT /fault` sets another fault.

use std::{convert::Infallible, sync::Arc};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

use super::{Fault, Shared};

/// A fault is small.
const LARGEST: usize = 4096;

/// Serves until the task is dropped.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
                connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => state(&shared),
        (&Method::PUT, "/fault") => match parse(request.into_body()).await {
            Ok(fault) => {
                shared.set(fault);
                state(&shared)
            }
            Err(cause) => json_answer(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "error": cause })),
        },
        _ => json_answer(StatusCode::NOT_FOUND, &json!({ "error": "GET / or PUT /fault" })),
    })
}

async fn parse(body: Incoming) -> Result<Fault, String> {
    let body = Limited::new(body, LARGEST).collect().await.map_err(|error| error.to_string())?;
    serde_json::from_slice(&body.to_bytes()).map_err(|error| error.to_string())
}

fn state(shared: &Shared) -> Response<Full<Bytes>> {
    let state = json!({ "upstream": shared.upstream, "fault": shared.fault(), "seen": shared.seen() });
    json_answer(StatusCode::OK, &state)
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    response
}
