//! Whose corrections may teach the model that all share, which of their words, and with what weight. Pure: it knows
//! neither stores nor settings; those who do not share are left out before anything is stored.

use std::collections::{HashMap, HashSet};

use finbrain_domain::{ids::UserId, ports::TrainingExample};
use finbrain_ml::{Example, clean};

/// Corrections weigh this much more than a row of the lexicon.
const CORRECTION_WEIGHT: f32 = 3.0;
/// Strangers bring a word of their own into the shared vocabulary when so many of them corrected it.
const ENOUGH_PEOPLE: usize = 5;
/// The largest part of a retraining that one stranger decides.
const LARGEST_SHARE: f64 = 0.02;

/// Whose corrections may teach the shared model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// One household: everyone's corrections count.
    Household,
    /// Strangers on one server: those who chose to share, within the limits below.
    ByChoice,
}

/// What the program ships with, against which strangers' corrections are measured.
#[derive(Debug, Default)]
pub struct Shipped {
    words: HashSet<String>,
    weight: f64,
}

impl Shipped {
    pub fn of(examples: &[Example]) -> Self {
        let words =
            examples.iter().flat_map(|example| words(&clean(&example.text)).collect::<Vec<_>>()).collect();
        Self { words, weight: examples.iter().map(|example| f64::from(example.weight)).sum() }
    }
}

/// What a training takes of the corrections, which come newest first. A person's last word on a merchant counts alone.
pub fn admit(corrections: &[TrainingExample], sharing: Sharing, shipped: &Shipped) -> Vec<Example> {
    let mut said = HashSet::new();
    let last = corrections.iter().filter(|correction| said.insert((correction.user, &correction.text)));
    let last: Vec<&TrainingExample> = last.collect();
    match sharing {
        Sharing::Household => last
            .into_iter()
            .map(|correction| example(correction.text.clone(), correction, CORRECTION_WEIGHT))
            .collect(),
        Sharing::ByChoice => of_strangers(&last, shipped),
    }
}

fn of_strangers(corrections: &[&TrainingExample], shipped: &Shipped) -> Vec<Example> {
    let common = common_words(corrections);
    let known = |word: &String| shipped.words.contains(word) || common.contains(word);
    let admitted: Vec<(&TrainingExample, String)> = corrections
        .iter()
        .map(|&correction| (correction, words(&correction.text).filter(known).collect::<Vec<_>>().join(" ")))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let mut counts: HashMap<UserId, usize> = HashMap::new();
    for (correction, _) in &admitted {
        *counts.entry(correction.user).or_default() += 1;
    }
    // Measured against what ships alone: with everybody's corrections on top, one person's part is smaller still.
    let most = shipped.weight * LARGEST_SHARE;
    let weight = |user| {
        let fair = most / counts.get(&user).copied().unwrap_or(1) as f64;
        CORRECTION_WEIGHT.min(fair as f32)
    };
    admitted
        .into_iter()
        .map(|(correction, text)| example(text, correction, weight(correction.user)))
        .collect()
}

/// Words that enough people corrected.
fn common_words(corrections: &[&TrainingExample]) -> HashSet<String> {
    let mut people: HashMap<String, HashSet<UserId>> = HashMap::new();
    for correction in corrections {
        for word in words(&correction.text) {
            people.entry(word).or_default().insert(correction.user);
        }
    }
    people.into_iter().filter(|(_, people)| people.len() >= ENOUGH_PEOPLE).map(|(word, _)| word).collect()
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(ToOwned::to_owned)
}

fn example(text: String, correction: &TrainingExample, weight: f32) -> Example {
    Example { weight, ..Example::new(text, correction.category.clone()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use finbrain_domain::ids::BookId;
    use proptest::prelude::*;

    use super::*;

    fn correction(user: UserId, text: &str, category: &str) -> TrainingExample {
        let (text, category) = (text.to_owned(), category.to_owned());
        TrainingExample { user, book: BookId::new(), slot: 1, index: 0, text, category }
    }

    fn shipped() -> Shipped {
        Shipped::of(&vec![Example::new("coffee house", "food-drinks"); 1_000])
    }

    fn texts(examples: &[Example]) -> BTreeSet<&str> {
        examples.iter().map(|example| example.text.as_str()).collect()
    }

    #[test]
    fn a_household_teaches_every_word_at_full_weight() {
        let dana = UserId::new();

        let admitted =
            admit(&[correction(dana, "dr cohen", "health-essentials")], Sharing::Household, &shipped());

        assert_eq!(texts(&admitted), BTreeSet::from(["dr cohen"]));
        assert_eq!(admitted[0].weight, 3.0);
    }

    #[test]
    fn the_last_word_on_a_merchant_counts_alone() {
        let dana = UserId::new();
        let newest_first =
            [correction(dana, "noir", "leisure-gifts"), correction(dana, "noir", "food-drinks")];

        let admitted = admit(&newest_first, Sharing::Household, &shipped());

        assert_eq!(admitted.iter().map(|example| &*example.label).collect::<Vec<_>>(), ["leisure-gifts"]);
    }

    #[test]
    fn a_strangers_own_word_stays_out_until_five_people_corrected_it() {
        let people: Vec<UserId> = (0..5).map(|_| UserId::new()).collect();
        let all: Vec<_> =
            people.iter().map(|&user| correction(user, "coffee cohen", "health-essentials")).collect();

        let four = admit(&all[..4], Sharing::ByChoice, &shipped());
        let five = admit(&all, Sharing::ByChoice, &shipped());

        assert_eq!(texts(&four), BTreeSet::from(["coffee"]));
        assert_eq!(texts(&five), BTreeSet::from(["coffee cohen"]));
    }

    #[test]
    fn the_same_person_five_times_is_one_person() {
        let dana = UserId::new();
        let all: Vec<_> = (0..5).map(|n| correction(dana, &format!("cohen {n}"), "other")).collect();

        assert_eq!(admit(&all, Sharing::ByChoice, &shipped()), []);
    }

    const WORDS: [&str; 6] = ["coffee", "house", "noir", "cohen", "haifa", "levi"];

    /// Who said which words of which category.
    fn said() -> impl Strategy<Value = Vec<(usize, Vec<usize>, bool)>> {
        let words = proptest::collection::vec(0..WORDS.len(), 1..4);
        proptest::collection::vec((0..8usize, words, any::<bool>()), 0..60)
    }

    fn corrections(people: &[UserId], said: &[(usize, Vec<usize>, bool)]) -> Vec<TrainingExample> {
        let text = |words: &[usize]| words.iter().map(|&word| WORDS[word]).collect::<Vec<_>>().join(" ");
        said.iter()
            .map(|(who, words, food)| {
                let category = if *food { "food-drinks" } else { "other" };
                correction(people[*who], &text(words), category)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_stranger_weighs_more_than_two_percent(said in said(), rows in 1..200usize) {
            let people: Vec<UserId> = (0..8).map(|_| UserId::new()).collect();
            let shipped = Shipped::of(&vec![Example::new("coffee house", "food-drinks"); rows]);
            let all = corrections(&people, &said);

            let weigh = |examples: &[Example]| -> f64 {
                examples.iter().map(|example| f64::from(example.weight)).sum()
            };
            let total = shipped.weight + weigh(&admit(&all, Sharing::ByChoice, &shipped));
            for user in &people {
                // Without the others' help to get words in, and with it: the weight depends on the count alone.
                let own: Vec<_> = all.iter().filter(|correction| correction.user == *user).cloned().collect();
                let most = weigh(&admit(&own, Sharing::ByChoice, &shipped));
                prop_assert!(most <= 0.02 * total.max(shipped.weight));
            }
        }

        #[test]
        fn every_word_that_enters_ships_or_has_five_people(said in said()) {
            let people: Vec<UserId> = (0..8).map(|_| UserId::new()).collect();
            let all = corrections(&people, &said);

            for example in admit(&all, Sharing::ByChoice, &shipped()) {
                for word in example.text.split(' ') {
                    let behind: HashSet<UserId> = all
                        .iter()
                        .filter(|correction| correction.text.split(' ').any(|other| other == word))
                        .map(|correction| correction.user)
                        .collect();
                    prop_assert!(["coffee", "house"].contains(&word) || behind.len() >= 5, "{}", word);
                }
            }
        }
    }
}
