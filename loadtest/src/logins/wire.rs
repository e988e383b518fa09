//! HTTP/1.1 with as little work as possible, because the client runs on the processors of the server that it measures:
//! a request is bytes made beforehand, and of an answer only what decides is kept.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Longer heads are no answers of ours.
const HEAD: usize = 16 * 1024;
/// Bodies are thrown away in pieces of this size.
const PIECE: usize = 4 * 1024;

/// The server as its URL names it.
#[derive(Debug, Clone)]
pub struct Target {
    pub address: SocketAddr,
    /// What the server is called, in the header `Host`.
    pub host: String,
}

impl Target {
    /// Of a URL such as `http://127.0.0.1:8080`.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let url = reqwest::Url::parse(url).with_context(|| format!("{url:?} is no URL"))?;
        anyhow::ensure!(url.scheme() == "http", "the load test speaks http only, to a server or its proxy");
        let name = url.host_str().context("the URL has no host")?;
        let port = url.port_or_known_default().context("the URL has no port")?;
        let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let mut addresses = (bare, port).to_socket_addrs().with_context(|| format!("{host} is unknown"))?;
        Ok(Self { address: addresses.next().context("the host has no address")?, host })
    }

    /// A request of one of the server's own pages. `headers` are whole lines.
    pub fn request(&self, method: &str, path: &str, headers: &[String], body: &str) -> Vec<u8> {
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\n", self.host);
        for header in headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        if !body.is_empty() {
            text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub has_retry_after: bool,
    /// Name and value of the cookie that it sets.
    pub cookie: Option<String>,
    /// The server will not read another request on this connection.
    closes: bool,
    body: usize,
}

/// A connection to the server. Opened when first used, and again after the server has closed it.
#[derive(Debug, Default)]
pub struct Connection {
    stream: Option<TcpStream>,
    bytes: Vec<u8>,
}

impl Connection {
    /// Sends one request and reads the whole answer. When a connection that was kept turns out to be closed before
    /// anything came back, the request is sent again on a fresh one, as browsers do.
    pub async fn exchange(&mut self, target: &Target, request: &[u8]) -> io::Result<Answer> {
        self.bytes.clear();
        if let Some(stream) = self.stream.take() {
            match self.ask(stream, request).await {
                Err(_) if self.bytes.is_empty() => {}
                answer => return answer,
            }
        }
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        self.ask(stream, request).await
    }

    async fn ask(&mut self, mut stream: TcpStream, request: &[u8]) -> io::Result<Answer> {
        self.bytes.clear();
        stream.write_all(request).await?;
        let (head, answer) = loop {
            if stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
            }
            if let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break (end + 4, parse(&self.bytes[..end])?);
            }
            if self.bytes.len() > HEAD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a head that does not end"));
            }
        };
        let mut missing = answer.body.saturating_sub(self.bytes.len() - head);
        while missing > 0 {
            self.bytes.clear();
            self.bytes.reserve(PIECE);
            match stream.read_buf(&mut self.bytes).await? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed within an answer")),
                read => missing = missing.saturating_sub(read),
            }
        }
        if !answer.closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

fn parse(head: &[u8]) -> io::Result<Answer> {
    let strange = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let text = std::str::from_utf8(head).map_err(|_| strange("a head that is not text"))?;
    let status = text.get(9..12).and_then(|status| status.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(|| strange("an answer without status"))?,
        has_retry_after: false,
        cookie: None,
        closes: false,
        body: 0,
    };
    for (name, value) in text.lines().skip(1).filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => answer.body = value.parse().map_err(|_| strange("a strange length"))?,
            "transfer-encoding" => return Err(strange("an answer without length")),
            "retry-after" => answer.has_retry_after = true,
            "connection" => answer.closes = value.eq_ignore_ascii_case("close"),
            "set-cookie" => answer.cookie = value.split(';').next().map(str::to_owned),
            _ => {}
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_address_and_the_host() {
        let target = Target::parse("http://127.0.0.1:8080").unwrap();
        assert_eq!((target.address.port(), target.host.as_str()), (8080, "127.0.0.1:8080"));
        assert_eq!(Target::parse("http://127.0.0.1/").unwrap().host, "127.0.0.1");
        assert!(Target::parse("https://127.0.0.1").is_err());
        assert!(Target::parse("127.0.0.1:8080").is_err());
    }

    #[test]
    fn what_decides_is_read_off_the_head() {
        let head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 17\r\nretry-after: 2\r\nConnection: close\r\n\
                     set-cookie: finbrain_dev=abc; Path=/";

        let answer = parse(head).unwrap();

        assert_eq!(
            (answer.status, answer.body, answer.has_retry_after, answer.closes),
            (503, 17, true, true)
        );
        assert_eq!(answer.cookie.as_deref(), Some("finbrain_dev=abc"));
        assert!(parse(b"HTTP/1.1 what").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: x").is_err());
    }
}
