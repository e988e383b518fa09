//! What the server asks of the world outside, and what it brings along for when that does not answer. Adapters of
//! ports in `finbrain_domain::ports`; they know nothing of routes, stores or each other.

pub mod ecb;
