//! The program as it is installed: the real binary in a process of its own, spoken to over loopback, killed, starved of
//! disk and given bad files. What a test starts ends with the test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "figures and tests that could not run are said")]

mod person;
mod program;
mod volume;
mod wire;

mod disk;
mod entrance;
mod kill;
mod log;
mod model_swap;
mod pods;
mod refusal;
mod seeded;
mod stop;
mod tamper;
mod yardstick;
