//! Accounts: how somebody becomes known and signs in. Opens no ledger and appends nothing; what belongs into a journal is
//! handed back to the caller, who appends it.

use std::{fmt, sync::Arc};

use finbrain_domain::{
    email::Email,
    ids::{BookId, SessionId, UserId},
    ports::{Clock, Due, DueKind, DueWork, Journal, Shared, UserError, Users},
    session::Session,
    settings::Settings,
    user::{Role, User},
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::{
    caller::Caller,
    error::AuthError,
    gate::Gate,
    hash_pool::HashPool,
    keys::ServerKeys,
    password::Password,
    sessions::Unsaved,
    settings::{Administrator, AuthSettings, Demos, Registration},
    token::{TagKeys, Token},
};

/// How long a demo lives unless it is kept.
const DEMO_LIFE: SignedDuration = SignedDuration::from_hours(2);

/// What accounts need from the outside.
#[derive(Clone)]
pub struct AuthPorts {
    pub users: Arc<dyn Users>,
    pub shared: Arc<dyn Shared>,
    pub journal: Arc<dyn Journal>,
    pub due: Arc<dyn DueWork>,
    pub clock: Arc<dyn Clock>,
}

/// Registration, login, sessions and credentials of one server.
pub struct Auth {
    pub(super) ports: AuthPorts,
    pub(super) keys: ServerKeys,
    pub(super) tag_keys: TagKeys,
    pub(super) settings: AuthSettings,
    pub(super) gate: Gate,
    pub(super) unsaved: Unsaved,
    /// Held while accounts are counted and one is added, so that two at once are not both the first, or the last.
    intake: Mutex<()>,
}

/// Somebody who registers.
#[derive(Debug)]
pub struct NewUser {
    pub email: Email,
    pub password: Password,
    pub opening: Settings,
}

/// Somebody who has just come in.
#[derive(Debug)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
    pub token: Token,
    /// The person's oldest sessions beyond the limit. They still live: append their revocation to the journal, then
    /// [`Auth::end`] them.
    pub displaced: Vec<Session>,
}

impl Auth {
    pub fn new(ports: AuthPorts, pool: Arc<HashPool>, keys: ServerKeys, settings: AuthSettings) -> Self {
        Self {
            gate: Gate::new(Arc::clone(&ports.shared), pool, settings.limits),
            tag_keys: keys.tag_keys(),
            keys,
            ports,
            settings,
            unsaved: Unsaved::default(),
            intake: Mutex::new(()),
        }
    }

    pub fn settings(&self) -> &AuthSettings {
        &self.settings
    }

    /// A new account, signed in. That an address is taken is told at once: without mail there is no other way.
    pub async fn register(&self, new: NewUser, caller: &Caller) -> Result<SignedIn, AuthError> {
        let NewUser { email, password, opening } = new;
        self.admits(&email)?;
        self.gate.count_registration(caller, self.now()).await?;
        if self.ports.users.by_email(&email).await?.is_some() {
            return Err(AuthError::EmailTaken);
        }
        let hash = self.gate.hash_new(&password, email.as_str(), &opening.name, caller).await?;
        let intake = self.intake.lock().await;
        let user = User {
            role: self.role_of(&email).await?,
            email: Some(email),
            password: Some(hash),
            ..self.blank(opening)
        };
        self.create(&user).await?;
        drop(intake);
        self.start(user, caller).await
    }

    /// Signs somebody in. Whether the account exists makes no difference in answer or work.
    pub async fn login(
        &self,
        email: &Email,
        password: &Password,
        caller: &Caller,
    ) -> Result<SignedIn, AuthError> {
        let pass = self.gate.enter(self.keys.email_key(email), caller, self.now()).await?;
        let user = match self.ports.users.by_email(email).await? {
            Some(user) => Some(self.settle(user).await?),
            None => None,
        };
        let stored = user.as_ref().and_then(|user| user.password.as_ref());
        let verdict = self.gate.verify(&pass, password, stored).await?;
        match user {
            Some(user) if verdict.matches => {
                let user =
                    if verdict.needs_rehash { self.rehash(user, password, caller).await } else { user };
                match self.start(user, caller).await {
                    // The password was changed, or the account closed, since it was read.
                    Err(AuthError::NoSession) => Err(AuthError::BadCredentials),
                    started => started,
                }
            }
            _ => Err(AuthError::BadCredentials),
        }
    }

    /// A private account without an address, signed in, for two hours.
    pub async fn demo(&self, opening: Settings, caller: &Caller) -> Result<SignedIn, AuthError> {
        let Demos::Open { limit } = self.settings.demos else { return Err(AuthError::DemoClosed) };
        self.gate.count_demo(caller, self.now()).await?;
        let intake = self.intake.lock().await;
        if self.ports.users.count_demos().await? >= limit {
            let retry_after = std::time::Duration::from_secs(60);
            return Err(AuthError::DemosFull { limit, retry_after });
        }
        let user = self.blank(opening);
        let demo_until = user.created_at.checked_add(DEMO_LIFE).unwrap_or(Timestamp::MAX);
        let user = User { demo_until: Some(demo_until), ..user };
        // Before there is anybody to expire, so that nobody is forgotten.
        let expiry = Due { book: user.book, user: user.id, at: demo_until, kind: DueKind::DemoExpiry };
        self.ports.due.plan(expiry).await?;
        self.create(&user).await?;
        drop(intake);
        self.start(user, caller).await
    }

    /// Makes a demo an account like any other. Its sessions go on.
    pub async fn keep_demo(
        &self,
        user: UserId,
        email: Email,
        password: &Password,
        caller: &Caller,
    ) -> Result<User, AuthError> {
        self.admits(&email)?;
        self.gate.count_registration(caller, self.now()).await?;
        let demo = self.user(user).await?;
        let hash = self.gate.hash_new(password, email.as_str(), &demo.opening.name, caller).await?;
        let _intake = self.intake.lock().await;
        let role = self.role_of(&email).await?;
        let kept = self.amend(user, |user| match user.demo_until {
            None => Err(AuthError::NotADemo),
            Some(until) if until <= self.now() => Err(AuthError::NoSession),
            Some(_) => Ok(User {
                email: Some(email.clone()),
                password: Some(hash.clone()),
                demo_until: None,
                role,
                ..user
            }),
        });
        kept.await
    }

    /// Starts a session of a person who has proved who they are: the end of every way in. Also for a person whose
    /// credentials have just changed, which voids all sessions that they had. [`AuthError::NoSession`] when the account
    /// was closed, or its credentials changed, while they came in.
    pub async fn start(&self, user: User, caller: &Caller) -> Result<SignedIn, AuthError> {
        let token = Token::mint(self.tag_keys.current()).map_err(|_| AuthError::NoRandomness)?;
        let now = self.now();
        let session = Session {
            id: SessionId::new(),
            token: token.digest(),
            user: user.id,
            book: user.book,
            auth_generation: user.auth_generation,
            created_at: now,
            last_seen_at: now,
            last_active_at: now,
            device: caller.device.clone(),
            address: caller.from.to_string(),
        };
        self.ports.users.start_session(session.clone()).await?;
        self.admit(session.clone()).await;
        // Whoever voids sessions first changes the row and then ends those that stand: this one was among them, or the
        // row tells.
        let row = self.ports.users.user(user.id).await?;
        if row.is_none_or(|row| row.auth_generation > session.auth_generation) {
            self.end(&[session]).await?;
            return Err(AuthError::NoSession);
        }
        // Asked after the new one stands: of two logins at the same time, the later sees both.
        let others = self.list_sessions(user.id).await?.into_iter().filter(|other| other.id != session.id);
        let displaced = others.skip(self.settings.sessions_per_user.saturating_sub(1)).collect();
        Ok(SignedIn { user, session, token, displaced })
    }

    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    fn blank(&self, opening: Settings) -> User {
        User {
            id: UserId::new(),
            book: BookId::new(),
            email: None,
            password: None,
            pending: None,
            role: Role::Member,
            auth_generation: 0,
            created_at: self.now(),
            demo_until: None,
            opening,
        }
    }

    async fn create(&self, user: &User) -> Result<(), AuthError> {
        self.ports.users.create(user.clone()).await.map_err(|refused| match refused {
            UserError::EmailTaken => AuthError::EmailTaken,
            UserError::Conflict => AuthError::Contended,
            UserError::Store(cause) => AuthError::Store(cause),
        })
    }

    /// Whether somebody may have an account under this address.
    fn admits(&self, email: &Email) -> Result<(), AuthError> {
        let is_open = self.settings.registration == Registration::Open || self.is_named_administrator(email);
        if is_open { Ok(()) } else { Err(AuthError::RegistrationClosed) }
    }

    fn is_named_administrator(&self, email: &Email) -> bool {
        matches!(&self.settings.administrator, Administrator::Named(named) if named == email)
    }

    async fn role_of(&self, email: &Email) -> Result<Role, AuthError> {
        let is_administrator = match &self.settings.administrator {
            Administrator::Nobody => false,
            Administrator::Named(named) => named == email,
            Administrator::First => self.ports.users.count().await? == self.ports.users.count_demos().await?,
        };
        Ok(if is_administrator { Role::Admin } else { Role::Member })
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ports of accounts")
    }
}
