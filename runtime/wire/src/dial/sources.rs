//! The local addresses that connections begin at, and one attempt to connect from there.

use crate::trouble::{Kind, Phase, Trouble};
use bggo_runtime::contract::FaultText;
use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use tokio::net::{TcpSocket, TcpStream};

/// Local addresses, used in turn: each has source ports of its own (28,232 by Linux' defaults, whatever the targets are). Without
/// any, the system chooses.
#[derive(Debug, Default)]
pub struct Sources {
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
    /// How many connections were made.
    given: Cell<usize>,
}

impl Sources {
    /// Each of `addresses` must be an IP address of this host.
    ///
    /// # Errors
    /// One of them is none.
    pub fn new(addresses: &[&str]) -> Result<Self, FaultText> {
        let mut sources = Self::default();
        for text in addresses {
            let Ok(address) = text.parse::<IpAddr>() else {
                return Err(FaultText::value(text).and(" is no IP address"));
            };
            // Whether it is one of this host is asked by a socket that sends nothing.
            if let Err(error) = UdpSocket::bind((address, 0)) {
                return Err(not_here(address, &error));
            }
            match address {
                IpAddr::V4(_) => sources.v4.push(address),
                IpAddr::V6(_) => sources.v6.push(address),
            }
        }
        Ok(sources)
    }

    /// How many addresses there are. With none, the system chooses one.
    pub fn count(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// A connection from the next address, or from one after it that has a port left.
    pub(crate) async fn connect(&self, to: SocketAddr) -> Result<TcpStream, Trouble> {
        let socket = if self.count() == 0 {
            socket(to)?
        } else {
            self.bound(to)?
        };
        let stream = socket.connect(to).await;
        stream.map_err(|error| Trouble::of_system(Phase::Dial, &error))
    }

    /// A socket at the next address of the family.
    fn bound(&self, to: SocketAddr) -> Result<TcpSocket, Trouble> {
        let (addresses, family) = match to {
            SocketAddr::V4(_) => (&self.v4, "IPv4"),
            SocketAddr::V6(_) => (&self.v6, "IPv6"),
        };
        if addresses.is_empty() {
            let text = FaultText::plain(format_args!(
                "the host has an {family} address, but no local address that may be used is one"
            ));
            return Err(Trouble::new(Kind::Unreachable, Phase::Dial, text));
        }
        let turn = self.given.get();
        self.given.set(turn.wrapping_add(1));
        let mut failed = None;
        for at in 0..addresses.len() {
            let at = turn.wrapping_add(at) % addresses.len();
            let Some(address) = addresses.get(at) else {
                break;
            };
            let socket = socket(to)?;
            match socket.bind(SocketAddr::new(*address, 0)) {
                Ok(()) => return Ok(socket),
                Err(error) => failed = Some(no_port(*address, &error)),
            }
        }
        // There is an address, so there was an attempt.
        Err(failed.unwrap_or_else(Trouble::closed))
    }
}

fn socket(to: SocketAddr) -> Result<TcpSocket, Trouble> {
    let made = match to {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    made.map_err(|error| Trouble::of_system(Phase::Dial, &error))
}

/// Why a socket has no port of a local address.
fn no_port(address: IpAddr, error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::AddrNotAvailable {
        // In this place it does not mean that ports are used up.
        return Trouble::new(Kind::Local, Phase::Dial, not_here(address, error));
    }
    let text = FaultText::value(address);
    Trouble::of_system(Phase::Dial, error).after(&text)
}

fn not_here(address: IpAddr, error: &io::Error) -> FaultText {
    let text = FaultText::value(address);
    if error.kind() == io::ErrorKind::AddrNotAvailable {
        text.and(" is no address of this host")
    } else {
        text.and(format_args!(" cannot be used as local address: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::{Fault, HostLimit};

    fn text(text: FaultText) -> String {
        Fault::new("settings", text).text().to_owned()
    }

    async fn came_from(sources: &Sources, listener: &std::net::TcpListener) -> String {
        let to = listener.local_addr().unwrap();
        let _stream = sources.connect(to).await.unwrap();
        listener.accept().unwrap().1.ip().to_string()
    }

    #[tokio::test]
    async fn local_addresses_are_used_in_turn() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let sources = Sources::new(&["127.0.0.5", "::1", "127.0.0.6"]).unwrap();
        assert_eq!(sources.count(), 3);
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(came_from(&sources, &listener).await);
        }
        assert_eq!(seen, ["127.0.0.5", "127.0.0.6", "127.0.0.5"]);
        let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
        assert_eq!(came_from(&sources, &listener).await, "::1");
    }

    #[test]
    fn an_address_that_is_none_of_this_host_is_refused_before_the_run() {
        let refused = |address| text(Sources::new(&[address]).unwrap_err());
        assert_eq!(refused("eth0"), "eth0 is no IP address");
        // An address for examples, which no host has (RFC 5737).
        assert_eq!(refused("192.0.2.1"), "192.0.2.1 is no address of this host");
    }

    #[tokio::test]
    async fn an_address_that_went_away_is_this_hosts_fault_and_no_lack_of_ports() {
        let sources = Sources {
            v4: vec!["192.0.2.1".parse().unwrap()],
            ..Sources::default()
        };
        let to = "127.0.0.1:1".parse().unwrap();
        let trouble = sources.connect(to).await.unwrap_err();
        assert_eq!(trouble.kind(), Kind::Local);
        assert_eq!(trouble.host_limit(), None);
        assert_eq!(
            text(trouble.text().clone()),
            "192.0.2.1 is no address of this host"
        );
    }

    #[tokio::test]
    async fn a_host_of_another_family_has_no_way_there() {
        let sources = Sources::new(&["127.0.0.1"]).unwrap();
        let to = "[::1]:1".parse().unwrap();
        let trouble = sources.connect(to).await.unwrap_err();
        assert_eq!(trouble.kind(), Kind::Unreachable);
        assert_eq!(
            text(trouble.text().clone()),
            "the host has an IPv6 address, but no local address that may be used is one"
        );
    }

    #[test]
    fn ports_that_are_used_up_are_told_by_binding_as_by_connecting() {
        let address = "127.0.0.5".parse().unwrap();
        // EADDRINUSE of `bind`, and EADDRNOTAVAIL of `connect`.
        let bound = no_port(address, &io::Error::from_raw_os_error(98));
        let connected = Trouble::of_system(Phase::Dial, &io::Error::from_raw_os_error(99));
        for trouble in [bound, connected] {
            assert_eq!(trouble.kind(), Kind::Local);
            assert_eq!(trouble.host_limit(), Some(HostLimit::Ports));
        }
    }
}
