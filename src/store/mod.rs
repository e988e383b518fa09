//! Where facts are kept: adapters of the store ports of the domain. They know the ports and a driver, and nothing of
//! requests, sessions' rules or ledgers.

pub mod embedded;
pub mod mongo;
mod packed_snapshot;
mod packing;
