//! Sessions: the durable part, for when the shared state knows nothing. The token's digest is the id.

use finbrain_domain::{
    ids::{Digest, UserId},
    ports::{Seen, StoreError},
    session::Session,
};
use jiff::Timestamp;
use mongodb::bson::{Bson, Document, doc};

use super::{
    MongoStore, by_id,
    call::{read, write},
    fault::{Fault, check_reply},
    fields::{Fields, counter, hash, instant, text},
    schema::{SESSIONS, any_of},
};

/// Sessions written back in one command.
const SEEN_AT_ONCE: usize = 1_000;

impl MongoStore {
    pub(super) async fn put_session(&self, session: Session) -> Result<(), StoreError> {
        let document = document(&session);
        let put = self.collections.sessions.replace_one(by_id(hash(session.token)), document).upsert(true);
        write(self.soon(), "start_session", put).await?;
        Ok(())
    }

    pub(super) async fn find_session(&self, token: Digest) -> Result<Option<Session>, StoreError> {
        read(self.soon(), "session", async {
            let found = self.one(&self.collections.sessions, by_id(hash(token))).await?;
            found.as_ref().map(session).transpose()
        })
        .await
    }

    /// Newest first.
    pub(super) async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        read(self.soon(), "sessions", async {
            let newest_first = doc! { "created_at": -1, "id": -1 };
            let found = self
                .all(&self.collections.sessions, doc! { "user": text(user) }, newest_first, usize::MAX)
                .await?;
            found.iter().map(session).collect::<Result<Vec<_>, Fault>>()
        })
        .await
    }

    pub(super) async fn remove_sessions(&self, which: Document) -> Result<u64, StoreError> {
        let removed = self.collections.sessions.delete_many(which);
        Ok(write(self.in_bulk(), "end_sessions", removed).await?.deleted_count)
    }

    /// Times only move forward, whatever order they are written back in. One command for many, which the driver offers
    /// for newer servers only.
    pub(super) async fn write_back(&self, seen: &[Seen]) -> Result<(), StoreError> {
        for some in seen.chunks(SEEN_AT_ONCE) {
            let command = doc! {
                "update": SESSIONS,
                "updates": some.iter().map(forward).collect::<Vec<Bson>>(),
                "ordered": false,
                "writeConcern": {
                    "w": "majority", "j": true, "wtimeout": Bson::Int64(self.patience.confirm.as_millis() as i64),
                },
            };
            write(self.in_bulk(), "seen", async {
                let reply = self.database.run_command(command).await?;
                check_reply(&reply)
            })
            .await?;
        }
        Ok(())
    }
}

fn forward(seen: &Seen) -> Bson {
    let times = doc! { "last_seen_at": instant(seen.seen_at), "last_active_at": instant(seen.active_at) };
    Bson::Document(doc! { "q": by_id(hash(seen.token)), "u": { "$max": times } })
}

pub(super) fn with_tokens(tokens: Vec<Digest>) -> Document {
    doc! { "_id": any_of(tokens.into_iter().map(hash)) }
}

pub(super) fn created_before(instant_of: Timestamp) -> Document {
    doc! { "created_at": { "$lt": instant(instant_of) } }
}

fn document(session: &Session) -> Document {
    doc! {
        "id": text(session.id),
        "user": text(session.user),
        "book": text(session.book),
        "auth_generation": counter(session.auth_generation),
        "created_at": instant(session.created_at),
        "last_seen_at": instant(session.last_seen_at),
        "last_active_at": instant(session.last_active_at),
        "device": &session.device,
        "address": &session.address,
    }
}

fn session(document: &Document) -> Result<Session, Fault> {
    let fields = Fields(document);
    Ok(Session {
        id: fields.parse("id")?,
        token: fields.hash("_id")?,
        user: fields.parse("user")?,
        book: fields.parse("book")?,
        auth_generation: fields.counter("auth_generation")?,
        created_at: fields.instant("created_at")?,
        last_seen_at: fields.instant("last_seen_at")?,
        last_active_at: fields.instant("last_active_at")?,
        device: fields.text("device")?.to_owned(),
        address: fields.text("address")?.to_owned(),
    })
}
