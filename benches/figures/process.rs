//! The process itself: how soon it serves and what it holds in memory while nobody asks.

use std::path::Path;

use super::{
    server::{Server, seed},
    table::{Table, Target, Unit, milliseconds},
};

const ACCOUNTS: u32 = 100_000;

pub fn measure(table: &mut Table, room: &Path) -> anyhow::Result<()> {
    table.begin("process, 100,000 accounts on disk");
    seed(room, ACCOUNTS, 0)?;
    let server = Server::start(room)?;
    table.add("start to ready", milliseconds(server.started_in), Unit::Milliseconds, Target::AtMost(1000.0));
    let resident = server.metric("finbrain_process_resident_bytes")? / f64::from(1 << 20);
    table.add("memory of an idle server", resident, Unit::Mebibytes, Target::AtMost(60.0));
    Ok(())
}
