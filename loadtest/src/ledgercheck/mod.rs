//! `ledgercheck`: clients that record every request and every answer, and a checker that looks in the record for what
//! the server must never do. The two share the [record](record) and nothing else, so that a record can be checked
//! again, elsewhere, and after the checker has learned more.

pub mod check;
mod client;
mod command;
mod finish;
pub mod footprint;
mod listener;
mod log;
mod operation;
pub mod record;
mod run;
mod send;

pub use self::{
    check::{CheckError, Invariant, Report, Violation, check},
    command::{Args, command},
    log::LogError,
    record::Rules,
    run::{Counts, Error, Plan, Recording, run},
};
