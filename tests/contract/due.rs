//! What every store of timed work does.

use std::sync::Arc;

use finbrain_domain::{
    ids::{BookId, UserId},
    ports::{Due, DueKind, DueWork},
};
use jiff::{SignedDuration, Timestamp};

macro_rules! due_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, due:
            work_is_due_from_its_instant_on
            due_work_is_listed_oldest_first_in_bounds
            work_stays_due_until_it_is_done
            work_of_one_kind_stands_once_per_book_and_the_later_plan_wins
        );
    };
}
pub(crate) use due_suite;

type Subject = Arc<dyn DueWork>;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T08:00:00.123456Z".parse().unwrap();
    start.saturating_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn work(seconds: i64) -> Due {
    Due { book: BookId::new(), user: UserId::new(), at: at(seconds), kind: DueKind::DemoExpiry }
}

pub async fn work_is_due_from_its_instant_on(due: Subject) {
    let planned = work(10);
    due.plan(planned.clone()).await.unwrap();

    assert_eq!(due.due(at(9), 10).await, Ok(vec![]));
    assert_eq!(due.due(at(10), 10).await, Ok(vec![planned]));
}

pub async fn due_work_is_listed_oldest_first_in_bounds(due: Subject) {
    let planned = [work(3), work(1), work(2), work(99)];
    for work in &planned {
        due.plan(work.clone()).await.unwrap();
    }

    let listed = due.due(at(50), 2).await.unwrap();

    assert_eq!(listed, [planned[1].clone(), planned[2].clone()]);
    assert_eq!(due.due(at(50), 10).await.unwrap().len(), 3);
}

pub async fn work_stays_due_until_it_is_done(due: Subject) {
    let planned = work(0);
    due.plan(planned.clone()).await.unwrap();
    due.done(BookId::new(), DueKind::DemoExpiry).await.unwrap();
    assert_eq!(due.due(at(1), 10).await, Ok(vec![planned.clone()]));

    due.done(planned.book, planned.kind).await.unwrap();
    due.done(planned.book, planned.kind).await.unwrap();

    assert_eq!(due.due(at(1), 10).await, Ok(vec![]));
}

pub async fn work_of_one_kind_stands_once_per_book_and_the_later_plan_wins(due: Subject) {
    let first = work(20);
    let second = Due { at: at(5), ..first.clone() };
    due.plan(first).await.unwrap();

    due.plan(second.clone()).await.unwrap();

    assert_eq!(due.due(at(100), 10).await, Ok(vec![second]));
}
