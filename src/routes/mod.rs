//! The HTTP surface: what is read from a request and what is written to an answer.

pub mod body;
mod document;
pub mod endpoint;
pub mod middleware;
pub mod ops;
pub mod query;
