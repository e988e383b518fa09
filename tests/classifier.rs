//! The classifier over a real store: whatever is promoted, rolled back, damaged or rejected, one whole model serves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use finbrain::{clock::SystemClock, store::embedded::EmbeddedStore};
use finbrain_actors::classifier::{ClassifierHandle, Outcome, Sharing, serving, train_now};
use finbrain_domain::{
    ids::{BookId, UserId},
    ports::{Models as _, TrainingExample},
};
use finbrain_ml::{Example, Model, Options, lexicon, train};
use jiff::Timestamp;

/// So many damaged files are tried.
const FLIPS: usize = 1_000;

fn opened() -> (tempfile::TempDir, Arc<EmbeddedStore>) {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(dir.path()).unwrap();
    (dir, Arc::new(store))
}

fn small() -> Model {
    let examples = [("green tea", "food-drinks"), ("bus ticket", "transportation")];
    let examples: Vec<Example> = examples.map(|(text, label)| Example::new(text, label)).to_vec();
    train(&examples, &Options::default(), None).unwrap()
}

fn start(store: &Arc<EmbeddedStore>) -> ClassifierHandle {
    let clock = Arc::new(SystemClock);
    ClassifierHandle::start(&actix::Arbiter::current(), store.clone(), clock, Sharing::Household)
}

#[test]
fn no_damaged_file_of_the_shipped_model_loads() {
    let whole = Model::builtin().to_bytes();

    for length in (0..whole.len()).step_by(1024) {
        assert!(Model::from_bytes(&whole[..length]).is_err(), "{length} bytes");
    }
    // A walk through the file with a step that shares nothing with its length finds other bits each time.
    for n in 0..FLIPS {
        let bit = n * 1_000_003 % (whole.len() * 8);
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Model::from_bytes(&damaged).is_err(), "bit {bit}");
    }
}

#[actix::test]
async fn a_damaged_model_gives_way_to_the_one_before_it_and_cannot_be_rolled_back_to() {
    let (_dir, store) = opened();
    let damaged = || Model::builtin().to_bytes()[..4096].to_vec();
    store.promote(damaged(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(serving(&*store).await.unwrap().number, 0, "nothing before it but the built-in one");
    store.promote(small().to_bytes(), Timestamp::UNIX_EPOCH).await.unwrap();
    store.promote(damaged(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(serving(&*store).await.unwrap().number, 2);

    let classifier = start(&store);

    assert!(!classifier.roll_back(3).await.unwrap());
    assert!(classifier.roll_back(2).await.unwrap());
    assert_eq!((classifier.serving().number, store.newest().await.unwrap()), (2, Some(2)));
    let kept: Vec<u64> = classifier.history().await.unwrap().iter().map(|kept| kept.number).collect();
    assert_eq!(kept, [2, 0]);
}

#[actix::test]
async fn ten_thousand_suggestions_during_swaps_are_answered_by_exactly_one_model_each() {
    let (_dir, store) = opened();
    let small = small();
    store.promote(small.to_bytes(), Timestamp::UNIX_EPOCH).await.unwrap();
    let classifier = start(&store);
    let text = "green tea at the bus station";
    let possible = [Model::builtin().predict(text), small.predict(text)];
    let over = Arc::new(AtomicBool::new(false));

    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (classifier, over) = (classifier.clone(), Arc::clone(&over));
            std::thread::spawn(move || {
                let mut answers = Vec::new();
                while answers.len() < 2_500 || !over.load(Ordering::Relaxed) {
                    let answer = classifier.prepare(text).prediction;
                    if answers.len() < 2_500 || answers.last() != Some(&answer) {
                        answers.push(answer);
                    }
                }
                answers
            })
        })
        .collect();
    for round in 0..50 {
        assert!(classifier.roll_back(1 - round % 2).await.unwrap());
    }
    over.store(true, Ordering::Relaxed);

    let answers: Vec<_> = asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(answers.len() >= 10_000);
    assert!(answers.iter().all(|answer| possible.contains(answer)));
    assert!(possible.iter().all(|one| answers.contains(one)), "both served");
}

#[actix::test]
async fn a_candidate_that_unlearnt_what_everybody_knows_is_rejected_with_a_reason() {
    let (_dir, store) = opened();
    let user = UserId::new();
    let wrong = lexicon::canary_rows().unwrap().into_iter().zip(1..).map(|(row, slot)| TrainingExample {
        user,
        book: BookId::new(),
        slot,
        index: 0,
        text: finbrain_ml::merchant(&row.text),
        category: if row.label == "other" { "food-drinks" } else { "other" }.to_owned(),
    });
    store.add_examples(wrong.collect()).await.unwrap();

    let outcome = train_now(&*store, &SystemClock, Sharing::Household).await.unwrap();

    let Outcome::Rejected { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("canary") || reason.contains("accuracy"), "{reason}");
    assert_eq!(store.newest().await, Ok(None));
}

#[actix::test]
async fn a_training_without_corrections_is_promoted_and_followed() {
    let (_dir, store) = opened();

    let outcome = train_now(&*store, &SystemClock, Sharing::ByChoice).await.unwrap();

    assert_eq!(outcome, Outcome::Promoted);
    let serving = serving(&*store).await.unwrap();
    assert_eq!((serving.number, serving.model.labels()), (1, Model::builtin().labels()));
}
