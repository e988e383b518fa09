//! A vector for smartcore's optimiser. Its own `Vec` walks every element through a boxed iterator and squares by
//! `powf`; with hundreds of thousands of parameters that costs more than the objective. Here the operations that
//! L-BFGS uses are plain loops; what it does not use is left to smartcore's defaults.

use std::ops::Range;

use smartcore::linalg::basic::arrays::{Array, Array1, ArrayView1, MutArray, MutArrayView1};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameters(pub Vec<f64>);

impl Array<f64, usize> for Parameters {
    fn get(&self, i: usize) -> &f64 {
        &self.0[i]
    }

    fn shape(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn iterator<'b>(&'b self, _: u8) -> Box<dyn Iterator<Item = &'b f64> + 'b> {
        Box::new(self.0.iter())
    }
}

impl MutArray<f64, usize> for Parameters {
    fn set(&mut self, i: usize, x: f64) {
        self.0[i] = x;
    }

    fn iterator_mut<'b>(&'b mut self, _: u8) -> Box<dyn Iterator<Item = &'b mut f64> + 'b> {
        Box::new(self.0.iter_mut())
    }

    fn mul_scalar_mut(&mut self, x: f64) {
        self.0.iter_mut().for_each(|v| *v *= x);
    }

    fn add_mut(&mut self, other: &dyn Array<f64, usize>) {
        self.0.iter_mut().zip(other.iterator(0)).for_each(|(v, o)| *v += o);
    }

    fn sub_mut(&mut self, other: &dyn Array<f64, usize>) {
        self.0.iter_mut().zip(other.iterator(0)).for_each(|(v, o)| *v -= o);
    }
}

impl ArrayView1<f64> for Parameters {
    fn dot(&self, other: &dyn ArrayView1<f64>) -> f64 {
        self.0.iter().zip(other.iterator(0)).map(|(v, o)| v * o).sum()
    }

    fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Only the largest absolute value is ever asked for.
    fn norm(&self, _: f64) -> f64 {
        self.0.iter().fold(0.0, |top: f64, v| top.max(v.abs()))
    }

    fn max_diff(&self, other: &dyn ArrayView1<f64>) -> f64 {
        self.0.iter().zip(other.iterator(0)).fold(0.0, |top: f64, (v, o)| top.max((v - o).abs()))
    }
}

impl MutArrayView1<f64> for Parameters {
    fn copy_from(&mut self, other: &dyn Array<f64, usize>) {
        self.0.iter_mut().zip(other.iterator(0)).for_each(|(v, o)| *v = *o);
    }

    fn abs_mut(&mut self) {
        self.0.iter_mut().for_each(|v| *v = v.abs());
    }

    fn pow_mut(&mut self, p: f64) {
        let square = (p - 2.0).abs() < f64::EPSILON;
        self.0.iter_mut().for_each(|v| *v = if square { *v * *v } else { v.powf(p) });
    }
}

impl Array1<f64> for Parameters {
    fn slice<'a>(&'a self, range: Range<usize>) -> Box<dyn ArrayView1<f64> + 'a> {
        self.0.slice(range)
    }

    fn slice_mut<'a>(&'a mut self, range: Range<usize>) -> Box<dyn MutArrayView1<f64> + 'a> {
        self.0.slice_mut(range)
    }

    fn fill(len: usize, value: f64) -> Self {
        Parameters(vec![value; len])
    }

    fn from_iterator<I: Iterator<Item = f64>>(iter: I, len: usize) -> Self {
        Parameters(iter.take(len).collect())
    }

    fn from_vec_slice(slice: &[f64]) -> Self {
        Parameters(slice.to_vec())
    }

    fn from_slice(slice: &dyn ArrayView1<f64>) -> Self {
        Parameters(slice.iterator(0).copied().collect())
    }
}
