//! Host names to addresses, looked up once for all users of a thread and kept for a short time.
//!
//! Ten thousand users that connect at once would else ask ten thousand times, each on a thread of the blocking pool.

use crate::fault::NoAddress;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// How long an answer is used. The system's resolver does not say how long it is good for.
const KEPT: Duration = Duration::from_secs(10);

/// The names that a thread has looked up. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<HashMap<String, Entry>>>);

struct Entry {
    since: Instant,
    /// Filled by the first who asks; the others wait for it.
    answer: Arc<OnceCell<Vec<SocketAddr>>>,
    /// Connections so far, so that they spread over the addresses.
    given: usize,
}

impl Names {
    async fn addresses(&self, name: &str) -> Result<Vec<SocketAddr>, NoAddress> {
        let (answer, turn) = self.entry(name);
        let looked_up = answer.get_or_try_init(|| async {
            let found = tokio::net::lookup_host((name, 0))
                .await
                .map_err(|error| NoAddress(format!("{name} has no address: {error}")))?;
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                Err(NoAddress(format!("{name} has no address")))
            } else {
                Ok(found)
            }
        });
        Ok(turned(looked_up.await?, turn))
    }

    fn entry(&self, name: &str) -> (Arc<OnceCell<Vec<SocketAddr>>>, usize) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Entry {
            since: Instant::now(),
            answer: Arc::default(),
            given: 0,
        };
        let entry = names.entry(name.to_owned()).or_insert_with(new);
        if entry.since.elapsed() > KEPT {
            *entry = new();
        }
        entry.given = entry.given.wrapping_add(1);
        (Arc::clone(&entry.answer), entry.given - 1)
    }
}

/// The addresses of the preferred family, turned so that each caller begins with another; then the rest.
fn turned(addresses: &[SocketAddr], turn: usize) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (mut first, rest): (Vec<_>, Vec<_>) = addresses
        .iter()
        .partition(|address| address.is_ipv4() == preferred);
    if !first.is_empty() {
        let by = turn % first.len();
        first.rotate_left(by);
    }
    first.extend(rest);
    first
}

/// What one client resolves with.
#[derive(Clone)]
pub(crate) struct Resolver {
    names: Names,
    /// A name that TLS asks for stands in the url; behind it is the host that was meant.
    alias: Option<(String, String)>,
}

impl Resolver {
    pub(crate) fn new(names: Names) -> Self {
        Self { names, alias: None }
    }

    /// Resolves `name` as if it were `host`.
    pub(crate) fn with_alias(names: Names, name: &str, host: &str) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self {
            names,
            alias: Some((name.to_owned(), host.to_owned())),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.names.clone();
        let host = match &self.alias {
            Some((alias, host)) if alias == name.as_str() => host.clone(),
            _ => name.as_str().to_owned(),
        };
        Box::pin(async move {
            let addresses = match host.parse::<IpAddr>() {
                Ok(address) => vec![SocketAddr::new(address, 0)],
                Err(_) => names.addresses(&host).await?,
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts
            .iter()
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .collect()
    }

    #[test]
    fn connections_spread_over_the_preferred_family() {
        let all = addresses(&["10.0.0.1", "::1", "10.0.0.2"]);
        assert_eq!(turned(&all, 0), addresses(&["10.0.0.1", "10.0.0.2", "::1"]));
        assert_eq!(turned(&all, 1), addresses(&["10.0.0.2", "10.0.0.1", "::1"]));
        assert_eq!(turned(&[], 3), []);
    }

    #[test]
    fn one_answer_serves_all_who_ask() {
        let names = Names::default();
        let (first, _) = names.entry("a");
        let (second, turn) = names.entry("a");
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(turn, 1);
        assert!(!Arc::ptr_eq(&first, &names.entry("b").0));
    }
}
