//! Where a request comes from, as far as that can be believed, and how coarsely it is remembered.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;

/// The network of an address: /24 or /48. What limits count by and what sessions remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressPrefix {
    V4([u8; 3]),
    V6([u16; 3]),
}

impl From<IpAddr> for AddressPrefix {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Self::V6([a, b, c])
            }
        }
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4([a, b, c]) => write!(f, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Self::V6([a, b, c]) => write!(f, "{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)),
        }
    }
}

/// The proxies whose word on the client's address is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("trusted proxy {0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// Addresses and networks, separated by commas or blanks. Empty text trusts nobody.
    pub fn parse(text: &str) -> Result<Self, TrustedProxiesError> {
        let parts = text.split([',', ' ', '\t', '\n']).filter(|part| !part.is_empty());
        let network = |part: &str| {
            let single = || part.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
            part.parse().or_else(|_| single()).map_err(|_| TrustedProxiesError(part.into()))
        };
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the peer's, unless the peer is trusted; then the right-most hop that is not.
    ///
    /// `forwarded` are the values of `X-Forwarded-For` in their order. What stands left of the first hop that nobody
    /// vouches for was written by strangers and is not even read. A hop that is no address ends the search at the
    /// proxy that passed it on.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = forwarded.rev().flat_map(|value| value.rsplit(','));
        while self.trusts(client) {
            match hops.next().and_then(hop) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }
}

/// An address as proxies write it: bare, or with a port, or in brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_client_is_the_rightmost_hop_that_nobody_vouches_for() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 192.0.2.7 2001:db8::/32").unwrap();
        let cases: [(&str, &[&str], &str); 13] = [
            // An untrusted peer may write what it likes.
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("203.0.113.9", &[], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            // The client forged the left part.
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1, 10.0.0.2", "192.0.2.7"], "198.51.100.1"),
            // Everybody is trusted: the client is the left-most.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Garbage is not skipped, or a forged address would stand behind it.
            ("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, , 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("2001:db8::1", &["[2a00::5]:4711, [2001:db8::2]"], "2a00::5"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ];

        for (peer, forwarded, client) in cases {
            assert_eq!(
                proxies.client(ip(peer), forwarded.iter().copied()),
                ip(client),
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn without_trusted_proxies_the_header_means_nothing() {
        let nobody = TrustedProxies::parse("").unwrap();

        assert_eq!(nobody.client(ip("127.0.0.1"), ["1.2.3.4"].into_iter()), ip("127.0.0.1"));
    }

    #[test]
    fn a_proxy_that_is_no_network_is_named() {
        let error = TrustedProxies::parse("10.0.0.0/8,proxy.local").unwrap_err();

        assert_eq!(
            error.to_string(),
            "trusted proxy \"proxy.local\" is neither an address nor a network such as 10.0.0.0/8"
        );
    }

    #[test]
    fn addresses_are_remembered_coarsely() {
        for (address, prefix) in [
            ("203.0.113.99", "203.0.113.0/24"),
            ("::ffff:203.0.113.99", "203.0.113.0/24"),
            ("2a00:1450:4001:82b::200e", "2a00:1450:4001::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(AddressPrefix::from(ip(address)).to_string(), prefix);
        }
    }
}
