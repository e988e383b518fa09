//! The ledger against an independent, naive model of a book, and against what its documentation promises.

#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]

mod book;
mod command;
mod filters;
mod fold;
mod import;
mod model;
mod naive_undo;
mod pages;
mod refusals;
mod snapshots;
mod step;
mod undo;
