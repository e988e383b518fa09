//! Who may come in: accounts, passwords, tokens, sessions, and what a browser must send along.
//!
//! [`door`] reads a request without believing it, [`accounts`] decides who it is, and `gate` is where every secret is
//! checked. This module reaches stores through the ports only and must not know which; nor books, routes, or how a refusal looks
//! to a client.

pub mod accounts;
pub mod address;
pub mod caller;
pub mod cookie;
pub mod csrf;
pub mod door;
pub mod error;
pub mod hash_pool;
pub mod keys;
pub mod password;
pub mod public_url;
mod sessions;
pub mod settings;
pub mod token;

mod argon;
mod credentials;
mod fair_queue;
mod gate;

/// What the metrics of this module mean, for `/metrics`.
pub fn describe_metrics() {
    hash_pool::describe_metrics();
    sessions::describe_metrics();
}
