//! Who may come in.
pub mod address;
pub mod cookie;
pub mod csrf;
pub mod hash_pool;
pub mod keys;
pub mod password;
pub mod public_url;
pub mod token;

mod argon;
mod fair_queue;
