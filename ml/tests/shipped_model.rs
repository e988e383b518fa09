//! The committed model: it belongs to the committed data, and it is good enough to serve.

use finbrain_ml::{
    Example, Model, Options, Reason, Verdict, better_or_equal, canaries, data_hash, evaluate, lexicon, train,
};

#[test]
fn it_was_trained_on_the_committed_data() {
    let data = lexicon::examples().unwrap();

    // On failure: `cargo run --release -p finbrain-ml --bin model`, then commit `ml/model/default.bin`.
    assert_eq!(Model::builtin().data_hash(), data_hash(&data));
    assert_eq!(Model::builtin().samples() as usize, data.len());
}

#[test]
fn it_knows_the_default_categories() {
    let labels: Vec<&str> = Model::builtin().labels().iter().map(|label| &**label).collect();

    let mut expected = lexicon::LABELS.to_vec();
    expected.sort_unstable();
    assert_eq!(labels, expected);
}

#[test]
fn it_passes_the_canaries() {
    assert_eq!(canaries(Model::builtin()), Ok(()));
}

#[test]
fn it_is_right_about_most_held_out_rows() {
    let figures = evaluate(Model::builtin(), &lexicon::held_out().unwrap());

    assert!(figures.accuracy >= 0.9, "{}", figures.accuracy);
}

#[test]
fn its_file_is_small_enough_to_commit() {
    assert!(Model::builtin().to_bytes().len() <= 2_000_000);
}

#[test]
fn it_says_which_word_decided() {
    let prediction = Model::builtin().predict("dinner at a restaurant with dana");

    assert_eq!(&*prediction.best().unwrap().label, "food-drinks");
    assert!(prediction.reasons.contains(&"restaurant".to_owned()), "{:?}", prediction.reasons);
    assert!(prediction.reasons.len() <= 3);
}

#[test]
fn it_is_unsure_of_a_word_it_never_saw() {
    let prediction = Model::builtin().predict("Ξένιος Ζευς");

    assert!(prediction.best().unwrap().probability < 0.45, "{prediction:?}");
}

#[test]
fn it_keeps_its_place_against_a_model_that_fails_canaries() {
    let poison: Vec<Example> =
        ["groceries", "rent", "taxi"].map(|text| Example::new(text, "leisure-gifts")).to_vec();
    let candidate = train(&poison, &Options::default(), None).unwrap();

    let verdict = better_or_equal(&candidate, Model::builtin(), &lexicon::held_out().unwrap());

    assert!(matches!(verdict, Verdict::Reject { reason: Reason::Canaries(missed) } if missed.len() > 10));
}

#[test]
fn it_gives_way_to_its_equal_but_not_to_a_worse_model() {
    let held_out = lexicon::held_out().unwrap();
    let builtin = Model::builtin();
    let canary_rows = lexicon::canary_rows().unwrap();
    let parrot = train(&canary_rows, &Options { l2: 0.01, ..Options::default() }, None).unwrap();

    assert_eq!(better_or_equal(builtin, builtin, &held_out), Verdict::Promote);
    assert_eq!(canaries(&parrot), Ok(()));
    let verdict = better_or_equal(&parrot, builtin, &held_out);
    assert!(
        matches!(&verdict, Verdict::Reject { reason: Reason::Worse { candidate, current } } if candidate < current)
    );
}
