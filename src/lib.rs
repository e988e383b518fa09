//! The server of FinBrain.

pub mod config;
pub mod healthcheck;
pub mod problem;
pub mod routes;
pub mod telemetry;
