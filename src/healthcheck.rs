//! Asking a running server whether it is ready, without a runtime: container platforms do it every few seconds.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    #[error("the server at {address} does not answer")]
    Unreachable { address: SocketAddr, source: io::Error },
    #[error("the server at {0} is not ready")]
    NotReady(SocketAddr),
}

/// `Ok` when the server whose second port is at `ops` can serve.
pub fn healthcheck(ops: SocketAddr) -> Result<(), Unhealthy> {
    let address = reachable(ops);
    let status = ask(address).map_err(|source| Unhealthy::Unreachable { address, source })?;
    if status == *b"200" { Ok(()) } else { Err(Unhealthy::NotReady(address)) }
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(ops: SocketAddr) -> SocketAddr {
    let ip = match ops.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, ops.port())
}

/// The status of the answer: the three bytes behind `HTTP/1.1 `.
fn ask(address: SocketAddr) -> io::Result<[u8; 3]> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let [.., a, b, c] = head;
    Ok([a, b, c])
}
