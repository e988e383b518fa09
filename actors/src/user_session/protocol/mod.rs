//! The protocol of a book that many pods read and write, as step functions without I/O: what the actor does next follows
//! from what the journal answered, and from nothing else. The actor carries the steps out; the simulator carries out the
//! same steps over a journal, a network and clocks of its own.

mod pause;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use self::{
    read::{Probes, follow},
    write::{Course, Next, Outcome},
};
