//! The baseline for unusual payments: an isolation forest (Liu, Ting and Zhou 2008) as its authors describe it: 100 trees,
//! each grown on 256 rows drawn without replacement, to a depth of 8; a node splits at a uniform place of a uniformly
//! drawn feature; the score of a row is 2 to the power of minus its mean path over the path expected by chance. It sees all
//! rows of the household at once, also those that came later, which is more than a payment that is judged when written has.

use crate::random::Random;

const TREES: usize = 100;
const SAMPLE: usize = 256;
const DEPTH: usize = 8;
pub const FEATURES: usize = 7;

pub type Features = [f64; FEATURES];

enum Node {
    Leaf { rows: usize },
    Split { feature: usize, at: f64, below: Box<Node>, above: Box<Node> },
}

/// A score for each row, from 0 to 1; the higher, the lonelier.
pub fn scores(rows: &[Features], random: &mut Random) -> Vec<f64> {
    let sample = rows.len().min(SAMPLE);
    let trees: Vec<Node> = (0..TREES).map(|_| grow(draw(rows, sample, random), DEPTH, random)).collect();
    let by_chance = chance_path(sample);
    let score = |row: &Features| {
        let mean = trees.iter().map(|tree| path(tree, row)).sum::<f64>() / TREES as f64;
        (-mean / by_chance).exp2()
    };
    rows.iter().map(score).collect()
}

fn draw(rows: &[Features], sample: usize, random: &mut Random) -> Vec<Features> {
    let mut rows = rows.to_vec();
    for at in 0..sample {
        let other = at + random.below(rows.len() - at);
        rows.swap(at, other);
    }
    rows.truncate(sample);
    rows
}

fn grow(rows: Vec<Features>, depth: usize, random: &mut Random) -> Node {
    let leaf = Node::Leaf { rows: rows.len() };
    if depth == 0 || rows.len() < 2 {
        return leaf;
    }
    let feature = random.below(FEATURES);
    let values = || rows.iter().map(|row| row[feature]);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if low >= high {
        return leaf;
    }
    let at = random.between(low, high);
    let (below, above): (Vec<Features>, Vec<Features>) = rows.into_iter().partition(|row| row[feature] < at);
    let [below, above] = [below, above].map(|rows| Box::new(grow(rows, depth - 1, random)));
    Node::Split { feature, at, below, above }
}

fn path(node: &Node, row: &Features) -> f64 {
    match node {
        Node::Leaf { rows } => chance_path(*rows),
        Node::Split { feature, at, below, above } => {
            1.0 + path(if row[*feature] < *at { below } else { above }, row)
        }
    }
}

/// The mean length of an unsuccessful search in a binary search tree of n rows.
fn chance_path(n: usize) -> f64 {
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        n => {
            let n = n as f64;
            2.0 * ((n - 1.0).ln() + 0.577_215_664_9) - 2.0 * (n - 1.0) / n
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loneliest_row_has_the_highest_score() {
        let mut random = Random::new(5);
        let mut rows: Vec<Features> = (0..400).map(|_| std::array::from_fn(|_| random.normal())).collect();
        rows.push([9.0; FEATURES]);

        let scores = scores(&rows, &mut random);

        let highest = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        assert_eq!(highest, Some(400));
    }

    #[test]
    fn no_rows_and_equal_rows_have_scores_too() {
        assert_eq!(scores(&[], &mut Random::new(1)), []);
        assert!(
            scores(&[[1.0; FEATURES]; 3], &mut Random::new(1))
                .iter()
                .all(|score| (0.0..=1.0).contains(score))
        );
    }
}
