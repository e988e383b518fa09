//! Training, from outside: what comes out is right, repeatable and calibrated.

use finbrain_ml::{Evaluation, Example, Loss, Model, Options, TrainError, evaluate, k_fold, lexicon, train};
use proptest::prelude::*;

/// One row of the lexicon in twenty-five keeps a debug build quick.
fn sample() -> Vec<Example> {
    lexicon::examples().expect("the lexicon is readable").into_iter().step_by(25).collect()
}

#[test]
fn it_learns_what_it_was_shown() {
    let rows = sample();

    let model = train(&rows, &Options::default(), None).unwrap();

    assert!(evaluate(&model, &rows).accuracy > 0.95);
}

#[test]
fn equal_data_gives_equal_bytes() {
    let rows = sample();

    let [first, second] = [(); 2].map(|()| train(&rows, &Options::default(), None).unwrap());

    assert_eq!(first.to_bytes(), second.to_bytes());
}

#[test]
fn both_losses_learn() {
    let rows = lexicon::canary_rows().unwrap();
    for loss in [Loss::Softmax, Loss::SquaredHinge] {
        let options = Options { loss, l2: 0.05, ..Options::default() };

        let model = train(&rows, &options, None).unwrap();

        let accuracy = evaluate(&model, &rows).accuracy;
        assert!(accuracy > 0.95, "{loss:?}: {accuracy}");
    }
}

#[test]
fn probabilities_are_calibrated() {
    let figures = k_fold(&sample(), &Options::default(), 4).unwrap();

    assert!(figures.ece < 0.1, "{}", figures.ece);
    assert!(figures.accuracy_at_80 > figures.accuracy);
}

#[test]
fn a_heavy_correction_wins_over_the_model_it_starts_from() {
    let mut rows = sample();
    let before = train(&rows, &Options::default(), None).unwrap();
    assert_ne!(best(&before, "zyxwv lunch"), "other");
    let correction = Example { text: "zyxwv lunch".to_owned(), label: "other".to_owned(), weight: 9.0 };
    rows.push(correction);

    let after = train(&rows, &Options::default(), Some(&before)).unwrap();

    assert_eq!(best(&after, "zyxwv lunch"), "other");
    assert_ne!(after.version(), before.version());
}

#[test]
fn a_warm_start_may_meet_new_labels() {
    let mut rows = sample();
    let before = train(&rows, &Options::default(), None).unwrap();
    rows.extend(["vet", "dog food", "cat litter"].map(|text| Example::new(text, "pets")));

    let after = train(&rows, &Options::default(), Some(&before)).unwrap();

    assert_eq!(after.labels().len(), before.labels().len() + 1);
    assert_eq!(best(&after, "dog food"), "pets");
}

#[test]
fn a_text_without_words_trains_and_predicts() {
    let rows = [Example::new("", "a"), Example::new("123", "b"), Example::new("   ", "b")];

    let model = train(&rows, &Options::default(), None).unwrap();

    let prediction = model.predict("🍕 42");
    assert_eq!(prediction.ranked.len(), 2);
    assert!(prediction.reasons.is_empty());
}

#[test]
fn it_names_the_option_that_is_out_of_range() {
    let wrong = Options { l2: 0.0, ..Options::default() };

    assert_eq!(train(&sample(), &wrong, None).unwrap_err(), TrainError::Option("l2"));
}

#[test]
fn it_refuses_examples_that_make_no_sense() {
    let row = |label: &str, weight| Example { text: "tea".to_owned(), label: label.to_owned(), weight };
    let refused = |rows: &[Example]| train(rows, &Options::default(), None).unwrap_err();

    assert_eq!(refused(&[]), TrainError::Empty);
    assert_eq!(refused(&[row("", 1.0)]), TrainError::Label(String::new()));
    assert_eq!(refused(&[row("food", f32::NAN)]), TrainError::Weight("tea".to_owned()));
    assert_eq!(refused(&[row("food", -1.0)]), TrainError::Weight("tea".to_owned()));
    let many: Vec<Example> = (0..65).map(|i| row(&i.to_string(), 1.0)).collect();
    assert_eq!(refused(&many), TrainError::TooManyLabels(65));
}

#[test]
fn rows_of_no_weight_do_no_harm() {
    let rows =
        ["tea", "bus"].map(|text| Example { text: text.to_owned(), label: text.to_owned(), weight: 0.0 });

    let model = train(&rows, &Options::default(), None).unwrap();

    let total: f32 = model.predict("tea").ranked.iter().map(|ranked| ranked.probability).sum();
    assert!((total - 1.0).abs() < 1e-5);
}

#[test]
fn an_evaluation_of_nothing_is_zero() {
    let Evaluation { samples, accuracy, ece, .. } = evaluate(Model::builtin(), &[]);

    assert_eq!((samples, accuracy, ece), (0, 0.0, 0.0));
}

fn best(model: &Model, text: &str) -> String {
    model.predict(text).best().expect("a model has a label").label.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_examples_train_or_fail_cleanly(
        rows in proptest::collection::vec(("\\PC{0,20}", "[a-d]", 0.0..5.0_f32), 1..60),
        text in any::<String>(),
    ) {
        let rows: Vec<Example> =
            rows.into_iter().map(|(text, label, weight)| Example { text, label, weight }).collect();

        let model = train(&rows, &Options::default(), None).unwrap();

        let prediction = model.predict(&text);
        let total: f32 = prediction.ranked.iter().map(|ranked| ranked.probability).sum();
        prop_assert!((total - 1.0).abs() < 1e-4);
        prop_assert!(prediction.ranked.is_sorted_by(|a, b| a.probability >= b.probability));
        prop_assert!(prediction.reasons.len() <= 3);
    }
}
