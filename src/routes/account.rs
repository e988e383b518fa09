//! Becoming known, signing in and out, and what a person has set: `/auth/…` and `/me`.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::StatusCode, web::Data};
use finbrain_actors::{
    Ports, erasure,
    registry::{Owner, Registry},
    user_session::{AmendSettings, Envelope, GetSettings, RaiseGeneration, RecordMany, RevokeSessions},
};
use finbrain_domain::{
    access::Revoked,
    demo,
    entry::Author,
    ids::EntryId,
    ports::DueKind,
    session::{Session, SessionLife},
};

use super::{
    account_form::{
        CloseBody, DemoBody, KeepBody, LoginBody, MeView, PasswordBody, RegisterBody, SettingsPatchBody,
        SignedInView,
    },
    answer::{read, written},
    body::{Body, BodyOrDefault},
    caller::{CurrentUser, LEDGER_VERSION, part},
    session::{Place, SessionView},
};
use crate::{
    auth::{
        accounts::{Auth, SignedIn},
        door::Door,
    },
    config::SessionTimes,
    problem::Problem,
};

/// Registers a person and signs them in.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "account", operation_id = "post_auth_register", request_body = RegisterBody,
    responses((status = 201, body = SignedInView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn register(
    request: HttpRequest,
    entrance: Entrance,
    Body(body): Body<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let signed_in = entrance.auth.register(body.parse()?, &entrance.door.caller(&request)).await?;
    entrance.welcome(StatusCode::CREATED, signed_in).await
}

/// Signs a person in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "account", operation_id = "post_auth_login", request_body = LoginBody,
    responses((status = 200, body = SignedInView), (status = "4XX", body = crate::problem::ProblemDocument),
        (status = 503, body = crate::problem::ProblemDocument)))]
pub async fn login(
    request: HttpRequest,
    entrance: Entrance,
    Body(body): Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    let (email, password) = body.parse()?;
    let signed_in = entrance.auth.login(&email, &password, &entrance.door.caller(&request)).await?;
    entrance.welcome(StatusCode::OK, signed_in).await
}

/// A private, writable account with fourteen months of data, gone after two hours unless it is kept.
#[utoipa::path(post, path = "/api/v1/auth/demo", tag = "account", operation_id = "post_auth_demo", request_body = Option<DemoBody>,
    responses((status = 201, body = SignedInView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn demo(
    request: HttpRequest,
    entrance: Entrance,
    ports: Data<Ports>,
    BodyOrDefault(body): BodyOrDefault<DemoBody>,
) -> Result<HttpResponse, Problem> {
    let opening = body.parse()?;
    let signed_in = entrance.auth.demo(opening.clone(), &entrance.door.caller(&request)).await?;
    let (user, book) = (signed_in.user.id, signed_in.user.book);
    let today = opening.today(ports.clock.now());
    let new = demo::transactions(&opening, today, book.uuid().as_u128());
    let new = new.into_iter().map(|new| (new, finbrain_actors::classifier::Prepared::silent())).collect();
    entrance.registry.command(Owner { user, book }, RecordMany { new }, Envelope::system()).await?;
    entrance.welcome(StatusCode::CREATED, signed_in).await
}

/// Makes the demo an account like any other.
#[utoipa::path(post, path = "/api/v1/auth/demo/keep", tag = "account", operation_id = "post_auth_demo_keep", request_body = KeepBody,
    responses((status = 200, body = SignedInView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn keep_demo(
    request: HttpRequest,
    caller: CurrentUser,
    entrance: Entrance,
    ports: Data<Ports>,
    Body(body): Body<KeepBody>,
) -> Result<HttpResponse, Problem> {
    let Entrance { door, auth, registry, times } = entrance;
    let (email, password, patch) = body.parse()?;
    let user = auth.keep_demo(caller.session.user, email, &password, &door.caller(&request)).await?;
    ports.due.done(caller.session.book, DueKind::DemoExpiry).await?;
    let settings = match patch {
        Some(patch) => {
            let envelope = Envelope { key: None, ..caller.envelope("POST /auth/demo/keep", &()) };
            registry.command(caller.owner(), AmendSettings { patch }, envelope).await?.output
        }
        None => registry.query(caller.owner(), GetSettings, caller.reader()).await?.output,
    };
    let view = SignedInView {
        user: MeView::new(&user, &settings),
        session: SessionView::new(&caller.session, &times, Place::Here),
    };
    Ok(HttpResponse::Ok().json(view))
}

/// Ends the session.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "account", operation_id = "post_auth_logout", responses((status = 204)))]
pub async fn logout(
    caller: CurrentUser,
    door: Data<Door>,
    auth: Data<Auth>,
    registry: Data<Registry>,
) -> Result<HttpResponse, Problem> {
    end_sessions(&auth, &registry, &caller, vec![caller.session.clone()]).await?;
    Ok(HttpResponse::NoContent().cookie(door.cookie().removed()).finish())
}

/// The person who is signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", operation_id = "get_me", responses((status = 200, body = MeView)))]
pub async fn me(
    caller: CurrentUser,
    auth: Data<Auth>,
    registry: Data<Registry>,
) -> Result<HttpResponse, Problem> {
    let answered = registry.query(caller.owner(), GetSettings, caller.reader()).await?;
    let user = auth.user(caller.session.user).await?;
    Ok(read(&answered).json(MeView::new(&user, &answered.output)))
}

/// Changes name, currency, language, time zone or first day of the week.
#[utoipa::path(patch, path = "/api/v1/me", tag = "account", operation_id = "patch_me", request_body = SettingsPatchBody,
    responses((status = 200, body = MeView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn amend_me(
    caller: CurrentUser,
    auth: Data<Auth>,
    registry: Data<Registry>,
    Body(body): Body<SettingsPatchBody>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("PATCH /me", &body);
    let accepted = registry.command(caller.owner(), AmendSettings { patch: body.parse()? }, envelope).await?;
    let user = auth.user(caller.session.user).await?;
    Ok(written(StatusCode::OK, &accepted).json(MeView::new(&user, &accepted.output)))
}

/// Changes the password. All sessions end; this browser gets a new one.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", operation_id = "post_me_password", request_body = PasswordBody,
    responses((status = 204), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn change_password(
    request: HttpRequest,
    caller: CurrentUser,
    door: Data<Door>,
    auth: Data<Auth>,
    registry: Data<Registry>,
    Body(body): Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = body.parse()?;
    let entry = EntryId::new();
    let from = door.caller(&request);
    let pending = auth.begin_password_change(caller.session.user, &current, &new, entry, &from).await?;
    let envelope = Envelope { entry_id: entry, key: None, ..caller.envelope("POST /me/password", &()) };
    let command = RaiseGeneration { to: pending.auth_generation };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    let user = auth.promote(caller.session.user, &pending).await?;
    let void = auth.list_sessions(user.id).await?;
    auth.end(&void).await?;
    let signed_in = auth.start(user, &from).await?;
    Ok(written(StatusCode::NO_CONTENT, &accepted).cookie(door.cookie().holding(&signed_in.token)).finish())
}

/// Deletes the account and everything in it, at once.
#[utoipa::path(delete, path = "/api/v1/me", tag = "account", operation_id = "delete_me", request_body = Option<CloseBody>,
    responses((status = 204), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn close(
    request: HttpRequest,
    caller: CurrentUser,
    door: Data<Door>,
    auth: Data<Auth>,
    registry: Data<Registry>,
    ports: Data<Ports>,
    BodyOrDefault(body): BodyOrDefault<CloseBody>,
) -> Result<HttpResponse, Problem> {
    let user = auth.user(caller.session.user).await?;
    if user.demo_until.is_none() {
        auth.verify_password(user.id, &body.parse()?, &door.caller(&request)).await?;
    }
    let envelope = Envelope { key: None, ..caller.envelope("DELETE /me", &()) };
    erasure::erase(&ports, &registry, caller.owner(), envelope).await?;
    Ok(HttpResponse::NoContent().cookie(door.cookie().removed()).finish())
}

/// Where somebody comes in who has no session yet. Reading it checks where the request comes from.
pub struct Entrance {
    door: Data<Door>,
    auth: Data<Auth>,
    registry: Data<Registry>,
    times: Data<SessionTimes>,
}

impl FromRequest for Entrance {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let entrance = || {
            let entrance = Self {
                door: part::<Door>(request)?.clone(),
                auth: part::<Auth>(request)?.clone(),
                registry: part::<Registry>(request)?.clone(),
                times: part::<SessionTimes>(request)?.clone(),
            };
            entrance.door.check_origin(request)?;
            Ok(entrance)
        };
        ready(entrance())
    }
}

impl Entrance {
    /// The answer to somebody who has just come in. Its settings are those the account began with, so that a login
    /// opens no ledger; `GET /me` has the current ones.
    async fn welcome(&self, status: StatusCode, signed_in: SignedIn) -> Result<HttpResponse, Problem> {
        let SignedIn { user, session, token, displaced } = signed_in;
        if !displaced.is_empty() {
            let owner = Owner { user: user.id, book: user.book };
            let envelope = Envelope { author: Author::User(user.id), ..Envelope::system() };
            self.registry.command(owner, revocation(&displaced, self.times.life), envelope).await?;
            self.auth.end(&displaced).await?;
        }
        let view = SignedInView {
            user: MeView::new(&user, &user.opening),
            session: SessionView::new(&session, &self.times, Place::Here),
        };
        Ok(HttpResponse::build(status).cookie(self.door.cookie().holding(&token)).json(view))
    }
}

/// Ends sessions of the caller: journal first, then the durable store and the shared state.
pub async fn end_sessions(
    auth: &Auth,
    registry: &Registry,
    caller: &CurrentUser,
    sessions: Vec<Session>,
) -> Result<u64, Problem> {
    let envelope = Envelope { key: None, ..caller.envelope("end sessions", &()) };
    let accepted =
        registry.command(caller.owner(), revocation(&sessions, auth.settings().life), envelope).await?;
    auth.end(&sessions).await?;
    Ok(accepted.version)
}

fn revocation(sessions: &[Session], life: SessionLife) -> RevokeSessions {
    let revoked =
        |session: &Session| Revoked { token: session.token, until: session.absolute_expires_at(&life) };
    RevokeSessions { sessions: sessions.iter().map(revoked).collect() }
}

/// The header of an answer that wrote an access fact.
pub fn no_content(version: u64) -> HttpResponse {
    HttpResponse::NoContent().insert_header((LEDGER_VERSION, version)).finish()
}
