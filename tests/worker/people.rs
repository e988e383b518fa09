//! People in a real store that fails, once, where a process may die.

use std::sync::{Arc, Mutex};

use finbrain::store::embedded::EmbeddedStore;
use finbrain_domain::{
    email::Email,
    ids::{Digest, UserId},
    ports::{Answer, Seen, StoreError, UserError, Users},
    session::Session,
    user::User,
};
use jiff::Timestamp;

/// What happens to people once, at the next chance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The store fails before a person is removed.
    NotRemoved,
    /// The store fails after a person was removed.
    RemovedUntold,
    /// A demo is kept right after it was read.
    KeptMeanwhile,
}

pub struct People {
    pub store: Arc<EmbeddedStore>,
    pub mishap: Mutex<Option<Mishap>>,
}

impl People {
    fn strikes(&self, mishap: Mishap) -> bool {
        self.mishap.lock().unwrap().take_if(|next| *next == mishap).is_some()
    }
}

fn dead<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("the process died here".into()))
}

impl Users for People {
    fn create(&self, user: User) -> Answer<'_, Result<(), UserError>> {
        self.store.create(user)
    }
    fn create_all(&self, users: Vec<User>) -> Answer<'_, Result<usize, StoreError>> {
        self.store.create_all(users)
    }
    fn user(&self, id: UserId) -> Answer<'_, Result<Option<User>, StoreError>> {
        Box::pin(async move {
            let read = self.store.user(id).await?;
            if let Some(user) = read.clone()
                && user.demo_until.is_some()
                && self.strikes(Mishap::KeptMeanwhile)
            {
                self.store.replace(user.clone(), User { demo_until: None, ..user }).await.unwrap();
            }
            Ok(read)
        })
    }
    fn by_email(&self, email: &Email) -> Answer<'_, Result<Option<User>, StoreError>> {
        self.store.by_email(email)
    }
    fn replace(&self, expected: User, user: User) -> Answer<'_, Result<(), UserError>> {
        self.store.replace(expected, user)
    }
    fn remove(&self, id: UserId) -> Answer<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if self.strikes(Mishap::NotRemoved) {
                return dead();
            }
            self.store.remove(id).await?;
            if self.strikes(Mishap::RemovedUntold) { dead() } else { Ok(()) }
        })
    }
    fn count(&self) -> Answer<'_, Result<u64, StoreError>> {
        self.store.count()
    }
    fn count_demos(&self) -> Answer<'_, Result<u64, StoreError>> {
        self.store.count_demos()
    }
    fn start_session(&self, session: Session) -> Answer<'_, Result<(), StoreError>> {
        self.store.start_session(session)
    }
    fn session(&self, token: Digest) -> Answer<'_, Result<Option<Session>, StoreError>> {
        self.store.session(token)
    }
    fn sessions(&self, user: UserId) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        self.store.sessions(user)
    }
    fn end_sessions(&self, tokens: Vec<Digest>) -> Answer<'_, Result<(), StoreError>> {
        self.store.end_sessions(tokens)
    }
    fn seen(&self, seen: Vec<Seen>) -> Answer<'_, Result<(), StoreError>> {
        self.store.seen(seen)
    }
    fn purge_sessions(&self, created_before: Timestamp) -> Answer<'_, Result<u64, StoreError>> {
        self.store.purge_sessions(created_before)
    }
    fn server_key(&self, name: &str, fresh: [u8; 32]) -> Answer<'_, Result<[u8; 32], StoreError>> {
        self.store.server_key(name, fresh)
    }
}
