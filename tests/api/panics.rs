//! An actor that panics: a bug in one book disturbs nobody for longer than one request.

use finbrain_actors::{
    Error,
    registry::{Owner, Registry},
    user_session::{Command, Cubes, Decision, Envelope, Query, Reader, View},
};
use finbrain_domain::change::Change;

use crate::{
    app::{App, books, spawn_app},
    client::{Answer, Person},
};

/// A query with a bug.
struct Fails;

impl Query for Fails {
    type Output = ();

    fn answer(self, _: &View<'_>, _: &mut Cubes) -> Result<(), Error> {
        panic!("a bug");
    }
}

/// A command with a bug.
struct Breaks;

impl Command for Breaks {
    type Output = ();

    fn decide(&self, _: &View<'_>) -> Result<Decision<()>, Error> {
        panic!("a bug");
    }

    fn replay(&self, _: &[Change], _: &View<'_>) -> Result<(), Error> {
        Ok(())
    }
}

const READER: Reader = Reader { token: None, auth_generation: u64::MAX, seen: 0 };

async fn fail(registry: &Registry, owner: Owner) {
    assert_eq!(registry.query(owner, Fails, READER).await.unwrap_err(), Error::Unanswered);
}

/// What the next request gets. One that reaches the mailbox while the panic still unwinds is lost with it.
async fn next(dana: &Person) -> Answer {
    loop {
        let answer = dana.get("/transactions").await;
        if answer.status < 400 || answer.code() != "unavailable" {
            return answer;
        }
    }
}

/// How often session actors were started again, in all servers of this process.
async fn restarts(app: &App) -> u64 {
    let (_, metrics) = app.ops("/metrics").await;
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("finbrain_actor_restarts_total{actor=\"user_session\"} "));
    count.map_or(0, |count| count.parse().unwrap())
}

/// One test, because the counter is the process's.
#[tokio::test]
async fn a_book_whose_actor_panics_works_with_the_next_request_and_rests_after_three_panics() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-1").await;
    let [(book, _)] = books(&app).await[..] else { panic!("there is one book") };
    let owner = Owner { user: dana.id.parse().unwrap(), book };
    let omer = app.register("Omer").await;
    let registry = app.registry();
    let before = restarts(&app).await;

    fail(&registry, owner).await;
    assert_eq!(next(&dana).await["totals"]["count"], 1);
    assert_eq!(restarts(&app).await, before + 1);

    let broken = registry.command(owner, Breaks, Envelope::system()).await;
    assert_eq!(broken.unwrap_err(), Error::Stopped);
    assert_eq!(next(&dana).await["totals"]["count"], 1);
    dana.record("zanzibar", "-2").await;
    assert_eq!(dana.get("/transactions").is(200).await["totals"]["count"], 2);
    assert_eq!(restarts(&app).await, before + 2);

    fail(&registry, owner).await;
    assert_eq!(next(&dana).await.status, 503);
    for _ in 0..3 {
        // What the worker does every few seconds.
        registry.sweep();
        let resting = dana.get("/transactions").is(503).await;
        assert_eq!(resting.code(), "busy");
        assert!((1..=60).contains(&resting.header("retry-after").unwrap().parse::<u32>().unwrap()));
    }
    let write = dana.post("/transactions", crate::client::transaction("zanzibar", "-3")).is(503).await;
    assert_eq!(write.code(), "busy");
    assert_eq!(restarts(&app).await, before + 3, "a request to a book that rests is no further panic");
    omer.record("other", "-1").await;
    // Who is signed in is known without the book.
    dana.get("/session").is(200).await;
}
