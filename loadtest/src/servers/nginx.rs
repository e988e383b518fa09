//! nginx before a number of pods, as an ingress would stand there.
//!
//! What may have been done is not done twice: a request is sent to a second pod only when the first could not be reached,
//! when its method or its idempotency key makes a repeat harmless, never because a pod answered. A pod that is about to
//! stop is taken out first ([`Nginx::route`]): new requests go elsewhere, and those under way finish.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Guarded, ServerError, free_port};

const START: Duration = Duration::from_secs(30);
/// After so long a worker that was replaced cuts the streams that it still carries.
const DRAIN: Duration = Duration::from_secs(30);

/// A pod as nginx sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Address and port.
    pub address: String,
    /// Whether new requests go there.
    pub is_open: bool,
}

impl Upstream {
    /// One that takes requests.
    pub const fn open(address: String) -> Self {
        Self { address, is_open: true }
    }
}

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    pub port: u16,
    process: Option<Guarded>,
    folder: TempDir,
}

impl Nginx {
    /// Starts it on a free port before these pods, which need not run yet.
    pub async fn start(pods: &[Upstream]) -> Result<Self, ServerError> {
        let port = free_port().map_err(failed)?;
        Self::start_on(port, pods).await
    }

    /// Starts it on this port: pods are told their public URL before there is an nginx.
    pub async fn start_on(port: u16, pods: &[Upstream]) -> Result<Self, ServerError> {
        let folder = TempDir::with_prefix("finbrain-nginx-").map_err(failed)?;
        let mut nginx = Self { port, process: None, folder };
        nginx.configure(pods)?;
        nginx.launch().await?;
        Ok(nginx)
    }

    async fn launch(&mut self) -> Result<(), ServerError> {
        let program = program()?;
        let mut command = Command::new(&program);
        command.args(self.arguments());
        self.process = Some(Guarded::start(&program, &self.log(), &mut command)?);
        let deadline = Instant::now() + START;
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let has_ended = self.process.as_ref().is_none_or(|process| !process.is_running());
            if has_ended || Instant::now() > deadline {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let cause = log.lines().last().unwrap_or("it said nothing").to_owned();
                return Err(ServerError::NotReady { program: "nginx", cause });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Sends new requests to the open ones of these pods, and returns when nothing can begin on a closed one any more.
    /// What is under way there goes on.
    pub async fn route(&self, pods: &[Upstream]) -> Result<(), ServerError> {
        self.configure(pods)?;
        let before = self.workers();
        self.signal("HUP");
        let deadline = Instant::now() + START;
        // A worker that leaves no longer listens; its title says so.
        while self.workers().iter().any(|worker| before.contains(worker)) {
            if Instant::now() > deadline {
                let cause = "its workers do not take the new configuration".into();
                return Err(ServerError::Refused { program: "nginx", cause });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Writes the configuration and lets nginx check it.
    fn configure(&self, pods: &[Upstream]) -> Result<(), ServerError> {
        fs::write(self.folder.path().join("nginx.conf"), configuration(self.port, pods)).map_err(failed)?;
        let checked = Command::new(program()?).arg("-t").args(self.arguments()).output().map_err(failed)?;
        if checked.status.success() {
            return Ok(());
        }
        let cause = String::from_utf8_lossy(&checked.stderr).trim().to_owned();
        Err(ServerError::Refused { program: "nginx", cause })
    }

    fn arguments(&self) -> Vec<PathBuf> {
        let folder = self.folder.path();
        // Without -e it opens the system's log before it has read where ours is.
        vec!["-p".into(), folder.into(), "-c".into(), folder.join("nginx.conf"), "-e".into(), "stderr".into()]
    }

    /// Pids of the workers that listen.
    fn workers(&self) -> Vec<u32> {
        let Some(master) = self.process.as_ref().map(Guarded::pid) else { return Vec::new() };
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.filter(|pid: &u32| {
            let title = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            title.starts_with("nginx: worker process") && !title.contains("shutting down")
        })
        .collect()
    }

    pub fn signal(&self, name: &str) {
        if let Some(process) = &self.process {
            process.signal(name);
        }
    }

    /// The process, while it runs.
    pub const fn process(&self) -> Option<&Guarded> {
        self.process.as_ref()
    }

    /// The public URL of the pods behind it.
    pub fn url(&self) -> String {
        origin(self.port)
    }

    /// What it complained about.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A master that is killed leaves its workers behind; one that is told to stop takes them along.
        self.signal("TERM");
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.process.as_ref().is_some_and(Guarded::is_running) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The URL of an nginx on this port.
pub fn origin(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn failed(source: std::io::Error) -> ServerError {
    ServerError::Start { program: "nginx".into(), source }
}

/// The PATH, or where Debian puts it, which is not on everybody's.
fn program() -> Result<PathBuf, ServerError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("nginx"));
    let mut places = on_path.chain([Path::new("/usr/sbin/nginx").to_owned()]);
    places.find(|place| place.is_file()).ok_or(ServerError::Missing("nginx"))
}

fn configuration(port: u16, pods: &[Upstream]) -> String {
    let mut servers = String::new();
    for pod in pods {
        // A pod that does not run refuses at once, so trying it costs nothing; one that is slow is still one.
        let state = if pod.is_open { "max_fails=0" } else { "down" };
        let _ = writeln!(servers, "    server {} {state};", pod.address);
    }
    CONFIGURATION
        .replace("@PORT@", &port.to_string())
        .replace("@SERVERS@", servers.trim())
        .replace("@DRAIN@", &DRAIN.as_secs().to_string())
}

/// A request with an idempotency key takes the location `@keyed`, where everything may be repeated.
const CONFIGURATION: &str = r#"daemon off;
pid nginx.pid;
worker_processes 2;
worker_rlimit_nofile 20000;
worker_shutdown_timeout @DRAIN@s;
events { worker_connections 19000; use epoll; epoll_events 16; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000;
  upstream pods {
    @SERVERS@
    keepalive 64;
    # Shorter than a pod's own, so that no request meets a connection that the pod is closing.
    keepalive_timeout 3s;
    keepalive_requests 1000000;
  }
  # Logins have connections to the pods of their own: a crowd at the door takes none from those who are inside.
  upstream door {
    @SERVERS@
    keepalive 16;
    keepalive_timeout 3s;
  }
  # So many sign in at once as all pods can tell within seconds; the rest hear at once what a pod would tell them.
  limit_conn_zone $server_port zone=logins:64k;
  server {
    listen 127.0.0.1:@PORT@ backlog=4096;
    # Imports; a pod has limits of its own for everything else.
    client_max_body_size 21m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_connect_timeout 5s;
    proxy_read_timeout 60s;
    proxy_next_upstream_timeout 10s;
    # Streams of events pass as they come; answers are small.
    proxy_buffering off;
    location / {
      error_page 418 = @keyed;
      recursive_error_pages on;
      if ($http_idempotency_key) { return 418; }
      proxy_next_upstream error timeout;
      proxy_pass http://pods;
    }
    location = /api/v1/auth/login {
      limit_conn logins 256;
      limit_conn_status 503;
      limit_conn_log_level info;
      error_page 503 @busy;
      proxy_next_upstream error timeout;
      proxy_pass http://door;
    }
    location @busy {
      internal;
      default_type application/problem+json;
      add_header Retry-After 5 always;
      add_header Cache-Control no-store always;
      keepalive_timeout 0;
      return 503 '{"type":"/problems/busy","title":"The server is busy","status":503,"detail":"Nothing was changed. Try again shortly.","code":"busy","errors":[]}';
    }
    location @keyed {
      proxy_next_upstream error timeout non_idempotent;
      proxy_pass http://pods;
    }
  }
}
"#;
