//! Which hosts are reached without the proxy.

use crate::dial::target::host_and_port;
use bggo_runtime::contract::FaultText;
use std::net::IpAddr;

/// Hosts that are reached directly.
pub(super) struct Except(Vec<Entry>);

struct Entry {
    hosts: Hosts,
    /// Only connections to this port.
    port: Option<u16>,
}

enum Hosts {
    All,
    /// This domain and all below it.
    Domain(String),
    /// Addresses whose first bits are those of this one.
    Network(IpAddr, u32),
}

impl Except {
    /// Each text is an entry, or several with commas between.
    pub(super) fn new(texts: &[&str]) -> Result<Self, FaultText> {
        let entries = texts.iter().flat_map(|text| text.split(','));
        let entries = entries.map(str::trim).filter(|text| !text.is_empty());
        entries.map(Entry::new).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a host is reached directly. It is compared as it is written: a name is no address.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let address = host.parse::<IpAddr>().ok();
        self.0.iter().any(|entry| {
            let is_one = match &entry.hosts {
                Hosts::All => true,
                Hosts::Domain(domain) => address.is_none() && is_within(host, domain),
                Hosts::Network(network, bits) => {
                    address.is_some_and(|address| begins_alike(address, *network, *bits))
                }
            };
            is_one && entry.port.is_none_or(|of| of == port)
        })
    }
}

impl Entry {
    fn new(text: &str) -> Result<Self, FaultText> {
        let hosts = |hosts, port| Ok(Self { hosts, port });
        let wrong = |why| Err(FaultText::value(text).and(why));
        if let Some((address, bits)) = text.split_once('/') {
            let network = address.parse::<IpAddr>().ok().zip(bits.parse().ok());
            return match network.filter(|(address, bits)| *bits <= width(*address)) {
                Some((address, bits)) => hosts(Hosts::Network(address, bits), None),
                None => wrong(" is no network; one is written as 10.0.0.0/8 or fd00::/8"),
            };
        }
        let Some((host, port)) = host_and_port(text) else {
            return wrong(" is no host, with or without a port");
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return hosts(Hosts::Network(address, width(address)), port);
        }
        let domain = host.strip_prefix("*.").unwrap_or(host);
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        match domain {
            "*" => hosts(Hosts::All, port),
            domain if domain.is_empty() || domain.contains('*') => {
                wrong(" is no host; * stands alone for all hosts, or before a domain")
            }
            domain => hosts(Hosts::Domain(domain.to_owned()), port),
        }
    }
}

/// Whether a host is a domain or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let Some(before) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let end = host.get(before..);
    end.is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && (before == 0 || host.as_bytes().get(before - 1) == Some(&b'.'))
}

fn begins_alike(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let unlike = number(address) ^ number(network);
    // A shift by all bits leaves nothing.
    let unlike = unlike.checked_shr(width(network) - bits).unwrap_or(0);
    address.is_ipv4() == network.is_ipv4() && unlike == 0
}

/// How many bits an address has.
fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Fault;

    #[test]
    fn hosts_are_reached_directly_by_domain_network_and_port() {
        for (entry, inside, outside) in [
            (
                "*",
                &["shop.test:80", "10.0.0.1:80"] as &[&str],
                &[] as &[&str],
            ),
            (
                "shop.test",
                &["shop.test:80", "SHOP.test:443", "www.shop.test:80"],
                &["myshop.test:80", "test:80", "10.0.0.1:80"],
            ),
            (
                ".shop.test",
                &["shop.test:80", "a.shop.test:80"],
                &["ashop.test:80"],
            ),
            ("*.shop.test", &["a.shop.test:80"], &["ashop.test:80"]),
            ("*:80", &["shop.test:80"], &["shop.test:443"]),
            ("shop.test:443", &["a.shop.test:443"], &["shop.test:80"]),
            (
                "10.0.0.0/8",
                &["10.1.2.3:80"],
                &["11.0.0.1:80", "a00::1:80", "shop.test:80"],
            ),
            ("0.0.0.0/0", &["10.1.2.3:80"], &["::1:80", "shop.test:80"]),
            (
                "10.0.0.1",
                &["10.0.0.1:80"],
                &["10.0.0.2:80", "10.0.0.1.test:80"],
            ),
            ("10.0.0.1:80", &["10.0.0.1:80"], &["10.0.0.1:443"]),
            ("fd00::/8", &["fd12::1:80"], &["fe12::1:80", "10.0.0.1:80"]),
            ("::/0", &["fe12::1:80"], &["10.0.0.1:80"]),
            ("[::1]:80", &["::1:80"], &["::1:443", "::2:80"]),
            (
                "a.test, b.test,",
                &["a.test:80", "b.test:80"],
                &["c.test:80"],
            ),
            ("", &[], &["a.test:80"]),
        ] {
            let except = Except::new(&[entry]).unwrap();
            let contains = |place: &&str| {
                let (host, port) = place.rsplit_once(':').unwrap();
                except.contains(host, port.parse().unwrap())
            };
            assert!(inside.iter().all(contains), "{entry}: {inside:?}");
            assert!(!outside.iter().any(contains), "{entry}: {outside:?}");
        }
    }

    #[test]
    fn what_is_no_host_and_no_network_is_refused() {
        for (entry, why) in [
            (
                "10.0.0.0/33",
                "10.0.0.0/33 is no network; one is written as 10.0.0.0/8 or fd00::/8",
            ),
            (
                "shop.test/8",
                "shop.test/8 is no network; one is written as 10.0.0.0/8 or fd00::/8",
            ),
            (
                "shop.test:http",
                "shop.test:http is no host, with or without a port",
            ),
            (
                "shop.*",
                "shop.* is no host; * stands alone for all hosts, or before a domain",
            ),
        ] {
            let text = Except::new(&["localhost", entry]).err().unwrap();
            assert_eq!(Fault::new("settings", text).text(), why);
        }
    }
}
