//! The program as it is installed: the real binary in a process of its own, spoken to over loopback, killed, starved of
//! disk and given bad files. What a test starts ends with the test.

mod person;
mod program;
mod volume;
mod wire;

mod disk;
mod kill;
mod log;
mod refusal;
mod seeded;
mod stop;
mod tamper;
mod yardstick;
