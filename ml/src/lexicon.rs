//! The labelled data that ships with the program (`ml/data`), and how it becomes examples: each entry stands alone and
//! inside a few templates that look like typed notes and card descriptors. Nothing here is left to chance.

use crate::example::Example;
use crate::features::{Block, hash_gram};
use crate::train::Options;

/// A variant counts for less than the entry itself, because it brings words that say nothing.
const VARIANT_WEIGHT: f32 = 0.5;
const VARIANTS: usize = 2;
/// Many brands are local or sell more than their kind says.
const BRAND_WEIGHT: f32 = 0.25;

struct File {
    name: &'static str,
    language: &'static str,
    label: &'static str,
    content: &'static str,
}

macro_rules! files {
    ($($language:literal)*) => { [$(
        files!(@ $language, "food-drinks"),
        files!(@ $language, "housing-bills"),
        files!(@ $language, "transportation"),
        files!(@ $language, "education-growth"),
        files!(@ $language, "health-essentials"),
        files!(@ $language, "leisure-gifts"),
        files!(@ $language, "other"),
    )*] };
    (@ $language:literal, $label:literal) => { File {
        name: concat!($language, "-", $label, ".csv"),
        language: $language,
        label: $label,
        content: include_str!(concat!("../data/", $language, "-", $label, ".csv")),
    } };
}

static FILES: [File; 49] = files!["en" "he" "de" "fr" "es" "ru" "ar"];
static TEMPLATES: &str = include_str!("../data/templates.csv");
/// From name-suggestion-index, under the terms in `data/brands-NOTICE.md`.
static BRANDS: &str = include_str!("../data/brands.csv");
static HELD_OUT: &str = include_str!("../data/held-out.csv");
static CANARIES: &str = include_str!("../data/canaries.csv");

/// The labels of the lexicon: the default categories.
pub const LABELS: [&str; 7] = [
    "food-drinks",
    "housing-bills",
    "transportation",
    "education-growth",
    "health-essentials",
    "leisure-gifts",
    "other",
];

/// A line of the data that cannot be read. The committed data has none; a test reads it all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of {file} cannot be read: {reason}")]
pub struct LexiconError {
    pub file: &'static str,
    pub line: usize,
    pub reason: String,
}

struct Template {
    kind: String,
    language: String,
    pattern: String,
}

/// Everything the shipped model is trained on, always in the same order.
///
/// # Errors
/// When a data file is malformed.
pub fn examples() -> Result<Vec<Example>, LexiconError> {
    let templates: Vec<Template> = read("templates.csv", TEMPLATES)?
        .into_iter()
        .map(|[kind, language, pattern]| Template { kind, language, pattern })
        .collect();
    let mut examples = Vec::new();
    for file in &FILES {
        for [text, kind] in read(file.name, file.content)? {
            expand(&text, &kind, file, &templates, &mut examples);
        }
    }
    let brands = labelled("brands.csv", BRANDS)?;
    examples.extend(brands.into_iter().map(|brand| Example { weight: BRAND_WEIGHT, ..brand }));
    Ok(examples)
}

/// How the shipped model is trained, and how its successors should be: n-grams of a single entry are left out, or the file
/// would outgrow its limit as the lexicon grows.
#[must_use]
pub fn options() -> Options {
    Options { min_char_examples: 2, ..Options::default() }
}

/// Rows written apart from the lexicon, never trained on: the measure of the shipped model and of its successors.
///
/// # Errors
/// When the data file is malformed.
pub fn held_out() -> Result<Vec<Example>, LexiconError> {
    labelled("held-out.csv", HELD_OUT)
}

/// Texts that any model must get right before it may serve.
///
/// # Errors
/// When the data file is malformed.
pub fn canary_rows() -> Result<Vec<Example>, LexiconError> {
    labelled("canaries.csv", CANARIES)
}

fn labelled(name: &'static str, content: &str) -> Result<Vec<Example>, LexiconError> {
    Ok(read(name, content)?.into_iter().map(|[text, label]| Example::new(text, label)).collect())
}

fn read<const N: usize>(file: &'static str, content: &str) -> Result<Vec<[String; N]>, LexiconError> {
    let mut rows = Vec::new();
    for (number, record) in csv::Reader::from_reader(content.as_bytes()).records().enumerate() {
        let error = |reason: String| LexiconError { file, line: number + 2, reason };
        let record = record.map_err(|cause| error(cause.to_string()))?;
        let fields: Vec<String> = record.iter().map(str::to_owned).collect();
        rows.push(fields.try_into().map_err(|_| error(format!("expected {N} fields")))?);
    }
    Ok(rows)
}

/// Appends the entry and its variants. Which templates it gets depends on a hash of its text, so that an added entry
/// leaves the variants of the others as they are.
fn expand(text: &str, kind: &str, file: &File, templates: &[Template], examples: &mut Vec<Example>) {
    examples.push(Example::new(text, file.label));
    let fitting: Vec<&Template> = templates
        .iter()
        .filter(|template| template.kind == kind && template.language == file.language)
        .collect();
    let seed = hash_gram(Block::Word, text) as usize;
    let mut remaining = fitting;
    for round in 0..VARIANTS.min(remaining.len()) {
        let template = remaining.swap_remove((seed >> (8 * round)) % remaining.len());
        let pattern = template.pattern.replace("{X}", &text.to_uppercase()).replace("{x}", text);
        examples.push(Example { text: pattern, label: file.label.to_owned(), weight: VARIANT_WEIGHT });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::text::clean;

    #[test]
    fn it_reads_every_file_of_the_data_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
        let known: BTreeSet<String> = FILES
            .iter()
            .map(|file| file.name)
            .chain(["templates.csv", "brands.csv", "held-out.csv", "canaries.csv"])
            .map(str::to_owned)
            .collect();

        let found: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".csv"))
            .collect();

        assert_eq!(found, known);
    }

    #[test]
    fn every_label_is_a_default_category() {
        let all = [examples().unwrap(), held_out().unwrap(), canary_rows().unwrap()].concat();

        assert!(all.iter().all(|example| LABELS.contains(&example.label.as_str())));
    }

    #[test]
    fn no_text_has_two_labels() {
        let mut labels = BTreeMap::new();
        for file in &FILES {
            for [text, _] in read::<2>(file.name, file.content).unwrap() {
                let known = labels.insert((file.language, text.to_lowercase()), file.label);

                assert!(known.is_none_or(|known| known == file.label), "{text} in {}", file.name);
            }
        }
    }

    #[test]
    fn no_held_out_row_is_trained_on() {
        let trained: BTreeSet<String> =
            examples().unwrap().iter().map(|example| clean(&example.text)).collect();

        let both: Vec<String> = held_out()
            .unwrap()
            .into_iter()
            .map(|row| row.text)
            .filter(|text| trained.contains(&clean(text)))
            .collect();

        assert_eq!(both, Vec::<String>::new());
    }
}
