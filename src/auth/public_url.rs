//! The address under which people reach the server. It decides which hosts and origins are ours and what cookies look
//! like; it is parsed once, when the server starts.

use std::net::IpAddr;

use url::{Host, Url};

/// Names of this machine that browsers treat as different hosts, and people as the same.
const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    transport: Transport,
    /// Every `host` or `host:port` that a request may name.
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// How requests reach us, as far as cookies care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Encrypted,
    /// Plain, but it never leaves the machine.
    Loopback,
    /// Plain over a network, because the operator insists.
    Insecure,
}

/// Whether the operator insists on plain HTTP over a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsecureHttp {
    Refused,
    Allowed,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    #[error("public URL {0:?} is not of the form https://host or http://host:port")]
    Malformed(String),
    #[error(
        "public URL {0} would send passwords in clear: use https (a proxy with TLS in front and an https public \
         URL, or --tls-cert and --tls-key), or insist with --allow-insecure-http"
    )]
    Insecure(String),
}

impl PublicUrl {
    pub fn parse(text: &str, insecure: InsecureHttp) -> Result<Self, PublicUrlError> {
        let malformed = || PublicUrlError::Malformed(text.into());
        let url = Url::parse(text).map_err(|_| malformed())?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        let (Some(host), true, true) = (url.host(), is_bare, is_nobodys) else { return Err(malformed()) };
        let is_loopback = is_loopback(&host);
        let transport = match (url.scheme(), is_loopback, insecure) {
            ("https", ..) => Transport::Encrypted,
            ("http", true, _) => Transport::Loopback,
            ("http", false, InsecureHttp::Allowed) => Transport::Insecure,
            ("http", false, InsecureHttp::Refused) => return Err(PublicUrlError::Insecure(text.into())),
            _ => return Err(malformed()),
        };
        let mut names = vec![host.to_string()];
        if is_loopback {
            names.extend(LOOPBACK_NAMES.map(String::from));
        }
        let port = url.port_or_known_default().ok_or_else(malformed)?;
        // A port that goes without saying may be said in `Host`, but browsers never say it in `Origin`.
        let with_port = names.iter().map(|name| format!("{name}:{port}"));
        let said = |name: &String| url.port().map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        let hosts = with_port.chain(names.iter().map(said)).collect();
        let origins = names.iter().map(|name| format!("{}://{}", url.scheme(), said(name))).collect();
        Ok(Self { origin: url.origin().ascii_serialization(), transport, hosts, origins })
    }

    /// `https://finbrain.example`, without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Whether only this machine can reach the server, by its public URL.
    pub fn is_loopback(&self) -> bool {
        self.hosts.iter().any(|host| host.starts_with("localhost:"))
    }

    /// Whether a `Host` is ours.
    pub fn accepts_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` is ours.
    pub fn accepts_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match *host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(address).is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PublicUrl {
        PublicUrl::parse(text, InsecureHttp::Refused).unwrap()
    }

    #[test]
    fn the_transport_follows_from_scheme_and_host() {
        use Transport::{Encrypted, Insecure, Loopback};
        for (text, refused, allowed) in [
            ("https://finbrain.example", Some(Encrypted), Some(Encrypted)),
            ("https://localhost:8443", Some(Encrypted), Some(Encrypted)),
            ("http://localhost:8080", Some(Loopback), Some(Loopback)),
            ("http://127.0.0.1:8080", Some(Loopback), Some(Loopback)),
            ("http://[::1]:8080/", Some(Loopback), Some(Loopback)),
            ("http://0.0.0.0:8080", None, Some(Insecure)),
            ("http://192.168.1.5:8080", None, Some(Insecure)),
            ("http://localhost.evil.example", None, Some(Insecure)),
            ("ftp://finbrain.example", None, None),
            ("https://finbrain.example/app", None, None),
            ("https://finbrain.example/?a", None, None),
            ("https://me@finbrain.example", None, None),
            ("finbrain.example", None, None),
            ("", None, None),
        ] {
            let transport = |insecure| PublicUrl::parse(text, insecure).ok().map(|url| url.transport());
            assert_eq!(transport(InsecureHttp::Refused), refused, "{text}");
            assert_eq!(transport(InsecureHttp::Allowed), allowed, "{text}");
        }
    }

    #[test]
    fn a_refused_url_names_the_ways_out() {
        let error =
            PublicUrl::parse("http://finbrain.example", InsecureHttp::Refused).unwrap_err().to_string();

        for way in ["a proxy with TLS", "--tls-cert", "--tls-key", "--allow-insecure-http"] {
            assert!(error.contains(way), "{error}");
        }
    }

    #[test]
    fn only_our_own_host_and_origin_are_accepted() {
        let url = url("https://FinBrain.example");

        for host in ["finbrain.example", "FINBRAIN.EXAMPLE", "finbrain.example:443"] {
            assert!(url.accepts_host(host), "{host}");
        }
        for host in ["", "evil.example", "finbrain.example:80", "finbrain.example.evil.example", "localhost"]
        {
            assert!(!url.accepts_host(host), "{host}");
        }
        assert_eq!(url.origin(), "https://finbrain.example");
        assert!(url.accepts_origin("https://finbrain.example"));
        for origin in ["", "null", "http://finbrain.example", "https://finbrain.example:8443"] {
            assert!(!url.accepts_origin(origin), "{origin}");
        }
        assert!(!url.is_loopback());
    }

    #[test]
    fn on_loopback_the_names_of_this_machine_are_one_and_the_port_counts() {
        for text in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            let url = url(text);
            assert!(url.is_loopback());
            for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
                assert!(url.accepts_host(host), "{text} {host}");
                assert!(url.accepts_origin(&format!("http://{host}")), "{text} {host}");
                assert!(!url.accepts_origin(&format!("https://{host}")), "{text} {host}");
            }
            for host in ["localhost", "localhost:80", "localhost:3000", "127.0.0.2:8080"] {
                assert!(!url.accepts_host(host), "{text} {host}");
                assert!(!url.accepts_origin(&format!("http://{host}")), "{text} {host}");
            }
        }
    }
}
