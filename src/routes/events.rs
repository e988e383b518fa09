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
    user_session::{Event, Reader, Subscription},
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
    auth::{accounts::Auth, error::AuthError},
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
    // Who resumes has seen that version, whichever pod told it; browsers cannot send `Ledger-Min` with a stream.
    let since = resumed.or(query.since);
    let seen = caller.reader().seen.max(since.unwrap_or(0));
    let subscription = registry.subscribe(caller.owner(), Reader { seen, ..caller.reader() }).await?;
    let version = subscription.from;
    let since = since.unwrap_or(version);
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
                event = subscription.events.recv() => match event {
                    Some(event) => self.tell(event).await?,
                    // The actor stops, or this reader is too slow. What it missed is in the journal, on every pod.
                    None => {
                        self.send(Bytes::from_static(b": resume\nretry: 250\n\n")).await?;
                        return Err(Closed);
                    }
                },
                _ = recheck.tick() => self.check_session().await?,
                _ = alive.tick() => self.send(Bytes::from_static(b":\n\n")).await?,
                () = self.sender.closed() => return Err(Closed),
            }
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Closed> {
        let (entry, changes) = match event {
            Event::Large { version } => return self.send(reload(version)).await,
            Event::Entry { entry, changes } => (entry, changes),
        };
        self.send(render(&entry, &changes)).await?;
        match self.ended_by(&changes) {
            Some(reason) => self.end(reason).await,
            None => Ok(()),
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
            // A store that is away ends no session.
            Ok(()) | Err(AuthError::Store(_)) => Ok(()),
            Err(reason) => self.end(Problem::from(reason).code()).await,
        }
    }

    async fn end(&self, reason: Code) -> Result<(), Closed> {
        let event = format!("event: session\ndata: {{\"reason\":\"{}\"}}\n\n", reason.as_str());
        self.send(event.into()).await?;
        Err(Closed)
    }

    async fn send(&self, event: Bytes) -> Result<(), Closed> {
        // Who reads nothing for so long has to come back: a stream that waits would not see its session end.
        match tokio::time::timeout(RECHECK, self.sender.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Closed),
        }
    }
}

fn render(entry: &Entry, changes: &[Change]) -> Bytes {
    let version = entry.slot;
    let full = serde_json::to_string(&VersionView::new(entry, changes)).expect("events are plain data");
    if full.len() > LARGEST {
        return reload(version);
    }
    format!("event: change\nid: {version}\ndata: {full}\n\n").into()
}

fn reload(version: u64) -> Bytes {
    format!("event: change\nid: {version}\ndata: {{\"version\":{version},\"reload\":true}}\n\n").into()
}
