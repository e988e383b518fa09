//! Memory and descriptors: what a pod took for the run it gives back, but for a margin.

use std::collections::HashMap;

use super::{
    super::record::Footprint,
    history::History,
    report::{Invariant, Report},
};

pub fn check(history: &History, report: &mut Report) {
    let rules = &history.start.rules;
    let mut first: HashMap<u32, Footprint> = HashMap::new();
    let mut last: HashMap<u32, (usize, Footprint)> = HashMap::new();
    for footprint in &history.footprints {
        first.entry(footprint.value.pid).or_insert(footprint.value);
        last.insert(footprint.value.pid, (footprint.line, footprint.value));
    }
    for (pid, (line, after)) in last {
        let before = first[&pid];
        if after.resident > before.resident.saturating_add(rules.memory_margin) {
            let grown = (after.resident - before.resident) >> 20;
            report.found(Invariant::Resources, line, format!("process {pid} holds {grown} MiB more"));
        }
        if after.descriptors > before.descriptors.saturating_add(rules.descriptor_margin) {
            let more = after.descriptors - before.descriptors;
            report.found(Invariant::Resources, line, format!("process {pid} holds {more} descriptors more"));
        }
    }
}
