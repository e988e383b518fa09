//! What every store of people, sessions and server keys does.

use std::sync::Arc;

use finbrain_domain::{
    email::Email,
    ids::{BookId, Digest, EntryId, SessionId, UserId},
    ports::{Seen, UserError, Users},
    session::Session,
    settings::Settings,
    text::Name,
    user::{PasswordHash, PendingCredential, Role, User},
};
use jiff::{SignedDuration, Timestamp};

macro_rules! users_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, users:
            a_person_reads_back_by_id_and_by_address
            an_address_belongs_to_one_person
            an_id_belongs_to_one_person
            people_without_an_address_are_many
            a_person_is_replaced_by_whoever_read_the_whole_row
            an_address_taken_by_another_is_refused_on_replacing
            a_changed_address_frees_the_old_one
            one_of_many_simultaneous_replacements_wins
            creating_many_skips_taken_addresses
            a_removed_person_takes_their_sessions_along
            demos_are_counted_until_they_are_kept
            a_session_reads_back_until_it_is_ended
            sessions_of_a_person_are_listed_newest_first
            times_of_a_session_only_move_forward
            sessions_are_purged_by_their_age
            the_first_writer_of_a_server_key_wins
        );
    };
}
pub(crate) use users_suite;

type Subject = Arc<dyn Users>;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T08:00:00.123456Z".parse().unwrap();
    start.saturating_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn address(name: &str) -> Email {
    Email::parse(&format!("{name}@example.org")).unwrap()
}

pub fn person(name: &str) -> User {
    User {
        id: UserId::new(),
        book: BookId::new(),
        email: Some(address(name)),
        password: Some(PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into())),
        pending: None,
        role: Role::Member,
        auth_generation: 0,
        created_at: "2026-11-24T08:00:00.123456789Z".parse().unwrap(),
        demo_until: None,
        opening: Settings::of(Name::parse("דנה").unwrap()),
    }
}

fn demo() -> User {
    User { email: None, password: None, demo_until: Some(at(3600)), ..person("nobody") }
}

fn session(user: UserId, created: i64) -> Session {
    Session {
        id: SessionId::new(),
        token: Digest::of(SessionId::new().as_bytes()),
        user,
        book: BookId::new(),
        auth_generation: 7,
        created_at: at(created),
        last_seen_at: at(created + 1),
        last_active_at: at(created + 2),
        device: "Firefox 'on' Linux".into(),
        address: "192.0.2.0/24".into(),
    }
}

pub async fn a_person_reads_back_by_id_and_by_address(users: Subject) {
    let pending = PendingCredential {
        password: PasswordHash("$argon2id$other".into()),
        auth_generation: 3,
        entry: EntryId::new(),
    };
    let dana =
        User { pending: Some(pending), role: Role::Admin, auth_generation: u64::MAX, ..person("dana") };
    users.create(dana.clone()).await.unwrap();

    assert_eq!(users.user(dana.id).await, Ok(Some(dana.clone())));
    assert_eq!(users.by_email(&address("dana")).await, Ok(Some(dana)));
    assert_eq!(users.user(UserId::new()).await, Ok(None));
    assert_eq!(users.by_email(&address("nobody")).await, Ok(None));
}

pub async fn an_address_belongs_to_one_person(users: Subject) {
    let first = person("dana");
    users.create(first.clone()).await.unwrap();

    assert_eq!(users.create(person("Dana")).await, Err(UserError::EmailTaken));
    assert_eq!(users.count().await, Ok(1));
    assert_eq!(users.by_email(&address("dana")).await, Ok(Some(first)));
}

pub async fn an_id_belongs_to_one_person(users: Subject) {
    let first = person("dana");
    users.create(first.clone()).await.unwrap();

    assert_eq!(users.create(User { id: first.id, ..person("other") }).await, Err(UserError::Conflict));
    assert_eq!(users.user(first.id).await, Ok(Some(first)));
}

pub async fn people_without_an_address_are_many(users: Subject) {
    for _ in 0..3 {
        users.create(demo()).await.unwrap();
    }

    assert_eq!(users.count().await, Ok(3));
}

pub async fn a_person_is_replaced_by_whoever_read_the_whole_row(users: Subject) {
    let old = person("dana");
    users.create(old.clone()).await.unwrap();
    let new = User { auth_generation: 1, ..old.clone() };
    assert_eq!(users.replace(old.clone(), new.clone()).await, Ok(()));

    let stale = users.replace(old.clone(), User { role: Role::Admin, ..old.clone() }).await;
    let unknown = users.replace(person("x"), person("x")).await;
    let other_id = users.replace(new.clone(), User { id: UserId::new(), ..new.clone() }).await;

    assert_eq!(stale, Err(UserError::Conflict));
    assert_eq!(unknown, Err(UserError::Conflict));
    assert_eq!(other_id, Err(UserError::Conflict));
    assert_eq!(users.user(old.id).await, Ok(Some(new)));
}

pub async fn an_address_taken_by_another_is_refused_on_replacing(users: Subject) {
    let (dana, noa) = (person("dana"), person("noa"));
    users.create(dana.clone()).await.unwrap();
    users.create(noa.clone()).await.unwrap();

    let refused = users.replace(noa.clone(), User { email: dana.email.clone(), ..noa.clone() }).await;

    assert_eq!(refused, Err(UserError::EmailTaken));
    assert_eq!(users.by_email(&address("noa")).await, Ok(Some(noa)));
}

pub async fn a_changed_address_frees_the_old_one(users: Subject) {
    let old = person("dana");
    users.create(old.clone()).await.unwrap();
    users.replace(old.clone(), User { email: Some(address("new")), ..old }).await.unwrap();

    assert_eq!(users.by_email(&address("dana")).await, Ok(None));
    assert_eq!(users.create(person("dana")).await, Ok(()));
    assert_eq!(users.create(person("new")).await, Err(UserError::EmailTaken));
}

pub async fn one_of_many_simultaneous_replacements_wins(users: Subject) {
    let old = person("dana");
    users.create(old.clone()).await.unwrap();
    let rivals: Vec<_> = (1..=50)
        .map(|auth_generation| {
            let (users, old) = (users.clone(), old.clone());
            let new = User { auth_generation, ..old.clone() };
            tokio::spawn(async move { users.replace(old, new).await })
        })
        .collect();

    let mut winners = 0;
    for rival in rivals {
        match rival.await.unwrap() {
            Ok(()) => winners += 1,
            refused => assert_eq!(refused, Err(UserError::Conflict)),
        }
    }

    assert_eq!(winners, 1);
}

pub async fn creating_many_skips_taken_addresses(users: Subject) {
    users.create(person("user7")).await.unwrap();
    let many = (0..2_000).map(|n| person(&format!("user{}", n % 1_500))).collect();

    assert_eq!(users.create_all(many).await, Ok(1_499));
    assert_eq!(users.count().await, Ok(1_500));
    assert!(users.by_email(&address("user1499")).await.unwrap().is_some());
}

pub async fn a_removed_person_takes_their_sessions_along(users: Subject) {
    let (dana, noa) = (person("dana"), person("noa"));
    let (gone, stays) = (session(dana.id, 0), session(noa.id, 0));
    for user in [&dana, &noa] {
        users.create(user.clone()).await.unwrap();
    }
    for session in [&gone, &stays] {
        users.start_session(session.clone()).await.unwrap();
    }

    users.remove(dana.id).await.unwrap();
    users.remove(dana.id).await.unwrap();

    assert_eq!(users.user(dana.id).await, Ok(None));
    assert_eq!(users.session(gone.token).await, Ok(None));
    assert_eq!(users.session(stays.token).await, Ok(Some(stays)));
    assert_eq!(users.create(person("dana")).await, Ok(()));
}

pub async fn demos_are_counted_until_they_are_kept(users: Subject) {
    let (kept, other) = (demo(), demo());
    for user in [&kept, &other, &person("dana")] {
        users.create(user.clone()).await.unwrap();
    }
    assert_eq!(users.count_demos().await, Ok(2));

    users.replace(kept.clone(), User { demo_until: None, ..kept }).await.unwrap();

    assert_eq!(users.count_demos().await, Ok(1));
    assert_eq!(users.count().await, Ok(3));
}

pub async fn a_session_reads_back_until_it_is_ended(users: Subject) {
    let (first, second) = (session(UserId::new(), 0), session(UserId::new(), 0));
    for session in [&first, &second] {
        users.start_session(session.clone()).await.unwrap();
    }
    assert_eq!(users.session(first.token).await, Ok(Some(first.clone())));

    users.end_sessions(vec![first.token, Digest::of(b"unknown")]).await.unwrap();
    users.end_sessions(vec![]).await.unwrap();

    assert_eq!(users.session(first.token).await, Ok(None));
    assert_eq!(users.session(second.token).await, Ok(Some(second)));
}

pub async fn sessions_of_a_person_are_listed_newest_first(users: Subject) {
    let user = UserId::new();
    let sessions = [session(user, 10), session(user, 30), session(user, 20)];
    for session in &sessions {
        users.start_session(session.clone()).await.unwrap();
    }
    users.start_session(session(UserId::new(), 25)).await.unwrap();

    let listed = users.sessions(user).await.unwrap();

    assert_eq!(listed, [sessions[1].clone(), sessions[2].clone(), sessions[0].clone()]);
}

pub async fn times_of_a_session_only_move_forward(users: Subject) {
    let started = session(UserId::new(), 0);
    users.start_session(started.clone()).await.unwrap();
    let seen = |seen, active| Seen { token: started.token, seen_at: at(seen), active_at: at(active) };
    let unknown = Seen { token: Digest::of(b"unknown"), ..seen(99, 99) };

    users.seen(vec![seen(60, 30), unknown]).await.unwrap();
    users.seen(vec![seen(50, 40)]).await.unwrap();

    let found = users.session(started.token).await.unwrap().unwrap();
    assert_eq!(found, Session { last_seen_at: at(60), last_active_at: at(40), ..started });
}

pub async fn sessions_are_purged_by_their_age(users: Subject) {
    let user = UserId::new();
    let sessions = [session(user, 10), session(user, 20), session(user, 30)];
    for session in &sessions {
        users.start_session(session.clone()).await.unwrap();
    }

    assert_eq!(users.purge_sessions(at(20)).await, Ok(1));
    assert_eq!(users.purge_sessions(at(20)).await, Ok(0));
    assert_eq!(users.sessions(user).await, Ok(vec![sessions[2].clone(), sessions[1].clone()]));
}

pub async fn the_first_writer_of_a_server_key_wins(users: Subject) {
    let writers: Vec<_> = (0..20)
        .map(|n| {
            let users = users.clone();
            tokio::spawn(async move { users.server_key("token", [n; 32]).await.unwrap() })
        })
        .collect();
    let mut keys = Vec::new();
    for writer in writers {
        keys.push(writer.await.unwrap());
    }

    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(users.server_key("token", [99; 32]).await, Ok(keys[0]));
    assert_eq!(users.server_key("device", [99; 32]).await, Ok([99; 32]));
}
