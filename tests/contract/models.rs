//! What every store of models and training examples does.

use std::sync::Arc;

use finbrain_domain::{
    ids::{BookId, UserId},
    ports::{MODELS_KEPT, ModelRecord, Models, TrainingExample},
};
use jiff::Timestamp;

macro_rules! models_suite {
    ($make:path) => {
        $crate::contract::clauses!($make, models:
            without_a_promotion_there_is_no_model
            the_last_promoted_model_is_current_and_the_one_before_previous
            promotions_at_the_same_time_get_numbers_of_their_own
            a_model_of_four_megabytes_reads_back
            examples_are_listed_newest_first_in_bounds
            an_example_delivered_twice_stands_once
            the_examples_of_a_person_are_forgotten
            what_a_person_taught_about_one_text_is_forgotten
            a_roll_back_points_to_a_model_that_is_kept
            a_roll_back_to_nothing_is_the_built_in_model
            a_promotion_after_a_roll_back_serves_under_a_new_number
            the_history_lists_what_is_kept_newest_first
        );
    };
}
pub(crate) use models_suite;

type Subject = Arc<dyn Models>;

fn trained() -> Timestamp {
    "2026-11-24T08:00:00.123456Z".parse().unwrap()
}

pub async fn without_a_promotion_there_is_no_model(models: Subject) {
    assert_eq!(models.newest().await, Ok(None));
    assert_eq!(models.current().await, Ok(None));
    assert_eq!(models.previous().await, Ok(None));
}

pub async fn the_last_promoted_model_is_current_and_the_one_before_previous(models: Subject) {
    for number in 1..=8 {
        let bytes = vec![u8::try_from(number).unwrap()];
        assert_eq!(models.promote(bytes, trained()).await, Ok(number));
    }

    let current = models.current().await.unwrap().unwrap();
    let previous = models.previous().await.unwrap().unwrap();

    assert_eq!(models.newest().await, Ok(Some(8)));
    assert_eq!((current.number, current.bytes, current.trained_at), (8, vec![8], trained()));
    assert_eq!((previous.number, previous.bytes), (7, vec![7]));
}

pub async fn promotions_at_the_same_time_get_numbers_of_their_own(models: Subject) {
    let promotions: Vec<_> = (0..20)
        .map(|n| {
            let models = models.clone();
            tokio::spawn(async move { models.promote(vec![n], trained()).await.unwrap() })
        })
        .collect();

    let mut numbers = Vec::new();
    for promotion in promotions {
        numbers.push(promotion.await.unwrap());
    }

    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!(models.current().await.unwrap().unwrap().number, 20);
}

pub async fn a_model_of_four_megabytes_reads_back(models: Subject) {
    let bytes: Vec<u8> = (0_u32..1_000_000).flat_map(u32::to_be_bytes).collect();

    models.promote(bytes.clone(), trained()).await.unwrap();

    assert!(models.current().await.unwrap().unwrap().bytes == bytes);
}

fn example(user: UserId, slot: u64) -> TrainingExample {
    TrainingExample {
        user,
        book: BookId::new(),
        slot,
        index: 0,
        text: format!("קפה €{slot}"),
        category: "coffee".into(),
    }
}

pub async fn examples_are_listed_newest_first_in_bounds(models: Subject) {
    let mut all: Vec<_> = (1..=5).map(|slot| example(UserId::new(), slot)).collect();
    models.add_examples(all[..3].to_vec()).await.unwrap();
    models.add_examples(all[3..].to_vec()).await.unwrap();
    models.add_examples(vec![]).await.unwrap();
    all.reverse();

    assert_eq!(models.examples(2).await.unwrap(), all[..2]);
    assert_eq!(models.examples(100).await, Ok(all));
    assert_eq!(models.count_examples().await, Ok(5));
}

pub async fn an_example_delivered_twice_stands_once(models: Subject) {
    let delivered = example(UserId::new(), 1);
    let neighbour = TrainingExample { index: 1, ..delivered.clone() };
    models.add_examples(vec![delivered.clone(), neighbour.clone()]).await.unwrap();

    models.add_examples(vec![neighbour.clone(), delivered.clone()]).await.unwrap();

    assert_eq!(models.examples(10).await, Ok(vec![neighbour, delivered]));
}

pub async fn the_examples_of_a_person_are_forgotten(models: Subject) {
    let (gone, stays) = (UserId::new(), UserId::new());
    models.add_examples(vec![example(gone, 1), example(stays, 2), example(gone, 3)]).await.unwrap();

    models.forget_examples(gone).await.unwrap();

    let left = models.examples(10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].user, stays);
}

pub async fn what_a_person_taught_about_one_text_is_forgotten(models: Subject) {
    let user = UserId::new();
    let (gone, stays) = (example(user, 1), example(user, 2));
    let others = TrainingExample { user: UserId::new(), book: BookId::new(), ..gone.clone() };
    models.add_examples(vec![gone.clone(), stays.clone(), others.clone()]).await.unwrap();

    models.forget_merchant(user, gone.text).await.unwrap();

    assert_eq!(models.examples(10).await, Ok(vec![others, stays]));
}

pub async fn a_roll_back_points_to_a_model_that_is_kept(models: Subject) {
    for number in 1..=3 {
        models.promote(vec![number], trained()).await.unwrap();
    }

    assert_eq!(models.roll_back(2).await, Ok(true));
    assert_eq!(models.roll_back(4).await, Ok(false));

    assert_eq!(models.newest().await, Ok(Some(2)));
    assert_eq!(models.current().await.unwrap().unwrap().bytes, [2]);
    assert_eq!(models.previous().await.unwrap().unwrap().number, 1);
    assert_eq!(models.model(3).await.unwrap().unwrap().bytes, [3]);
}

pub async fn a_roll_back_to_nothing_is_the_built_in_model(models: Subject) {
    models.promote(vec![1], trained()).await.unwrap();

    assert_eq!(models.roll_back(0).await, Ok(true));

    assert_eq!(models.newest().await, Ok(Some(0)));
    assert_eq!(models.current().await, Ok(None));
    assert_eq!(models.previous().await, Ok(None));
}

pub async fn a_promotion_after_a_roll_back_serves_under_a_new_number(models: Subject) {
    for number in 1..=3 {
        models.promote(vec![number], trained()).await.unwrap();
    }
    models.roll_back(1).await.unwrap();

    assert_eq!(models.promote(vec![4], trained()).await, Ok(4));

    assert_eq!(models.newest().await, Ok(Some(4)));
    assert_eq!(models.previous().await.unwrap().unwrap().number, 3);
}

pub async fn the_history_lists_what_is_kept_newest_first(models: Subject) {
    for number in 1..=12_u8 {
        models.promote(vec![0; usize::from(number)], trained()).await.unwrap();
    }

    let history = models.history().await.unwrap();

    let expected = (12 - MODELS_KEPT + 1..=12).rev();
    let expected = expected.map(|number| ModelRecord { number, trained_at: trained(), size: number });
    assert_eq!(history, expected.collect::<Vec<_>>());
    assert_eq!(models.roll_back(1).await, Ok(false), "no longer kept");
}
