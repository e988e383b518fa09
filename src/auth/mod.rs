//! Who may come in.
pub mod hash_pool;
pub mod password;

mod argon;
mod fair_queue;
