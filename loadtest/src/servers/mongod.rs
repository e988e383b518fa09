//! mongod as a replica set of one member, which is what a contract needs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use mongodb::{
    Client,
    bson::{Document, doc},
    options::ClientOptions,
};
use tempfile::TempDir;

use super::{Guarded, ServerError, free_port};

/// From the command to a writable primary; a tenth of it on a quiet machine.
const START: Duration = Duration::from_secs(60);

/// What a member that is there needs to answer.
const ANSWER: Duration = Duration::from_millis(1500);

/// A running mongod.
#[derive(Debug)]
pub struct Mongod {
    pub port: u16,
    process: Option<Guarded>,
    folder: Folder,
    replica_set: String,
}

/// Where the data are.
#[derive(Debug)]
enum Folder {
    /// Gone with the server.
    Passing(TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Passing(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Mongod {
    /// Starts a replica set of one and waits until it can be written to.
    pub async fn start() -> Result<Self, ServerError> {
        let mut mongod = Self::prepare("rs0").await?;
        mongod.launch()?;
        let config = doc! { "_id": "rs0", "members": [{ "_id": 0, "host": mongod.host() }] };
        mongod.command(doc! { "replSetInitiate": config }).await?;
        mongod.writable().await?;
        Ok(mongod)
    }

    /// A member of the named set, not yet started.
    pub async fn prepare(replica_set: &str) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Start { program: "mongod".into(), source };
        let folder = TempDir::with_prefix("finbrain-mongod-").map_err(failed)?;
        Ok(Self {
            port: free_port().map_err(failed)?,
            process: None,
            folder: Folder::Passing(folder),
            replica_set: replica_set.into(),
        })
    }

    /// A member whose data stay in `folder`, with its port: a set knows its members by address. Not yet started.
    pub fn prepare_in(replica_set: &str, folder: &Path) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Start { program: "mongod".into(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let note = folder.join("port");
        let noted = fs::read_to_string(&note).ok().and_then(|port| port.trim().parse().ok());
        let port = match noted {
            Some(port) => port,
            None => free_port().map_err(failed)?,
        };
        fs::write(&note, port.to_string()).map_err(failed)?;
        let folder = Folder::Kept(folder.to_owned());
        Ok(Self { port, process: None, folder, replica_set: replica_set.into() })
    }

    /// Starts the process over the data that are there.
    pub fn launch(&mut self) -> Result<(), ServerError> {
        let program = program()?;
        let mut command = Command::new(&program);
        command.arg("--dbpath").arg(self.folder.path());
        command.args([
            "--port",
            &self.port.to_string(),
            "--bind_ip",
            "127.0.0.1",
            "--replSet",
            &self.replica_set,
        ]);
        command.args(["--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"]);
        command.args(["--wiredTigerEngineConfigString", "log=(file_max=8MB,prealloc=false)"]);
        command.args(["--setParameter", "diagnosticDataCollectionEnabled=false"]);
        command.args(["--setParameter", "enableTestCommands=1"]);
        self.process = Some(Guarded::start_in(&program, self.folder.path(), &mut command)?);
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// The process, while it runs.
    pub const fn process(&self) -> Option<&Guarded> {
        self.process.as_ref()
    }

    /// Address and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URI of a database on this server.
    pub fn uri(&self, database: &str) -> String {
        format!("mongodb://{}/{database}?replicaSet={}", self.host(), self.replica_set)
    }

    /// Runs an administrative command on this very member, trying again until it answers.
    pub async fn command(&self, command: Document) -> Result<Document, ServerError> {
        let not_ready = |cause: String| ServerError::NotReady { program: "mongod", cause };
        let client = self.client().await.map_err(|error| not_ready(error.to_string()))?;
        let deadline = Instant::now() + START;
        loop {
            match client.database("admin").run_command(command.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() > deadline => return Err(not_ready(error.to_string())),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// The same, once. `None` when it does not run, is frozen, or refuses.
    pub async fn try_command(&self, command: Document) -> Option<Document> {
        self.process()?;
        let answer = async { self.client().await.ok()?.database("admin").run_command(command).await.ok() };
        tokio::time::timeout(ANSWER, answer).await.ok()?
    }

    async fn client(&self) -> mongodb::error::Result<Client> {
        let uri = format!("mongodb://{}/?directConnection=true&serverSelectionTimeoutMS=1000", self.host());
        Client::with_options(ClientOptions::parse(uri).await?)
    }

    async fn writable(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if self.command(doc! { "hello": 1 }).await?.get_bool("isWritablePrimary").unwrap_or(false) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(ServerError::NotReady { program: "mongod", cause: "no primary was elected".into() })
    }
}

/// `MONGOD`, the PATH, or what `.ci/servers` fetched.
fn program() -> Result<PathBuf, ServerError> {
    let named = std::env::var_os("MONGOD").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("mongod"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cached = cache.or_else(home).map(|cache| cache.join("finbrain/mongod"));
    let mut places = named.into_iter().chain(on_path).chain(cached);
    places.find(|place| place.is_file()).ok_or(ServerError::Missing("mongod"))
}
