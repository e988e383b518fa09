use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use actix::Arbiter;
use finbrain_domain::{money::Currency, ports::Answer};
use jiff::{SignedDuration, Timestamp, civil::date};
use tokio::sync::{Semaphore, watch};

use super::*;

const FLOOR_END: Date = date(2026, 9, 30);
const OCTOBER: Date = date(2026, 10, 15);
const TODAY: Date = date(2026, 11, 24);

struct Hands(Mutex<Timestamp>);

impl Hands {
    fn turn(&self, minutes: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// How the source ends a request.
enum Script {
    Rates(Date, &'static str),
    Fail,
    Panic,
    Hang,
}

/// A source that notes each request and answers when the test opens its gate.
struct Gated {
    asked: watch::Sender<Vec<Date>>,
    gate: Semaphore,
    script: Mutex<VecDeque<Script>>,
}

impl RateSource for Gated {
    fn name(&self) -> &'static str {
        "gated"
    }

    fn rates(&self, _from: Date, to: Date) -> Answer<'_, Result<RateTable, RateError>> {
        Box::pin(async move {
            self.asked.send_modify(|asked| asked.push(to));
            self.gate.acquire().await.unwrap().forget();
            let next = self.script.lock().unwrap().pop_front();
            match next.expect("a request that the script does not foresee") {
                Script::Rates(date, dollars) => Ok(table(date, dollars)),
                Script::Fail => Err(RateError::Unavailable("as scripted".into())),
                Script::Panic => panic!("as scripted"),
                Script::Hang => std::future::pending().await,
            }
        })
    }
}

impl Gated {
    async fn is_asked(&self, times: usize) -> Vec<Date> {
        let mut asked = self.asked.subscribe();
        within_a_minute(asked.wait_for(|asked| asked.len() >= times)).await.unwrap().clone()
    }
}

async fn within_a_minute<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it happens within a minute")
}

fn table(date: Date, dollars: &str) -> RateTable {
    RateTable::from([(date, BTreeMap::from([(Currency::USD, dollars.parse().unwrap())]))])
}

struct House {
    source: Arc<Gated>,
    clock: Arc<Hands>,
    rates: RatesHandle,
    floor: Arc<RateBook>,
}

/// The actor asks for the running month as soon as it starts.
fn house<const N: usize>(script: [Script; N]) -> House {
    let floor = Arc::new(RateBook::default().merge(&table(FLOOR_END, "1"), Source::ECB));
    let source = Arc::new(Gated {
        asked: watch::Sender::default(),
        gate: Semaphore::new(0),
        script: Mutex::new(script.into()),
    });
    let clock = Arc::new(Hands(Mutex::new("2026-11-24T12:00:00Z".parse().unwrap())));
    let rates = RatesHandle::start(
        &Arbiter::current(),
        Arc::clone(&floor),
        Arc::clone(&source) as _,
        Arc::clone(&clock) as _,
    );
    House { source, clock, rates, floor }
}

fn dollars(book: &RateBook, date: Date) -> Option<i64> {
    book.pair(Currency::EUR, Currency::USD).convert_on(100, date)
}

#[actix::test]
async fn a_month_on_its_way_is_not_asked_for_again() {
    let House { source, rates, .. } = house([]);
    source.is_asked(1).await;

    for _ in 0..10 {
        rates.ensure(date(2026, 11, 1), TODAY);
    }
    // Messages are handled in order: when October is asked for, the others were seen.
    rates.ensure(OCTOBER, OCTOBER);

    assert_eq!(source.is_asked(2).await, [TODAY, date(2026, 10, 31)]);
}

#[actix::test]
async fn what_is_known_is_served_while_a_fetch_hangs_and_the_rest_when_it_came() {
    let House { source, rates, floor, .. } = house([Script::Rates(TODAY, "1.25")]);
    let mut news = rates.subscribe();
    source.is_asked(1).await;

    assert!(Arc::ptr_eq(&rates.current(), &floor));
    assert_eq!(dollars(&rates.current(), FLOOR_END), Some(100));
    assert_eq!(dollars(&rates.current(), TODAY), None);

    source.gate.add_permits(1);
    within_a_minute(news.changed()).await.unwrap();

    let book = rates.current();
    assert_ne!(book.revision(), floor.revision());
    assert_eq!(dollars(&book, TODAY), Some(125));
    assert_eq!(dollars(&book, FLOOR_END), Some(100));
    let rate = book.pair(Currency::EUR, Currency::USD).rate(day_number(TODAY)).unwrap();
    assert_eq!(rate.source.as_str(), "gated");
}

#[actix::test]
async fn failures_and_panics_of_the_source_keep_the_floor_and_are_survived() {
    let House { source, clock, rates, floor } =
        house([Script::Fail, Script::Panic, Script::Rates(TODAY, "1.25")]);
    let mut news = rates.subscribe();
    source.gate.add_permits(2);
    source.is_asked(1).await;

    ask_until(&rates, &source, &clock, 2).await;
    assert!(Arc::ptr_eq(&rates.current(), &floor));

    source.gate.add_permits(1);
    ask_until(&rates, &source, &clock, 3).await;
    within_a_minute(news.changed()).await.unwrap();
    assert_eq!(dollars(&rates.current(), TODAY), Some(125));
}

/// Asks every minute until the source hears of it: the end of the request before has no other sign.
async fn ask_until(rates: &RatesHandle, source: &Gated, clock: &Hands, times: usize) {
    for _ in 0..1_000 {
        if source.asked.borrow().len() >= times {
            return;
        }
        clock.turn(1);
        rates.ensure(date(2026, 11, 1), TODAY);
        tokio::task::yield_now().await;
    }
    panic!("the source was not asked {times} times");
}

#[actix::test]
async fn a_source_that_never_answers_is_given_up_and_asked_again_later() {
    tokio::time::pause();
    let House { source, clock, rates, floor } = house([Script::Hang, Script::Rates(TODAY, "1.25")]);
    let mut news = rates.subscribe();
    source.gate.add_permits(2);
    source.is_asked(1).await;
    // A timer goes off a little late.
    tokio::time::advance(DEADLINE + Duration::from_secs(1)).await;

    ask_until(&rates, &source, &clock, 2).await;
    within_a_minute(news.changed()).await.unwrap();

    assert_ne!(rates.current().revision(), floor.revision());
}

#[actix::test]
async fn the_running_month_is_asked_for_again_hourly_without_anybody_looking() {
    tokio::time::pause();
    let House { source, clock, rates, .. } =
        house([Script::Rates(date(2026, 11, 23), "1.2"), Script::Rates(TODAY, "1.25")]);
    let mut news = rates.subscribe();
    source.gate.add_permits(2);
    within_a_minute(news.changed()).await.unwrap();
    assert_eq!(dollars(&rates.current(), TODAY), Some(120));

    clock.turn(60);
    tokio::time::advance(TICK).await;
    within_a_minute(news.changed()).await.unwrap();

    assert_eq!(dollars(&rates.current(), TODAY), Some(125));
    assert_eq!(source.is_asked(2).await, [TODAY, TODAY]);
}

#[actix::test]
async fn an_actor_made_again_from_its_outset_goes_on_with_the_same_book() {
    let House { source, rates, clock, .. } =
        house([Script::Rates(date(2026, 11, 23), "1.2"), Script::Rates(TODAY, "1.25")]);
    let mut news = rates.subscribe();
    source.gate.add_permits(2);
    within_a_minute(news.changed()).await.unwrap();

    let outset = Outset {
        first_unknown: TODAY,
        book: Arc::clone(&rates.book),
        source: source as _,
        clock: clock as _,
    };
    let _second = outset.start(&Arbiter::current());
    within_a_minute(news.changed()).await.unwrap();

    assert_eq!(dollars(&rates.current(), date(2026, 11, 23)), Some(120));
    assert_eq!(dollars(&rates.current(), TODAY), Some(125));
}
