//! What a model learns from: a text, its label, how much it counts.

use sha2::{Digest, Sha256};

/// One labelled text.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub text: String,
    /// The slug of a category.
    pub label: String,
    /// 1 for an ordinary row; a correction may weigh more, a doubtful row less. Finite and not negative.
    pub weight: f32,
}

impl Example {
    /// An example of weight 1.
    #[must_use]
    pub fn new(text: impl Into<String>, label: impl Into<String>) -> Example {
        Example { text: text.into(), label: label.into(), weight: 1.0 }
    }
}

/// SHA-256 over all examples in their order, in hexadecimal: which data a model was trained on.
#[must_use]
pub fn data_hash(examples: &[Example]) -> String {
    hex(&digest(examples))
}

pub(crate) fn digest(examples: &[Example]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for example in examples {
        for part in [&example.text, &example.label] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(example.weight.to_le_bytes());
    }
    hasher.finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}
