//! The whole of it against a real server that is killed again and again. The server is another package's program:
//! without `FINBRAIN_BIN`, which names it, there is nothing to test here.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use finbrain_loadtest::{
    ledgercheck::{Counts, Plan, check, run},
    proxy::{Fault, Kind, Proxy},
    servers::{Guarded, free_port},
};
use tempfile::TempDir;
use tokio::sync::watch;

const DEADLINE: Duration = Duration::from_secs(120);
const OPERATIONS: u64 = 600;
const KILLS: u64 = 4;

struct Pod {
    program: PathBuf,
    folder: TempDir,
    listen: String,
    ops: String,
    starts: u64,
    process: Option<Guarded>,
}

impl Pod {
    fn prepare(program: PathBuf) -> Self {
        let address = || format!("127.0.0.1:{}", free_port().unwrap());
        let folder = TempDir::new().unwrap();
        Self { program, folder, listen: address(), ops: address(), starts: 0, process: None }
    }

    fn start(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--data-dir").arg(self.folder.path().join("data"));
        command.args(["--listen", &self.listen, "--ops-listen", &self.ops]);
        command.args(["--trusted-proxies", "127.0.0.1", "--rates-url", "off", "--log-format", "json"]);
        command.args(["--login-rate", "100000", "--login-burst", "100000"]);
        command.args(["--session-rate", "100000", "--session-burst", "100000"]);
        self.starts += 1;
        self.process = Some(Guarded::start(&self.program, &self.log(self.starts), &mut command).unwrap());
    }

    fn kill(&mut self) {
        self.process = None;
    }

    fn log(&self, start: u64) -> PathBuf {
        self.folder.path().join(format!("{start}.log"))
    }

    fn logs(&self) -> Vec<PathBuf> {
        (1..=self.starts).map(|start| self.log(start)).collect()
    }
}

fn program() -> Option<PathBuf> {
    let program = std::env::var_os("FINBRAIN_BIN").map(PathBuf::from)?;
    assert!(program.is_file(), "FINBRAIN_BIN names no file");
    Some(program)
}

fn plan(url: String, log: &Path) -> Plan {
    let operations = Some(OPERATIONS);
    Plan { clients: 8, accounts: 2, operations, ..Plan::new(vec![url.clone()], url, log) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_doubles_and_forgets_nothing() {
    let Some(program) = program() else { return };
    let mut pod = Pod::prepare(program);
    pod.start();
    let log = pod.folder.path().join("run.log");
    let (_stop, stopped) = watch::channel(false);
    let counts = Arc::new(Counts::default());
    let running =
        tokio::spawn(run(plan(format!("http://{}", pod.listen), &log), stopped, Arc::clone(&counts)));

    for kill in 1..=KILLS {
        reached(&counts, kill * OPERATIONS / (KILLS + 1)).await;
        pod.kill();
        pod.start();
    }
    let recording = running.await.unwrap().unwrap();
    let report = check(&log, &pod.logs()).unwrap();

    assert_eq!(recording.operations, OPERATIONS);
    assert!(recording.lost > 0, "nobody was there when the server was killed");
    assert!(report.is_clean(), "{report}");
    assert!(report.acknowledged > 100 && report.reads > 50, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_whose_replies_are_dropped_are_done_once() {
    let Some(program) = program() else { return };
    let mut pod = Pod::prepare(program);
    pod.start();
    let log = pod.folder.path().join("run.log");
    let proxy = Proxy::start(pod.listen.parse().unwrap()).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let counts = Arc::new(Counts::default());
    proxy.set(Fault::from(Kind::drop_reply_to("idempotency-key")).probability(0.2));
    let plan = Plan {
        origin: format!("http://{}", pod.listen),
        ..plan(format!("http://{}", proxy.address()), &log)
    };

    run(plan, stopped, Arc::clone(&counts)).await.unwrap();
    let report = check(&log, &pod.logs()).unwrap();

    assert!(proxy.seen().struck > 20, "{:?}", proxy.seen());
    assert!(report.is_clean(), "{report}");
}

/// Waits until so many operations have begun.
async fn reached(counts: &Counts, operations: u64) {
    let deadline = Instant::now() + DEADLINE;
    while counts.operations.load(Ordering::Relaxed) < operations {
        assert!(Instant::now() < deadline, "{:?}", counts.now());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
