//! The server as its clients see it: a whole application on free ports, spoken to over HTTP. One module by noun.
#![allow(clippy::unwrap_used, reason = "a test fails by panic")]

mod account;
mod accounts;
mod app;
mod backing;
mod categories;
mod classifier;
mod client;
mod events;
mod history;
mod insights;
mod keys;
mod log;
mod openapi;
mod panics;
mod pods;
mod program;
mod rates;
mod refusals;
mod reports;
mod session;
mod similar;
mod transactions;
mod wire;
