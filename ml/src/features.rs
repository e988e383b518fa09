//! Text to sparse features: word 1-2-grams and character 2-5-grams within words, each weighted by sublinear TF-IDF
//! and each block of unit length. Owns the vocabulary; knows nothing of labels or weights.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::folding;
use crate::text;

const SHORTEST: usize = 2;
const LONGEST: usize = 5;
/// Two words and the space between them, four bytes for each character.
pub(crate) const MAX_GRAM_BYTES: usize = 4 * (2 * text::MAX_WORD_CHARS + 1);

/// An unknown n-gram adds this part of a rare one's square to its block's length. Without it a strange word that happens
/// to share two letters with a known one would look as certain as the known one.
const UNKNOWN_SHARE: f32 = 0.3;

/// The two families of n-grams. They never mix: the word "in" and the characters "in" are different features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    Word,
    Char,
}

/// One n-gram found in a text: characters `start..end` of the buffer, inside word number `word`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gram {
    pub block: Block,
    pub hash: u64,
    pub word: u32,
    pub start: u32,
    pub end: u32,
}

/// Keys are already well mixed, so the map need not hash them again.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = step(self.0, u64::from(byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(crate) type GramMap<V> = HashMap<u64, V, BuildHasherDefault<Mixed>>;

fn seed(block: Block) -> u64 {
    match block {
        Block::Word => 0x9e37_79b9_7f4a_7c15,
        Block::Char => 0xc2b2_ae3d_27d4_eb4f,
    }
}

/// The round of FxHash (rustc's hasher), over code points.
pub(crate) fn step(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// The last round of SplitMix64: the map looks at the lowest and the highest bits alone.
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

pub(crate) fn hash_gram(block: Block, gram: &str) -> u64 {
    finish(gram.chars().fold(seed(block), |hash, c| step(hash, u64::from(u32::from(c)))))
}

/// A feature present in a text: its number, its weight, the word it came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub id: u32,
    pub word: u32,
    pub value: f32,
}

/// Buffers of one thread; after the first few texts nothing here allocates.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    cleaning: text::Scratch,
    pub cleaned: String,
    pub chars: Vec<char>,
    /// Word number -> its characters in `chars`.
    pub words: Vec<(u32, u32)>,
    pub found: Vec<Found>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Runs with this thread's buffers, or with fresh ones should they be in use.
pub(crate) fn with_scratch<T>(run: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with(|cell| match cell.try_borrow_mut() {
        Ok(mut scratch) => run(&mut scratch),
        Err(_) => run(&mut Scratch::default()),
    })
}

impl Scratch {
    /// Cleans the text and lays its words out with one space before, between and after them.
    pub(crate) fn load(&mut self, text: &str) {
        text::clean_into(text, &mut self.cleaning, &mut self.cleaned);
        self.chars.clear();
        self.words.clear();
        self.chars.push(' ');
        let mut start = 1;
        for c in self.cleaned.chars().map(folding::medial).chain(std::iter::once(' ')) {
            let end = self.chars.len();
            if c == ' ' && end > start {
                self.words.push((start as u32, end as u32));
                start = end + 1;
            }
            self.chars.push(c);
        }
    }

    pub(crate) fn each_gram(&self, mut visit: impl FnMut(Gram)) {
        for (word, &(start, end)) in self.words.iter().enumerate() {
            let word = word as u32;
            let unigram = self.hash(seed(Block::Word), start, end);
            visit(Gram { block: Block::Word, hash: finish(unigram), word, start, end });
            if let Some(&(_, next)) = self.words.get(word as usize + 1) {
                let bigram = self.hash(unigram, end, next);
                visit(Gram { block: Block::Word, hash: finish(bigram), word, start, end: next });
            }
            self.each_char_gram(word, start - 1, end + 1, &mut visit);
        }
    }

    fn each_char_gram(&self, word: u32, from: u32, to: u32, visit: &mut impl FnMut(Gram)) {
        for start in from..to {
            let mut hash = seed(Block::Char);
            for end in start + 1..=to.min(start + LONGEST as u32) {
                hash = self.hash(hash, end - 1, end);
                if (end - start) as usize >= SHORTEST {
                    visit(Gram { block: Block::Char, hash: finish(hash), word, start, end });
                }
            }
        }
    }

    fn hash(&self, hash: u64, start: u32, end: u32) -> u64 {
        let chars = self.chars.get(start as usize..end as usize).unwrap_or_default();
        chars.iter().fold(hash, |hash, &c| step(hash, u64::from(u32::from(c))))
    }
}

/// The n-grams a model knows. Numbers below `words` are word n-grams, the rest character n-grams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    ids: GramMap<u32>,
    idf: Vec<f32>,
    words: u32,
    /// The weight of an n-gram as rare as any.
    rarest: f32,
}

impl Vocabulary {
    /// `None` when two n-grams collide, which only a forged file would contain.
    pub(crate) fn new<'a>(
        grams: impl Iterator<Item = (Block, &'a str)>,
        idf: Vec<f32>,
        words: u32,
    ) -> Option<Vocabulary> {
        let mut ids = GramMap::with_capacity_and_hasher(idf.len(), BuildHasherDefault::default());
        for (id, (block, gram)) in grams.enumerate() {
            if ids.insert(hash_gram(block, gram), id as u32).is_some() {
                return None;
            }
        }
        let rarest = idf.iter().copied().fold(0.0, f32::max);
        Some(Vocabulary { ids, idf, words, rarest })
    }

    pub(crate) fn len(&self) -> usize {
        self.idf.len()
    }

    pub(crate) fn id(&self, hash: u64) -> Option<u32> {
        self.ids.get(&hash).copied()
    }

    pub(crate) fn block(&self, id: u32) -> Block {
        if id < self.words { Block::Word } else { Block::Char }
    }

    pub(crate) fn idf(&self, id: u32) -> f32 {
        self.idf.get(id as usize).copied().unwrap_or_default()
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.ids.iter().map(|(&hash, &id)| (hash, id))
    }

    /// Fills `scratch.found` with the features of the text, ordered by number. An n-gram that occurs several times
    /// stands there several times, its weight shared out, so that each word keeps its part.
    ///
    /// Weights: `(1 + ln tf) * idf`, then each block divided by its Euclidean length (Salton and Buckley 1988).
    pub(crate) fn vectorise(&self, text: &str, scratch: &mut Scratch) {
        scratch.load(text);
        let mut found = std::mem::take(&mut scratch.found);
        found.clear();
        let (mut unknown_words, mut unknown_chars) = (0.0, 0.0);
        scratch.each_gram(|gram| match (self.id(gram.hash), gram.block) {
            (Some(id), _) => found.push(Found { id, word: gram.word, value: 0.0 }),
            (None, Block::Word) => unknown_words += 1.0,
            (None, Block::Char) => unknown_chars += 1.0,
        });
        found.sort_unstable_by_key(|item| (item.id, item.word));
        let split = found.partition_point(|item| item.id < self.words);
        let (words, chars) = found.split_at_mut(split);
        self.weigh(words, unknown_words);
        self.weigh(chars, unknown_chars);
        scratch.found = found;
    }

    fn weigh(&self, block: &mut [Found], unknown: f32) {
        let mut square = UNKNOWN_SHARE * unknown * self.rarest * self.rarest;
        for run in block.chunk_by_mut(|a, b| a.id == b.id) {
            let count = run.len() as f32;
            let tf = if run.len() == 1 { 1.0 } else { 1.0 + count.ln() };
            let weight = run.first().map_or(0.0, |item| tf * self.idf(item.id));
            square += weight * weight;
            run.iter_mut().for_each(|item| item.value = weight / count);
        }
        if square > 0.0 {
            let scale = square.sqrt().recip();
            block.iter_mut().for_each(|item| item.value *= scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(text: &str) -> Vec<(Block, String)> {
        let mut scratch = Scratch::default();
        scratch.load(text);
        let mut grams = Vec::new();
        scratch.each_gram(|gram| {
            let chars = &scratch.chars[gram.start as usize..gram.end as usize];
            let gram_text: String = chars.iter().collect();
            assert_eq!(hash_gram(gram.block, &gram_text), gram.hash);
            grams.push((gram.block, gram_text));
        });
        grams
    }

    #[test]
    fn it_finds_words_pairs_and_characters_within_words() {
        let found = grams("Tea bar");

        let words: Vec<&str> =
            found.iter().filter(|(block, _)| *block == Block::Word).map(|(_, gram)| gram.as_str()).collect();
        assert_eq!(words, ["tea", "tea bar", "bar"]);
        let chars: Vec<&str> = found
            .iter()
            .filter(|(block, _)| *block == Block::Char)
            .map(|(_, gram)| gram.as_str())
            .take(10)
            .collect();
        assert_eq!(chars, [" t", " te", " tea", " tea ", "te", "tea", "tea ", "ea", "ea ", "a "]);
    }

    #[test]
    fn unknown_grams_take_their_part_of_the_unit_length() {
        let known = [(Block::Word, "tea"), (Block::Word, "bar"), (Block::Char, "te"), (Block::Char, "ar")];
        let vocabulary = Vocabulary::new(known.into_iter(), vec![1.0, 2.0, 1.5, 3.0], 2).unwrap();
        let mut scratch = Scratch::default();

        vocabulary.vectorise("tea bar", &mut scratch);

        let length = |range: std::ops::Range<usize>| -> f32 {
            scratch.found[range].iter().map(|item| item.value * item.value).sum()
        };
        let total = length(0..2);
        assert!(total < 1.0 && total > 0.5, "one pair of words is unknown: {total}");
        assert!(length(2..4) < total, "most characters are unknown");
    }

    #[test]
    fn a_text_without_known_grams_has_no_features() {
        let mut scratch = Scratch::default();

        Vocabulary::default().vectorise("tea bar", &mut scratch);

        assert!(scratch.found.is_empty());
    }
}
