//! The program itself: how it starts, what its second port says, how it ends.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const CATALOGUE: &str = include_str!("../../monitoring/metrics.md");

/// A program that has started; killed when its test ends without stopping it.
struct Program {
    child: Child,
    url: String,
    ops: String,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finbrain"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_str().is_some_and(|name| name.starts_with("FINBRAIN_"))) {
        command.env_remove(name);
    }
    command
        .args(["--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0", "--rates-url=off", "--log-format=json"])
        .arg("--data-dir")
        .arg(data_dir);
    command
}

impl Program {
    fn start(data_dir: &Path) -> Self {
        let mut child = command(data_dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        let ready = ready.into_iter().find(|line| line["message"] == "finbrain is ready");
        let ready = ready.expect("the program starts");
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { child, url: text("url"), ops: format!("http://{}", text("ops.address")), lines }
    }

    /// Asks it to stop, and gives its exit code and the rest of its log.
    fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already in a test that went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn get(url: &str) -> (u16, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_program_serves_until_it_is_told_to_stop() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path());

    let (live, ready) = (
        get(&format!("{}/health/live", program.ops)).await,
        get(&format!("{}/health/ready", program.ops)).await,
    );
    let document = get(&format!("{}/api/v1/openapi.json", program.url)).await;
    let (code, rest) = program.stop();

    assert_eq!((live.0, ready.0, document.0), (200, 200, 200));
    assert_eq!(code, Some(0));
    assert!(rest.last().unwrap().contains("finbrain has stopped"), "{rest:?}");
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_says_so_and_exits_with_3() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path());

    let Output { status, stderr, .. } = command(dir.path()).output().unwrap();

    assert_eq!(status.code(), Some(3));
    assert!(String::from_utf8(stderr).unwrap().starts_with("finbrain: "));
    assert_eq!(program.stop().0, Some(0));
}

#[tokio::test]
async fn every_metric_of_the_catalogue_is_there_after_the_start_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path());

    let (status, text) = get(&format!("{}/metrics", program.ops)).await;
    program.stop();

    assert_eq!(status, 200);
    let listed: BTreeSet<&str> =
        CATALOGUE.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut kinds = BTreeSet::new();
    for (family, kind) in typed.filter_map(|line| line.split_once(' ')) {
        kinds.insert(family);
        assert!(text.contains(&format!("# HELP {family} ")), "{family} has no description");
        let row = CATALOGUE.lines().find(|line| line.starts_with(&format!("| `{family}` |")));
        assert!(row.is_some_and(|row| row.contains(&format!("| {kind} |"))), "{family} is a {kind}: {row:?}");
    }
    assert_eq!(kinds, listed);
    assert!(kinds.iter().all(|family| family.starts_with("finbrain_")));
}
