//! The server of FinBrain.

pub mod auth;
pub mod config;
pub mod healthcheck;
pub mod outbound;
pub mod problem;
pub mod routes;
pub mod shared;
pub mod store;
pub mod telemetry;
