//! The model file, from outside: what is written can be read, what is damaged cannot, whatever the damage.

use std::sync::LazyLock;

use finbrain_ml::{Example, Model, ModelError, Options, train};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// Magic, format and checksum.
const HEADER: usize = 38;

static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let examples =
        [("green tea", "food"), ("bus ticket", "travel"), ("train ticket", "travel"), ("קפה הפוך", "food")];
    let examples: Vec<Example> = examples.map(|(text, label)| Example::new(text, label)).to_vec();
    train(&examples, &Options::default(), None).expect("the examples are in order").to_bytes()
});

/// The file with its checksum made right again, as a forger would.
fn resealed(mut file: Vec<u8>) -> Vec<u8> {
    if file.len() > HEADER {
        let checksum = Sha256::digest(&file[HEADER..]);
        file[6..HEADER].copy_from_slice(&checksum);
    }
    file
}

#[test]
fn a_model_read_back_answers_as_before() {
    let model = Model::from_bytes(&SMALL).unwrap();

    let again = Model::from_bytes(&model.to_bytes()).unwrap();

    assert_eq!(again.version(), model.version());
    assert_eq!(again.data_hash(), model.data_hash());
    for text in ["green tea", "bus", "קפה", "nothing known"] {
        assert_eq!(again.predict(text), model.predict(text));
    }
}

#[test]
fn it_refuses_a_truncated_model_file() {
    for length in 0..SMALL.len() {
        assert!(Model::from_bytes(&SMALL[..length]).is_err(), "{length} bytes");
        assert!(Model::from_bytes(&resealed(SMALL[..length].to_vec())).is_err(), "{length} bytes, resealed");
    }
}

#[test]
fn it_refuses_a_file_with_something_after_its_end() {
    let mut file = SMALL.clone();
    file.push(0);

    assert_eq!(Model::from_bytes(&resealed(file)).unwrap_err(), ModelError::Invalid("length"));
}

#[test]
fn it_refuses_a_damaged_file() {
    let mut file = SMALL.clone();
    let middle = file.len() / 2;
    file[middle] ^= 1;

    assert_eq!(Model::from_bytes(&file).unwrap_err(), ModelError::Checksum);
}

#[test]
fn it_refuses_a_format_it_does_not_know() {
    let mut file = SMALL.clone();
    file[4] = 9;

    assert_eq!(Model::from_bytes(&file).unwrap_err(), ModelError::Format(9));
}

#[test]
fn it_refuses_a_file_that_is_no_model() {
    assert_eq!(Model::from_bytes(b"PK\x03\x04 something else").unwrap_err(), ModelError::Magic);
    assert_eq!(Model::from_bytes(&vec![0; 17 << 20]).unwrap_err(), ModelError::TooLarge(17 << 20));
}

#[test]
fn it_refuses_counts_that_the_file_cannot_hold() {
    // Labels "food" and "travel" follow 40 bytes of hash, count and temperature; then come the two counts.
    let counts = HEADER + 40 + 1 + 5 + 7;
    for count in [1_000, 399_999, 400_001, u32::MAX] {
        let mut file = SMALL.clone();
        file[counts + 4..counts + 8].copy_from_slice(&count.to_le_bytes());

        assert!(Model::from_bytes(&resealed(file)).is_err(), "{count}");
    }
}

proptest! {
    #[test]
    fn any_bytes_give_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = b"FBML\x01\x00".to_vec();
        file.extend([0; 32]);
        file.extend(&bytes);

        prop_assert!(Model::from_bytes(&bytes).is_err());
        prop_assert!(Model::from_bytes(&resealed(file)).is_err());
    }

    #[test]
    fn a_forged_file_never_panics(at in 0..SMALL.len(), bits in 1..=255_u8, text in "\\PC{0,40}") {
        let mut file = SMALL.clone();
        file[at] ^= bits;

        if let Ok(model) = Model::from_bytes(&resealed(file)) {
            let prediction = model.predict(&text);
            prop_assert_eq!(prediction.ranked.len(), model.labels().len());
        }
    }
}
