//! The desk is served by hand here, one job at a time, so that nothing depends on threads or time.

use std::net::IpAddr;

use super::*;

const CHEAP: PoolSettings = PoolSettings {
    threads: 1,
    cost: HashCost { memory_kib: 8, passes: 1 },
    backlog: Duration::from_secs(2),
    patience: Duration::from_secs(5),
};

/// A pool without threads in which a hash is said to take `hash_time`.
fn unmanned(hash_time: Duration) -> Arc<HashPool> {
    let desk = Desk::open(CHEAP).unwrap();
    desk.backlog().hash_time = hash_time;
    Arc::new(HashPool { desk: Arc::new(desk), threads: Vec::new() })
}

/// Serves one job as a thread would at `now`; whether there was one.
fn serve_one(pool: &HashPool, now: Instant) -> bool {
    let job = pool.desk.backlog().take(now, 1);
    let is_job = job.is_some();
    if let Some(job) = job {
        pool.desk.serve(job, &mut Arena::new(CHEAP.cost));
    }
    is_job
}

fn serve_all(pool: &HashPool) {
    while serve_one(pool, Instant::now()) {}
}

fn prefix(last: u8) -> AddressPrefix {
    IpAddr::from([203, 0, last, 1]).into()
}

fn password(text: &str) -> Password {
    Password::parse(text.into()).unwrap()
}

fn stored(text: &str) -> PasswordHash {
    Arena::new(CHEAP.cost).hash(&password(text), &[7; 16])
}

type Verdicts = tokio::task::JoinSet<Result<Verdict, HashRefused>>;

/// Starts an attempt and returns when it waits in the pool, or was refused.
async fn attempt(pool: &Arc<HashPool>, verdicts: &mut Verdicts, account: &str, text: &str, from: u8) {
    let (pool, account, password) = (Arc::clone(pool), account.to_owned(), password(text));
    let (entered, has_entered) = oneshot::channel();
    verdicts.spawn(async move {
        let stored = stored("correct horse");
        let attempt =
            Attempt { account: &account, from: prefix(from), password: &password, stored: Some(&stored) };
        let mut verifying = Box::pin(pool.verify(attempt));
        let first = std::future::poll_fn(|context| std::task::Poll::Ready(verifying.as_mut().poll(context)));
        let first = first.await;
        let _ = entered.send(());
        match first {
            std::task::Poll::Ready(result) => result,
            std::task::Poll::Pending => verifying.await,
        }
    });
    has_entered.await.unwrap();
}

fn matches(verdict: &Result<Verdict, HashRefused>) -> bool {
    verdict.as_ref().is_ok_and(|verdict| verdict.matches)
}

fn is_busy(verdict: &Result<Verdict, HashRefused>) -> bool {
    matches!(verdict, Err(HashRefused::Busy { .. }))
}

#[tokio::test]
async fn equal_attempts_in_flight_share_one_hash() {
    let pool = unmanned(Duration::from_millis(1));
    let mut verdicts = Verdicts::new();
    for from in 0..100 {
        attempt(&pool, &mut verdicts, "dana", "correct horse", from).await;
    }
    attempt(&pool, &mut verdicts, "dana", "correct house", 0).await;
    attempt(&pool, &mut verdicts, "noam", "correct horse", 0).await;

    serve_all(&pool);

    assert_eq!(pool.hashes(), 3);
    let verdicts = verdicts.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| matches(verdict)).count(), 101);
    assert!(pool.desk.backlog().flights.is_empty());
}

#[tokio::test]
async fn an_unknown_account_costs_the_same_one_hash_and_never_matches() {
    let pool = unmanned(Duration::from_millis(1));
    let nobody = password("nobody has this password");
    let unknown = Attempt { account: "nobody", from: prefix(1), password: &nobody, stored: None };

    let (verdict, ()) = tokio::join!(pool.verify(unknown), async { serve_all(&pool) });

    assert_eq!(verdict, Ok(Verdict { matches: false, needs_rehash: false }));
    assert_eq!(pool.hashes(), 1);
}

#[tokio::test]
async fn a_full_queue_refuses_before_hashing_and_says_when_to_come_back() {
    let pool = unmanned(Duration::from_millis(500));
    let mut verdicts = Verdicts::new();
    for number in 0..10 {
        attempt(&pool, &mut verdicts, &number.to_string(), "correct horse", 1).await;
    }

    let mut refused = 0;
    while let Some(verdict) = verdicts.try_join_next() {
        assert_eq!(verdict.unwrap(), Err(HashRefused::Busy { retry_after: Duration::from_secs(3) }));
        refused += 1;
    }

    assert_eq!((refused, pool.hashes()), (6, 0), "two seconds are four hashes");
    serve_all(&pool);
    assert_eq!(pool.hashes(), 4);
}

#[tokio::test]
async fn who_fills_the_queue_makes_room_for_the_others() {
    let pool = unmanned(Duration::from_millis(500));
    let (mut crowd, mut stranger) = (Verdicts::new(), Verdicts::new());
    for number in 0..10 {
        attempt(&pool, &mut crowd, &number.to_string(), "correct horse", 1).await;
    }

    attempt(&pool, &mut stranger, "dana", "correct horse", 2).await;
    serve_all(&pool);

    assert!(matches(&stranger.join_next().await.unwrap().unwrap()));
    let crowd = crowd.join_all().await;
    assert_eq!(crowd.iter().filter(|verdict| matches(verdict)).count(), 3);
    assert_eq!(crowd.iter().filter(|verdict| is_busy(verdict)).count(), 7);
}

#[tokio::test]
async fn address_prefixes_are_served_in_turn() {
    let pool = unmanned(Duration::from_millis(1));
    let (mut crowd, mut stranger) = (Verdicts::new(), Verdicts::new());
    for number in 0..10 {
        attempt(&pool, &mut crowd, &number.to_string(), "correct horse", 1).await;
    }
    attempt(&pool, &mut stranger, "dana", "correct horse", 2).await;

    serve_one(&pool, Instant::now());
    serve_one(&pool, Instant::now());

    assert!(matches(&stranger.join_next().await.unwrap().unwrap()), "ten were before, one is served before");
}

#[tokio::test]
async fn what_waited_too_long_is_dropped_unhashed() {
    let pool = unmanned(Duration::from_millis(1));
    let mut verdicts = Verdicts::new();
    attempt(&pool, &mut verdicts, "dana", "correct horse", 1).await;

    assert!(!serve_one(&pool, Instant::now() + CHEAP.patience));

    assert!(is_busy(&verdicts.join_next().await.unwrap().unwrap()));
    assert_eq!(pool.hashes(), 0);
    assert!(pool.desk.backlog().flights.is_empty());
}

#[tokio::test]
async fn what_nobody_waits_for_is_dropped_unhashed() {
    let pool = unmanned(Duration::from_millis(1));
    let mut verdicts = Verdicts::new();
    attempt(&pool, &mut verdicts, "dana", "correct horse", 1).await;
    attempt(&pool, &mut verdicts, "dana", "correct horse", 2).await;
    verdicts.shutdown().await;

    serve_all(&pool);

    assert_eq!(pool.hashes(), 0);
    assert!(pool.desk.backlog().flights.is_empty());
}

#[tokio::test]
async fn a_cheaper_hash_than_today_asks_to_be_renewed() {
    let known = password("correct horse");
    let cheap = Arena::new(HashCost { memory_kib: 8, passes: 1 }).hash(&known, &[7; 16]);
    let dear = Arena::new(HashCost { memory_kib: 16, passes: 2 }).hash(&known, &[7; 16]);
    let mut settings = CHEAP;
    settings.cost = HashCost { memory_kib: 16, passes: 1 };
    let raised = HashPool::start(settings).unwrap();
    let verify = async |pool: &HashPool, stored| {
        let attempt = Attempt { account: "dana", from: prefix(1), password: &known, stored: Some(stored) };
        pool.verify(attempt).await
    };

    assert_eq!(verify(&raised, &cheap).await, Ok(Verdict { matches: true, needs_rehash: true }));
    assert_eq!(verify(&raised, &dear).await, Ok(Verdict { matches: true, needs_rehash: false }));
}

#[tokio::test]
async fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
    let pool = HashPool::start(CHEAP).unwrap();
    let known = password("correct horse");
    let stored = PasswordHash("$argon2id$".into());
    let attempt = Attempt { account: "dana", from: prefix(1), password: &known, stored: Some(&stored) };

    assert_eq!(pool.verify(attempt).await, Err(HashRefused::Damaged));
}

#[tokio::test]
async fn threads_hash_what_they_verify() {
    let pool = HashPool::start(PoolSettings { threads: 2, ..CHEAP }).unwrap();
    let known = password("correct horse");

    let hash = pool.hash_new(&known, Vec::new(), prefix(1)).await.unwrap();
    let again = pool.rehash(&known, prefix(1)).await.unwrap();

    assert_ne!(hash, again, "each hash has a salt of its own");
    for (text, expected) in [("correct horse", true), ("correct house", false)] {
        let password = password(text);
        let attempt = Attempt { account: "dana", from: prefix(1), password: &password, stored: Some(&hash) };
        assert_eq!(pool.verify(attempt).await.unwrap().matches, expected);
    }
}

#[tokio::test]
async fn only_a_new_password_must_be_strong() {
    let pool = HashPool::start(CHEAP).unwrap();
    let weak = password("Dana1987");
    let about = vec!["Dana".into()];

    assert_eq!(pool.hash_new(&weak, about, prefix(1)).await, Err(HashRefused::Password(PasswordError::Weak)));
    assert!(pool.rehash(&weak, prefix(1)).await.is_ok());
}

#[test]
fn a_cost_that_cannot_be_paid_or_read_back_stops_the_start() {
    for (memory_kib, passes) in [(1, 2), (8, 0), (1024 * 1024, 1), (8, 100)] {
        let cost = HashCost { memory_kib, passes };

        let refused = HashPool::start(PoolSettings { cost, ..CHEAP });

        assert!(matches!(refused, Err(PoolError::Cost { .. })), "{cost:?}");
    }
}

#[test]
fn a_hash_that_panics_is_an_error_of_its_one_attempt() {
    let desk = Desk::open(CHEAP).unwrap();

    let panicked = desk.timed::<()>(|| panic!("arena is too small"));

    assert_eq!(panicked, Err(HashRefused::Damaged));
    assert_eq!(desk.timed(|| Ok(1)), Ok(1));
}
