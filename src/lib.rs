//! The server of FinBrain.

pub mod problem;
pub mod routes;
pub mod telemetry;
