//! The second port: for the operator, never for the public. No session, no access log.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use actix_web::{
    HttpResponse, Responder,
    http::header,
    web::{Data, ServiceConfig},
};

use super::endpoint::endpoint;
use crate::telemetry::Metrics;

const JSON: &str = "application/json";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the server can serve. Clones share one state.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicU8>);

/// What the server is doing, as far as a load balancer cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Opening the store, warming up.
    Starting = 0,
    Ready = 1,
    /// Alive, but something it cannot do without is missing.
    Impaired = 2,
    /// Finishing what it has, taking nothing new.
    Stopping = 3,
}

impl Phase {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Impaired => "impaired",
            Self::Stopping => "stopping",
        }
    }
}

impl Readiness {
    /// A server that is starting.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Phase::Starting as u8)))
    }

    /// Moves on. A server that is stopping stays so, whatever its parts report.
    pub fn set(&self, phase: Phase) {
        let stays = |now| (now != Phase::Stopping as u8).then_some(phase as u8);
        // `Err` means that it is stopping.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, stays);
    }

    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            2 => Phase::Impaired,
            _ => Phase::Stopping,
        }
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds the routes. Needs `Data<Readiness>` and `Data<Metrics>`.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/health/live").get(live))
        .service(endpoint("/health/ready").get(ready))
        .service(endpoint("/metrics").get(metrics));
}

/// Alive is who answers: a process that hangs does not.
async fn live() -> impl Responder {
    HttpResponse::Ok().content_type(JSON).body(r#"{"status":"live"}"#)
}

async fn ready(readiness: Data<Readiness>) -> impl Responder {
    let phase = readiness.phase();
    let mut response = match phase {
        Phase::Ready => HttpResponse::Ok(),
        Phase::Starting | Phase::Impaired | Phase::Stopping => HttpResponse::ServiceUnavailable(),
    };
    if phase != Phase::Ready {
        response.insert_header((header::RETRY_AFTER, 1));
    }
    response.content_type(JSON).body(format!(r#"{{"status":"{}"}}"#, phase.as_str()))
}

async fn metrics(metrics: Data<Metrics>) -> impl Responder {
    HttpResponse::Ok().content_type(EXPOSITION).body(metrics.render())
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    async fn get(readiness: &Readiness, path: &str) -> (u16, String) {
        let app = App::new()
            .app_data(Data::new(readiness.clone()))
            .app_data(Data::new(Metrics::detached().1))
            .configure(configure);
        let app = test::init_service(app).await;
        let response = test::call_service(&app, test::TestRequest::with_uri(path).to_request()).await;
        let status = response.status().as_u16();
        (status, String::from_utf8(test::read_body(response).await.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn a_server_is_ready_only_between_start_and_stop() {
        let readiness = Readiness::new();
        assert_eq!(get(&readiness, "/health/live").await.0, 200);
        assert_eq!(get(&readiness, "/health/ready").await, (503, r#"{"status":"starting"}"#.to_owned()));

        readiness.set(Phase::Ready);
        assert_eq!(get(&readiness, "/health/ready").await.0, 200);

        readiness.set(Phase::Impaired);
        assert_eq!(get(&readiness, "/health/ready").await.0, 503);

        readiness.set(Phase::Stopping);
        readiness.set(Phase::Ready);
        assert_eq!(get(&readiness, "/health/ready").await, (503, r#"{"status":"stopping"}"#.to_owned()));
        assert_eq!(get(&readiness, "/health/live").await.0, 200);
    }

    #[actix_web::test]
    async fn metrics_are_served_as_text() {
        assert_eq!(get(&Readiness::new(), "/metrics").await.0, 200);
    }
}
