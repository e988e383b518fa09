//! The server of FinBrain.

pub mod problem;
