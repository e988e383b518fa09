//! Who asks and under which conditions: the session behind the cookie and the headers that belong to a book.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
    web::Data,
};
use finbrain_actors::{
    registry::Owner,
    user_session::{Envelope, Reader},
};
use finbrain_domain::{
    entry::{Author, Key},
    ids::{Digest, EntryId},
    session::Session,
};
use serde::Serialize;

use crate::{
    auth::{accounts::Auth, door::Door},
    problem::{Code, Problem},
};

pub const LEDGER_VERSION: HeaderName = HeaderName::from_static("ledger-version");
pub const ENTRY_ID: HeaderName = HeaderName::from_static("entry-id");
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const LEDGER_MIN: HeaderName = HeaderName::from_static("ledger-min");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_KEY: usize = 200;

/// A person who is signed in. Reading it is the one touch of the shared session state that a request makes.
#[derive(Debug)]
pub struct CurrentUser {
    pub session: Session,
    /// The highest version of the ledger that the client has seen.
    seen: u64,
    key: Option<String>,
    /// The slot that `If-Match` names.
    pub expected: Option<u64>,
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let active = !request.method().is_safe();
            Self::identify(&request, active).await
        })
    }
}

impl CurrentUser {
    /// The person behind the request; `active` counts it as activity of a person, not of a page.
    pub async fn identify(request: &HttpRequest, active: bool) -> Result<Self, Problem> {
        let door = part::<Door>(request)?;
        let auth = part::<Auth>(request)?;
        door.check_origin(request)?;
        let session = auth.identify(door.token(request)?, auth.now(), active).await?;
        Ok(Self {
            session,
            seen: seen(request)?,
            key: idempotency_key(request)?,
            expected: expected(request)?,
        })
    }

    pub const fn owner(&self) -> Owner {
        Owner { user: self.session.user, book: self.session.book }
    }

    pub const fn reader(&self) -> Reader {
        Reader {
            token: Some(self.session.token),
            auth_generation: self.session.auth_generation,
            seen: self.seen,
        }
    }

    pub const fn author(&self) -> Author {
        Author::User(self.session.user)
    }

    /// The envelope of a command. `request` is the parsed request: equal ones have equal digests.
    pub fn envelope(&self, what: &'static str, request: &impl Serialize) -> Envelope {
        let key = self.key.clone().map(|key| {
            let canonical = serde_json::to_vec(&(what, request)).expect("requests are plain data");
            Key { key, request: Digest::of(&canonical) }
        });
        Envelope {
            author: self.author(),
            token: Some(self.session.token),
            auth_generation: self.session.auth_generation,
            key,
            entry_id: EntryId::new(),
            seen: self.seen,
        }
    }
}

/// A part of the application that every worker has.
pub fn part<T: 'static>(request: &HttpRequest) -> Result<&Data<T>, Problem> {
    request.app_data::<Data<T>>().ok_or_else(|| Code::Internal.into())
}

fn text<'r>(request: &'r HttpRequest, name: &HeaderName) -> Result<Option<&'r str>, Problem> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad_header(name));
    }
    value.to_str().map(Some).map_err(|_| bad_header(name))
}

fn bad_header(name: &HeaderName) -> Problem {
    Problem::new(Code::BadRequest).saying(format!("The header {name} is malformed."))
}

fn seen(request: &HttpRequest) -> Result<u64, Problem> {
    match text(request, &LEDGER_MIN)? {
        Some(value) => value.parse().map_err(|_| bad_header(&LEDGER_MIN)),
        None => Ok(0),
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    match text(request, &IDEMPOTENCY_KEY)? {
        Some(key) if (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(key.to_owned()))
        }
        Some(_) => Err(bad_header(&IDEMPOTENCY_KEY)),
        None => Ok(None),
    }
}

fn expected(request: &HttpRequest) -> Result<Option<u64>, Problem> {
    match text(request, &header::IF_MATCH)? {
        None | Some("*") => Ok(None),
        Some(tag) => {
            let slot = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            // A tag that is none of ours matches nothing.
            Ok(Some(slot.and_then(|slot| slot.parse().ok()).unwrap_or(0)))
        }
    }
}
