//! Ridge regression on lags, by smartcore. It may compete; on short household series it seldom wins.

use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use super::methods::YEAR;

/// With fewer rows to learn from it does not take part.
const FEWEST_ROWS: usize = 12;
/// Strength for each row, on columns of unit variance.
const PENALTY: f64 = 0.5;

type Matrix = DenseMatrix<f64>;

pub(super) fn predict(past: &[f64], horizon: usize) -> Option<Vec<f64>> {
    if past.len() < YEAR + FEWEST_ROWS {
        return None;
    }
    let scale = past.iter().map(|value| value.abs()).sum::<f64>() / past.len() as f64;
    if scale <= 0.0 {
        return None;
    }
    let mut values: Vec<f64> = past.iter().map(|value| value / scale).collect();
    let rows: Vec<Vec<f64>> =
        (YEAR..values.len()).map(|at| lags(values.get(..at)?)).collect::<Option<_>>()?;
    let targets = values.get(YEAR..)?.to_vec();
    let parameters = RidgeRegressionParameters::default().with_alpha(PENALTY * rows.len() as f64);
    let matrix = Matrix::from_2d_vec(&rows).ok()?;
    let model: RidgeRegression<f64, f64, Matrix, Vec<f64>> =
        RidgeRegression::fit(&matrix, &targets, parameters).ok()?;
    for _ in 0..horizon {
        let next = model.predict(&Matrix::from_2d_vec(&vec![lags(&values)?]).ok()?).ok()?;
        values.push(next.first().copied().filter(|value| value.is_finite())?);
    }
    Some(values.get(past.len()..)?.iter().map(|value| value * scale).collect())
}

/// The last month, the means of three months and of a year, the same month a year before.
fn lags(past: &[f64]) -> Option<Vec<f64>> {
    let mean = |months: usize| {
        let last = past.get(past.len().checked_sub(months)?..)?;
        Some(last.iter().sum::<f64>() / months as f64)
    };
    Some(vec![mean(1)?, mean(3)?, mean(YEAR)?, *past.get(past.len().checked_sub(YEAR)?)?])
}
