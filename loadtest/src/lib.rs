//! FinBrain from outside: real servers, faults, load. It speaks HTTP and knows none of the server's crates.

pub mod cluster;
pub mod faults;
pub mod ledgercheck;
pub mod load;
pub mod logins;
pub mod proxy;
pub mod servers;
