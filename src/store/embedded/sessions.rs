//! Sessions: the durable part, for when the shared state knows nothing.

use finbrain_domain::{
    ids::{Digest, UserId},
    ports::Seen,
    session::Session,
};
use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params};

use super::{
    columns::{Hash, Instant, Text},
    entries::hash,
    fault::Fault,
};

macro_rules! select_sessions {
    ($condition:literal) => {
        concat!(
            "SELECT token, id, user, book, auth_generation, created_at, last_seen_at, last_active_at, device, ",
            "address FROM sessions WHERE ",
            $condition
        )
    };
}

pub(super) fn start(db: &Connection, session: &Session) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO sessions (token, id, user, book, auth_generation, created_at, last_seen_at,
            last_active_at, device, address)
         VALUES (:token, :id, :user, :book, :auth_generation, :created_at, :last_seen_at, :last_active_at,
            :device, :address)",
    )?
    .execute(named_params! {
        ":token": Hash(session.token),
        ":id": Text(session.id),
        ":user": Text(session.user),
        ":book": Text(session.book),
        ":auth_generation": session.auth_generation.cast_signed(),
        ":created_at": Instant(session.created_at),
        ":last_seen_at": Instant(session.last_seen_at),
        ":last_active_at": Instant(session.last_active_at),
        ":device": session.device,
        ":address": session.address,
    })?;
    Ok(())
}

pub(super) fn by_token(db: &Connection, token: Digest) -> Result<Option<Session>, Fault> {
    let mut statement = db.prepare_cached(select_sessions!("token = ?1"))?;
    let mut rows = statement.query([Hash(token)])?;
    rows.next()?.map(session).transpose()
}

/// Newest first.
pub(super) fn of(db: &Connection, user: UserId) -> Result<Vec<Session>, Fault> {
    let mut statement = db.prepare_cached(select_sessions!("user = ?1 ORDER BY created_at DESC, id DESC"))?;
    let mut rows = statement.query([Text(user)])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(session(row)?);
    }
    Ok(sessions)
}

pub(super) fn end(db: &Connection, tokens: Vec<Digest>) -> Result<(), Fault> {
    let mut statement = db.prepare_cached("DELETE FROM sessions WHERE token = ?1")?;
    for token in tokens {
        statement.execute([Hash(token)])?;
    }
    Ok(())
}

pub(super) fn end_all_of(db: &Connection, user: UserId) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM sessions WHERE user = ?1")?.execute([Text(user)])?;
    Ok(())
}

/// Times only move forward, whatever order they are written back in.
pub(super) fn seen(db: &Connection, seen: Vec<Seen>) -> Result<(), Fault> {
    let mut statement = db.prepare_cached(
        "UPDATE sessions SET last_seen_at = max(last_seen_at, ?2), last_active_at = max(last_active_at, ?3)
         WHERE token = ?1",
    )?;
    for Seen { token, seen_at, active_at } in seen {
        statement.execute((Hash(token), Instant(seen_at), Instant(active_at)))?;
    }
    Ok(())
}

pub(super) fn purge(db: &Connection, created_before: Timestamp) -> Result<u64, Fault> {
    let removed = db
        .prepare_cached("DELETE FROM sessions WHERE created_at < ?1")?
        .execute([Instant(created_before)])?;
    Ok(removed as u64)
}

fn session(row: &Row<'_>) -> Result<Session, Fault> {
    Ok(Session {
        token: hash(row, 0)?,
        id: row.get::<_, Text<_>>(1)?.0,
        user: row.get::<_, Text<_>>(2)?.0,
        book: row.get::<_, Text<_>>(3)?.0,
        auth_generation: row.get::<_, i64>(4)?.cast_unsigned(),
        created_at: row.get::<_, Instant>(5)?.0,
        last_seen_at: row.get::<_, Instant>(6)?.0,
        last_active_at: row.get::<_, Instant>(7)?.0,
        device: row.get(8)?,
        address: row.get(9)?,
    })
}
