//! A simulator of the protocol: three pods, clients, a replica set and a network in one thread, under a clock of its own.
//! Everything follows from a seed. The pods take the steps of [`super::protocol`], which are those of the actor; what they
//! carry them out over is made of `store` and `network`, what goes wrong of `weather` and `faults`. `history` and `fold`
//! judge what the `clients` were told.

mod clients;
mod faults;
mod fold;
mod history;
mod network;
mod pod;
mod random;
mod rules;
mod store;
mod tests;
mod weather;
mod wishes;
mod world;
