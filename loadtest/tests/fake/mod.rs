//! An HTTP server whose answers a test decides.
#![allow(dead_code, reason = "each file of tests uses a part of it")]

use std::{
    collections::HashMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A request as it came.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// By lower-case name; the last of a kind.
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// The bytes of an answer; `None` closes the connection without one.
pub type Reply = Option<Vec<u8>>;
type Handler = dyn Fn(Request) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync;

/// It ends with the test's runtime.
#[derive(Debug)]
pub struct Fake {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Fake {
    /// Begins to answer on a free port.
    pub async fn start<F>(handler: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let handler: Arc<Handler> = Arc::new(move |request| Box::pin(handler(request)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { address: listener.local_addr().unwrap(), requests: Arc::default() };
        let requests = Arc::clone(&fake.requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&handler), Arc::clone(&requests)));
            }
        });
        fake
    }

    /// How many requests it has read.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Handler>, requests: Arc<AtomicUsize>) {
    while let Some(request) = read(&mut stream).await {
        requests.fetch_add(1, Ordering::SeqCst);
        let Some(reply) = handler(request).await else { return };
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap().split(' ').map(str::to_owned);
    let (method, path) = (first.next().unwrap(), first.next().unwrap());
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let headers: HashMap<_, _> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { method, path, headers, body })
}

/// An answer with these further lines in its head.
pub fn answer(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Some(format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes())
}
