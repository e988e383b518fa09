//! Whether this machine has room for so many connections: descriptors here and there, and ports.

use std::fs;

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For everything that is open beside the connections.
const SPARE: u64 = 128;

/// Raises what may be raised, and says which limit is too low for so many connections to the processes `pids`.
pub fn make(connections: u32, pids: &[u32]) -> anyhow::Result<()> {
    let needed = u64::from(connections) + SPARE;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
    let current = getrlimit(Resource::Nofile).current;
    ensure!(
        current.is_none_or(|current| current >= needed),
        "{connections} connections need {needed} open files, and this process may have {}: `ulimit -n {needed}`",
        current.unwrap_or_default()
    );
    for pid in pids {
        let theirs = open_files(*pid);
        ensure!(
            theirs.is_none_or(|theirs| theirs >= needed),
            "{connections} connections need {needed} open files, and process {pid} may have {}",
            theirs.unwrap_or_default()
        );
    }
    let ports = ports();
    ensure!(
        connections <= ports,
        "{connections} connections to one address need as many ports, and net.ipv4.ip_local_port_range has {ports}"
    );
    Ok(())
}

fn open_files(pid: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// As many as the system gives to connections; all that there are where it does not say.
fn ports() -> u32 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let bounds: Vec<u32> = range.split_whitespace().filter_map(|bound| bound.parse().ok()).collect();
    match bounds[..] {
        [first, last] => last.saturating_sub(first) + 1,
        _ => 64_512,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_named() {
        assert!(make(10, &[std::process::id()]).is_ok());

        let refused = make(2_000_000_000, &[]).unwrap_err().to_string();

        assert!(
            refused.contains("2000000128 open files") || refused.contains("ip_local_port_range"),
            "{refused}"
        );
    }
}
