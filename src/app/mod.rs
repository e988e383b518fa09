//! The application: everything wired together. Nobody imports this room but `main` and the tests.

pub mod backends;
mod entrance;

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use actix_http::HttpService;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, map_config};
use actix_web::{
    App, HttpServer,
    dev::{AppConfig, Server, ServerHandle},
    web::{self, Data},
};
use anyhow::Context as _;
use finbrain_actors::{
    Ports,
    classifier::{ClassifierHandle, Sharing},
    rates::RatesHandle,
    registry::Registry,
    worker::WorkerHandle,
};
use finbrain_domain::ports::{Clock, RateSource};
use tokio::{net::TcpSocket, sync::watch};

use self::backends::SharedState;
use crate::{
    auth::{
        self,
        accounts::{Auth, AuthPorts},
        door::Door,
        hash_pool::{HashPool, PoolSettings},
        keys::ServerKeys,
        public_url::{InsecureHttp, PublicUrl},
        settings::{Administrator, Allowance, AuthLimits, AuthSettings, Demos, Registration},
    },
    config::{self, Config, RatesSource, Switch},
    outbound::{NoRates, ecb, frankfurter::Frankfurter},
    routes::{
        self,
        middleware::{Edge, Transport},
        ops::{Phase, Readiness},
        report::Rendered,
    },
    store::Stores,
    telemetry::Metrics,
};

/// How often the times of sessions are written down: a restart logs nobody out who was seen within 120 s.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
/// How often the shared state forgets what is over.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// How often sessions that are over leave the durable store.
const PURGE_EVERY: Duration = Duration::from_secs(600);
/// How often a server that stops looks for streams that began meanwhile.
const END_STREAMS_EVERY: Duration = Duration::from_millis(50);
/// For so long requests may take to finish when the server stops; the actors' snapshots come after them.
const FINISH: u64 = 15;
/// Connections that wait to be accepted. Further ones are not refused but asked for again after 1, 3, 7 … seconds, so a
/// short queue turns a crowd into minutes. The system caps it (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;
/// How long a connection that this server closes may take to read what was said last.
const LINGER: Duration = Duration::from_secs(1);
/// Demos that live at the same time.
const MOST_DEMOS: u64 = 200;

/// A server that listens.
pub struct Application {
    address: SocketAddr,
    ops_address: SocketAddr,
    public_url: PublicUrl,
    server: Server,
    ops: Server,
    rooms: Rooms,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "application at {}", self.address)
    }
}

/// What lives as long as the server.
struct Rooms {
    stores: Stores,
    shared: SharedState,
    clock: Arc<dyn Clock>,
    auth: Data<Auth>,
    registry: Registry,
    readiness: Readiness,
    drain: Duration,
    /// Tells connections that are idle to end.
    leave: watch::Sender<bool>,
}

/// Every metric of the house, by name, unit and meaning.
pub fn describe_metrics() {
    finbrain_actors::describe_metrics();
    crate::store::embedded::describe_metrics();
    crate::store::mongo::describe_metrics();
    crate::shared::describe_metrics();
    auth::describe_metrics();
    routes::middleware::describe_metrics();
}

impl Application {
    /// Opens the store, starts the actors and binds both ports. Needs a running actix system.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, metrics: Metrics) -> anyhow::Result<Self> {
        let stores = backends::open(&config.store).await?;
        let listener =
            listen(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
        let ops_listener = std::net::TcpListener::bind(config.ops_listen)
            .with_context(|| format!("cannot listen on {}", config.ops_listen))?;
        let (address, ops_address) = (listener.local_addr()?, ops_listener.local_addr()?);
        let public_url = public_url(&config, address)?;
        let door = Data::new(Door::new(public_url.clone(), config.trusted_proxies.clone()));

        let keys = ServerKeys::load(&*stores.users).await?;
        let shared = SharedState::open(&config, &keys).await?;
        let ports = Ports {
            journal: stores.journal.clone(),
            users: stores.users.clone(),
            due: stores.due.clone(),
            models: stores.models.clone(),
            shared: shared.port(),
            clock: Arc::clone(&clock),
        };
        let session_clock = shared.clock(Arc::clone(&clock));
        let auth = Data::new(open_auth(&config, &public_url, &ports, keys, session_clock).await?);
        let arbiter = actix::Arbiter::current();
        let source = shared.rates(rate_source(&config)?, Arc::clone(&clock));
        let rates = RatesHandle::start(&arbiter, rate_floor().await?, source, Arc::clone(&clock));
        let memory = usize::try_from(config.ledger_memory).unwrap_or(usize::MAX);
        let registry = Registry::new(ports.clone(), rates.clone(), config.workers.get(), memory);
        let sharing = sharing(&public_url);
        let classifier = ClassifierHandle::start(&arbiter, ports.models.clone(), Arc::clone(&clock), sharing);
        let worker =
            WorkerHandle::start(&arbiter, ports.clone(), registry.clone(), classifier.clone(), sharing);

        let readiness = Readiness::new();
        let transport = match public_url.transport() {
            auth::public_url::Transport::Encrypted => Transport::Https,
            auth::public_url::Transport::Loopback | auth::public_url::Transport::Insecure => Transport::Http,
        };
        let edge = Edge::new(transport, readiness.clone());
        let parts = Parts {
            door,
            auth: auth.clone(),
            ports: Data::new(ports),
            registry: Data::new(registry.clone()),
            rates: Data::new(rates),
            classifier: Data::new(classifier),
            worker: Data::new(worker),
            rendered: Data::new(Rendered::default()),
            session: Data::new(config.session),
        };
        let (leave, leaving) = watch::channel(false);
        let server = Server::build()
            .workers(config.workers.get())
            .disable_signals()
            .shutdown_timeout(FINISH)
            .listen("people", listener, move || {
                let app = App::new().wrap(edge.clone()).configure(|app| parts.configure(app));
                let app = app.into_factory().map_err(|error| error.error_response());
                let is_over = leaving.clone();
                let http = HttpService::build()
                    .client_request_timeout(entrance::SILENCE)
                    .client_disconnect_timeout(LINGER)
                    .graceful_shutdown_signal(move || over(is_over.clone()))
                    .local_addr(address)
                    .finish(map_config(app, |()| AppConfig::default()));
                entrance::one_by_one(http, leaving.clone())
            })?
            .run();
        let ops_parts = (Data::new(readiness.clone()), Data::new(metrics));
        let ops = HttpServer::new(move || {
            let (readiness, metrics) = ops_parts.clone();
            App::new().app_data(readiness).app_data(metrics).configure(routes::ops::configure)
        });
        let ops = ops.workers(1).disable_signals().shutdown_timeout(1).listen(ops_listener)?.run();
        let drain = config.drain;
        let rooms = Rooms { stores, shared, clock, auth, registry, readiness, drain, leave };
        rooms.readiness.set(Phase::Ready);
        Ok(Self { address, ops_address, public_url, server, ops, rooms })
    }

    /// Where the public port listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the operator's port listens.
    pub const fn ops_address(&self) -> SocketAddr {
        self.ops_address
    }

    /// Under which URL people reach it.
    pub fn url(&self) -> &str {
        self.public_url.origin()
    }

    /// The way to the books, for tests that ask them without HTTP.
    pub const fn registry(&self) -> &Registry {
        &self.rooms.registry
    }

    /// Serves until `stop` comes, then finishes what is under way.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self { server, ops, rooms, .. } = self;
        let (handle, ops_handle): (ServerHandle, ServerHandle) = (server.handle(), ops.handle());
        let server = actix_web::rt::spawn(server);
        let ops = actix_web::rt::spawn(ops);
        let upkeep =
            actix_web::rt::spawn(upkeep(rooms.auth.clone(), rooms.shared.clone(), rooms.clock.clone()));
        stop.await;
        rooms.readiness.set(Phase::Stopping);
        // Requests still come while balancers learn that this server is not ready; each is told to come here no more.
        tokio::time::sleep(rooms.drain).await;
        rooms.leave.send_replace(true);
        finish_requests(&handle, &rooms.registry).await;
        // Nobody asks an actor any more: a question that comes to one that stops is not answered.
        rooms.registry.shut_down().await;
        upkeep.abort();
        if let Err(error) = rooms.auth.flush_seen().await {
            tracing::warn!(error = %error, "times of sessions were not written");
        }
        ops_handle.stop(false).await;
        server.await??;
        ops.await??;
        rooms.stores.close().await;
        Ok(())
    }
}

/// What every worker has.
#[derive(Clone)]
struct Parts {
    door: Data<Door>,
    auth: Data<Auth>,
    ports: Data<Ports>,
    registry: Data<Registry>,
    rates: Data<RatesHandle>,
    classifier: Data<ClassifierHandle>,
    worker: Data<WorkerHandle>,
    rendered: Data<Rendered>,
    session: Data<config::SessionTimes>,
}

impl Parts {
    fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(self.door.clone())
            .app_data(self.auth.clone())
            .app_data(self.ports.clone())
            .app_data(self.registry.clone())
            .app_data(self.rates.clone())
            .app_data(self.classifier.clone())
            .app_data(self.worker.clone())
            .app_data(self.rendered.clone())
            .app_data(self.session.clone())
            .configure(routes::configure);
    }
}

/// Returns when the server stops.
async fn over(mut leaving: watch::Receiver<bool>) {
    // Without a sender the server is gone, which is the same.
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

/// Listens no more, and waits for the requests that are under way. Streams never end by themselves: they are told to,
/// also those that began a moment ago, and their readers resume elsewhere.
async fn finish_requests(server: &ServerHandle, registry: &Registry) {
    let mut finished = std::pin::pin!(server.stop(true));
    let mut look = tokio::time::interval(END_STREAMS_EVERY);
    loop {
        tokio::select! {
            () = &mut finished => return,
            _ = look.tick() => registry.end_streams(),
        }
    }
}

/// Work that comes back every few seconds.
async fn upkeep(auth: Data<Auth>, shared: SharedState, clock: Arc<dyn Clock>) {
    let mut flush = tokio::time::interval(FLUSH_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    let mut purge = tokio::time::interval(PURGE_EVERY);
    loop {
        tokio::select! {
            _ = flush.tick() => {
                if let Err(error) = auth.flush_seen().await {
                    tracing::warn!(error = %error, "times of sessions were not written");
                }
            }
            _ = sweep.tick() => shared.sweep(clock.now()),
            _ = purge.tick() => match auth.purge_sessions().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "sessions that are over were removed"),
                Err(error) => tracing::warn!(error = %error, "sessions that are over were not removed"),
            },
        }
    }
}

/// Listens with room for [`BACKLOG`] connections, where the standard library asks for 128.
fn listen(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart does not wait until the connections of the process before are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Whose corrections may teach the shared model, for a program that does not listen.
pub fn configured_sharing(config: &Config) -> anyhow::Result<Sharing> {
    Ok(sharing(&public_url(config, config.listen)?))
}

fn sharing(public_url: &PublicUrl) -> Sharing {
    if public_url.is_loopback() { Sharing::Household } else { Sharing::ByChoice }
}

fn public_url(config: &Config, bound: SocketAddr) -> anyhow::Result<PublicUrl> {
    let insecure = if config.allow_insecure_http { InsecureHttp::Allowed } else { InsecureHttp::Refused };
    Ok(PublicUrl::parse(&config.public_url(bound), insecure)?)
}

async fn open_auth(
    config: &Config,
    public_url: &PublicUrl,
    ports: &Ports,
    keys: ServerKeys,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Auth> {
    // The first hash measures the machine and takes a while.
    let pool = web::block(|| HashPool::start(PoolSettings::default())).await??;
    let settings = AuthSettings {
        life: config.session.life,
        registration: match config.registration {
            config::Registration::Open => Registration::Open,
            config::Registration::Closed => Registration::Closed,
        },
        demos: match config.demo {
            Switch::On => Demos::Open { limit: MOST_DEMOS },
            Switch::Off => Demos::Closed,
        },
        administrator: match &config.admin_email {
            Some(email) => Administrator::Named(email.clone()),
            None if public_url.is_loopback() => Administrator::First,
            None => Administrator::Nobody,
        },
        limits: AuthLimits {
            attempts_per_address: Allowance {
                per_minute: config.login_rate.per_minute,
                burst: config.login_rate.burst,
            },
            ..AuthLimits::default()
        },
        ..AuthSettings::of(public_url, config.admin_email.clone())
    };
    let auth_ports = AuthPorts {
        users: ports.users.clone(),
        shared: ports.shared.clone(),
        journal: ports.journal.clone(),
        due: ports.due.clone(),
        clock,
    };
    Ok(Auth::new(auth_ports, Arc::new(pool), keys, settings))
}

async fn rate_floor() -> anyhow::Result<Arc<finbrain_domain::rates::RateBook>> {
    Ok(web::block(ecb::book).await?)
}

fn rate_source(config: &Config) -> anyhow::Result<Arc<dyn RateSource>> {
    Ok(match &config.rates {
        RatesSource::Off => Arc::new(NoRates),
        RatesSource::Url(url) => Arc::new(Frankfurter::new(url)?),
    })
}
