//! A TCP proxy that breaks on purpose: between browser and pod, pod and MongoDB, pod and Redis. It knows bytes and
//! connections, and nothing of the protocols in them.
//!
//! What is wrong is set while it runs, by [`Proxy::set`] or over HTTP on its control port (`GET /`, `PUT /fault`), and
//! takes hold of the connections that are open as well as of new ones.

mod command;
mod connection;
mod control;
mod fault;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

pub use self::{
    command::{Args, command},
    fault::{Fault, Kind},
};
use self::{connection::Connection, fault::Rule};

/// What a proxy has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Connections that were accepted.
    pub accepted: u64,
    /// Connections that are open.
    pub open: u64,
    /// How often the fault that is set now, or was set before, struck.
    pub struck: u64,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    open: AtomicU64,
    struck: AtomicU64,
}

/// What the parts of a proxy share.
#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    address: SocketAddr,
    rule: watch::Sender<Arc<Rule>>,
    counts: Counts,
    seed: u64,
}

impl Shared {
    fn set(&self, fault: Fault) {
        self.rule.send_replace(Arc::new(Rule::new(fault, self.seed)));
    }

    fn fault(&self) -> Fault {
        self.rule.borrow().fault.clone()
    }

    fn seen(&self) -> Seen {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { accepted, open, struck } = &self.counts;
        Seen { accepted: count(accepted), open: count(open), struck: count(struck) }
    }
}

/// A running proxy in front of one upstream. Dropping it closes its ports and resets its connections.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    control: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Proxy {
    /// Starts on free ports of loopback.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::start_at(upstream, loopback, loopback, 0).await
    }

    /// Starts at `listen`, controlled at `control`. Equal seeds draw equal lots.
    pub async fn start_at(
        upstream: SocketAddr,
        listen: SocketAddr,
        control: SocketAddr,
        seed: u64,
    ) -> io::Result<Self> {
        let (listener, control) = (TcpListener::bind(listen).await?, TcpListener::bind(control).await?);
        let (rule, _) = watch::channel(Arc::new(Rule::new(Fault::default(), seed)));
        let (address, counts) = (listener.local_addr()?, Counts::default());
        let shared = Arc::new(Shared { upstream, address, rule, counts, seed });
        let control_address = control.local_addr()?;
        let tasks = [
            tokio::spawn(accept(listener, Arc::clone(&shared))),
            tokio::spawn(control::serve(control, Arc::clone(&shared))),
        ];
        Ok(Self { shared, control: control_address, tasks })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// `GET` tells the state, `PUT` of `fault` below it sets a fault.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// What is wrong from now on, for open connections and for new ones.
    pub fn set(&self, fault: impl Into<Fault>) {
        self.shared.set(fault.into());
    }

    pub fn fault(&self) -> Fault {
        self.shared.fault()
    }

    pub fn seen(&self) -> Seen {
        self.shared.seen()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Accepts connections until the task is dropped, and its connections with it.
async fn accept(mut listener: TcpListener, shared: Arc<Shared>) {
    let mut rules = shared.rule.subscribe();
    let mut connections = JoinSet::new();
    loop {
        if matches!(rules.borrow_and_update().fault.kind, Kind::Refuse) {
            drop(listener);
            listener = reopened(&shared, &mut rules).await;
            continue;
        }
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(serve(client, Arc::clone(&shared)));
                }
            }
            _ = rules.changed() => {}
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A listener on the same port, once connections are no longer refused. Another process may hold the port meanwhile.
async fn reopened(shared: &Shared, rules: &mut watch::Receiver<Arc<Rule>>) -> TcpListener {
    let refuses = |rule: &Arc<Rule>| matches!(rule.fault.kind, Kind::Refuse);
    // The sender lives as long as this task.
    let _ = rules.wait_for(|rule| !refuses(rule)).await;
    loop {
        match TcpListener::bind(shared.address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    shared.counts.accepted.fetch_add(1, Ordering::Relaxed);
    let _open = Open::count(&shared.counts.open);
    let Ok(upstream) = TcpStream::connect(shared.upstream).await else {
        // What a client sees of a server that is not there.
        let _ = client.set_zero_linger();
        return;
    };
    Connection::new(client, upstream, &shared).run().await;
}

/// Counts a connection as long as it is open.
struct Open<'a>(&'a AtomicU64);

impl<'a> Open<'a> {
    fn count(open: &'a AtomicU64) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
