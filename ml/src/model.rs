//! A trained model: immutable, shared between threads, answering in microseconds.

use std::sync::{Arc, LazyLock};

use crate::example::hex;
use crate::features::{Block, Found, Scratch, Vocabulary, hash_gram, with_scratch};
use crate::format::{self, Content, MAX_LABELS, ModelError};

const MAX_REASONS: usize = 3;

/// The model that ships with the program, trained by `cargo run --release -p finbrain-ml --bin model`.
static BUILTIN: &[u8] = include_bytes!("../model/default.bin");

/// A label and how likely it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    pub label: Arc<str>,
    /// Between 0 and 1; calibrated, so that of answers given with 0.8 about 80 % are right.
    pub probability: f32,
}

/// The answer for one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// All labels, the likeliest first.
    pub ranked: Vec<Ranked>,
    /// Up to three words of the cleaned text that spoke most for the first label, the strongest first.
    pub reasons: Vec<String>,
}

impl Prediction {
    /// The likeliest label. A model has at least one.
    #[must_use]
    pub fn best(&self) -> Option<&Ranked> {
        self.ranked.first()
    }
}

/// A classifier of texts. It is what its file says: two models with equal bytes answer alike.
#[derive(Clone)]
pub struct Model {
    labels: Vec<Arc<str>>,
    pub(crate) vocabulary: Vocabulary,
    /// Feature by feature, one number for each label.
    weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    temperature: f32,
    samples: u32,
    data_hash: String,
    version: String,
    bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Model { version, labels, samples, .. } = self;
        write!(
            f,
            "Model {{ version: {version}, labels: {labels:?}, samples: {samples}, features: {} }}",
            self.features()
        )
    }
}

impl Model {
    /// The model inside the program. Empty of knowledge, with the single label `other`, only if the committed file is
    /// bad, which a test excludes.
    #[must_use]
    pub fn builtin() -> &'static Arc<Model> {
        static MODEL: LazyLock<Arc<Model>> =
            LazyLock::new(|| Arc::new(Model::from_bytes(BUILTIN).unwrap_or_else(|_| Model::ignorant())));
        &MODEL
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// When the bytes are not a whole, undamaged model of a format this program knows.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        Model::build(format::decode(bytes)?, bytes)
    }

    pub(crate) fn from_content(content: &Content) -> Result<Model, ModelError> {
        // Through the file, so that a fresh model and the same model read back are one.
        Model::from_bytes(&format::encode(content))
    }

    fn build(content: Content, bytes: &[u8]) -> Result<Model, ModelError> {
        let vocabulary = Vocabulary::new(content.blocks(), content.idf.clone(), content.words)
            .ok_or(ModelError::Invalid("n-gram: it occurs twice"))?;
        let version = hex(&format::fingerprint(bytes)[..6]);
        Ok(Model {
            labels: content.labels.iter().map(|label| Arc::from(label.as_str())).collect(),
            vocabulary,
            weights: content.weights,
            bias: content.bias,
            temperature: content.temperature,
            samples: content.samples,
            data_hash: hex(&content.data_hash),
            version,
            bytes: Arc::from(bytes),
        })
    }

    fn ignorant() -> Model {
        Model {
            labels: vec![Arc::from("other")],
            vocabulary: Vocabulary::default(),
            weights: Vec::new(),
            bias: vec![0.0],
            temperature: 1.0,
            samples: 0,
            data_hash: String::new(),
            version: String::new(),
            bytes: Arc::from([]),
        }
    }

    /// The labels it can answer with.
    #[must_use]
    pub fn labels(&self) -> &[Arc<str>] {
        &self.labels
    }

    /// The first twelve hexadecimal digits of the file's SHA-256.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The hash of the examples it was trained on; see [`crate::data_hash`].
    #[must_use]
    pub fn data_hash(&self) -> &str {
        &self.data_hash
    }

    /// How many examples it was trained on.
    #[must_use]
    pub fn samples(&self) -> u32 {
        self.samples
    }

    pub(crate) fn temperature(&self) -> f32 {
        self.temperature
    }

    /// How many n-grams it knows.
    #[must_use]
    pub fn features(&self) -> usize {
        self.vocabulary.len()
    }

    /// The file this model is.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }

    /// Which label the text probably has, and why.
    #[must_use]
    pub fn predict(&self, text: &str) -> Prediction {
        with_scratch(|scratch| {
            self.vocabulary.vectorise(text, scratch);
            let mut scores = [0.0_f32; MAX_LABELS];
            let scores = &mut scores[..self.labels.len()];
            self.score(&scratch.found, scores);
            self.calibrate(scores);
            let mut ranked: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
            let reasons = ranked.first().map_or_else(Vec::new, |&(best, _)| self.reasons(scratch, best));
            let named = ranked.iter().filter_map(|&(k, probability)| {
                self.labels.get(k).map(|label| Ranked { label: Arc::clone(label), probability })
            });
            Prediction { ranked: named.collect(), reasons }
        })
    }

    /// How rare a cleaned word is among the examples: its inverse document frequency, if the model knows it.
    pub(crate) fn word_idf(&self, word: &str) -> Option<f32> {
        self.vocabulary.id(hash_gram(Block::Word, word)).map(|id| self.vocabulary.idf(id))
    }

    pub(crate) fn row(&self, feature: u32) -> &[f32] {
        let from = feature as usize * self.labels.len();
        self.weights.get(from..from + self.labels.len()).unwrap_or_default()
    }

    pub(crate) fn score(&self, found: &[Found], scores: &mut [f32]) {
        scores.copy_from_slice(&self.bias);
        for item in found {
            for (score, weight) in scores.iter_mut().zip(self.row(item.id)) {
                *score += item.value * weight;
            }
        }
    }

    /// Softmax of the scores divided by the temperature (Guo et al. 2017).
    fn calibrate(&self, scores: &mut [f32]) {
        let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sharpness = self.temperature.recip();
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = ((*score - top) * sharpness).exp();
            sum += *score;
        }
        scores.iter_mut().for_each(|score| *score /= sum);
    }

    /// A word's contribution: what its features add to the best label's score beyond what they add to the average one.
    fn reasons(&self, scratch: &Scratch, best: usize) -> Vec<String> {
        let mut added: Vec<(f32, usize)> = (0..scratch.words.len()).map(|word| (0.0, word)).collect();
        let share = (self.labels.len() as f32).recip();
        for item in &scratch.found {
            let row = self.row(item.id);
            let average = row.iter().sum::<f32>() * share;
            if let (Some(weight), Some(entry)) = (row.get(best), added.get_mut(item.word as usize)) {
                entry.0 += item.value * (weight - average);
            }
        }
        added.retain(|(gain, _)| *gain > 0.0);
        added.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let word = |&(_, word): &(f32, usize)| scratch.cleaned.split(' ').nth(word).map(str::to_owned);
        added.iter().take(MAX_REASONS).filter_map(word).collect()
    }
}
