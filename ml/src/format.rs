//! The model file. Owns its bytes; decoding checks every length against a cap and against what is left before it
//! allocates, so hostile bytes cost no more than their own size. The layout is described in the README.

use sha2::{Digest, Sha256};

use crate::features::{Block, MAX_GRAM_BYTES};

const MAGIC: &[u8; 4] = b"FBML";
const FORMAT: u16 = 1;
const MAX_FILE: usize = 16 << 20;
pub(crate) const MAX_LABELS: usize = 64;
pub(crate) const MAX_LABEL_BYTES: usize = 64;
pub(crate) const MAX_FEATURES: usize = 400_000;
/// Inverse document frequencies are stored in steps of 1/4096; 16 covers a million rows.
const IDF_STEPS: f32 = 4096.0;

/// Why bytes are not a model.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    #[error("model file of {0} bytes exceeds the limit of {MAX_FILE}")]
    TooLarge(usize),
    #[error("not a model file: it does not begin with FBML")]
    Magic,
    #[error("model file has format {0}, this program reads {FORMAT}")]
    Format(u16),
    #[error("model file is damaged: its checksum does not match")]
    Checksum,
    #[error("model file ends before its {0}")]
    Truncated(&'static str),
    #[error("model file has a bad {0}")]
    Invalid(&'static str),
}

/// What a file says, before any index is built over it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    pub data_hash: [u8; 32],
    pub samples: u32,
    pub temperature: f32,
    pub labels: Vec<String>,
    /// How many of the n-grams are of words; those stand first.
    pub words: u32,
    pub grams: Vec<String>,
    pub idf: Vec<f32>,
    pub bias: Vec<f32>,
    /// Feature by feature, one number for each label.
    pub weights: Vec<f32>,
}

impl Content {
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (Block, &str)> {
        let words = self.words as usize;
        let block = move |id| if id < words { Block::Word } else { Block::Char };
        self.grams.iter().enumerate().map(move |(id, gram)| (block(id), gram.as_str()))
    }
}

/// SHA-256 of a whole file.
pub(crate) fn fingerprint(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Callers pass content within the limits: training checks labels, building the vocabulary bounds the rest.
pub(crate) fn encode(content: &Content) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(&content.data_hash);
    body.extend_from_slice(&content.samples.to_le_bytes());
    body.extend_from_slice(&content.temperature.to_le_bytes());
    body.push(content.labels.len() as u8);
    for label in &content.labels {
        body.push(label.len() as u8);
        body.extend_from_slice(label.as_bytes());
    }
    body.extend_from_slice(&content.words.to_le_bytes());
    body.extend_from_slice(&(content.grams.len() as u32).to_le_bytes());
    encode_grams(&content.grams, &mut body);
    for idf in &content.idf {
        body.extend_from_slice(&((idf * IDF_STEPS).round() as u16).to_le_bytes());
    }
    content.bias.iter().for_each(|bias| body.extend_from_slice(&bias.to_le_bytes()));
    encode_weights(&content.weights, content.labels.len(), &mut body);

    let mut file = Vec::with_capacity(body.len() + 38);
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&FORMAT.to_le_bytes());
    file.extend_from_slice(&fingerprint(&body));
    file.extend_from_slice(&body);
    file
}

/// Front coding: how many bytes a gram shares with the one before it, how many follow, and those.
fn encode_grams(grams: &[String], body: &mut Vec<u8>) {
    let mut previous: &[u8] = &[];
    for gram in grams {
        let gram = gram.as_bytes();
        let shared = previous.iter().zip(gram).take_while(|(a, b)| a == b).count().min(255);
        body.push(shared as u8);
        body.extend_from_slice(&((gram.len() - shared) as u16).to_le_bytes());
        body.extend_from_slice(&gram[shared..]);
        previous = gram;
    }
}

/// One scale for each label, then 16-bit steps of it: an error below 0.002 % of the label's largest weight.
fn encode_weights(weights: &[f32], labels: usize, body: &mut Vec<u8>) {
    let mut scales = vec![0.0_f32; labels];
    for row in weights.chunks_exact(labels.max(1)) {
        scales.iter_mut().zip(row).for_each(|(scale, w)| *scale = scale.max(w.abs() / 32767.0));
    }
    scales.iter().for_each(|scale| body.extend_from_slice(&scale.to_le_bytes()));
    for row in weights.chunks_exact(labels.max(1)) {
        for (w, scale) in row.iter().zip(&scales) {
            let step = if *scale > 0.0 { (w / scale).round() as i16 } else { 0 };
            body.extend_from_slice(&step.to_le_bytes());
        }
    }
}

pub(crate) fn decode(file: &[u8]) -> Result<Content, ModelError> {
    if file.len() > MAX_FILE {
        return Err(ModelError::TooLarge(file.len()));
    }
    let mut reader = Reader(file);
    if reader.take(4, "magic").ok() != Some(MAGIC) {
        return Err(ModelError::Magic);
    }
    let format = reader.u16("format version")?;
    if format != FORMAT {
        return Err(ModelError::Format(format));
    }
    let checksum: [u8; 32] = reader.array("checksum")?;
    if checksum != fingerprint(reader.0) {
        return Err(ModelError::Checksum);
    }
    let content = decode_body(&mut reader)?;
    if reader.0.is_empty() { Ok(content) } else { Err(ModelError::Invalid("length")) }
}

fn decode_body(reader: &mut Reader<'_>) -> Result<Content, ModelError> {
    let data_hash = reader.array("data hash")?;
    let samples = reader.u32("number of samples")?;
    let temperature = reader.f32("temperature")?;
    if !(1e-3..=1e3).contains(&temperature) {
        return Err(ModelError::Invalid("temperature"));
    }
    let labels = decode_labels(reader)?;
    let words = reader.u32("number of word n-grams")?;
    let count = reader.u32("number of n-grams")? as usize;
    if count > MAX_FEATURES || words as usize > count {
        return Err(ModelError::Invalid("number of n-grams"));
    }
    // A feature takes at least three bytes for its text, two for its idf and two for each label.
    if reader.0.len() < count * (5 + 2 * labels.len()) {
        return Err(ModelError::Truncated("n-grams"));
    }
    let grams = decode_grams(reader, count)?;
    let steps = reader.take(count * 2, "document frequencies")?;
    let idf = steps
        .chunks_exact(2)
        .map(|pair| f32::from(u16::from_le_bytes([pair[0], pair[1]])) / IDF_STEPS)
        .collect();
    let bias = (0..labels.len()).map(|_| reader.f32("intercepts")).collect::<Result<_, _>>()?;
    let weights = decode_weights(reader, count, labels.len())?;
    Ok(Content { data_hash, samples, temperature, labels, words, grams, idf, bias, weights })
}

fn decode_labels(reader: &mut Reader<'_>) -> Result<Vec<String>, ModelError> {
    let count = usize::from(reader.u8("number of labels")?);
    if count == 0 || count > MAX_LABELS {
        return Err(ModelError::Invalid("number of labels"));
    }
    let mut labels: Vec<String> = Vec::with_capacity(count);
    for _ in 0..count {
        let length = usize::from(reader.u8("labels")?);
        let bytes = reader.take(length, "labels")?;
        let label = std::str::from_utf8(bytes).map_err(|_| ModelError::Invalid("label"))?;
        if length == 0 || length > MAX_LABEL_BYTES || labels.iter().any(|known| known == label) {
            return Err(ModelError::Invalid("label"));
        }
        labels.push(label.to_owned());
    }
    Ok(labels)
}

fn decode_grams(reader: &mut Reader<'_>, count: usize) -> Result<Vec<String>, ModelError> {
    let mut grams = Vec::with_capacity(count);
    let mut gram: Vec<u8> = Vec::new();
    for _ in 0..count {
        let shared = usize::from(reader.u8("n-grams")?);
        let length = usize::from(reader.u16("n-grams")?);
        if shared > gram.len() || shared + length > MAX_GRAM_BYTES {
            return Err(ModelError::Invalid("n-gram"));
        }
        gram.truncate(shared);
        gram.extend_from_slice(reader.take(length, "n-grams")?);
        let text = std::str::from_utf8(&gram).map_err(|_| ModelError::Invalid("n-gram"))?;
        grams.push(text.to_owned());
    }
    Ok(grams)
}

fn decode_weights(reader: &mut Reader<'_>, count: usize, labels: usize) -> Result<Vec<f32>, ModelError> {
    let scales = (0..labels).map(|_| reader.f32("scales")).collect::<Result<Vec<f32>, _>>()?;
    let steps = reader.take(count * labels * 2, "weights")?;
    let scaled = steps.chunks_exact(2).zip(scales.iter().cycle());
    Ok(scaled.map(|(pair, scale)| f32::from(i16::from_le_bytes([pair[0], pair[1]])) * scale).collect())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], ModelError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(ModelError::Truncated(what))?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ModelError> {
        self.take(N, what)?.try_into().map_err(|_| ModelError::Truncated(what))
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, ModelError> {
        self.array(what).map(u8::from_le_bytes)
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, ModelError> {
        self.array(what).map(u16::from_le_bytes)
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, ModelError> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn f32(&mut self, what: &'static str) -> Result<f32, ModelError> {
        let value = self.array(what).map(f32::from_le_bytes)?;
        if value.is_finite() { Ok(value) } else { Err(ModelError::Invalid(what)) }
    }
}
