//! What training minimises: a weighted loss over sparse rows plus L2, and its gradient; and the minimiser, which is
//! smartcore's L-BFGS under a line search that cannot panic. Numbers only: knows nothing of texts.

use std::cell::RefCell;

use smartcore::optimization::first_order::FirstOrderOptimizer;
use smartcore::optimization::first_order::lbfgs::LBFGS;
use smartcore::optimization::line_search::{LineSearchMethod, LineSearchResult};

use crate::parameters::Parameters;

/// The loss of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Multinomial logistic: the negative log-likelihood of a softmax.
    Softmax,
    /// One label against the rest, squared hinge: `max(0, 1 - y z)²` summed over labels.
    SquaredHinge,
}

/// Rows in compressed form: row `r` owns `columns[starts[r]..starts[r + 1]]` and the values beside them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    labels: Vec<usize>,
    weights: Vec<f64>,
}

impl Rows {
    pub(crate) fn push(&mut self, features: impl IntoIterator<Item = (u32, f32)>, label: usize, weight: f64) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for (column, value) in features {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
        self.labels.push(label);
        self.weights.push(weight);
    }

    fn total_weight(&self) -> f64 {
        self.weights.iter().sum::<f64>().max(f64::MIN_POSITIVE)
    }

    fn iter(&self) -> impl Iterator<Item = (&[u32], &[f32], usize, f64)> {
        self.starts.windows(2).zip(self.labels.iter().zip(&self.weights)).map(
            |(bounds, (&label, &weight))| {
                let range = bounds[0]..bounds[1];
                (&self.columns[range.clone()], &self.values[range], label, weight)
            },
        )
    }
}

/// Parameters are laid out feature by feature, `labels` numbers each; the last group is the intercept, which L2
/// leaves alone. The optimiser works on parameters divided by `scales`, one for each feature: a frequent feature's
/// curvature is thousands of times a rare one's, and evened out they need half the steps (Jacobi preconditioning).
#[derive(Debug)]
pub(crate) struct Objective<'a> {
    rows: &'a Rows,
    labels: usize,
    loss: Loss,
    /// Divided by the rows' total weight, as the loss is.
    l2: f64,
    scales: Vec<f64>,
}

impl<'a> Objective<'a> {
    /// `l2` is in units of one row of weight 1; `features` does not count the intercept.
    pub(crate) fn new(rows: &'a Rows, features: usize, labels: usize, loss: Loss, l2: f64) -> Objective<'a> {
        let mut curvature = vec![l2; features + 1];
        curvature[features] = 0.0;
        for (columns, values, _, weight) in rows.iter() {
            for (&column, &value) in columns.iter().zip(values) {
                curvature[column as usize] += weight * f64::from(value) * f64::from(value);
            }
            curvature[features] += weight;
        }
        let scales = curvature.into_iter().map(|c| if c > 0.0 { c.sqrt().recip() } else { 1.0 }).collect();
        Objective { rows, labels, loss, l2: l2 / rows.total_weight(), scales }
    }

    /// The value at `x`; its gradient goes into `gradient`. Both are divided by the rows' total weight.
    fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let scale = self.rows.total_weight().recip();
        let mut value = 0.0;
        let features = self.scales.len() - 1;
        let groups = gradient.chunks_exact_mut(self.labels).zip(x.chunks_exact(self.labels));
        for ((gradient, x), scale) in groups.zip(&self.scales).take(features) {
            let l2 = self.l2 * scale * scale;
            for (g, w) in gradient.iter_mut().zip(x) {
                *g = l2 * w;
                value += 0.5 * l2 * w * w;
            }
        }
        gradient[features * self.labels..].fill(0.0);
        let mut scores = vec![0.0; self.labels];
        for (columns, values, label, weight) in self.rows.iter() {
            self.score(x, columns, values, &mut scores);
            value += weight * scale * self.loss.slope(&mut scores, label);
            scores.iter_mut().for_each(|score| *score *= weight * scale);
            self.scatter(&scores, columns, values, gradient);
        }
        value
    }

    fn score(&self, x: &[f64], columns: &[u32], values: &[f32], scores: &mut [f64]) {
        scores.fill(0.0);
        for (column, value) in self.with_intercept(columns, values) {
            let from = column * self.labels;
            for (score, w) in scores.iter_mut().zip(&x[from..from + self.labels]) {
                *score += value * w;
            }
        }
    }

    fn scatter(&self, slopes: &[f64], columns: &[u32], values: &[f32], gradient: &mut [f64]) {
        for (column, value) in self.with_intercept(columns, values) {
            let from = column * self.labels;
            for (g, slope) in gradient[from..from + self.labels].iter_mut().zip(slopes) {
                *g += value * slope;
            }
        }
    }

    /// A row's features, scaled, and the constant 1 at the end.
    fn with_intercept<'r>(
        &'r self,
        columns: &'r [u32],
        values: &'r [f32],
    ) -> impl Iterator<Item = (usize, f64)> + 'r {
        let own = columns.iter().zip(values).map(|(&column, &value)| (column as usize, f64::from(value)));
        let constant = std::iter::once((self.scales.len() - 1, 1.0));
        own.chain(constant).map(|(column, value)| (column, value * self.scales[column]))
    }

    fn rescale(&self, x: &mut [f64], by: impl Fn(f64) -> f64) {
        for (group, &scale) in x.chunks_exact_mut(self.labels).zip(&self.scales) {
            group.iter_mut().for_each(|w| *w *= by(scale));
        }
    }
}

impl Loss {
    /// Replaces each score by the loss's derivative with respect to it, and returns the loss.
    fn slope(self, scores: &mut [f64], label: usize) -> f64 {
        match self {
            Loss::Softmax => {
                let right = scores[label];
                let log_sum = softmax(scores);
                scores[label] -= 1.0;
                log_sum - right
            }
            Loss::SquaredHinge => {
                let mut loss = 0.0;
                for (k, score) in scores.iter_mut().enumerate() {
                    let sign = if k == label { 1.0 } else { -1.0 };
                    let gap = (1.0 - sign * *score).max(0.0);
                    loss += gap * gap;
                    *score = -2.0 * sign * gap;
                }
                loss
            }
        }
    }
}

/// Replaces scores by probabilities; returns the logarithm of the sum of their exponentials.
pub(crate) fn softmax(scores: &mut [f64]) -> f64 {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - top).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
    top + sum.ln()
}

/// smartcore asks for value and gradient apart, and for the same point several times; both are computed once.
struct Memo {
    x: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Memo {
    fn visit(&mut self, objective: &Objective<'_>, x: &[f64]) {
        if self.x != x {
            self.x.clear();
            self.x.extend_from_slice(x);
            self.gradient.resize(x.len(), 0.0);
            self.value = objective.value_and_gradient(x, &mut self.gradient);
        }
    }
}

/// Armijo's condition by halving (Nocedal and Wright, algorithm 3.1). smartcore's own search panics when it finds no
/// step; this one then stays where it is, upon which the optimiser stops.
struct Halving;

impl LineSearchMethod<f64> for Halving {
    fn search(
        &self,
        f: &dyn Fn(f64) -> f64,
        _: &dyn Fn(f64) -> f64,
        alpha: f64,
        f0: f64,
        df0: f64,
    ) -> LineSearchResult<f64> {
        let mut step = alpha;
        for _ in 0..30 {
            let value = f(step);
            if value.is_finite() && value <= f0 + 1e-4 * step * df0 {
                return LineSearchResult { alpha: step, f_x: value };
            }
            step *= 0.5;
        }
        LineSearchResult { alpha: 0.0, f_x: f0 }
    }
}

/// The parameters that minimise the objective, starting from `start`.
pub(crate) fn minimise(
    objective: &Objective<'_>,
    mut start: Vec<f64>,
    iterations: usize,
    tolerance: f64,
) -> Vec<f64> {
    objective.rescale(&mut start, f64::recip);
    let memo = RefCell::new(Memo { x: Vec::new(), value: 0.0, gradient: Vec::new() });
    let value = |x: &Parameters| {
        let mut memo = memo.borrow_mut();
        memo.visit(objective, &x.0);
        memo.value
    };
    let slope = |gradient: &mut Parameters, x: &Parameters| {
        let mut memo = memo.borrow_mut();
        memo.visit(objective, &x.0);
        gradient.0.copy_from_slice(&memo.gradient);
    };
    let optimiser =
        LBFGS { max_iter: iterations, g_atol: 1e-7, f_reltol: tolerance, m: 6, ..LBFGS::default() };
    let mut best = optimiser.optimize(&value, &slope, &Parameters(start), &Halving).x.0;
    objective.rescale(&mut best, |scale| scale);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        let mut rows = Rows::default();
        rows.push([(0, 1.0), (1, 0.5)], 0, 1.0);
        rows.push([(1, 1.0)], 1, 2.0);
        rows.push([(2, 0.7), (0, -0.2)], 2, 0.5);
        rows
    }

    #[test]
    fn the_gradient_agrees_with_differences() {
        let rows = rows();
        for loss in [Loss::Softmax, Loss::SquaredHinge] {
            let objective = Objective::new(&rows, 3, 3, loss, 0.3);
            let x: Vec<f64> = (0..12).map(|i| f64::from(i) * 0.13 - 0.7).collect();
            let mut gradient = vec![0.0; 12];
            let mut unused = vec![0.0; 12];

            objective.value_and_gradient(&x, &mut gradient);

            for i in 0..12 {
                let (mut up, mut down) = (x.clone(), x.clone());
                up[i] += 1e-6;
                down[i] -= 1e-6;
                let rise = objective.value_and_gradient(&up, &mut unused)
                    - objective.value_and_gradient(&down, &mut unused);
                assert!((rise / 2e-6 - gradient[i]).abs() < 1e-6, "{loss:?} {i}");
            }
        }
    }

    #[test]
    fn it_finds_a_minimum() {
        let rows = rows();
        let objective = Objective::new(&rows, 3, 3, Loss::Softmax, 0.1);

        let mut x = minimise(&objective, vec![0.0; 12], 200, 1e-12);
        objective.rescale(&mut x, f64::recip);

        let mut gradient = vec![0.0; 12];
        objective.value_and_gradient(&x, &mut gradient);
        assert!(gradient.iter().all(|g| g.abs() < 1e-4), "{gradient:?}");
    }
}
