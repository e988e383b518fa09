//! Real servers for tests and measurements: each on a free port of loopback, with data in a folder of its own, ended with
//! the process that started it, however that ends. They know nothing of what is tested with them.

mod guard;
mod mongod;
mod redis_server;

use std::net::{Ipv4Addr, TcpListener};

pub use self::{
    guard::{Guarded, ServerError},
    mongod::Mongod,
    redis_server::RedisServer,
};

/// A port of loopback that is free now.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
