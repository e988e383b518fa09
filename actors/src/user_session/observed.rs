//! What `/metrics` says of session actors.

pub(crate) fn describe_metrics() {
    use metrics::{Unit, describe_counter, describe_histogram};
    describe_counter!("finbrain_commands_total", Unit::Count, "Commands by outcome");
    describe_histogram!(
        "finbrain_command_seconds",
        Unit::Seconds,
        "Time from a command's decision to its answer"
    );
    describe_counter!("finbrain_snapshots_total", Unit::Count, "Snapshots written");
    describe_counter!("finbrain_events_total", Unit::Count, "Events sent to open streams");
    for outcome in ["accepted", "unchanged", "replayed", "refused", "busy"] {
        metrics::counter!("finbrain_commands_total", "outcome" => outcome).increment(0);
    }
    metrics::counter!("finbrain_snapshots_total").increment(0);
    metrics::counter!("finbrain_events_total").increment(0);
    let _ = metrics::histogram!("finbrain_command_seconds");
}
