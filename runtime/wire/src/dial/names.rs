//! Host names to addresses, looked up once for all users of a worker thread and kept for a while.
//!
//! Otherwise ten thousand users that connect at once would look up ten thousand times, each on a thread of the blocking pool.

use super::kept_names::KeptNames;
use super::target::host_and_port;
use crate::named::Named;
use crate::trouble::{Kind, Phase, Trouble};
use bggo_runtime::contract::FaultText;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// How long addresses are used if nothing else is said. The system's resolver does not tell their time to live.
const KEPT: Duration = Duration::from_secs(10);
/// How long a failure is kept at most, so that many users do not repeat a failing look-up one after the other.
const FAILURE_KEPT: Duration = Duration::from_secs(1);
/// Stands for a time that no clock can show.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// How many times to live a thread has caches for. A grid may compute one for each user; those beyond share nothing.
const TIMES: usize = 16;

thread_local! {
    /// The names that this thread has looked up, by how long they are kept. A program has few such times.
    static OF_THREAD: RefCell<Vec<(Duration, Cache)>> = const { RefCell::new(Vec::new()) };
}

/// How names become addresses. All settings of a thread with the same time to live share what was looked up.
#[derive(Clone)]
pub struct Names {
    kept: Duration,
    cache: Cache,
    fixed: Rc<[Fixed]>,
}

/// A name whose addresses were given, so nobody is asked for them.
struct Fixed {
    name: String,
    /// Only for connections to this port.
    port: Option<u16>,
    addresses: Rc<Addresses>,
    given: Cell<usize>,
}

/// The addresses of a name in the order in which they are tried.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    addresses: Several,
    /// Whether they had to be looked up, or waited for.
    pub(crate) waited: bool,
}

#[derive(Debug, Clone)]
enum Several {
    One(SocketAddr),
    /// How many connections were made before: each begins with another address.
    Turned(Rc<Addresses>, usize),
}

/// The addresses of a name by family, the one that the system prefers first. A port of 0 stands for that of the connection.
#[derive(Debug, Default)]
struct Addresses {
    first: Vec<SocketAddr>,
    rest: Vec<SocketAddr>,
}

/// The first user looks a name up; the others wait for its answer.
#[derive(Clone)]
struct Cache(Rc<RefCell<KeptNames<Rc<OnceCell<Answer>>>>>);

struct Answer {
    found: Result<Rc<Addresses>, NoAddress>,
    until: Instant,
}

/// Why a name has no address.
#[derive(Debug, Clone)]
struct NoAddress(Option<Rc<io::Error>>);

impl Names {
    /// `dns_ttl` is how long addresses are used before the name is looked up again: with zero, each connection looks up; with a
    /// very long time the first addresses stay. `resolve` gives names (`shop.test`, or `shop.test:443` for connections to that
    /// port only) their addresses (`10.0.0.1`, `10.0.0.1:8443` for another port, several with commas between).
    ///
    /// # Errors
    /// What is wrong with `resolve`.
    pub fn new(dns_ttl: Duration, resolve: &[(&str, &str)]) -> Result<Self, FaultText> {
        let fixed = resolve.iter().map(|(name, to)| Fixed::new(name, to));
        let mut fixed: Vec<Fixed> = fixed.collect::<Result<_, _>>()?;
        // A name with a port is meant more closely.
        fixed.sort_by_key(|fixed| fixed.port.is_none());
        Ok(Self::with(dns_ttl, fixed))
    }

    fn with(kept: Duration, fixed: Vec<Fixed>) -> Self {
        let cache = OF_THREAD.with(|all| {
            let mut all = all.borrow_mut();
            let known = all.iter().find(|(of, _)| *of == kept);
            if let Some((_, cache)) = known {
                return cache.clone();
            }
            let cache = Cache::default();
            if all.len() < TIMES {
                all.push((kept, cache.clone()));
            }
            cache
        });
        Self {
            kept,
            cache,
            fixed: fixed.into(),
        }
    }

    /// The addresses of a host, which may be an address itself.
    pub(crate) async fn addresses(
        &self,
        host: &str,
        port: u16,
        named: Named,
    ) -> Result<Found, Trouble> {
        if let Some(fixed) = self.fixed(host, port) {
            let turn = fixed.given.get();
            fixed.given.set(turn.wrapping_add(1));
            return Ok(Found {
                addresses: Several::Turned(Rc::clone(&fixed.addresses), turn),
                waited: false,
            });
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Found::one(SocketAddr::new(address, 0)));
        }
        let found = self.looked_up(host, || look_up(host)).await;
        found.map_err(|no| no.trouble(host, named))
    }

    fn fixed(&self, host: &str, port: u16) -> Option<&Fixed> {
        self.fixed.iter().find(|fixed| {
            fixed.name.eq_ignore_ascii_case(host) && fixed.port.is_none_or(|of| of == port)
        })
    }

    async fn looked_up<F>(
        &self,
        name: &str,
        look_up: impl FnOnce() -> F,
    ) -> Result<Found, NoAddress>
    where
        F: Future<Output = Result<Vec<SocketAddr>, NoAddress>>,
    {
        // What waits is boxed, since most connections find the addresses there and need not be as large.
        if self.kept.is_zero() {
            let addresses = Rc::new(Addresses::new(Box::pin(look_up()).await?));
            return Ok(Found {
                addresses: Several::Turned(addresses, 0),
                waited: true,
            });
        }
        let (answer, turn) = self.cache.0.borrow_mut().entry(name);
        let waited = answer.get().is_none();
        if waited {
            let first = async || self.first_answer(look_up().await);
            Box::pin(answer.get_or_init(first)).await;
        }
        let Some(answer) = answer.get() else {
            // It was waited for, so it is there.
            return Err(NoAddress(None));
        };
        let addresses = answer.found.clone()?;
        Ok(Found {
            addresses: Several::Turned(addresses, turn),
            waited,
        })
    }

    fn first_answer(&self, found: Result<Vec<SocketAddr>, NoAddress>) -> Answer {
        let kept = match found {
            Ok(_) => self.kept,
            Err(_) => self.kept.min(FAILURE_KEPT),
        };
        let now = Instant::now();
        Answer {
            found: found.map(|found| Rc::new(Addresses::new(found))),
            until: now.checked_add(kept).unwrap_or_else(|| now + CENTURY),
        }
    }
}

impl Default for Names {
    /// Addresses are kept for ten seconds, and none is fixed.
    fn default() -> Self {
        Self::with(KEPT, Vec::new())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

impl Fixed {
    fn new(name: &str, to: &str) -> Result<Self, FaultText> {
        let Some((host, port)) = host_and_port(name) else {
            let text = FaultText::value(name);
            return Err(text.and(" is no name of a host, with or without a port"));
        };
        let mut addresses = Vec::new();
        for address in to.split(',').map(str::trim) {
            let Some(address) = address_of(address) else {
                let text = FaultText::value(name).and(" cannot have the address ");
                let text = text.and_value(address);
                return Err(text.and(": an address is that of a host, with or without a port"));
            };
            addresses.push(address);
        }
        Ok(Self {
            name: host.to_owned(),
            port,
            addresses: Rc::new(Addresses::new(addresses)),
            given: Cell::new(0),
        })
    }
}

/// An IP address with or without a port.
fn address_of(text: &str) -> Option<SocketAddr> {
    let (host, port) = host_and_port(text)?;
    Some(SocketAddr::new(host.parse().ok()?, port.unwrap_or(0)))
}

impl Found {
    /// A host that is an address.
    pub(crate) fn one(address: SocketAddr) -> Self {
        Self {
            addresses: Several::One(address),
            waited: false,
        }
    }

    /// How many addresses there are.
    pub(crate) fn len(&self) -> usize {
        match &self.addresses {
            Several::One(_) => 1,
            Several::Turned(addresses, _) => addresses.len(),
        }
    }

    /// The addresses in the order in which they are tried, with the port of a connection.
    pub(crate) fn addresses(&self, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        (0..self.len()).filter_map(move |at| {
            let mut address = match &self.addresses {
                Several::One(address) => *address,
                Several::Turned(addresses, turn) => addresses.nth(at, *turn)?,
            };
            if address.port() == 0 {
                address.set_port(port);
            }
            Some(address)
        })
    }
}

impl Addresses {
    fn new(all: Vec<SocketAddr>) -> Self {
        let preferred = all.first().is_some_and(SocketAddr::is_ipv4);
        let (first, rest) = all
            .into_iter()
            .partition(|address| address.is_ipv4() == preferred);
        Self { first, rest }
    }

    fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }

    /// Families alternate as long as both have addresses (RFC 8305), and each family is turned.
    fn nth(&self, at: usize, turn: usize) -> Option<SocketAddr> {
        let both = self.first.len().min(self.rest.len());
        let (family, at) = if at >= 2 * both {
            let longer = if self.first.len() > both {
                &self.first
            } else {
                &self.rest
            };
            (longer, at - both)
        } else if at.is_multiple_of(2) {
            (&self.first, at / 2)
        } else {
            (&self.rest, at / 2)
        };
        let turned = at.wrapping_add(turn).checked_rem(family.len())?;
        family.get(turned).copied()
    }
}

impl Default for Cache {
    fn default() -> Self {
        let until = |answer: &Rc<OnceCell<Answer>>| Some(answer.get()?.until);
        Self(Rc::new(RefCell::new(KeptNames::new(until))))
    }
}

impl NoAddress {
    fn trouble(&self, name: &str, named: Named) -> Trouble {
        let text = named.text(name).and(" has no address");
        let Some(error) = &self.0 else {
            return Trouble::new(Kind::Dns, Phase::Dial, text);
        };
        let by_system = Trouble::of_system(Phase::Dial, error);
        if by_system.host_limit().is_some() {
            // The resolver had no descriptor left to ask by.
            return by_system.after(&text);
        }
        let words = error.to_string();
        // The standard library puts this text before the system's message.
        let words = words
            .strip_prefix("failed to lookup address information: ")
            .unwrap_or(&words);
        Trouble::new(Kind::Dns, Phase::Dial, text.and(format_args!(": {words}")))
    }
}

async fn look_up(name: &str) -> Result<Vec<SocketAddr>, NoAddress> {
    match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => {
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                Err(NoAddress(None))
            } else {
                Ok(found)
            }
        }
        Err(error) => Err(NoAddress(Some(Rc::new(error)))),
    }
}

#[cfg(test)]
mod tests;
