//! The log. Lines are formatted by the thread that writes them and carried to the terminal by another one: a slow
//! terminal or a full pipe never holds a request.

use std::{
    io::{self, IsTerminal as _},
    panic,
};

use tracing::Subscriber;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter,
    fmt::MakeWriter,
    layer::SubscriberExt as _,
    util::{SubscriberInitExt as _, TryInitError},
};

/// So many lines wait for the terminal; more are dropped rather than held.
const WAITING_LINES: usize = 64 * 1024;
/// So many bytes are written at once when lines come faster than the terminal takes them.
const BATCH: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON otherwise
    Auto,
    Pretty,
    Json,
}

/// Where the log goes. The server writes to stdout; commands keep stdout for what they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Stdout,
    Stderr,
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log filter is not understood")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("a log is installed already")]
    Installed(#[from] TryInitError),
}

/// Keep it until the end: dropping it writes the lines that still wait.
#[derive(Debug)]
#[must_use = "the lines that wait are lost with it"]
pub struct Flush {
    _worker: WorkerGuard,
}

/// How lines look, once that is decided.
#[derive(Debug, Clone, Copy)]
enum Look {
    Coloured,
    Plain,
    Json,
}

/// Installs the log for the whole process. Call it once, before anything else.
pub fn init(format: LogFormat, filter: &str, output: Output) -> Result<Flush, LogError> {
    let (is_terminal, (writer, worker)) = match output {
        Output::Stdout => (io::stdout().is_terminal(), carrier(io::stdout())),
        Output::Stderr => (io::stderr().is_terminal(), carrier(io::stderr())),
    };
    let look = match (format, is_terminal) {
        (LogFormat::Auto | LogFormat::Pretty, true) => Look::Coloured,
        (LogFormat::Pretty, false) => Look::Plain,
        (LogFormat::Auto, false) | (LogFormat::Json, _) => Look::Json,
    };
    lines(look, filter, writer)?.try_init()?;
    Ok(Flush { _worker: worker })
}

fn carrier(sink: impl io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES);
    // The carrier flushes when nothing waits any longer, so that a busy server writes many lines at once.
    builder.thread_name("log").finish(io::BufWriter::with_capacity(BATCH, sink))
}

/// The log into a given writer that is no terminal, not installed.
pub fn subscriber<W>(format: LogFormat, filter: &str, writer: W) -> Result<Log, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let look = match format {
        LogFormat::Pretty => Look::Plain,
        LogFormat::Auto | LogFormat::Json => Look::Json,
    };
    lines(look, filter, writer)
}

/// A log that can be installed.
pub type Log = Box<dyn Subscriber + Send + Sync>;

fn lines<W>(look: Look, filter: &str, writer: W) -> Result<Log, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry().with(EnvFilter::try_new(filter)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    Ok(match look {
        Look::Coloured => Box::new(registry.with(lines.compact())),
        Look::Plain => Box::new(registry.with(lines.compact().with_ansi(false))),
        Look::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(lines))
        }
    })
}

/// Makes a panic one line of the log. It says where, never what: the message of a failed slice or `unwrap` may
/// contain a person's data.
pub fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location();
        ::metrics::counter!(super::metrics::PANICS).increment(1);
        tracing::error!(
            panic.file = place.map(panic::Location::file),
            panic.line = place.map(panic::Location::line),
            panic.thread = std::thread::current().name(),
            "a thread panicked",
        );
    }));
}
