#![doc = include_str!("../README.md")]

pub mod classifier;
pub mod erasure;
mod error;
mod keeper;
mod lessons;
pub mod rates;
pub mod registry;
pub mod user_session;
pub mod worker;

pub use error::Error;

use std::sync::Arc;

use finbrain_domain::ports::{Clock, DueWork, Journal, Models, Shared, Users};

/// The outside, as the actors reach it.
#[derive(Clone)]
pub struct Ports {
    pub journal: Arc<dyn Journal>,
    pub users: Arc<dyn Users>,
    pub due: Arc<dyn DueWork>,
    pub models: Arc<dyn Models>,
    pub shared: Arc<dyn Shared>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ports")
    }
}

/// Names, units and meaning of every metric of this crate.
pub fn describe_metrics() {
    user_session::describe_metrics();
    registry::describe_metrics();
    worker::describe_metrics();
    keeper::describe_metrics();
    classifier::describe_metrics();
    rates::describe_metrics();
}
