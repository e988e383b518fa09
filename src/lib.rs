//! The server of FinBrain.

pub mod app;
pub mod auth;
pub mod check;
pub mod clock;
pub mod config;
pub mod healthcheck;
pub mod learn;
pub mod outbound;
pub mod problem;
pub mod routes;
pub mod seed;
pub mod shared;
pub mod store;
pub mod telemetry;
