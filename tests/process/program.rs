//! The program as a child process. Dropping it kills it, also when the test panics.

use std::{
    io::{BufRead as _, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// A start takes a tenth of this on a quiet machine.
const START: Duration = Duration::from_secs(60);
/// No command of these tests takes longer.
const RUN: Duration = Duration::from_secs(240);

/// The program, with this test's settings alone: what the environment sets for the test run stays away from it.
pub fn finbrain(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finbrain"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FINBRAIN_") {
            command.env_remove(name);
        }
    }
    command.env("FINBRAIN_RATES_URL", "off").args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program with a data directory.
pub fn finbrain_in(dir: &Path, args: &[&str]) -> Command {
    let mut command = finbrain(args);
    command.env("FINBRAIN_DATA_DIR", dir);
    command
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts that the program refused in words: an exit code that is not 0, nothing that only a developer reads.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is missing in {self:?}");
        }
        for noise in ["panicked", "RUST_BACKTRACE", "Error {", "SqliteFailure"] {
            assert!(!self.stderr.contains(noise) && !self.stdout.contains(noise), "{noise:?} in {self:?}");
        }
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Outcome {
    let mut process = Process::spawn(&mut command);
    let status = process.ended_within(RUN);
    let (stdout, stderr) = process.said();
    Outcome { code: status.code(), stdout, stderr }
}

/// `finbrain check` says that everything holds.
#[track_caller]
pub fn check_holds(dir: &Path) {
    check_holds_in(dir, &[]);
}

/// The same of the store that the flags name.
#[track_caller]
pub fn check_holds_in(dir: &Path, flags: &[&str]) {
    let mut command = finbrain_in(dir, &["check"]);
    command.args(flags);
    let outcome = run(command);
    assert!(outcome.code == Some(0) && outcome.stdout.contains("all chains hold"), "{outcome:?}");
}

/// A child and what it has said so far.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Stream,
    stderr: Stream,
}

impl Process {
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the binary was built with this test");
        let (out, err) = (child.stdout.take(), child.stderr.take());
        Self {
            stdout: Stream::read(out.expect("it is piped")),
            stderr: Stream::read(err.expect("it is piped")),
            child,
        }
    }

    /// Waits for a line of the log that contains the words.
    #[track_caller]
    pub fn line(&mut self, words: &str, within: Duration) -> Option<String> {
        let deadline = Instant::now() + within;
        loop {
            match self.stdout.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(words) => return Some(line),
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => return None,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("ended before it said {words:?}: {:?}", self.said())
                }
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// `kill -9`, and the end of it.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    #[track_caller]
    pub fn ended_within(&mut self, time: Duration) -> ExitStatus {
        let ended = eventually(time, || self.child.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("still running after {time:?}: {:?}", self.child.id()))
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// All of stdout and stderr, once it has ended.
    pub fn said(&mut self) -> (String, String) {
        (self.stdout.whole(), self.stderr.whole())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of a child's streams, read as it comes.
#[derive(Debug)]
struct Stream {
    text: Arc<Mutex<String>>,
    lines: mpsc::Receiver<String>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn read(from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn({
            let text = text.clone();
            move || {
                for line in BufReader::new(from).lines().map_while(Result::ok) {
                    text.lock().unwrap().push_str(&format!("{line}\n"));
                    // Nobody may be waiting for lines any more.
                    let _ = sender.send(line);
                }
            }
        });
        Self { text, lines, reader: Some(reader) }
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.text.lock().unwrap().clone()
    }
}

/// A server that is ready.
#[derive(Debug)]
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    pub ops: SocketAddr,
}

impl Server {
    /// Starts a server on free ports.
    #[track_caller]
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    #[track_caller]
    pub fn start_with(dir: &Path, args: &[&str]) -> Self {
        let mut process = Self::spawn(dir, args);
        let line = process.line("finbrain is ready", START).expect("the server is ready within a minute");
        // The same fields in both formats: url="http://…" and "url":"http://…".
        let field = |name: &str| {
            let (_, rest) = line.split_once(name).unwrap_or_else(|| panic!("no {name} in {line}"));
            let rest = rest.trim_start_matches(['"', ':', '=']).trim_start_matches("http://");
            rest.split(['"', ' ']).next().and_then(|address| address.parse().ok()).expect("an address")
        };
        Self { address: field("url"), ops: field("ops.address"), process }
    }

    /// Starts a server and waits for nothing.
    pub fn spawn(dir: &Path, args: &[&str]) -> Process {
        let mut command = finbrain_in(dir, &["--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"]);
        // One person sends here what many would.
        command.args(["--session-rate", "100000", "--session-burst", "1000000"]);
        Process::spawn(command.args(args))
    }

    /// Stops it as an operator does.
    #[track_caller]
    pub fn stop(mut self) -> Outcome {
        self.process.signal("TERM");
        let code = self.process.ended_within(Duration::from_secs(30)).code();
        let (stdout, stderr) = self.process.said();
        Outcome { code, stdout, stderr }
    }
}

/// Asks again and again until there is an answer or the time is over.
pub fn eventually<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        match ask() {
            None if Instant::now() < deadline => thread::park_timeout(Duration::from_millis(2)),
            answer => return answer,
        }
    }
}
