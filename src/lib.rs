//! The server of FinBrain.

pub mod outbound;
pub mod problem;
pub mod routes;
pub mod telemetry;
