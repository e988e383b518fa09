//! People in SQLite: one JSON document each, with what must be unique or counted in columns beside it.

use finbrain_domain::{
    email::Email,
    ids::{Digest, UserId},
    ports::{Answer, Seen, StoreError, UserError, Users},
    session::Session,
    user::User,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{
    EmbeddedStore,
    columns::{Document, Hash, Instant, Text},
    fault::Fault,
    sessions,
};

impl Users for EmbeddedStore {
    fn create(&self, user: User) -> Answer<'_, Result<(), UserError>> {
        Box::pin(async move { self.write(move |db| create(db, &user)).await? })
    }

    fn create_all(&self, users: Vec<User>) -> Answer<'_, Result<usize, StoreError>> {
        Box::pin(self.write(move |db| {
            let mut created = 0;
            for user in &users {
                created += usize::from(create(db, user)?.is_ok());
            }
            Ok(created)
        }))
    }

    fn user(&self, id: UserId) -> Answer<'_, Result<Option<User>, StoreError>> {
        Box::pin(self.read(move |db| user(db, id)))
    }

    fn by_email(&self, email: &Email) -> Answer<'_, Result<Option<User>, StoreError>> {
        let email = email.clone();
        Box::pin(self.read(move |db| {
            let found = db
                .prepare_cached("SELECT document FROM users WHERE email = ?1")?
                .query_row([email.as_str()], |row| row.get::<_, Document<User>>(0))
                .optional()?;
            Ok(found.map(|document| document.0))
        }))
    }

    fn replace(&self, expected: User, user: User) -> Answer<'_, Result<(), UserError>> {
        Box::pin(async move { self.write(move |db| replace(db, &expected, &user)).await? })
    }

    fn remove(&self, id: UserId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| {
            db.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([Text(id)])?;
            sessions::end_all_of(db, id)
        }))
    }

    fn count(&self) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.read(|db| count(db, "SELECT count(*) FROM users")))
    }

    fn count_demos(&self) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.read(|db| count(db, "SELECT count(*) FROM users WHERE demo_until IS NOT NULL")))
    }

    fn start_session(&self, session: Session) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| sessions::start(db, &session)))
    }

    fn session(&self, token: Digest) -> Answer<'_, Result<Option<Session>, StoreError>> {
        Box::pin(self.read(move |db| sessions::by_token(db, token)))
    }

    fn sessions(&self, user: UserId) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        Box::pin(self.read(move |db| sessions::of(db, user)))
    }

    fn end_sessions(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| sessions::end(db, tokens)))
    }

    fn seen(&self, seen: Vec<Seen>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.write(move |db| sessions::seen(db, seen)))
    }

    fn purge_sessions(&self, created_before: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.write(move |db| sessions::purge(db, created_before)))
    }

    fn server_key(&self, name: &str, fresh: [u8; 32]) -> Answer<'_, Result<[u8; 32], StoreError>> {
        let name = name.to_owned();
        Box::pin(async move {
            let asked = name.clone();
            if let Some(key) = self.read(move |db| server_key(db, &asked)).await? {
                return Ok(key);
            }
            self.write(move |db| {
                db.prepare_cached("INSERT OR IGNORE INTO server_keys (name, key) VALUES (?1, ?2)")?
                    .execute((&name, Hash(Digest(fresh))))?;
                server_key(db, &name)?.ok_or_else(|| Fault::damaged("server key is not there"))
            })
            .await
        })
    }
}

fn user(db: &Connection, id: UserId) -> Result<Option<User>, Fault> {
    let found = db
        .prepare_cached("SELECT document FROM users WHERE id = ?1")?
        .query_row([Text(id)], |row| row.get::<_, Document<User>>(0))
        .optional()?;
    Ok(found.map(|document| document.0))
}

/// Whether the address belongs to anyone else.
fn is_taken(db: &Connection, user: &User) -> Result<bool, Fault> {
    let Some(email) = &user.email else { return Ok(false) };
    let mut others = db.prepare_cached("SELECT 1 FROM users WHERE email = ?1 AND id <> ?2")?;
    Ok(others.exists((email.as_str(), Text(user.id)))?)
}

fn create(db: &Connection, user: &User) -> Result<Result<(), UserError>, Fault> {
    if is_taken(db, user)? {
        return Ok(Err(UserError::EmailTaken));
    }
    let created = db
        .prepare_cached(
            "INSERT INTO users (id, email, demo_until, document) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute((Text(user.id), email(user), user.demo_until.map(Instant), Document(user)))?;
    Ok(if created == 1 { Ok(()) } else { Err(UserError::Conflict) })
}

fn replace(db: &Connection, expected: &User, new: &User) -> Result<Result<(), UserError>, Fault> {
    if new.id != expected.id || user(db, expected.id)?.as_ref() != Some(expected) {
        return Ok(Err(UserError::Conflict));
    }
    if is_taken(db, new)? {
        return Ok(Err(UserError::EmailTaken));
    }
    db.prepare_cached("UPDATE users SET email = ?2, demo_until = ?3, document = ?4 WHERE id = ?1")?
        .execute((Text(new.id), email(new), new.demo_until.map(Instant), Document(new)))?;
    Ok(Ok(()))
}

fn email(user: &User) -> Option<&str> {
    user.email.as_ref().map(Email::as_str)
}

fn count(db: &Connection, query: &str) -> Result<u64, Fault> {
    Ok(db.prepare_cached(query)?.query_row([], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

fn server_key(db: &Connection, name: &str) -> Result<Option<[u8; 32]>, Fault> {
    let key = db
        .prepare_cached("SELECT key FROM server_keys WHERE name = ?1")?
        .query_row([name], |row| row.get::<_, Hash>(0))
        .optional()?;
    Ok(key.map(|key| key.0.0))
}
