//! One person's own corrections, asked beside the model: what they chose for "cafe noir haifa" also speaks for "cafe noir
//! tel aviv". Knows merchants (cleaned texts) and labels, whatever these are; it is never stored, because it is quickly
//! built from what is.
//!
//! Two corrections are alike by the cosine of their words, weighed by how rare the shipped model finds them: a word that it
//! does not know names somebody, one that it knows from a hundred merchants names a trade. Names come first and places
//! last, so later words weigh less. A word that many corrections share speaks by the part of them that agree.

use std::collections::HashMap;
use std::sync::Arc;

use crate::features::{Block, hash_gram};
use crate::model::{Model, Prediction, Ranked};

/// Merchants beyond this many are not taken in.
const MOST: usize = 20_000;
/// Words of a merchant beyond this many are ignored.
const MOST_WORDS: usize = 12;
/// A word of more corrections than this no longer leads to each of them.
const MOST_SHARED: usize = 128;
/// Likenesses from which a correction begins to count, and at which it counts in full.
const ALIKE: (f32, f32) = (0.4, 0.7);
/// The model is never overruled entirely.
const STRONGEST: f32 = 0.9;
/// Words behind this many weigh less, because places and branches stand there.
const NAME_WORDS: usize = 2;
const PLACE_WEIGHT: f32 = 0.6;
/// What the shipped model says of common words is not rare enough to tell merchants apart below this.
const COMMON_IDF: f32 = 3.0;
/// What a word weighs that the shipped model does not know.
const UNKNOWN_IDF: f32 = 10.0;
/// A word says something by itself when so many corrections have it.
const HABIT: usize = 5;
/// So many of them are asked.
const MOST_COUNTED: usize = 1_000;

#[derive(Debug, Clone)]
struct Lesson {
    label: Arc<str>,
    words: Vec<u64>,
    length: f32,
}

/// What the corrections say of a text: labels with the strength of what speaks for them, between 0 and 1, the strongest
/// first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Opinion {
    pub labels: Vec<(Arc<str>, f32)>,
}

/// Corrections of one person, by merchant.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    lessons: HashMap<u32, Lesson>,
    numbers: HashMap<Box<str>, u32>,
    by_word: HashMap<u64, Vec<u32>>,
    next: u32,
}

impl Overlay {
    /// How many merchants it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lessons.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lessons.is_empty()
    }

    /// The label for this merchant from now on.
    pub fn learn(&mut self, merchant: &str, label: &str) {
        if let Some(lesson) = self.numbers.get(merchant).and_then(|number| self.lessons.get_mut(number)) {
            lesson.label = Arc::from(label);
            return;
        }
        let words = weigh(merchant);
        if words.is_empty() || self.lessons.len() >= MOST {
            return;
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        for (word, _) in &words {
            self.by_word.entry(*word).or_default().push(number);
        }
        let lesson = Lesson {
            label: Arc::from(label),
            length: length(&words),
            words: words.into_iter().map(|(word, _)| word).collect(),
        };
        self.lessons.insert(number, lesson);
        self.numbers.insert(merchant.into(), number);
    }

    pub fn forget(&mut self, merchant: &str) {
        let Some(number) = self.numbers.remove(merchant) else { return };
        let Some(lesson) = self.lessons.remove(&number) else { return };
        for word in lesson.words {
            if let Some(numbers) = self.by_word.get_mut(&word) {
                numbers.retain(|other| *other != number);
                if numbers.is_empty() {
                    self.by_word.remove(&word);
                }
            }
        }
    }

    /// What like merchants say. Does not depend on the order in which they were learnt, unless a word has more than a
    /// thousand of them.
    #[must_use]
    pub fn opinion(&self, merchant: &str) -> Opinion {
        let mut labels: HashMap<&Arc<str>, f32> = HashMap::new();
        if self.is_empty() {
            return Opinion::default();
        }
        let words = weigh(merchant);
        let asked = length(&words);
        let mut shared: HashMap<u32, f32> = HashMap::new();
        for &(word, weight) in &words {
            let Some(numbers) = self.by_word.get(&word) else { continue };
            if numbers.len() >= HABIT {
                self.habit(numbers, weight / asked, &mut labels);
            }
            if numbers.len() <= MOST_SHARED {
                numbers.iter().for_each(|number| *shared.entry(*number).or_default() += weight * weight);
            }
        }
        for (number, product) in shared {
            let Some(lesson) = self.lessons.get(&number) else { continue };
            let (from, full) = ALIKE;
            let strength = (product / (asked * lesson.length) - from) / (full - from);
            raise(&mut labels, &lesson.label, strength.min(1.0) * STRONGEST);
        }
        let mut labels: Vec<(Arc<str>, f32)> =
            labels.into_iter().map(|(label, strength)| (Arc::clone(label), strength)).collect();
        labels.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Opinion { labels }
    }

    /// The label that most corrections with this word have, if nearly all of them do.
    fn habit<'a>(&'a self, numbers: &[u32], part: f32, labels: &mut HashMap<&'a Arc<str>, f32>) {
        let mut counts: HashMap<&Arc<str>, usize> = HashMap::new();
        for lesson in numbers.iter().take(MOST_COUNTED).filter_map(|number| self.lessons.get(number)) {
            *counts.entry(&lesson.label).or_default() += 1;
        }
        let Some((label, most)) = counts.into_iter().max_by_key(|(label, count)| (*count, *label)) else {
            return;
        };
        let all = numbers.len().min(MOST_COUNTED) as f32;
        let (agreed, sure) = (most as f32 / all, all / (all + HABIT as f32));
        if agreed >= 0.8 {
            raise(labels, label, agreed * sure * part.sqrt().min(STRONGEST));
        }
    }
}

fn raise<'a>(labels: &mut HashMap<&'a Arc<str>, f32>, label: &'a Arc<str>, strength: f32) {
    if strength > 0.0 {
        let known = labels.entry(label).or_default();
        *known = known.max(strength);
    }
}

impl Opinion {
    /// The model's answer moved towards the opinion: by its strength, in which the labels share by theirs.
    #[must_use]
    pub fn blend(&self, prediction: &Prediction) -> Vec<Ranked> {
        let mut ranked = prediction.ranked.clone();
        let Some((_, strength)) = self.labels.first() else { return ranked };
        let total: f32 = self.labels.iter().map(|(_, strength)| strength.powi(3)).sum();
        ranked.iter_mut().for_each(|ranked| ranked.probability *= 1.0 - strength);
        for (label, own) in &self.labels {
            let gain = strength * own.powi(3) / total;
            match ranked.iter_mut().find(|ranked| ranked.label == *label) {
                Some(known) => known.probability += gain,
                None => ranked.push(Ranked { label: Arc::clone(label), probability: gain }),
            }
        }
        ranked.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        ranked
    }
}

/// The words of a merchant, each once, with their weights.
fn weigh(merchant: &str) -> Vec<(u64, f32)> {
    let mut weights: Vec<(u64, f32)> = Vec::new();
    for (at, word) in merchant.split_whitespace().take(MOST_WORDS).enumerate() {
        let hash = hash_gram(Block::Word, word);
        if weights.iter().any(|(known, _)| *known == hash) {
            continue;
        }
        let rare = Model::builtin().word_idf(word).unwrap_or(UNKNOWN_IDF);
        let place = if at < NAME_WORDS { 1.0 } else { PLACE_WEIGHT };
        weights.push((hash, (rare - COMMON_IDF).max(0.5) * place));
    }
    weights
}

fn length(words: &[(u64, f32)]) -> f32 {
    words.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::merchant;

    fn overlay(lessons: &[(&str, &str)]) -> Overlay {
        let mut overlay = Overlay::default();
        lessons.iter().for_each(|(text, label)| overlay.learn(&merchant(text), label));
        overlay
    }

    fn best(overlay: &Overlay, text: &str) -> String {
        let blended = overlay.opinion(&merchant(text)).blend(&Model::builtin().predict(text));
        blended[0].label.to_string()
    }

    #[test]
    fn a_correction_speaks_for_another_branch() {
        let own = overlay(&[("Cafe Noir Haifa", "work")]);

        assert_eq!(best(&own, "Cafe Noir Tel Aviv"), "work");
        assert_eq!(best(&Overlay::default(), "Cafe Noir Tel Aviv"), "food-drinks");
    }

    #[test]
    fn it_does_not_speak_for_another_name_of_the_same_trade_or_place() {
        let own = overlay(&[("Cafe Noir Haifa", "work")]);

        for other in ["Cafe Greg Ramat Gan", "Pharmacy Levi Haifa", "coffee with Noa"] {
            assert_ne!(best(&own, other), "work", "{other}");
        }
    }

    #[test]
    fn a_habit_speaks_for_the_whole_trade() {
        let lessons: Vec<String> =
            ["noir", "greg", "landver", "aroma", "joe", "xander", "yolo", "quim", "braun", "wilk"]
                .iter()
                .map(|name| format!("cafe {name}"))
                .collect();
        let lessons: Vec<(&str, &str)> = lessons.iter().map(|text| (text.as_str(), "work")).collect();

        assert!(overlay(&lessons).opinion("cafe zumba").labels[0].1 > 0.3);
        assert_eq!(overlay(&lessons[..2]).opinion("cafe zumba").labels, []);
    }

    #[test]
    fn what_is_forgotten_no_longer_speaks() {
        let mut own = overlay(&[("Cafe Noir Haifa", "work"), ("Cafe Noir Haifa", "play")]);
        assert_eq!(own.len(), 1);
        assert_eq!(best(&own, "Cafe Noir Tel Aviv"), "play");

        own.forget(&merchant("Cafe Noir Haifa"));

        assert!(own.is_empty() && own.by_word.is_empty());
        assert_eq!(best(&own, "Cafe Noir Tel Aviv"), "food-drinks");
    }

    #[test]
    fn the_order_of_learning_does_not_matter() {
        let lessons = [("noir haifa", "a"), ("noir tel aviv", "b"), ("noir eilat", "a"), ("gan noir", "c")];
        let mut turned = lessons;
        turned.reverse();

        let [one, other] = [lessons, turned].map(|lessons| overlay(&lessons).opinion("noir jaffa"));

        assert_eq!(one, other);
        assert!(!one.labels.is_empty());
    }

    #[test]
    fn blended_probabilities_still_add_up_to_one() {
        let own = overlay(&[("Cafe Noir Haifa", "work"), ("Noir Cinema", "leisure-gifts")]);

        let blended = own.opinion("cafe noir").blend(&Model::builtin().predict("cafe noir"));

        let sum: f32 = blended.iter().map(|ranked| ranked.probability).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    }

    #[test]
    fn it_stays_bounded_and_quick() {
        let mut own = Overlay::default();
        for n in 0..MOST + 10 {
            own.learn(&format!("cafe shop{n} market center haifa"), if n % 3 == 0 { "a" } else { "b" });
        }
        assert_eq!(own.len(), MOST);

        assert!(own.opinion("cafe market center haifa").labels.iter().all(|(_, strength)| *strength <= 1.0));
    }
}
