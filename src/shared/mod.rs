//! Adapters of the port [`Shared`](finbrain_domain::ports::Shared): the state that pods share. It knows sessions, limits
//! and growth hints; it must not know who may sign in, what a book holds, or HTTP.

mod gcra;
mod listener;
mod memory;
mod redis;

pub use gcra::Rate;
pub use memory::MemoryShared;
pub use redis::{ConnectError, RedisSettings, RedisShared, SharedRates, describe_metrics};
