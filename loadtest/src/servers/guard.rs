//! A server process that cannot outlive its starter: a shell waits for the end of its standard input, which comes when
//! the starter drops it, exits or is killed, and then kills the server. The shell reaps the server and ends with its
//! status.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

/// `$@` runs in the background and the shell tells its pid. Beside it, a second shell holds the pipe and kills it when
/// nobody has the other end any more. A starter that lives on says so first; else the folder, if there is one, goes too.
const GUARD: &str = r#"log=$1; folder=$2; shift 2; exec 3<&0
"$@" >>"$log" 2>&1 </dev/null 3<&- & pid=$!
echo $pid
(read -r word <&3; trap '' TERM; kill -9 $pid
[ "$word" ] || [ -z "$folder" ] || rm -rf "$folder") >/dev/null 2>&1 & leash=$!
exec 3<&- >/dev/null
wait $pid; status=$?
kill $leash; wait $leash; exit $status"#;

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{program} cannot be started: {source}")]
    Start { program: String, source: std::io::Error },
    #[error("{0} is missing: `bash .ci/servers` installs what the tests need")]
    Missing(&'static str),
    #[error("finbrain is missing: build it with `cargo build` or name it in FINBRAIN_BIN")]
    NotBuilt,
    #[error("{program} is not ready: {cause}")]
    NotReady { program: &'static str, cause: String },
    #[error("{program} does not do as it is told: {cause}")]
    Refused { program: &'static str, cause: String },
    #[error("{program} did not end within {within:?}")]
    Endless { program: &'static str, within: Duration },
}

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub struct Guarded {
    pid: u32,
    shell: Child,
    /// What keeps it alive.
    leash: Option<ChildStdin>,
}

impl Guarded {
    /// Starts `program`, whose output is added to the file `log`.
    pub fn start(program: &Path, log: &Path, command: &mut Command) -> Result<Self, ServerError> {
        Self::spawn(program, log, Path::new(""), command)
    }

    /// Starts `program`, whose output and data are in `folder`. When the starter ends without dropping the server, as the
    /// statics of a test do, the folder goes with it.
    pub fn start_in(program: &Path, folder: &Path, command: &mut Command) -> Result<Self, ServerError> {
        Self::spawn(program, &folder.join("log"), folder, command)
    }

    fn spawn(program: &Path, log: &Path, folder: &Path, command: &Command) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Start { program: program.display().to_string(), source };
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "guard"]).arg(log).arg(folder).arg(program).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        // A group of its own: Ctrl-C in a terminal reaches the starter alone, who ends its servers in order.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn().map_err(failed)?;
        let mut told = String::new();
        let stdout = shell.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut told).map_err(failed)?;
        let pid = told.trim().parse().map_err(|_| failed(std::io::Error::other("the shell told no pid")))?;
        Ok(Self { pid, leash: shell.stdin.take(), shell })
    }

    /// The server's own pid, for signals.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal by name, such as `STOP`. A process that has ended is none to signal.
    pub fn signal(&self, name: &str) {
        let pid = self.pid.to_string();
        let _ = Command::new("kill").args(["-s", name, &pid]).stderr(Stdio::null()).status();
    }

    /// Whether the server still runs.
    pub fn is_running(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
    }

    /// Waits for the end of the server and returns its exit status, which is 128 and the signal when one ended it.
    /// `None` when it still runs after `within`.
    pub async fn ended(&mut self, within: Duration) -> Option<i32> {
        let deadline = Instant::now() + within;
        loop {
            if let Ok(Some(status)) = self.shell.try_wait() {
                return Some(status.code().unwrap_or(-1));
            }
            if Instant::now() > deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            // A shell that was killed leaves the folder too.
            let _ = leash.write_all(b"keep\n");
        }
        // Once its shell is gone the pid may be another's.
        if matches!(self.shell.try_wait(), Ok(None)) {
            self.signal("KILL");
        }
        let _ = self.shell.wait();
    }
}
