//! People in MongoDB: one JSON document each, with what must be unique or counted in fields beside it.

use finbrain_domain::{
    email::Email,
    ids::{Digest, UserId},
    ports::{Answer, Seen, StoreError, UserError, Users},
    session::Session,
    user::User,
};
use jiff::Timestamp;
use mongodb::{
    bson::{Document, doc},
    options::ReturnDocument,
};

use super::{
    MongoStore, by_id,
    call::{Deadline, read, write},
    fault::{Fault, Refusal, duplicates_in_bulk},
    fields::{Fields, hash, instant, text, unreadable},
    schema::{ID, USERS_EMAIL},
    sessions::{created_before, with_tokens},
};

/// People created in one command.
const CREATED_AT_ONCE: usize = 1_000;
/// So often a server key is looked for again, when somebody else puts it there at the same moment.
const KEY_ROUNDS: usize = 3;

impl Users for MongoStore {
    fn create(&self, user: User) -> Answer<'_, Result<(), UserError>> {
        Box::pin(async move {
            let created = self.collections.users.insert_one(document(&user)?);
            write(self.soon(), "create_user", created).await.map(drop).map_err(refused)
        })
    }

    fn create_all(&self, users: Vec<User>) -> Answer<'_, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut created = 0;
            for some in users.chunks(CREATED_AT_ONCE) {
                let documents = some.iter().map(document).collect::<Result<Vec<_>, _>>()?;
                created += write(self.in_bulk(), "create_users", self.insert_new(documents)).await?;
            }
            Ok(created)
        })
    }

    fn user(&self, id: UserId) -> Answer<'_, Result<Option<User>, StoreError>> {
        Box::pin(read(self.soon(), "user", self.person(by_id(text(id)))))
    }

    fn by_email(&self, email: &Email) -> Answer<'_, Result<Option<User>, StoreError>> {
        Box::pin(read(self.soon(), "user", self.person(doc! { "email": email.as_str() })))
    }

    fn replace(&self, expected: User, user: User) -> Answer<'_, Result<(), UserError>> {
        Box::pin(async move { self.replace_person(self.soon(), &expected, &user).await })
    }

    fn remove(&self, id: UserId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            write(self.soon(), "remove_user", self.collections.users.delete_one(by_id(text(id)))).await?;
            self.remove_sessions(doc! { "user": text(id) }).await?;
            Ok(())
        })
    }

    fn count(&self) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(read(self.soon(), "count", self.count_of(&self.collections.users, doc! {})))
    }

    fn count_demos(&self) -> Answer<'_, Result<u64, StoreError>> {
        let demos = doc! { "demo_until": { "$exists": true } };
        Box::pin(read(self.soon(), "count", self.count_of(&self.collections.users, demos)))
    }

    fn start_session(&self, session: Session) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(self.put_session(session))
    }

    fn session(&self, token: Digest) -> Answer<'_, Result<Option<Session>, StoreError>> {
        Box::pin(self.find_session(token))
    }

    fn sessions(&self, user: UserId) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        Box::pin(self.sessions_of(user))
    }

    fn end_sessions(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move { self.remove_sessions(with_tokens(tokens)).await.map(drop) })
    }

    fn seen(&self, seen: Vec<Seen>) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move { self.write_back(&seen).await })
    }

    fn purge_sessions(&self, before: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        Box::pin(self.remove_sessions(created_before(before)))
    }

    fn server_key(&self, name: &str, fresh: [u8; 32]) -> Answer<'_, Result<[u8; 32], StoreError>> {
        let name = name.to_owned();
        Box::pin(self.first_key(name, Digest(fresh)))
    }
}

impl MongoStore {
    async fn person(&self, filter: Document) -> Result<Option<User>, Fault> {
        self.one(&self.collections.users, filter).await?.as_ref().map(user).transpose()
    }

    /// Inserts those that are new, and says how many.
    async fn insert_new(&self, documents: Vec<Document>) -> Result<usize, Fault> {
        let count = documents.len();
        match self.collections.users.insert_many(documents).ordered(false).await {
            Ok(_) => Ok(count),
            Err(error) => match duplicates_in_bulk(&error) {
                Some(taken) => Ok(count.saturating_sub(taken)),
                None => Err(error.into()),
            },
        }
    }

    /// The row is compared by meaning, since other versions may write more fields; then replaced if its text still is what
    /// was compared.
    async fn replace_person(&self, deadline: Deadline, expected: &User, new: &User) -> Result<(), UserError> {
        if new.id != expected.id {
            return Err(UserError::Conflict);
        }
        let found =
            read(deadline, "user", self.one(&self.collections.users, by_id(text(expected.id)))).await?;
        let Some(found) = found else { return Err(UserError::Conflict) };
        if user(&found).map_err(super::fault::settle_read)? != *expected {
            return Err(UserError::Conflict);
        }
        let as_read =
            doc! { "_id": text(expected.id), "document": json(&found).map_err(super::fault::settle_read)? };
        let replaced = self.collections.users.replace_one(as_read, document(new)?);
        match write(deadline, "replace_user", replaced).await.map_err(refused)?.matched_count {
            0 => Err(UserError::Conflict),
            _ => Ok(()),
        }
    }

    /// The key of this name, put there by whoever came first.
    async fn first_key(&self, name: String, fresh: Digest) -> Result<[u8; 32], StoreError> {
        let key_in = |document: &Document| Fields(document).hash("key").map(|key| key.0);
        let keys = &self.collections.server_keys;
        for _ in 0..KEY_ROUNDS {
            let found = read(self.soon(), "server_key", async {
                self.one(keys, by_id(&name)).await?.as_ref().map(key_in).transpose()
            });
            if let Some(key) = found.await? {
                return Ok(key);
            }
            let first = doc! { "$setOnInsert": { "key": hash(fresh) } };
            let standing = keys.find_one_and_update(by_id(&name), first).upsert(true);
            let standing = standing.return_document(ReturnDocument::After);
            let key =
                write(self.soon(), "server_key", async { standing.await?.as_ref().map(key_in).transpose() });
            match key.await {
                Ok(Some(key)) => return Ok(key),
                // Somebody came first at this very moment.
                Ok(None) | Err(Refusal::Duplicate(_)) => {}
                Err(Refusal::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("server key is put in place by others".into()))
    }
}

fn refused(refusal: Refusal) -> UserError {
    match refusal {
        Refusal::Duplicate(index) if index == USERS_EMAIL => UserError::EmailTaken,
        Refusal::Duplicate(index) if index == ID => UserError::Conflict,
        other => UserError::Store(other.into()),
    }
}

fn document(user: &User) -> Result<Document, StoreError> {
    let json = serde_json::to_string(user)
        .map_err(|_| StoreError::Damaged("a person cannot be written as JSON".into()))?;
    let mut document = doc! { "_id": text(user.id), "document": json };
    if let Some(email) = &user.email {
        document.insert("email", email.as_str());
    }
    if let Some(until) = user.demo_until {
        document.insert("demo_until", instant(until));
    }
    Ok(document)
}

fn json(document: &Document) -> Result<&str, Fault> {
    Fields(document).text("document")
}

fn user(document: &Document) -> Result<User, Fault> {
    // The text of a parse error may quote what it read, which is personal.
    serde_json::from_str(json(document)?).map_err(|_| unreadable("document"))
}
