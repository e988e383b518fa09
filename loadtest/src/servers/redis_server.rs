//! redis-server without persistence, as FinBrain uses it.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Guarded, ServerError, free_port};

const START: Duration = Duration::from_secs(30);

/// A running Redis.
#[derive(Debug)]
pub struct RedisServer {
    pub port: u16,
    process: Option<Guarded>,
    folder: TempDir,
    /// Further settings, as on its command line.
    settings: Vec<String>,
}

impl RedisServer {
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(&[]).await
    }

    /// Starts it with further settings, such as `["--replicaof", "127.0.0.1 7000"]`.
    pub async fn start_with(settings: &[&str]) -> Result<Self, ServerError> {
        let failed = |source| ServerError::Start { program: "redis-server".into(), source };
        let folder = TempDir::with_prefix("finbrain-redis-").map_err(failed)?;
        let port = free_port().map_err(failed)?;
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut server = Self { port, process: None, folder, settings };
        server.launch().await?;
        Ok(server)
    }

    /// Starts the process again, empty.
    pub async fn launch(&mut self) -> Result<(), ServerError> {
        let program = PathBuf::from("redis-server");
        let mut command = Command::new(&program);
        command.args([
            "--port",
            &self.port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(self.folder.path()).args(&self.settings);
        self.process = Some(Guarded::start(&program, &self.folder.path().join("log"), &mut command)?);
        let deadline = Instant::now() + START;
        while let Err(error) = self.command(&["PING"]).await {
            if Instant::now() > deadline {
                return Err(ServerError::NotReady { program: "redis-server", cause: error.to_string() });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Starts a replica of this server and waits until it follows.
    pub async fn replica(&self) -> Result<Self, ServerError> {
        let replica = Self::start_with(&["--replicaof", "127.0.0.1", &self.port.to_string()]).await?;
        let deadline = Instant::now() + START;
        while !replica.info("replication").await?.contains("master_link_status:up") {
            if Instant::now() > deadline {
                let cause = "the replica does not follow".into();
                return Err(ServerError::NotReady { program: "redis-server", cause });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(replica)
    }

    /// Makes a replica a server of its own, with the data that have reached it.
    pub async fn promote(&self) -> Result<(), ServerError> {
        self.command(&["REPLICAOF", "NO", "ONE"]).await.map_err(refused)?;
        Ok(())
    }

    /// A section of `INFO`.
    pub async fn info(&self, section: &str) -> Result<String, ServerError> {
        let answer = self.command(&["INFO", section]).await.map_err(refused)?;
        redis::from_redis_value(answer)
            .map_err(|error| ServerError::Refused { program: "redis-server", cause: error.to_string() })
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// The process, while it runs.
    pub const fn process(&self) -> Option<&Guarded> {
        self.process.as_ref()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Runs a command, such as `["FLUSHALL"]`.
    pub async fn command(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await
    }
}

fn refused(error: redis::RedisError) -> ServerError {
    ServerError::Refused { program: "redis-server", cause: error.to_string() }
}
