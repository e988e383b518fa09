//! What a process on this machine holds: memory and descriptors, from `/proc`.

use std::time::{Duration, Instant};

use super::{
    record::{Footprint, Moment, Record},
    run::{Error, Run},
};

/// How long a pod may take to let go of connections that have ended.
const SETTLE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// What the process holds now; nothing when it has gone.
pub fn of(pid: u32, at: Moment) -> Option<Footprint> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = resident.split_whitespace().next()?.parse().ok()?;
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    Some(Footprint { pid, at, resident: kilobytes * 1024, descriptors })
}

/// Waits until the pods hold no more than at the start and the margins, and records what they hold then.
pub(super) async fn settle(run: &Run, before: &[Footprint]) -> Result<(), Error> {
    for Footprint { pid, descriptors, .. } in before {
        let deadline = Instant::now() + SETTLE;
        let limit = descriptors + run.plan.rules.descriptor_margin;
        let mut last = of(*pid, run.door.now());
        while last.is_some_and(|footprint| footprint.descriptors > limit) && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
            last = of(*pid, run.door.now());
        }
        if let Some(footprint) = last {
            run.door.log(Record::Footprint(footprint)).await?;
        }
    }
    Ok(())
}
