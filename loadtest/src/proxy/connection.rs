//! One connection through the proxy: reads both sides, and does to what it read whatever the rule of the moment says.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

use super::{Counts, Kind, Rule, Shared};

/// Pieces that may wait for a slow reader, or for the end of a delay.
const WAITING: usize = 64;
const PIECE: usize = 16 * 1024;

type Piece = (Instant, Vec<u8>);

/// A side that is read from, and the way to the other one.
struct Way {
    from: OwnedReadHalf,
    /// Gone when the side has said all.
    to: Option<mpsc::Sender<Piece>>,
}

/// What becomes of a connection after a piece.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Cut,
}

pub struct Connection<'a> {
    up: Way,
    down: Way,
    writers: JoinSet<io::Result<()>>,
    rules: watch::Receiver<Arc<Rule>>,
    rule: Arc<Rule>,
    /// Whether the rule has struck; undecided until there was an occasion.
    struck: Option<bool>,
    /// A request is under way whose reply is to be dropped.
    armed: bool,
    /// Bytes are missing: what would follow them is no stream that TCP could have brought about.
    holed: bool,
    /// What the client has sent.
    sent: u64,
    counts: &'a Counts,
}

impl<'a> Connection<'a> {
    pub fn new(client: TcpStream, upstream: TcpStream, shared: &'a Shared) -> Self {
        // Small pieces are what the faults are about.
        let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
        let ((from_client, to_client), (from_upstream, to_upstream)) =
            (client.into_split(), upstream.into_split());
        let mut writers = JoinSet::new();
        let mut way = |from, to| {
            let (sender, pieces) = mpsc::channel(WAITING);
            writers.spawn(write(Writer(Some(to)), pieces));
            Way { from, to: Some(sender) }
        };
        let (up, down) = (way(from_client, to_upstream), way(from_upstream, to_client));
        let mut rules = shared.rule.subscribe();
        let rule = Arc::clone(&rules.borrow_and_update());
        Self {
            up,
            down,
            writers,
            rules,
            rule,
            struck: None,
            armed: false,
            holed: false,
            sent: 0,
            counts: &shared.counts,
        }
    }

    /// Goes on until both sides have said all, or the connection is cut.
    pub async fn run(mut self) {
        let mut next = self.look();
        let (mut request, mut reply) = (vec![0; PIECE], vec![0; PIECE]);
        while next == Next::GoOn && (self.up.to.is_some() || self.down.to.is_some()) {
            next = tokio::select! {
                read = self.up.read(&mut request) => self.request(read, &request).await,
                read = self.down.read(&mut reply) => self.reply(read, &reply).await,
                changed = self.rules.changed() => match changed {
                    Ok(()) => self.obey(),
                    Err(_) => Next::Cut,
                },
                // A side that takes no more.
                Some(Ok(Err(_))) = self.writers.join_next() => Next::Cut,
            };
        }
        match next {
            Next::Cut => self.cut().await,
            // What is on its way arrives.
            Next::GoOn => while self.writers.join_next().await.is_some() {},
        }
    }

    /// Another rule: what was drawn under the old one is void. A connection that lost bytes ends with the black hole.
    fn obey(&mut self) -> Next {
        if self.holed {
            return Next::Cut;
        }
        self.rule = Arc::clone(&self.rules.borrow_and_update());
        (self.struck, self.armed) = (None, false);
        self.look()
    }

    /// Does what the rule demands before the next byte.
    fn look(&mut self) -> Next {
        let after = match self.rule.fault.kind {
            Kind::BlackHole { after_bytes }
            | Kind::Reset { after_bytes }
            | Kind::HalfClose { after_bytes } => after_bytes,
            Kind::Latency { .. } => 0,
            Kind::Pass | Kind::Refuse | Kind::DropReply { .. } => return Next::GoOn,
        };
        if self.struck.is_some() || self.sent < after {
            return Next::GoOn;
        }
        let strikes = self.strike();
        self.struck = Some(strikes);
        match self.rule.fault.kind {
            Kind::Reset { .. } if strikes => Next::Cut,
            Kind::HalfClose { .. } if strikes => {
                self.down.to = None;
                Next::GoOn
            }
            _ => Next::GoOn,
        }
    }

    fn strike(&self) -> bool {
        let strikes = self.rule.strikes();
        self.counts.struck.fetch_add(u64::from(strikes), Ordering::Relaxed);
        strikes
    }

    async fn request(&mut self, read: io::Result<usize>, piece: &[u8]) -> Next {
        let piece = match read {
            Ok(length) if length > 0 => &piece[..length],
            Ok(_) => {
                self.up.to = None;
                return Next::GoOn;
            }
            Err(_) => return Next::Cut,
        };
        let swallowed = self.is_black_hole();
        self.holed |= swallowed;
        self.sent += piece.len() as u64;
        if let Kind::DropReply { matching } = &self.rule.fault.kind {
            let counts = matching.as_ref().is_none_or(|text| contains(piece, text.as_bytes()));
            self.armed |= counts && self.strike();
        }
        if !swallowed {
            let delay = self.delay(|up, _| up);
            self.up.pass(piece, delay).await;
        }
        // What came before the limit still arrives.
        self.look()
    }

    async fn reply(&mut self, read: io::Result<usize>, piece: &[u8]) -> Next {
        let piece = match read {
            Ok(length) if length > 0 => &piece[..length],
            Ok(_) => {
                self.down.to = None;
                return Next::GoOn;
            }
            Err(_) => return Next::Cut,
        };
        if self.armed {
            return Next::Cut;
        }
        if self.is_black_hole() {
            self.holed = true;
        } else {
            let delay = self.delay(|_, down| down);
            self.down.pass(piece, delay).await;
        }
        Next::GoOn
    }

    fn is_black_hole(&self) -> bool {
        matches!(self.rule.fault.kind, Kind::BlackHole { .. }) && self.struck == Some(true)
    }

    fn delay(&self, way: impl Fn(u64, u64) -> u64) -> Duration {
        match self.rule.fault.kind {
            Kind::Latency { up_ms, down_ms, jitter_ms } if self.struck == Some(true) => {
                self.rule.jittered(way(up_ms, down_ms), jitter_ms)
            }
            _ => Duration::ZERO,
        }
    }

    /// Closes both sides with a reset, whatever is on its way.
    async fn cut(mut self) {
        for side in [&self.up.from, &self.down.from] {
            // A side that has gone needs none.
            let _ = side.as_ref().set_zero_linger();
        }
        self.writers.shutdown().await;
    }
}

impl Way {
    /// Reads when there is room for what is read; never again when the side has said all.
    async fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        match &self.to {
            Some(to) => {
                // A writer that has gone tells its own end.
                let _room = to.reserve().await;
                self.from.read(piece).await
            }
            None => std::future::pending().await,
        }
    }

    async fn pass(&self, piece: &[u8], delay: Duration) {
        if let Some(to) = &self.to {
            let _ = to.send((Instant::now() + delay, piece.to_vec())).await;
        }
    }
}

/// The writing half of a connection, which tells its end only when that is meant: dropped, it would say so by itself,
/// and nothing would be left to reset.
struct Writer(Option<OwnedWriteHalf>);

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(half) = self.0.take() {
            half.forget();
        }
    }
}

/// Writes pieces when they are due, in their order. The end of them is the end of what this side gets.
async fn write(mut to: Writer, mut pieces: mpsc::Receiver<Piece>) -> io::Result<()> {
    let Some(half) = &mut to.0 else { return Ok(()) };
    while let Some((due, piece)) = pieces.recv().await {
        tokio::time::sleep_until(due).await;
        half.write_all(&piece).await?;
    }
    half.shutdown().await
}

fn contains(piece: &[u8], text: &[u8]) -> bool {
    text.is_empty() || piece.windows(text.len()).any(|window| window == text)
}
