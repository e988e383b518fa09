#![doc = include_str!("../README.md")]

pub mod anomaly;
mod calibration;
mod evaluation;
mod example;
mod features;
mod folding;
pub mod forecast;
mod format;
mod gate;
pub mod lexicon;
mod model;
mod objective;
pub mod overlay;
mod parameters;
pub mod recurring;
mod robust;
mod text;
mod ties;
mod train;

pub use evaluation::{ClassScore, Evaluation, evaluate, k_fold};
pub use example::{Example, data_hash};
pub use format::ModelError;
pub use gate::{Missed, Reason, Verdict, better_or_equal, canaries};
pub use model::{Model, Prediction, Ranked};
pub use objective::Loss;
pub use text::{clean, merchant};
pub use train::{Options, TrainError, train};
