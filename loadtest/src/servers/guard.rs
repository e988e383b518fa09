//! A server process that cannot outlive its starter: a shell waits for the end of its standard input, which comes when
//! the starter drops it, exits or is killed, and then kills the server.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

/// The program runs in the background; the shell tells its pid, and kills and reaps it when nobody holds the other end of
/// the pipe. A starter that lives on says so first; else the folder, if there is one, goes too.
const GUARD: &str = r#"log=$1; folder=$2; shift 2; "$@" >"$log" 2>&1 </dev/null & pid=$!; echo $pid
read -r word; kill -9 $pid; wait $pid; [ "$word" ] || [ -z "$folder" ] || rm -rf "$folder""#;

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{program} cannot be started: {source}")]
    Start { program: String, source: std::io::Error },
    #[error("{0} is missing: `bash .ci/servers` installs what the tests need")]
    Missing(&'static str),
    #[error("{program} is not ready: {cause}")]
    NotReady { program: &'static str, cause: String },
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
    /// Starts `program`, whose output goes to the file `log`.
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
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
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

    /// Whether the server still runs. The guard reaps it late, so a zombie does not count.
    pub fn is_running(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.signal("KILL");
        if let Some(mut leash) = self.leash.take() {
            // A shell that was killed leaves the folder too.
            let _ = leash.write_all(b"keep\n");
        }
        // The shell kills a process that has gone, which is as good.
        let _ = self.shell.wait();
    }
}
