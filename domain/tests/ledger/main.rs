//! The ledger against an independent, naive model of a book, and against what its documentation promises.

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
