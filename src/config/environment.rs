//! Variables that carry our name but that we do not know: a misspelled limit must not pass for a limit.

use std::collections::HashSet;

use clap::CommandFactory as _;

use super::Cli;

const PREFIX: &str = "FINBRAIN_";

/// Read by tests and builds, not by the server.
const TOLERATED: [&str; 7] = [
    "FINBRAIN_TEST_DATA",
    "FINBRAIN_TEST_STORE",
    "FINBRAIN_SIM_SEED",
    "FINBRAIN_UI",
    "FINBRAIN_UI_OUT",
    "FINBRAIN_URL",
    "FINBRAIN_BIN",
];

/// The variables of `names` that look like settings and are none, in order.
pub(super) fn unknown(names: impl Iterator<Item = String>) -> Vec<String> {
    let cli = Cli::command();
    let known: HashSet<&str> = cli.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
    let mut unknown: Vec<String> = names
        .filter(|name| name.starts_with(PREFIX))
        .filter(|name| !known.contains(name.as_str()) && !TOLERATED.contains(&name.as_str()))
        .filter(|name| !is_service_link(name))
        .collect();
    unknown.sort();
    unknown
}

/// Kubernetes tells every pod about services by variables such as `FINBRAIN_PORT_8080_TCP_ADDR` when a service is
/// called finbrain. Nobody set those.
fn is_service_link(name: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.ends_with("_PORT") {
        return true;
    }
    let Some((_, port)) = name.split_once("_PORT_") else { return false };
    let mut parts = port.split('_');
    let number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    number && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_of(names: &[&str]) -> Vec<String> {
        unknown(names.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn misspelled_variables_are_found() {
        let names =
            ["FINBRAIN_LISTEN", "FINBRAIN_LISTN", "FINBRAIN_SMTP_URL", "HOME", "FINBRAIN_UI", "finbrain_x"];

        assert_eq!(unknown_of(&names), ["FINBRAIN_LISTN", "FINBRAIN_SMTP_URL"]);
    }

    #[test]
    fn variables_that_kubernetes_sets_are_none_of_ours() {
        let names = [
            "FINBRAIN_SERVICE_HOST",
            "FINBRAIN_SERVICE_PORT",
            "FINBRAIN_SERVICE_PORT_HTTP",
            "FINBRAIN_PORT",
            "FINBRAIN_PORT_8080_TCP",
            "FINBRAIN_PORT_8080_TCP_ADDR",
            "FINBRAIN_OPS_PORT_9080_TCP_PROTO",
        ];

        assert!(unknown_of(&names).is_empty());
        assert_eq!(unknown_of(&["FINBRAIN_PORT_NUMBER"]), ["FINBRAIN_PORT_NUMBER"]);
    }
}
