//! Fewer parameters, the same model. N-grams of one block that occur in exactly the same texts equally often ("starb",
//! "tarbu", …) have values in a fixed ratio, that of their document frequencies. Under L2 the best weights then stand
//! in the same ratio, and so does every step an L-BFGS takes from there: such n-grams are trained as one, without
//! approximation, and given their own weights afterwards. Most n-grams of a lexicon are tied, so that training takes a
//! fraction of the time.

use crate::features::{Found, GramMap, Scratch, Vocabulary, hash_gram, step};

/// Which n-grams are trained as one.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    /// Feature -> its group.
    groups: Vec<u32>,
    /// Feature -> its part of the group's direction; the squares in a group add up to 1.
    shares: Vec<f32>,
    count: usize,
}

/// A feature's occurrences so far, as a hash of the rows and the number of times in each.
pub(crate) struct Occurrences(Vec<u64>);

impl Occurrences {
    pub(crate) fn new(vocabulary: &Vocabulary) -> Occurrences {
        let start = |id: usize| hash_gram(vocabulary.block(id as u32), "");
        Occurrences((0..vocabulary.len()).map(start).collect())
    }

    pub(crate) fn add(&mut self, row: usize, scratch: &Scratch) {
        for run in runs(&scratch.found) {
            let times = run.len() as u64;
            if let Some(signature) = run.first().and_then(|item| self.0.get_mut(item.id as usize)) {
                // Rows are hashed from 1, because a zero would leave the hash of an empty signature unmixed.
                *signature = step(step(*signature, row as u64 + 1), times);
            }
        }
    }

    pub(crate) fn tie(&self, vocabulary: &Vocabulary) -> Ties {
        let mut ids: GramMap<u32> = GramMap::default();
        let mut squares: Vec<f32> = Vec::new();
        let mut groups = Vec::with_capacity(self.0.len());
        for (id, &signature) in self.0.iter().enumerate() {
            let next = squares.len() as u32;
            let group = *ids.entry(signature).or_insert(next);
            if group == next {
                squares.push(0.0);
            }
            if let Some(square) = squares.get_mut(group as usize) {
                *square += vocabulary.idf(id as u32).powi(2);
            }
            groups.push(group);
        }
        let share = |(id, &group): (usize, &u32)| vocabulary.idf(id as u32) / squares[group as usize].sqrt();
        let shares = groups.iter().enumerate().map(share).collect();
        Ties { groups, shares, count: squares.len() }
    }
}

/// Features found in one text, one slice for each n-gram.
pub(crate) fn runs(found: &[Found]) -> impl Iterator<Item = &[Found]> {
    found.chunk_by(|a, b| a.id == b.id)
}

impl Ties {
    /// How many parameters remain for each label.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn group(&self, id: u32) -> (u32, f32) {
        let id = id as usize;
        (self.groups.get(id).copied().unwrap_or_default(), self.shares.get(id).copied().unwrap_or_default())
    }

    /// A text's features, one for each group it touches.
    pub(crate) fn condense(&self, found: &[Found]) -> Vec<(u32, f32)> {
        let mut condensed: Vec<(u32, f32)> = runs(found)
            .filter_map(|run| {
                let (group, share) = self.group(run.first()?.id);
                let value: f32 = run.iter().map(|item| item.value).sum();
                Some((group, value * share))
            })
            .collect();
        condensed.sort_unstable_by_key(|&(group, _)| group);
        condensed.dedup_by(|item, kept| {
            let same = item.0 == kept.0;
            kept.1 += if same { item.1 } else { 0.0 };
            same
        });
        condensed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Block;

    #[test]
    fn features_of_the_same_texts_are_trained_as_one_of_equal_length() {
        let known = [
            (Block::Word, "bar"),
            (Block::Word, "tea"),
            (Block::Char, "ar"),
            (Block::Char, "ba"),
            (Block::Char, "te"),
        ];
        let vocabulary = Vocabulary::new(known.into_iter(), vec![1.0, 2.0, 1.5, 3.0, 2.5], 2).unwrap();
        let mut occurrences = Occurrences::new(&vocabulary);
        let mut scratch = Scratch::default();
        for (row, text) in ["tea bar", "bar"].into_iter().enumerate() {
            vocabulary.vectorise(text, &mut scratch);
            occurrences.add(row, &scratch);
        }

        let ties = occurrences.tie(&vocabulary);

        assert_eq!(ties.count(), 4);
        assert_eq!(ties.group(2).0, ties.group(3).0);
        let squares = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>();
        let plain: Vec<f32> = scratch.found.iter().map(|item| item.value).collect();
        let tied: Vec<f32> = ties.condense(&scratch.found).into_iter().map(|(_, value)| value).collect();
        assert!((squares(&plain) - squares(&tied)).abs() < 1e-5);
    }
}
