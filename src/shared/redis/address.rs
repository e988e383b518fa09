//! Where Redis is: `redis://`, `rediss://`, or a primary that Sentinels know. Parses the address once and tells nobody what
//! is in it; a Sentinel is asked anew for every connection, so that a failover is followed.

use std::fmt;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult,
    TlsCertificates, TlsMode,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio::sync::Mutex;
use url::Url;

const SENTINEL_PORT: &str = "26379";

/// Why there can be no connection, however long one waits.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(
        "address of Redis is not of the form redis://user:password@host:6379/0, rediss://… or redis+sentinel://host:26379,host/name/0"
    )]
    Malformed,
    #[error("no TLS provider is installed in this process")]
    NoTls,
    #[error("certificate authority for Redis is not PEM")]
    Authority,
}

pub(super) enum Address {
    Server(Box<Client>),
    /// The lookup keeps connections to the Sentinels, one asker at a time.
    Sentinels(Box<Mutex<SentinelClient>>),
}

impl Address {
    /// `authority` is the certificate, in PEM, that a `rediss` address is checked against instead of the public roots.
    pub(super) fn parse(url: &str, authority: Option<&[u8]>) -> Result<Self, ConnectError> {
        let (scheme, rest) = url.split_once("://").ok_or(ConnectError::Malformed)?;
        if scheme.starts_with("rediss") && rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(ConnectError::NoTls);
        }
        let is_pem =
            |pem: &[u8]| CertificateDer::pem_slice_iter(pem).next().is_some_and(|first| first.is_ok());
        // The driver would trust nobody, and say so with every connection.
        if authority.is_some_and(|pem| !is_pem(pem)) {
            return Err(ConnectError::Authority);
        }
        let certificates =
            authority.map(|pem| TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) });
        match scheme {
            "redis" | "rediss" => {
                server(node(url)?, certificates).map(|client| Self::Server(Box::new(client)))
            }
            "redis+sentinel" => sentinels("redis", rest, certificates),
            "rediss+sentinel" => sentinels("rediss", rest, certificates),
            _ => Err(ConnectError::Malformed),
        }
    }

    /// A client of the server that is the primary now.
    pub(super) async fn client(&self) -> RedisResult<Client> {
        match self {
            Self::Server(client) => Ok(Client::clone(client)),
            Self::Sentinels(sentinels) => sentinels.lock().await.async_get_client().await,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("address of Redis")
    }
}

/// One server's address, with credentials and database.
fn node(url: &str) -> Result<ConnectionInfo, ConnectError> {
    let parsed = Url::parse(url).map_err(|_| ConnectError::Malformed)?;
    // The driver would take `#insecure` as leave not to check certificates, and queries that nobody has documented.
    if parsed.fragment().is_some() || parsed.query().is_some() {
        return Err(ConnectError::Malformed);
    }
    let info = url.into_connection_info().map_err(|_| ConnectError::Malformed)?;
    let settings = info.redis_settings().clone();
    if settings.db() < 0 {
        return Err(ConnectError::Malformed);
    }
    // One command less that an ACL must allow.
    Ok(info.set_redis_settings(settings.set_skip_set_lib_name()))
}

fn server(info: ConnectionInfo, certificates: Option<TlsCertificates>) -> Result<Client, ConnectError> {
    match certificates {
        Some(certificates) if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) => {
            Client::build_with_tls(info, certificates).map_err(|_| ConnectError::Authority)
        }
        _ => Client::open(info).map_err(|_| ConnectError::Malformed),
    }
}

/// `user:password@host:port,host/name/database`. The credentials are the servers'; Sentinels are asked without.
fn sentinels(
    scheme: &str,
    rest: &str,
    certificates: Option<TlsCertificates>,
) -> Result<Address, ConnectError> {
    let (authority, path) = rest.split_once('/').ok_or(ConnectError::Malformed)?;
    let (credentials, hosts) =
        authority.rsplit_once('@').map_or(("", authority), |(who, hosts)| (who, hosts));
    let (name, database) = path.split_once('/').unwrap_or((path, ""));
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if name.is_empty() || !name.chars().all(plain) {
        return Err(ConnectError::Malformed);
    }
    let with_port = |host: &str| match host.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => host.to_owned(),
        _ => format!("{host}:{SENTINEL_PORT}"),
    };
    let nodes = hosts.split(',').map(|host| node(&format!("{scheme}://{}", with_port(host))));
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let settings = node(&format!("{scheme}://{credentials}@primary/{database}"))?;
    let client = client_of(nodes, name, settings.redis_settings(), scheme == "rediss", certificates);
    client.map(|client| Address::Sentinels(Box::new(Mutex::new(client)))).map_err(|_| ConnectError::Malformed)
}

fn client_of(
    nodes: Vec<ConnectionInfo>,
    name: &str,
    settings: &RedisConnectionInfo,
    is_encrypted: bool,
    certificates: Option<TlsCertificates>,
) -> RedisResult<SentinelClient> {
    let hosts = nodes.iter().map(|node| node.addr().clone());
    let mut builder = SentinelClientBuilder::new(hosts, name, SentinelServerType::Master)?
        .set_client_to_redis_db(settings.db());
    if let Some(user) = settings.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = settings.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if is_encrypted {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates {
        builder = builder
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Address, ConnectError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Address::parse(url, None)
    }

    #[test]
    fn an_address_is_a_server_or_what_sentinels_know() {
        for server in ["redis://r", "redis://:secret@r:6380/3", "rediss://user:sec%40ret@[::1]:6380"] {
            assert!(matches!(parse(server), Ok(Address::Server(_))), "{server}");
        }
        for sentinels in [
            "redis+sentinel://s/mymaster",
            "redis+sentinel://user:secret@s-0:26379,s-1,[::1],[::1]:26380/mymaster/2",
            "rediss+sentinel://s-0,s-1/mymaster",
        ] {
            assert!(matches!(parse(sentinels), Ok(Address::Sentinels(_))), "{sentinels}");
        }
    }

    #[test]
    fn what_is_malformed_or_switches_checks_off_is_refused() {
        for bad in [
            "",
            "redis",
            "http://r",
            "redis://",
            "redis://r/x",
            "redis://r/-1",
            "redis://r:port",
            "rediss://r/#insecure",
            "redis://r?protocol=resp3",
            "redis+unix:///tmp/redis",
            "redis+sentinel://s",
            "redis+sentinel:///mymaster",
            "redis+sentinel://s/",
            "redis+sentinel://s/my master",
            "redis+sentinel://s,/mymaster",
            "redis+sentinel://s/mymaster/x",
            "redis+sentinel://s/mymaster#insecure",
        ] {
            assert!(matches!(parse(bad), Err(ConnectError::Malformed)), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_in_neither_errors_nor_debug_output() {
        let shown = format!("{:?}", parse("redis://user:hush@r:6379").unwrap());
        let refused = parse("redis://user:hush@r/hush").unwrap_err();

        assert!(!shown.contains("hush") && !format!("{refused} {refused:?}").contains("hush"));
    }
}
