//! Accounts and sessions through the public interface of `auth`, over rows in memory and a clock set by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake;
mod sessions;

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fake::{HandClock, Line, Plans, Rows, Standing};
use finbrain::auth::{
    accounts::{Auth, AuthPorts, NewUser, SignedIn},
    caller::Caller,
    error::AuthError,
    hash_pool::{HashCost, HashPool, PoolSettings},
    keys::ServerKeys,
    password::{Password, PasswordError},
    public_url::{InsecureHttp, PublicUrl},
    settings::{Administrator, AuthSettings, Demos, Registration},
};
use finbrain_domain::{
    email::Email,
    ids::EntryId,
    ports::{Due, DueKind},
    settings::Settings,
    text::Name,
    user::{PendingCredential, Role, User},
};

const PASSWORD: &str = "correct horse battery";
const CHEAP: HashCost = HashCost { memory_kib: 8, passes: 1 };

struct House {
    auth: Auth,
    rows: Arc<Rows>,
    line: Arc<Line>,
    journal: Arc<Standing>,
    plans: Arc<Plans>,
    clock: Arc<HandClock>,
    pool: Arc<HashPool>,
}

impl House {
    fn on(url: &str) -> Self {
        Self::with(url, |_| {})
    }

    fn with(url: &str, adjust: impl FnOnce(&mut AuthSettings)) -> Self {
        let url = PublicUrl::parse(url, InsecureHttp::Refused).unwrap();
        let mut settings = AuthSettings::of(&url, None);
        adjust(&mut settings);
        let (rows, line, plans, journal, clock) = (
            Arc::new(Rows::default()),
            Arc::new(Line::new()),
            Arc::new(Plans::default()),
            Arc::new(Standing::default()),
            Arc::new(HandClock::new()),
        );
        let pool = PoolSettings { threads: 1, cost: CHEAP, ..PoolSettings::default() };
        let pool = Arc::new(HashPool::start(pool).unwrap());
        let ports = AuthPorts {
            users: rows.clone(),
            shared: line.clone(),
            journal: journal.clone(),
            due: plans.clone(),
            clock: clock.clone(),
        };
        let keys = ServerKeys::parse("a secret for tests, more than 32 characters").unwrap();
        Self {
            auth: Auth::new(ports, Arc::clone(&pool), keys, settings),
            rows,
            line,
            journal,
            plans,
            clock,
            pool,
        }
    }

    fn at_home() -> Self {
        Self::on("http://localhost:8080")
    }

    async fn register(&self, address: &str) -> Result<SignedIn, AuthError> {
        let new = NewUser { email: email(address), password: password(PASSWORD), opening: opening() };
        self.auth.register(new, &caller(1)).await
    }

    async fn login(&self, address: &str, text: &str) -> Result<SignedIn, AuthError> {
        self.login_from(1, address, text).await
    }

    async fn login_from(&self, network: u8, address: &str, text: &str) -> Result<SignedIn, AuthError> {
        self.auth.login(&email(address), &password(text), &caller(network)).await
    }

    async fn demo(&self) -> Result<SignedIn, AuthError> {
        self.auth.demo(opening(), &caller(1)).await
    }

    async fn keep(&self, demo: &User, address: &str) -> Result<User, AuthError> {
        self.auth.keep_demo(demo.id, email(address), &password(PASSWORD), &caller(1)).await
    }

    async fn begin_change(
        &self,
        user: &User,
        [current, new]: [&str; 2],
        entry: EntryId,
    ) -> Result<PendingCredential, AuthError> {
        let (current, new) = (password(current), password(new));
        self.auth.begin_password_change(user.id, &current, &new, entry, &caller(1)).await
    }

    fn row(&self, user: &User) -> User {
        self.rows.users.lock().unwrap().iter().find(|row| row.id == user.id).unwrap().clone()
    }
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text.into()).unwrap()
}

fn opening() -> Settings {
    Settings::of(Name::parse("Dana").unwrap())
}

fn caller(network: u8) -> Caller {
    Caller::new(IpAddr::from([203, 0, network, 1]).into(), Some("curl/8.5.0"))
}

#[tokio::test]
async fn the_first_who_registers_at_home_is_administrator_and_signed_in() {
    let house = House::at_home();
    house.demo().await.unwrap();

    let first = house.register("dana@example.org").await.unwrap();
    let second = house.register("noam@example.org").await.unwrap();

    assert_eq!((first.user.role, second.user.role), (Role::Admin, Role::Member));
    let now = house.clock_now();
    let session = house.auth.identify(&first.token.reveal(), now, false).await.unwrap();
    assert_eq!(session, first.session);
    assert_eq!((session.device.as_str(), session.address.as_str()), ("curl/8.5.0", "203.0.1.0/24"));
}

#[tokio::test]
async fn two_who_register_first_at_the_same_time_are_one_administrator() {
    let house = House::at_home();

    let (dana, noam) = tokio::join!(house.register("dana@example.org"), house.register("noam@example.org"));

    let roles = [dana.unwrap().user.role, noam.unwrap().user.role];
    assert_eq!(roles.iter().filter(|role| **role == Role::Admin).count(), 1);
}

#[tokio::test]
async fn elsewhere_only_the_named_administrator_may_register() {
    let house = House::with("https://finbrain.example", |settings| {
        settings.administrator = Administrator::Named(email("dana@example.org"));
    });

    assert_eq!(house.register("noam@example.org").await.unwrap_err(), AuthError::RegistrationClosed);
    assert_eq!(house.register("dana@example.org").await.unwrap().user.role, Role::Admin);
    assert_eq!(house.demo().await.unwrap_err(), AuthError::DemoClosed);
}

#[tokio::test]
async fn an_address_is_taken_once_and_a_weak_password_never() {
    let house = House::at_home();
    house.register("dana@example.org").await.unwrap();
    let hashes = house.pool.hashes();

    let weak =
        NewUser { email: email("noam@example.org"), password: password("password1"), opening: opening() };

    assert_eq!(house.register("Dana@Example.org").await.unwrap_err(), AuthError::EmailTaken);
    assert_eq!(house.pool.hashes(), hashes, "a taken address is not worth a hash");
    let refused = house.auth.register(weak, &caller(1)).await.unwrap_err();
    assert_eq!(refused, AuthError::Password(PasswordError::Weak));
}

#[tokio::test]
async fn login_does_the_same_work_for_known_and_unknown_accounts() {
    let house = House::at_home();
    house.register("dana@example.org").await.unwrap();
    house.demo().await.unwrap();

    for (address, text) in [("dana@example.org", "wrong password"), ("nobody@example.org", PASSWORD)] {
        let before = house.pool.hashes();
        assert_eq!(house.login(address, text).await.unwrap_err(), AuthError::BadCredentials);
        assert_eq!(house.pool.hashes() - before, 1, "{address}");
    }
    assert!(house.login("dana@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_account_has_a_number_of_tries_whatever_the_address_and_whatever_the_way() {
    let house = House::at_home();
    let dana = house.register("dana@example.org").await.unwrap().user;
    let tries = house.auth.settings().limits.attempts_per_account.burst as u8;
    for network in 0..tries {
        let refused = house.login_from(network, "dana@example.org", "wrong password").await;
        assert_eq!(refused.unwrap_err(), AuthError::BadCredentials);
    }
    let hashes = house.pool.hashes();

    let login = house.login_from(200, "dana@example.org", PASSWORD).await;
    let again = house.auth.verify_password(dana.id, &password(PASSWORD), &caller(201)).await;

    let retry_after = Duration::from_secs(10);
    assert_eq!(login.unwrap_err(), AuthError::TooManyAttempts { retry_after });
    assert_eq!(again.unwrap_err(), AuthError::TooManyAttempts { retry_after });
    assert_eq!(house.pool.hashes(), hashes);
    house.clock.advance(10);
    assert!(house.login("dana@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_address_prefix_has_a_number_of_tries_whatever_the_account() {
    let house = House::at_home();
    let tries = house.auth.settings().limits.attempts_per_address.burst;
    for account in 0..tries {
        let refused = house.login(&format!("{account}@example.org"), PASSWORD).await;
        assert_eq!(refused.unwrap_err(), AuthError::BadCredentials);
    }

    let refused = house.login("dana@example.org", PASSWORD).await.unwrap_err();

    assert_eq!(refused, AuthError::TooManyAttempts { retry_after: Duration::from_secs(2) });
}

#[tokio::test]
async fn who_finds_no_place_to_wait_is_turned_away_unhashed() {
    let house = House::with("http://localhost:8080", |settings| settings.limits.attempts_at_once = 0);
    house.register("dana@example.org").await.unwrap();
    let hashes = house.pool.hashes();

    let refused = house.login("dana@example.org", PASSWORD).await.unwrap_err();

    assert!(matches!(refused, AuthError::Busy { .. }));
    assert_eq!(house.pool.hashes(), hashes);
}

#[tokio::test]
async fn a_login_renews_a_hash_that_is_cheaper_than_new_ones() {
    let house = House::at_home();
    let dana = house.register("dana@example.org").await.unwrap().user;
    let dearer = HashCost { memory_kib: 16, passes: 1 };
    let pool = PoolSettings { threads: 1, cost: dearer, ..PoolSettings::default() };
    let ports = AuthPorts {
        users: house.rows.clone(),
        shared: house.line.clone(),
        journal: house.journal.clone(),
        due: house.plans.clone(),
        clock: house.clock.clone(),
    };
    let keys = ServerKeys::parse("a secret for tests, more than 32 characters").unwrap();
    let pool = Arc::new(HashPool::start(pool).unwrap());
    let raised = Auth::new(ports, Arc::clone(&pool), keys, house.auth.settings().clone());

    for expected_hashes in [2, 3] {
        raised.login(&email("dana@example.org"), &password(PASSWORD), &caller(1)).await.unwrap();
        assert_eq!(pool.hashes(), expected_hashes, "the second login finds the new hash");
    }

    assert!(house.row(&dana).password.unwrap().0.contains("m=16,t=1"));
}

#[tokio::test]
async fn a_demo_has_no_address_lives_two_hours_and_can_be_kept() {
    let house = House::at_home();
    let demo = house.demo().await.unwrap();
    assert_eq!((&demo.user.email, demo.user.role), (&None, Role::Member));

    let kept = house.keep(&demo.user, "dana@example.org").await.unwrap();
    let again = house.keep(&kept, "noam@example.org").await;

    assert_eq!((kept.demo_until, kept.role), (None, Role::Admin));
    assert_eq!(again.unwrap_err(), AuthError::NotADemo);
    assert!(house.auth.identify(&demo.token.reveal(), house.clock_now(), false).await.is_ok());
    assert_eq!(house.login("dana@example.org", PASSWORD).await.unwrap().user.id, demo.user.id);
}

#[tokio::test]
async fn a_demo_is_not_kept_under_an_address_that_is_taken_nor_after_its_time() {
    let house = House::at_home();
    house.register("dana@example.org").await.unwrap();
    let demo = house.demo().await.unwrap();

    assert_eq!(house.keep(&demo.user, "dana@example.org").await.unwrap_err(), AuthError::EmailTaken);
    house.clock.advance(2 * 3600);
    assert_eq!(house.keep(&demo.user, "noam@example.org").await.unwrap_err(), AuthError::NoSession);
}

#[tokio::test]
async fn a_demo_whose_time_passes_while_the_password_is_hashed_is_not_kept() {
    let house = House::at_home();
    let demo = house.demo().await.unwrap();

    let (kept, ()) =
        tokio::join!(house.keep(&demo.user, "dana@example.org"), async { house.clock.advance(2 * 3600) });

    assert_eq!(kept.unwrap_err(), AuthError::NoSession);
}

#[tokio::test]
async fn keeping_a_demo_is_a_registration_and_closed_when_that_is() {
    let house = House::with("http://localhost:8080", |settings| {
        settings.registration = Registration::Closed;
        settings.administrator = Administrator::Named(email("dana@example.org"));
    });
    let demo = house.demo().await.unwrap();

    let refused = house.keep(&demo.user, "noam@example.org").await.unwrap_err();

    assert_eq!(refused, AuthError::RegistrationClosed);
    assert_eq!(house.keep(&demo.user, "dana@example.org").await.unwrap().role, Role::Admin);
}

#[tokio::test]
async fn the_end_of_a_demo_is_planned_before_it_begins() {
    let house = House::at_home();
    let demo = house.demo().await.unwrap().user;
    house.plans.is_away.store(true, Ordering::Relaxed);

    let refused = house.demo().await.unwrap_err();

    assert!(matches!(refused, AuthError::Store(_)));
    assert_eq!(house.rows.users.lock().unwrap().len(), 1, "nobody is there whose end is not planned");
    let expiry =
        Due { book: demo.book, user: demo.id, at: demo.demo_until.unwrap(), kind: DueKind::DemoExpiry };
    assert_eq!(*house.plans.planned.lock().unwrap(), [expiry]);
}

#[tokio::test]
async fn there_are_only_so_many_demos() {
    let house = House::with("http://localhost:8080", |settings| settings.demos = Demos::Open { limit: 2 });
    for _ in 0..2 {
        house.demo().await.unwrap();
    }

    let refused = house.demo().await.unwrap_err();

    assert!(matches!(refused, AuthError::DemosFull { limit: 2, .. }));
}

#[tokio::test]
async fn two_who_come_at_the_same_time_do_not_both_get_the_last_demo() {
    let house = House::with("http://localhost:8080", |settings| settings.demos = Demos::Open { limit: 1 });

    let (one, two) = tokio::join!(house.demo(), house.demo());

    assert_ne!(one.is_ok(), two.is_ok());
}

mod password_change {
    use super::*;

    const NEW: &str = "an even better one, this";

    #[tokio::test]
    async fn the_new_password_counts_when_its_entry_stands() {
        let house = House::at_home();
        let dana = house.register("dana@example.org").await.unwrap().user;
        let entry = EntryId::new();
        let pending = house.begin_change(&dana, [PASSWORD, NEW], entry).await.unwrap();
        house.journal.0.lock().unwrap().insert(entry);

        let promoted = house.auth.promote(dana.id, &pending).await.unwrap();

        assert_eq!((promoted.auth_generation, &promoted.pending), (1, &None));
        assert_eq!(house.auth.promote(dana.id, &pending).await.unwrap(), promoted);
        assert!(house.login("dana@example.org", PASSWORD).await.is_err());
        assert_eq!(house.login("dana@example.org", NEW).await.unwrap().session.auth_generation, 1);
    }

    #[tokio::test]
    async fn a_login_finishes_a_change_whose_entry_stands() {
        let house = House::at_home();
        let dana = house.register("dana@example.org").await.unwrap().user;
        let entry = EntryId::new();
        house.begin_change(&dana, [PASSWORD, NEW], entry).await.unwrap();
        house.journal.0.lock().unwrap().insert(entry);

        let signed_in = house.login("dana@example.org", NEW).await.unwrap();

        assert_eq!((signed_in.session.auth_generation, house.row(&dana).pending), (1, None));
    }

    #[tokio::test]
    async fn a_login_with_the_old_password_that_a_change_overtakes_leaves_no_session() {
        let house = House::at_home();
        house.register("dana@example.org").await.unwrap();
        house.rows.sessions.lock().unwrap().clear();
        house.rows.is_raising.store(true, Ordering::Relaxed);

        let overtaken = house.login("dana@example.org", PASSWORD).await.unwrap_err();

        assert_eq!(overtaken, AuthError::BadCredentials);
        assert!(house.rows.sessions.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_login_leaves_a_young_change_alone_and_drops_one_that_can_no_longer_land() {
        let house = House::at_home();
        let dana = house.register("dana@example.org").await.unwrap().user;
        house.begin_change(&dana, [PASSWORD, NEW], EntryId::new()).await.unwrap();

        assert!(house.login("dana@example.org", PASSWORD).await.is_ok());
        assert!(house.row(&dana).pending.is_some());
        let other = house.begin_change(&dana, [PASSWORD, NEW], EntryId::new()).await.unwrap_err();
        assert!(matches!(other, AuthError::ChangeUnderWay { .. }));
        house.clock.advance(70);
        assert!(house.login("dana@example.org", PASSWORD).await.is_ok());
        assert_eq!(house.row(&dana).pending, None);
    }

    #[tokio::test]
    async fn a_change_that_landed_late_counts_although_it_was_dropped() {
        let house = House::at_home();
        let dana = house.register("dana@example.org").await.unwrap().user;
        let pending = house.begin_change(&dana, [PASSWORD, NEW], EntryId::new()).await.unwrap();
        house.clock.advance(70);
        house.login("dana@example.org", PASSWORD).await.unwrap();

        house.auth.promote(dana.id, &pending).await.unwrap();

        assert!(house.login("dana@example.org", NEW).await.is_ok());
    }

    #[tokio::test]
    async fn a_wrong_current_or_a_weak_new_password_changes_nothing() {
        let house = House::at_home();
        let dana = house.register("dana@example.org").await.unwrap().user;
        for (current, new, refused) in [
            ("wrong password", NEW, AuthError::BadCredentials),
            (PASSWORD, "password1", AuthError::Password(PasswordError::Weak)),
        ] {
            let change = house.begin_change(&dana, [current, new], EntryId::new()).await;
            assert_eq!(change.unwrap_err(), refused);
        }

        assert_eq!(house.row(&dana), dana);
    }
}
