#![doc = include_str!("../README.md")]

pub mod access;
pub mod account;
pub mod anomaly;
pub mod book;
pub mod calendar;
pub mod category;
pub mod change;
pub mod demo;
pub mod email;
pub mod entry;
pub mod error;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod ports;
pub mod rates;
pub mod report;
pub mod session;
pub mod settings;
pub mod text;
pub mod transaction;
pub mod undo;
pub mod user;

pub use error::Error;
