pub mod auth;
pub mod shared;
