//! The log of every server in this process. Whatever a test does, nothing private may stand in it.

use std::{
    io,
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use finbrain::telemetry::{LogFormat, subscriber};
use tracing_subscriber::fmt::MakeWriter;

/// What only a person's own data contains: passwords, addresses, titles, notes and amounts of these tests have one.
pub const PRIVATE: [&str; 4] = ["zanzibar", "private.example", "77123", "fbsecret"];

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Collects the log of the process from now on.
pub fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let log = subscriber(LogFormat::Json, "debug", Lines).unwrap();
        tracing::subscriber::set_global_default(log).unwrap();
    });
}

/// Looks through all that was written since the last look.
pub fn assert_nothing_private() {
    let lines = std::mem::take(&mut *lines());
    if let Some(line) = telling(&String::from_utf8_lossy(&lines)) {
        panic!("the log tells what is private: {line}");
    }
}

fn telling(log: &str) -> Option<&str> {
    log.lines().find(|line| PRIVATE.iter().any(|private| line.contains(private)))
}

fn lines() -> MutexGuard<'static, Vec<u8>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lines().extend_from_slice(bytes);
        BYTES.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_private_title_would_be_found_in_the_log() {
    assert_eq!(
        telling("{\"message\":\"request\"}\n{\"title\":\"zanzibar ferry\"}"),
        Some("{\"title\":\"zanzibar ferry\"}")
    );
    assert_eq!(telling("{\"message\":\"request\"}"), None);
}

#[tokio::test]
async fn the_log_of_a_server_is_collected() {
    let app = crate::app::spawn_app();
    let before = BYTES.load(Ordering::Relaxed);

    app.stranger().get("/me").is(401).await;

    assert!(BYTES.load(Ordering::Relaxed) > before, "every request is a line");
}
