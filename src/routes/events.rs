//! `/events`: every entry as it is written, to every open tab (server-sent events). Resumes without gaps.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    body::BodyStream,
    http::header,
    web::{Bytes, Data},
};
use finbrain_actors::{
    Ports,
    registry::Registry,
    user_session::{Event, GetSettings, Subscription},
};
use finbrain_domain::{access::AccessChange, change::Change, entry::Entry, ids::BookId, session::Session};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::{
    caller::{CurrentUser, LEDGER_VERSION},
    history::VersionView,
    query::Query,
};
use crate::{
    auth::accounts::Auth,
    problem::{Code, Problem},
};

/// Larger events say only that there is something to read.
const LARGEST: usize = 64 * 1024;
/// How often a stream proves that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream looks whether its session still lives.
const RECHECK: Duration = Duration::from_secs(10);
/// Entries that are read at a time while a stream catches up.
const BATCH: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The version that the client has; from now on when it is left out. `Last-Event-ID` wins.
    since: Option<u64>,
}

/// Every entry as it is written. `id:` is the version of the ledger.
#[utoipa::path(get, path = "/api/v1/events", tag = "history", operation_id = "get_events", params(EventsQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub async fn events(
    request: HttpRequest,
    caller: CurrentUser,
    registry: Data<Registry>,
    ports: Data<Ports>,
    auth: Data<Auth>,
    Query(query): Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    let resumed = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // A stream never begins before what its reader has seen.
    registry.query(caller.owner(), GetSettings, caller.reader()).await?;
    let subscription = registry.subscribe(caller.owner()).await?;
    let version = subscription.from;
    let since = resumed.or(query.since).unwrap_or(version).min(version);
    let (sender, mut receiver) = mpsc::channel(16);
    let feed = Feed { ports, auth, session: caller.session, sender };
    actix_web::rt::spawn(feed.run(subscription, since));
    let body = stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = futures_util::StreamExt::map(body, Ok::<Bytes, std::convert::Infallible>);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((LEDGER_VERSION, version))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies must not collect events.
        .insert_header(("X-Accel-Buffering", "no"))
        .body(BodyStream::new(body)))
}

/// What feeds one stream.
struct Feed {
    ports: Data<Ports>,
    auth: Data<Auth>,
    session: Session,
    sender: mpsc::Sender<Bytes>,
}

/// The reader has gone, or has to come back.
struct Closed;

impl Feed {
    async fn run(self, subscription: Subscription, since: u64) {
        // Either way the stream ends; the client resumes from the last version that it saw.
        let _ = self.feed(subscription, since).await;
    }

    async fn feed(&self, mut subscription: Subscription, since: u64) -> Result<(), Closed> {
        self.send(Bytes::from_static(b": finbrain\nretry: 2000\n\n")).await?;
        self.catch_up(self.session.book, since, subscription.from).await?;
        let mut recheck = tokio::time::interval(RECHECK);
        let mut alive = tokio::time::interval(KEEP_ALIVE);
        recheck.reset();
        alive.reset();
        loop {
            tokio::select! {
                event = subscription.events.recv() => {
                    let Event { entry, changes } = event.ok_or(Closed)?;
                    self.send(render(&entry, &changes)).await?;
                    if let Some(reason) = self.ended_by(&changes) {
                        return self.end(reason).await;
                    }
                }
                _ = recheck.tick() => self.check_session().await?,
                _ = alive.tick() => self.send(Bytes::from_static(b":\n\n")).await?,
                () = self.sender.closed() => return Err(Closed),
            }
        }
    }

    /// Sends what the client missed, up to the version at which the subscription begins.
    async fn catch_up(&self, book: BookId, since: u64, to: u64) -> Result<(), Closed> {
        let mut at = since;
        while at < to {
            let entries = self.ports.journal.since(book, at, BATCH).await.map_err(|_| Closed)?;
            for entry in entries.iter().filter(|entry| entry.slot <= to) {
                let changes = entry.changes().map_err(|_| Closed)?;
                self.send(render(entry, &changes)).await?;
            }
            at = entries.last().ok_or(Closed)?.slot;
        }
        Ok(())
    }

    /// How an entry ends the session. The journal says it first: the stores of sessions follow.
    fn ended_by(&self, changes: &[Change]) -> Option<Code> {
        changes.iter().find_map(|change| match change {
            Change::BookClosed => Some(Code::BookClosed),
            Change::Access(AccessChange::SessionsRevoked { sessions }) => {
                let is_named = sessions.iter().any(|revoked| revoked.token == self.session.token);
                is_named.then_some(Code::SessionRevoked)
            }
            Change::Access(AccessChange::GenerationRaised { to, .. }) => {
                (*to > self.session.auth_generation).then_some(Code::SessionRevoked)
            }
            _ => None,
        })
    }

    /// Ends the stream of a session that ran out.
    async fn check_session(&self) -> Result<(), Closed> {
        match self.auth.check(&self.session).await {
            Ok(()) => Ok(()),
            Err(reason) => self.end(Problem::from(reason).code()).await,
        }
    }

    async fn end(&self, reason: Code) -> Result<(), Closed> {
        let event = format!("event: session\ndata: {{\"reason\":\"{}\"}}\n\n", reason.as_str());
        self.send(event.into()).await?;
        Err(Closed)
    }

    async fn send(&self, event: Bytes) -> Result<(), Closed> {
        self.sender.send(event).await.map_err(|_| Closed)
    }
}

fn render(entry: &Entry, changes: &[Change]) -> Bytes {
    let version = entry.slot;
    let full = serde_json::to_string(&VersionView::new(entry, changes)).expect("events are plain data");
    let data = if full.len() > LARGEST { format!("{{\"version\":{version},\"reload\":true}}") } else { full };
    format!("event: change\nid: {version}\ndata: {data}\n\n").into()
}
