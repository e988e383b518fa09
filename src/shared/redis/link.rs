//! The one connection to Redis that all requests of a pod share, with a deadline for each of them and the circuit breaker
//! before it. Requests never connect and never probe: a task in the background does, so that nobody waits for a Redis
//! that is away. It must not know what is asked.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use finbrain_domain::ports::StoreError;
use redis::{
    AsyncConnectionConfig, ErrorKind, RedisError, RedisResult, ServerErrorKind, aio::MultiplexedConnection,
};
use tokio::sync::{Notify, watch};

use super::{
    address::Address,
    circuit::{Change, Circuit},
    metrics::{self, Failure},
    scripts::Scripts,
    seal::PREFIX,
};

/// A connection that does not stand after this long is given up.
const CONNECT: Duration = Duration::from_secs(1);
/// A quiet connection is asked whether it is still there, so that a broken one is found before a person does.
const HEALTH: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Link {
    pub(super) address: Address,
    pub(super) scripts: Scripts,
    deadline: Duration,
    circuit: Mutex<Circuit>,
    connection: Mutex<Option<Connection>>,
    /// Wakes the keeper when the circuit opens.
    opened: Notify,
    /// Whether the circuit is closed, for those who wait for it.
    closed: watch::Sender<bool>,
}

/// A connection with its number, so that a late failure of an old one does not take away the new one.
#[derive(Debug, Clone)]
struct Connection {
    number: u64,
    wire: MultiplexedConnection,
}

impl Link {
    pub(super) fn new(address: Address, deadline: Duration) -> Arc<Self> {
        Arc::new(Self {
            address,
            scripts: Scripts::new(),
            deadline,
            circuit: Mutex::new(Circuit::new(Instant::now())),
            connection: Mutex::new(None),
            opened: Notify::new(),
            closed: watch::Sender::new(false),
        })
    }

    /// Asks within the deadline; at once `Unavailable` while the circuit is open.
    pub(super) async fn ask<T, F>(
        &self,
        request: &'static str,
        question: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let connection = self.connected().ok_or_else(|| unavailable("circuit is open"))?;
        let began = Instant::now();
        match tokio::time::timeout(self.deadline, question(connection.wire)).await {
            Ok(Ok(answer)) => {
                metrics::answered(request, began.elapsed());
                lock(&self.circuit).succeeded();
                Ok(answer)
            }
            Ok(Err(error)) => {
                let failure = if breaks(&error) { Failure::Lost } else { Failure::Answer };
                self.failed(connection.number, failure);
                Err(unavailable(error.category()))
            }
            Err(_) => {
                self.failed(connection.number, Failure::Late);
                Err(unavailable("no answer within the deadline"))
            }
        }
    }

    /// Whether the circuit is closed, and each change of that.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// Connects and probes while the circuit is open; looks after a quiet connection while it is closed. For ever.
    pub(super) async fn keep(self: Arc<Self>) {
        loop {
            let until_probe = lock(&self.circuit).until_probe(Instant::now());
            match until_probe {
                Some(pause) => {
                    tokio::time::sleep(pause).await;
                    self.probe().await;
                }
                None => {
                    let opened = tokio::time::timeout(HEALTH, self.opened.notified()).await;
                    if opened.is_err() {
                        let ping =
                            |mut wire| async move { redis::cmd("PING").query_async::<()>(&mut wire).await };
                        // What comes of it is written down by `ask`.
                        let _ = self.ask("ping", ping).await;
                    }
                }
            }
        }
    }

    /// The probe at the start, after which it is known whether Redis is there.
    pub(super) async fn first_probe(&self) {
        metrics::circuit(true);
        self.probe().await;
        if !lock(&self.circuit).is_closed() {
            tracing::warn!("shared state in Redis is away: this pod does without it until it is there");
        }
    }

    /// One attempt to close the circuit, over a connection of its own.
    async fn probe(&self) {
        lock(&self.circuit).begin_probe();
        let wire = self.connect().await;
        let answered = wire.is_ok();
        if let Err(error) = &wire {
            tracing::debug!(cause = error.category(), "Redis does not answer");
        }
        if let Ok(wire) = wire {
            let mut slot = lock(&self.connection);
            let number = slot.as_ref().map_or(0, |old| old.number) + 1;
            *slot = Some(Connection { number, wire });
        }
        let change = lock(&self.circuit).probed(answered, Instant::now(), jitter());
        if change == Change::Closed {
            metrics::circuit(false);
            self.closed.send_replace(true);
            tracing::info!("shared state in Redis is there: circuit closed");
        }
    }

    /// A connection over which the scripts are there and one of them, which writes, has answered in time.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            // The deadline of each request is kept here.
            .set_response_timeout(None);
        let connected = async {
            let client = self.address.client().await?;
            let mut wire = client.get_multiplexed_async_connection_with_config(&config).await?;
            for script in self.scripts.all() {
                script.load_async(&mut wire).await?;
            }
            Ok::<_, RedisError>(wire)
        };
        let mut wire = tokio::time::timeout(CONNECT, connected).await.map_err(|_| late())??;
        let mut canary = self.scripts.limit.prepare_invoke();
        canary.key(format!("{PREFIX}probe")).arg("").arg(1).arg(1_000_000);
        let canary = canary.invoke_async::<i64>(&mut wire);
        tokio::time::timeout(self.deadline, canary).await.map_err(|_| late())??;
        Ok(wire)
    }

    fn connected(&self) -> Option<Connection> {
        let is_closed = lock(&self.circuit).is_closed();
        if is_closed { lock(&self.connection).clone() } else { None }
    }

    fn failed(&self, number: u64, failure: Failure) {
        metrics::failed(failure);
        let is_current = lock(&self.connection).as_ref().is_some_and(|current| current.number == number);
        if !is_current {
            return;
        }
        let change = match failure {
            Failure::Lost => lock(&self.circuit).lost(Instant::now()),
            Failure::Late | Failure::Answer => lock(&self.circuit).failed(Instant::now(), jitter()),
        };
        if change == Change::Opened {
            metrics::circuit(true);
            self.closed.send_replace(false);
            self.opened.notify_one();
            tracing::warn!(
                ?failure,
                "shared state in Redis is away: circuit opened, this pod does without it"
            );
        }
    }
}

/// Whether only another connection can help: this one is broken, or leads to a server that is no primary any more.
fn breaks(error: &RedisError) -> bool {
    let other_server = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown];
    let other_server = other_server.map(ErrorKind::Server);
    error.is_unrecoverable_error() || error.is_io_error() || other_server.contains(&error.kind())
}

/// The driver's own words may hold what was asked; its category does not.
fn unavailable(cause: &str) -> StoreError {
    StoreError::Unavailable(format!("Redis: {cause}"))
}

fn late() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// Without random numbers the pods knock in step, which is no harm.
fn jitter() -> u8 {
    let mut byte = [128];
    let _ = getrandom::fill(&mut byte);
    byte[0]
}

/// Every change behind these locks is complete when it could unwind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
