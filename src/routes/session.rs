//! Sessions: the one that asks, its heartbeats, and the person's others.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use finbrain_actors::registry::Registry;
use finbrain_domain::session::Session;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    account::{end_sessions, no_content},
    body::Body,
    caller::{CurrentUser, LEDGER_VERSION},
};
use crate::{auth::accounts::Auth, config::SessionTimes, problem::Problem};

/// A session: one login on one device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    id: String,
    device: String,
    /// The network that it came from, shortened.
    address: String,
    created_at: String,
    last_seen_at: String,
    idle_expires_at: String,
    inactive_expires_at: String,
    absolute_expires_at: String,
    current: bool,
    /// How often to send a heartbeat.
    heartbeat_seconds: u32,
    /// Without any request for so long the session ends.
    idle_seconds: i64,
    /// After so long without activity the page warns.
    warning_seconds: u32,
    /// Without activity for so long the session ends.
    inactive_seconds: i64,
}

/// Whether a session is the one that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Here,
    Elsewhere,
}

impl SessionView {
    pub fn new(session: &Session, times: &SessionTimes, place: Place) -> Self {
        let life = times.life;
        Self {
            id: session.id.to_string(),
            device: session.device.clone(),
            address: session.address.clone(),
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            idle_expires_at: session.idle_expires_at(&life).to_string(),
            inactive_expires_at: session.inactive_expires_at(&life).to_string(),
            absolute_expires_at: session.absolute_expires_at(&life).to_string(),
            current: place == Place::Here,
            heartbeat_seconds: times.heartbeat_seconds,
            idle_seconds: life.idle.as_secs(),
            warning_seconds: times.warning_seconds,
            inactive_seconds: life.inactive.as_secs(),
        }
    }
}

/// The session that asks.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", operation_id = "get_session", responses((status = 200, body = SessionView)))]
pub async fn get(caller: CurrentUser, times: Data<SessionTimes>) -> HttpResponse {
    HttpResponse::Ok().json(SessionView::new(&caller.session, &times, Place::Here))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HeartbeatRequest)]
pub struct HeartbeatBody {
    /// Whether the person did something since the last one.
    active: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Heartbeat)]
pub struct HeartbeatView {
    idle_expires_at: String,
    inactive_expires_at: String,
    absolute_expires_at: String,
    ledger_version: u64,
}

/// The page is still there. Only `active` counts as activity.
#[utoipa::path(post, path = "/api/v1/session/heartbeat", tag = "session", operation_id = "post_session_heartbeat", request_body = HeartbeatBody,
    responses((status = 200, body = HeartbeatView)))]
pub async fn heartbeat(
    request: HttpRequest,
    auth: Data<Auth>,
    registry: Data<Registry>,
    body: Result<Body<HeartbeatBody>, Problem>,
) -> Result<HttpResponse, Problem> {
    // Who asks comes before what is asked; then the shared state before the actor.
    let active = body.as_ref().is_ok_and(|Body(body)| body.active);
    let caller = CurrentUser::identify(&request, active).await?;
    body?;
    let version = registry.beat(caller.owner(), caller.reader(), caller.session.id).await?;
    let (session, life) = (&caller.session, auth.settings().life);
    Ok(HttpResponse::Ok().insert_header((LEDGER_VERSION, version)).json(HeartbeatView {
        idle_expires_at: session.idle_expires_at(&life).to_string(),
        inactive_expires_at: session.inactive_expires_at(&life).to_string(),
        absolute_expires_at: session.absolute_expires_at(&life).to_string(),
        ledger_version: version,
    }))
}

/// All sessions of the person, newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "session", operation_id = "get_sessions", responses((status = 200, body = SessionList)))]
pub async fn list(
    caller: CurrentUser,
    auth: Data<Auth>,
    times: Data<SessionTimes>,
) -> Result<HttpResponse, Problem> {
    let sessions = auth.list_sessions(caller.session.user).await?;
    let view = |session: &Session| {
        let place = if session.id == caller.session.id { Place::Here } else { Place::Elsewhere };
        SessionView::new(session, &times, place)
    };
    Ok(HttpResponse::Ok().json(SessionList { data: sessions.iter().map(view).collect() }))
}

/// Sessions of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    pub data: Vec<SessionView>,
}

/// Ends one session, on every pod within one request.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "session", operation_id = "delete_sessions_by_id", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = crate::problem::ProblemDocument)))]
pub async fn end(
    caller: CurrentUser,
    auth: Data<Auth>,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut sessions = auth.list_sessions(caller.session.user).await?;
    sessions.retain(|session| session.id.to_string() == *id);
    if sessions.is_empty() {
        return Err(finbrain_domain::Error::NotFound { noun: "session" }.into());
    }
    Ok(no_content(end_sessions(&auth, &registry, &caller, sessions).await?))
}

/// Ends all other sessions.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session", operation_id = "delete_sessions", responses((status = 204)))]
pub async fn end_others(
    caller: CurrentUser,
    auth: Data<Auth>,
    registry: Data<Registry>,
) -> Result<HttpResponse, Problem> {
    let mut sessions = auth.list_sessions(caller.session.user).await?;
    sessions.retain(|session| session.id != caller.session.id);
    Ok(no_content(end_sessions(&auth, &registry, &caller, sessions).await?))
}
