//! A classifier whose store panics: it goes on serving, tells that a training failed, and trains again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use finbrain::{clock::SystemClock, store::embedded::EmbeddedStore};
use finbrain_actors::classifier::{ClassifierHandle, Outcome, Sharing, Training};
use finbrain_domain::{
    ids::UserId,
    ports::{Answer, ModelRecord, Models, StoreError, StoredModel, TrainingExample},
};
use jiff::Timestamp;

type Answered<'a, T> = Answer<'a, Result<T, StoreError>>;

/// A training takes a second, longer on a busy machine.
const SOON: Duration = Duration::from_secs(60);

const WHOLE: u8 = 0;
/// Asking for examples panics before anything is awaited.
const NO_EXAMPLES: u8 = 1;
/// It panics while it is awaited.
const NO_EXAMPLES_LATER: u8 = 2;
/// A training waits for its examples for good, and looking at the pointer panics, which kills the actor.
const NO_POINTER: u8 = 3;

/// A real store with a bug.
struct Buggy {
    store: EmbeddedStore,
    bug: AtomicU8,
}

impl Models for Buggy {
    fn newest(&self) -> Answered<'_, Option<u64>> {
        match self.bug.load(SeqCst) {
            NO_POINTER => Box::pin(async { panic!("a bug in the pointer") }),
            _ => self.store.newest(),
        }
    }

    fn current(&self) -> Answered<'_, Option<StoredModel>> {
        self.store.current()
    }

    fn previous(&self) -> Answered<'_, Option<StoredModel>> {
        self.store.previous()
    }

    fn model(&self, number: u64) -> Answered<'_, Option<StoredModel>> {
        self.store.model(number)
    }

    fn history(&self) -> Answered<'_, Vec<ModelRecord>> {
        self.store.history()
    }

    fn promote(&self, bytes: Vec<u8>, trained_at: Timestamp) -> Answered<'_, u64> {
        self.store.promote(bytes, trained_at)
    }

    fn roll_back(&self, number: u64) -> Answered<'_, bool> {
        self.store.roll_back(number)
    }

    fn add_examples(&self, examples: Vec<TrainingExample>) -> Answered<'_, ()> {
        self.store.add_examples(examples)
    }

    fn examples(&self, limit: usize) -> Answered<'_, Vec<TrainingExample>> {
        match self.bug.load(SeqCst) {
            NO_EXAMPLES => panic!("a bug in the examples"),
            NO_EXAMPLES_LATER => Box::pin(async {
                tokio::task::yield_now().await;
                panic!("a bug in the examples")
            }),
            NO_POINTER => Box::pin(std::future::pending()),
            _ => self.store.examples(limit),
        }
    }

    fn count_examples(&self) -> Answered<'_, u64> {
        self.store.count_examples()
    }

    fn forget_examples(&self, user: UserId) -> Answered<'_, ()> {
        self.store.forget_examples(user)
    }

    fn forget_merchant(&self, user: UserId, text: String) -> Answered<'_, ()> {
        self.store.forget_merchant(user, text)
    }
}

struct Stage {
    classifier: ClassifierHandle,
    store: Arc<Buggy>,
    _dir: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(dir.path()).unwrap();
        let store = Arc::new(Buggy { store, bug: AtomicU8::new(WHOLE) });
        let clock = Arc::new(SystemClock);
        let arbiter = actix::Arbiter::current();
        let classifier = ClassifierHandle::start(&arbiter, store.clone(), clock, Sharing::Household);
        Self { classifier, store, _dir: dir }
    }

    /// Waits until the training looks like this, and the model answers all the while.
    async fn until(&self, looks: impl Fn(&Training) -> bool) -> Arc<Training> {
        let deadline = Instant::now() + SOON;
        loop {
            let training = self.classifier.training();
            let prediction = self.classifier.prepare("coffee with friends").prediction;
            assert_eq!(&*prediction.best().unwrap().label, "food-drinks");
            if looks(&training) {
                return training;
            }
            assert!(Instant::now() < deadline, "{training:?}");
            tokio::task::yield_now().await;
        }
    }

    async fn retrained(&self) -> Outcome {
        let before = self.classifier.training().last.clone();
        self.classifier.retrain().unwrap();
        let after = self.until(|training| !training.running && training.last != before).await;
        after.last.as_ref().unwrap().1.clone()
    }
}

#[actix::test]
async fn a_training_that_panics_has_failed_and_the_next_one_works() {
    let stage = Stage::set();

    // More often than a keeper would start an actor again: it never dies.
    for bug in [NO_EXAMPLES, NO_EXAMPLES_LATER, NO_EXAMPLES, NO_EXAMPLES_LATER] {
        stage.store.bug.store(bug, SeqCst);
        let Outcome::Failed { reason } = stage.retrained().await else { panic!("a panic is a failure") };
        assert_eq!(reason, "training stopped unexpectedly");
        assert_eq!(stage.classifier.serving().number, 0);
    }

    stage.store.bug.store(WHOLE, SeqCst);
    assert_eq!(stage.retrained().await, Outcome::Promoted);
    stage.until(|_| stage.classifier.serving().number == 1).await;
}

#[actix::test]
async fn a_classifier_that_dies_in_training_is_not_training_and_its_successor_trains() {
    let stage = Stage::set();
    assert_eq!(stage.retrained().await, Outcome::Promoted);
    stage.until(|_| stage.classifier.serving().number == 1).await;

    stage.store.bug.store(NO_POINTER, SeqCst);
    tokio::time::pause();
    stage.classifier.retrain().unwrap();
    stage.until(|training| training.running).await;
    // It looks at the pointer, and dies of it.
    tokio::time::advance(Duration::from_secs(5)).await;
    stage.until(|training| !training.running).await;
    tokio::time::resume();

    assert_eq!(stage.classifier.serving().number, 1, "what served goes on serving");
    stage.store.bug.store(WHOLE, SeqCst);
    assert_eq!(stage.retrained().await, Outcome::Promoted);
    stage.until(|_| stage.classifier.serving().number == 2).await;
}
