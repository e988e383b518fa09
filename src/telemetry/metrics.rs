//! The recorder of metrics and the families that describe the process itself.

use std::time::{Duration, Instant};

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::process;

pub(super) const PANICS: &str = "finbrain_panics_total";
const BUILD_INFO: &str = "finbrain_build_info";
const RESIDENT: &str = "finbrain_process_resident_bytes";
const OPEN_FILES: &str = "finbrain_process_open_fds";
const UPTIME: &str = "finbrain_process_uptime_seconds";

/// Tenths, for what lies between 0 and 1.
const CONFIDENCE: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// From 100 microseconds, what a dashboard may take, to the 10 seconds after which nobody waits any longer.
const SECONDS: [f64; 15] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How often samples of histograms are folded while nobody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// The metrics of this process, as text for Prometheus.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
    began: Instant,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("metrics")
    }
}

/// Another recorder was there before.
#[derive(Debug, thiserror::Error)]
#[error("a recorder of metrics is installed already")]
pub struct RecorderInstalled;

impl Metrics {
    /// Installs the recorder for the whole process and registers the process's own families.
    pub fn install() -> Result<Self, RecorderInstalled> {
        let (recorder, metrics) = Self::detached();
        metrics::set_global_recorder(recorder).map_err(|_| RecorderInstalled)?;
        describe_metrics();
        Ok(metrics)
    }

    /// A recorder that is not installed, for tests and benchmarks.
    pub fn detached() -> (PrometheusRecorder, Self) {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("there are buckets")
            .set_buckets_for_metric(Matcher::Suffix("_confidence".to_owned()), &CONFIDENCE)
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        (recorder, Self { handle, began: Instant::now() })
    }

    /// Everything recorded so far. Looks at the process first.
    pub fn render(&self) -> String {
        sample(self.began);
        self.handle.render()
    }

    /// Keeps memory bounded while nobody reads `/metrics`. Runs for ever.
    pub async fn keep_up(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }
}

/// Describes the process's own families. [`Metrics::install`] does it.
pub fn describe_metrics() {
    describe_gauge!(BUILD_INFO, Unit::Count, "Always 1; the label carries the version");
    describe_counter!(PANICS, Unit::Count, "Panics in any thread; each is a bug");
    describe_gauge!(RESIDENT, Unit::Bytes, "Memory in RAM");
    describe_gauge!(OPEN_FILES, Unit::Count, "Open file descriptors, sockets included");
    describe_gauge!(UPTIME, Unit::Seconds, "Time since the start");
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    counter!(PANICS).increment(0);
}

/// Where the system tells nothing (other than Linux), the gauges stay away rather than lie.
fn sample(began: Instant) {
    gauge!(UPTIME).set(began.elapsed().as_secs_f64());
    if let Some(bytes) = process::resident_bytes() {
        gauge!(RESIDENT).set(bytes as f64);
    }
    if let Some(files) = process::open_files() {
        gauge!(OPEN_FILES).set(files as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The families that the edge of the server owns, as they render.
    fn rendered() -> (String, BTreeSet<String>) {
        let (recorder, metrics) = Metrics::detached();
        let text = metrics::with_local_recorder(&recorder, || {
            describe_metrics();
            crate::routes::middleware::describe_metrics();
            metrics.render()
        });
        let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let families = families.map(str::to_owned).collect();
        (text, families)
    }

    #[test]
    fn every_family_is_there_from_the_start_and_described() {
        let (text, families) = rendered();

        assert!(families.len() >= 7, "{families:?}");
        for family in &families {
            assert!(text.contains(&format!("# HELP {family} ")), "{family} has no description");
        }
    }

    #[test]
    fn the_catalogue_lists_every_family() {
        let catalogue = include_str!("../../monitoring/metrics.md");
        let listed: BTreeSet<String> = catalogue
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect();

        let (_, families) = rendered();

        let missing: Vec<_> = families.difference(&listed).collect();
        assert!(missing.is_empty(), "monitoring/metrics.md does not list {missing:?}");
    }

    #[test]
    fn seconds_are_kept_in_buckets() {
        let (recorder, metrics) = Metrics::detached();

        let text = metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("finbrain_test_seconds").record(0.002);
            metrics.render()
        });

        assert!(text.contains("finbrain_test_seconds_bucket{le=\"0.001\"} 0"), "{text}");
        assert!(text.contains("finbrain_test_seconds_bucket{le=\"0.0025\"} 1"), "{text}");
    }
}
