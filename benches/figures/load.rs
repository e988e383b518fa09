//! The client of every measurement over HTTP: fixed requests over connections that stay open, from one thread, with as
//! little work as possible, because it runs on the processors of the server that it measures. It knows HTTP only as far
//! as the head of an answer tells how many bytes follow.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::{net, task::JoinSet};

/// Answers are read in pieces of this size.
const PIECE: usize = 64 * 1024;

/// One measurement: each connection sends its next request as soon as the one before has been answered, or at a pace.
#[derive(Debug, Clone)]
pub struct Load {
    pub address: SocketAddr,
    /// What each connection sends, in turn and over and over.
    pub connections: Vec<Vec<Vec<u8>>>,
    pub lasts: Duration,
    /// The time from one request of a connection to its next. Latencies are counted from when each was due.
    pub pace: Option<Duration>,
    /// What every answer has to be.
    pub status: u16,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Of each answer, unordered until [`Outcome::merge`] is over.
    latencies: Vec<Duration>,
    elapsed: Duration,
}

impl Outcome {
    pub fn answers(&self) -> usize {
        self.latencies.len()
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.answers() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that this share of the answers did not exceed.
    pub fn quantile(&mut self, share: f64) -> Duration {
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.latencies.get(at).copied().unwrap_or_default()
    }

    /// Adds what came back in another run of the same measurement.
    pub fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.elapsed += other.elapsed;
    }
}

impl Load {
    /// Runs it to its end. Any answer with another status fails it.
    pub fn run(&self) -> anyhow::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.drive())
    }

    async fn drive(&self) -> anyhow::Result<Outcome> {
        let mut connections = Vec::new();
        for requests in &self.connections {
            let stream = net::TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let (requests, pace) = (requests.clone(), self.pace);
            connections.push(Connection { stream, requests, pace, status: self.status });
        }
        let mut running = JoinSet::new();
        let started = Instant::now();
        let end = started + self.lasts;
        for connection in connections {
            running.spawn(connection.repeat_until(end));
        }
        let mut outcome = Outcome::default();
        while let Some(latencies) = running.join_next().await {
            outcome.latencies.extend(latencies??);
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

struct Connection {
    stream: net::TcpStream,
    requests: Vec<Vec<u8>>,
    pace: Option<Duration>,
    status: u16,
}

impl Connection {
    async fn repeat_until(self, end: Instant) -> anyhow::Result<Vec<Duration>> {
        let mut latencies = Vec::with_capacity(16 * 1024);
        let mut buffer = vec![0; PIECE];
        let began = Instant::now();
        for (number, request) in (0..).zip(self.requests.iter().cycle()) {
            let sent = match self.pace {
                None => Instant::now(),
                Some(pace) => {
                    let due = began + pace * number;
                    let is_late = Instant::now() > due;
                    tokio::time::sleep_until(due.into()).await;
                    // A timer that wakes late is not the server's fault; an answer that held this request up is.
                    if is_late { due } else { Instant::now() }
                }
            };
            if sent >= end {
                break;
            }
            self.exchange(request, &mut buffer).await?;
            latencies.push(sent.elapsed());
        }
        Ok(latencies)
    }

    async fn exchange(&self, request: &[u8], buffer: &mut [u8]) -> anyhow::Result<()> {
        let mut unsent = request;
        while !unsent.is_empty() {
            match self.stream.try_write(unsent) {
                Ok(sent) => unsent = &unsent[sent..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
        let mut have = 0;
        let head = loop {
            have += self.receive(&mut buffer[have..]).await?;
            if let Some(head) = Head::parse(&buffer[..have])? {
                break head;
            }
        };
        if head.status != self.status {
            let text = String::from_utf8_lossy(&buffer[..have]);
            bail!("an answer has status {} instead of {}: {text}", head.status, self.status);
        }
        let mut missing = head.answer.saturating_sub(have);
        while missing > 0 {
            missing = missing.saturating_sub(self.receive(buffer).await?);
        }
        Ok(())
    }

    async fn receive(&self, buffer: &mut [u8]) -> anyhow::Result<usize> {
        loop {
            match self.stream.try_read(buffer) {
                Ok(0) => {
                    bail!("the server closed a connection, or its answer has a longer head than is read")
                }
                Ok(received) => return Ok(received),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.readable().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The head of an answer.
#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    /// Bytes of the head.
    length: usize,
    /// Bytes of head and body.
    answer: usize,
}

impl Head {
    /// `None` while it is not whole.
    fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&bytes[..end]).context("the head of an answer is not text")?;
        let status = text.get(9..12).and_then(|status| status.parse().ok());
        let body = header(text, "content-length").map_or(Ok(0), str::parse);
        Ok(Some(Self {
            status: status.context("an answer has no status")?,
            length: end + 4,
            answer: end + 4 + body.context("an answer has a strange length")?,
        }))
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let mut values =
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    values.next()
}

/// An answer to one of the requests that prepare a measurement.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> anyhow::Result<&str> {
        header(&self.head, name).with_context(|| format!("an answer has no header {name}"))
    }
}

/// Sends one request on a connection of its own and reads the whole answer.
pub fn ask(address: SocketAddr, request: &[u8]) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let received = stream.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..received]);
        match Head::parse(&bytes)? {
            Some(head) if bytes.len() >= head.answer => {
                let body = bytes.split_off(head.length);
                return Ok(Answer { status: head.status, head: String::from_utf8(bytes)?, body });
            }
            _ if received == 0 => bail!("the server closed the connection before its answer was whole"),
            _ => {}
        }
    }
}
