//! The program under test as people run it: the binary in a process of its own, its log as JSON in a file, and what has
//! to be asked of it before something can be measured.

use std::{
    fmt::Write as _,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use finbrain::seed::PASSWORD;
use finbrain_loadtest::servers::GENEROUS;
use serde_json::Value;

use super::load::{Answer, ask};

const PROGRAM: &str = env!("CARGO_BIN_EXE_finbrain");
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    ops: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub started_in: Duration,
}

impl Server {
    /// Starts a server on free ports and waits until it is ready.
    pub fn start(data: &Path) -> anyhow::Result<Self> {
        let log = data.join("bench.log");
        let began = Instant::now();
        let child = command(data)
            .envs(GENEROUS)
            .env("FINBRAIN_LISTEN", "127.0.0.1:0")
            .env("FINBRAIN_OPS_LISTEN", "127.0.0.1:0")
            .env("FINBRAIN_RATES_URL", "off")
            .stdout(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{PROGRAM} did not start"))?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, address: unknown, ops: unknown, started_in: Duration::ZERO };
        let ready = loop {
            if let Some(line) = ready_line(&log)? {
                break line;
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended before it was ready: {status}");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server is not ready after {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(2));
        };
        server.started_in = began.elapsed();
        let url = ready["url"].as_str().context("the server does not say its URL")?;
        server.address = url.trim_start_matches("http://").parse()?;
        server.ops = ready["ops.address"].as_str().context("no address of the second port")?.parse()?;
        Ok(server)
    }

    /// Stops the server as an operator does, so that it writes down what it has in memory.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { bail!("the server stopped with {status}") }
    }

    /// Signs a seeded person in and returns the cookie.
    pub fn sign_in(&self, number: u32) -> anyhow::Result<String> {
        let answer = self.expect(200, &login(self.address, number))?;
        let cookie = answer.header("set-cookie")?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Sends a request and fails unless the answer has this status.
    pub fn expect(&self, status: u16, request: &[u8]) -> anyhow::Result<Answer> {
        let answer = ask(self.address, request)?;
        if answer.status != status {
            let text = String::from_utf8_lossy(&answer.body);
            bail!("an answer has status {} instead of {status}: {text}", answer.status);
        }
        Ok(answer)
    }

    /// The value of a metric, all its labels added up.
    pub fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let text = String::from_utf8(ask(self.ops, &get(self.ops, "/metrics", &[]))?.body)?;
        let samples = text.lines().filter_map(|line| line.strip_prefix(name));
        let samples = samples.filter(|rest| rest.starts_with([' ', '{']));
        let values = samples.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Creates accounts with rows through the program's own command.
pub fn seed(data: &Path, users: u32, transactions: u32) -> anyhow::Result<()> {
    let (users, transactions) = (users.to_string(), transactions.to_string());
    let status = command(data)
        .args(["seed", "--users", &users, "--transactions", &transactions])
        .stdout(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { bail!("`finbrain seed` ended with {status}") }
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FINBRAIN_")) {
        command.env_remove(name);
    }
    command.env("FINBRAIN_DATA_DIR", data.join("data")).stdin(Stdio::null());
    command
}

fn ready_line(log: &Path) -> anyhow::Result<Option<Value>> {
    let text = fs::read_to_string(log)?;
    let line = text.lines().find(|line| line.contains("finbrain is ready"));
    // The line may be half there.
    Ok(line.and_then(|line| serde_json::from_str(line).ok()))
}

/// A request without body.
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    request("GET", address, path, headers, "")
}

/// A request of one of our own pages that changes something.
pub fn post(address: SocketAddr, path: &str, cookie: Option<&str>, body: &Value) -> Vec<u8> {
    let mut headers = vec![("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    headers.extend(cookie.map(|cookie| ("cookie", cookie)));
    request("POST", address, path, &headers, &body.to_string())
}

/// The request by which a seeded person signs in.
pub fn login(address: SocketAddr, number: u32) -> Vec<u8> {
    let body = serde_json::json!({ "email": format!("seed-{number}@example.org"), "password": PASSWORD });
    post(address, "/api/v1/auth/login", None, &body)
}

fn request(method: &str, address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    let _ = write!(text, "\r\n{body}");
    text.into_bytes()
}
