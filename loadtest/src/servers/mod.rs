//! Real servers for tests and measurements: each on a free port of loopback, with data in a folder of its own, ended with
//! the process that started it, however that ends. They know nothing of what is tested with them.

mod guard;
mod mongod;
mod nginx;
mod pod;
pub mod process;
mod redis_server;
mod replica_set;

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

pub use self::{
    guard::{Guarded, ServerError},
    mongod::Mongod,
    nginx::{Nginx, Upstream, origin},
    pod::{Clock, GENEROUS, Limits, Pod, PodSettings, Store, finbrain, seed},
    redis_server::RedisServer,
    replica_set::ReplicaSet,
};

/// Below these ports are those that need a privilege, or that other servers of a machine like to have.
const FIRST_PORT: u32 = 10_000;

/// A port of loopback that is free now, and that no connection to elsewhere takes for its own end: a server that is
/// killed finds it again.
pub fn free_port() -> std::io::Result<u16> {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let room = first_ephemeral().saturating_sub(FIRST_PORT).max(1);
    // Processes start at places of their own, and never come to the same one twice.
    let start = std::process::id().wrapping_mul(7919);
    for _ in 0..room {
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST_PORT + start.wrapping_add(turn) % room;
        let port = u16::try_from(port).map_err(std::io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Where the ports begin that the system gives to connections.
fn first_ephemeral() -> u32 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}
