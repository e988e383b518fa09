//! Sessions after their start.

use std::sync::atomic::Ordering;

use finbrain::auth::error::AuthError;
use finbrain_domain::{
    ports::{Clock, Users},
    session::{Ended, Session},
};
use jiff::Timestamp;

use crate::{House, PASSWORD, SignedIn};

impl House {
    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn request(&self, signed_in: &SignedIn) -> Result<Session, AuthError> {
        self.auth.identify(&signed_in.token.reveal(), self.clock_now(), false).await
    }

    async fn signed_in() -> (Self, SignedIn) {
        let house = Self::at_home();
        let signed_in = house.register("dana@example.org").await.unwrap();
        (house, signed_in)
    }
}

#[tokio::test]
async fn garbage_asks_no_store() {
    let (house, signed_in) = House::signed_in().await;
    house.line.is_cut.store(true, Ordering::Relaxed);
    *house.rows.ended_after_reads.lock().unwrap() = Some(1);
    let mut forged = signed_in.token.reveal().to_string();
    forged.replace_range(0..1, if forged.starts_with('A') { "B" } else { "A" });

    for text in ["", "x", forged.as_str()] {
        let refused = house.auth.identify(text, house.clock_now(), true).await;
        assert_eq!(refused.unwrap_err(), AuthError::NoSession);
    }

    assert_eq!(*house.rows.ended_after_reads.lock().unwrap(), Some(1), "the store was read");
}

#[tokio::test]
async fn a_session_ends_by_the_clock() {
    let (house, signed_in) = House::signed_in().await;
    house.clock.advance(89);
    assert!(house.request(&signed_in).await.is_ok());

    house.clock.advance(90);

    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::SessionEnded(Ended::Idle));
}

#[tokio::test]
async fn a_session_seen_within_two_minutes_outlives_a_flush() {
    let (house, signed_in) = House::signed_in().await;
    house.clock.advance(60);
    house.request(&signed_in).await.unwrap();
    house.auth.flush_seen().await.unwrap();
    house.line.flush();

    house.clock.advance(119);
    assert!(house.request(&signed_in).await.is_ok());
    assert!(house.request(&signed_in).await.is_ok(), "it is back in the shared state");

    house.auth.flush_seen().await.unwrap();
    house.line.flush();
    house.clock.advance(120);
    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::SessionEnded(Ended::Idle));
}

#[tokio::test]
async fn a_session_that_is_ended_while_it_is_restored_does_not_come_back() {
    let (house, signed_in) = House::signed_in().await;
    house.line.flush();
    *house.rows.ended_after_reads.lock().unwrap() = Some(1);

    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::NoSession);
    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::NoSession);
}

#[tokio::test]
async fn nobody_is_logged_out_while_the_shared_state_is_away() {
    let (house, signed_in) = House::signed_in().await;
    house.line.is_cut.store(true, Ordering::Relaxed);

    for step in 0..20 {
        house.clock.advance(60);
        let active = house.auth.identify(&signed_in.token.reveal(), house.clock_now(), true).await;
        assert!(active.is_ok(), "{step}");
        if step % 2 == 0 {
            house.auth.flush_seen().await.unwrap();
        }
    }

    house.line.is_cut.store(false, Ordering::Relaxed);
    house.line.flush();
    assert!(house.request(&signed_in).await.is_ok());
    house.line.is_cut.store(true, Ordering::Relaxed);
    house.clock.advance(120);
    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::SessionEnded(Ended::Idle));
}

#[tokio::test]
async fn requests_without_activity_do_not_keep_a_session_while_the_shared_state_is_away() {
    let (house, signed_in) = House::signed_in().await;
    house.line.is_cut.store(true, Ordering::Relaxed);

    for _ in 0..5 {
        house.clock.advance(60);
        assert!(house.request(&signed_in).await.is_ok());
        house.auth.flush_seen().await.unwrap();
    }
    house.clock.advance(30);

    assert_eq!(house.request(&signed_in).await.unwrap_err(), AuthError::SessionEnded(Ended::Inactive));
}

#[tokio::test]
async fn times_that_could_not_be_written_are_written_later() {
    let (house, signed_in) = House::signed_in().await;
    house.clock.advance(60);
    house.request(&signed_in).await.unwrap();
    house.rows.is_read_only.store(true, Ordering::Relaxed);
    assert!(house.auth.flush_seen().await.is_err());
    house.rows.is_read_only.store(false, Ordering::Relaxed);

    house.auth.flush_seen().await.unwrap();

    let stored = house.rows.session(signed_in.session.token).await.unwrap().unwrap();
    assert_eq!(stored.last_seen_at, house.clock_now());
}

#[tokio::test]
async fn an_ended_session_is_over_at_once_and_the_others_go_on() {
    let (house, first) = House::signed_in().await;
    let second = house.login("dana@example.org", PASSWORD).await.unwrap();

    house.auth.end(std::slice::from_ref(&first.session)).await.unwrap();

    assert_eq!(house.request(&first).await.unwrap_err(), AuthError::NoSession);
    assert!(house.request(&second).await.is_ok());
    let listed = house.auth.list_sessions(first.user.id).await.unwrap();
    assert_eq!(listed, [second.session]);
}

#[tokio::test]
async fn the_eleventh_session_displaces_the_oldest() {
    let (house, first) = House::signed_in().await;
    for _ in 1..10 {
        house.clock.advance(5);
        let next = house.login("dana@example.org", PASSWORD).await.unwrap();
        assert_eq!(next.displaced, []);
    }

    house.clock.advance(5);
    let eleventh = house.login("dana@example.org", PASSWORD).await.unwrap();

    assert_eq!(eleventh.displaced.iter().map(|session| session.id).collect::<Vec<_>>(), [first.session.id]);
    assert!(house.request(&first).await.is_ok(), "it lives until its revocation is in the journal");
    house.auth.end(&eleventh.displaced).await.unwrap();
    assert_eq!(house.auth.list_sessions(first.user.id).await.unwrap().len(), 10);
}

#[tokio::test]
async fn the_list_tells_the_newest_times_and_leaves_out_what_is_over() {
    let (house, first) = House::signed_in().await;
    house.clock.advance(60);
    let second = house.login("dana@example.org", PASSWORD).await.unwrap();
    house.clock.advance(40);
    house.request(&second).await.unwrap();

    let listed = house.auth.list_sessions(first.user.id).await.unwrap();

    assert_eq!(listed.len(), 1, "the first was idle for 100 s");
    assert_eq!((listed[0].id, listed[0].last_seen_at), (second.session.id, house.clock_now()));
}
