//! What the house says about itself: the log and the metrics.
//!
//! Owns where log lines go and how they look, the recorder of metrics, and the panic hook. It knows no route and no
//! feature: each room describes its own families.

mod log;
mod metrics;
mod process;

pub use self::{
    log::{Flush, Log, LogError, LogFormat, Output, init, report_panics, subscriber},
    metrics::{Metrics, RecorderInstalled, describe_metrics},
};
