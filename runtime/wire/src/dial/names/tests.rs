//! What is looked up, how often, and in which order the addresses are given.

use super::super::kept_names::MOST_NAMES;
use super::*;
use bggo_runtime::contract::Fault;

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts
        .iter()
        .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
        .collect()
}

/// The addresses of a connection to port 80.
fn listed(found: &Found) -> Vec<String> {
    found
        .addresses(80)
        .map(|address| address.to_string())
        .collect()
}

/// Names of a cache of its own, and how often one was looked up; each look-up takes a second.
struct Asked {
    names: Names,
    count: Cell<usize>,
}

impl Asked {
    fn new(kept: Duration) -> Self {
        let names = Names {
            kept,
            cache: Cache::default(),
            fixed: [].into(),
        };
        Self {
            names,
            count: Cell::new(0),
        }
    }

    async fn ask(&self, name: &str, found: &[&str]) -> Result<Found, NoAddress> {
        let look_up = || async {
            self.count.set(self.count.get() + 1);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if found.is_empty() {
                Err(NoAddress(None))
            } else {
                Ok(addresses(found))
            }
        };
        self.names.looked_up(name, look_up).await
    }
}

#[test]
fn families_alternate_and_connections_spread_over_the_addresses_of_each() {
    let all = Addresses::new(addresses(&["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]));
    let order = |turn| -> Vec<String> {
        (0..all.len())
            .filter_map(|at| all.nth(at, turn))
            .map(|address| address.ip().to_string())
            .collect()
    };
    assert_eq!(order(0), ["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"]);
    assert_eq!(order(1), ["::2", "10.0.0.2", "::3", "10.0.0.1", "::1"]);
    assert_eq!(order(2), ["::3", "10.0.0.1", "::1", "10.0.0.2", "::2"]);
    let more = Addresses::new(addresses(&["10.0.0.1", "::1", "::2"]));
    let order: Vec<_> = (0..3).filter_map(|at| more.nth(at, 1)).collect();
    assert_eq!(order, addresses(&["10.0.0.1", "::2", "::1"]));
    assert_eq!(Addresses::default().nth(0, 3), None);
}

#[tokio::test(start_paused = true)]
async fn one_look_up_serves_all_who_ask_within_the_time_to_live() {
    let asked = Asked::new(KEPT);
    let (first, second) = tokio::join!(
        asked.ask("a", &["10.0.0.1", "10.0.0.2"]),
        asked.ask("a", &[])
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(listed(&first), ["10.0.0.1:80", "10.0.0.2:80"]);
    assert_eq!(listed(&second), ["10.0.0.2:80", "10.0.0.1:80"]);
    assert!(first.waited && second.waited);
    assert!(!asked.ask("a", &[]).await.unwrap().waited);
    assert_eq!(asked.count.get(), 1);
    asked.ask("b", &["10.0.0.1"]).await.unwrap();
    assert_eq!(asked.count.get(), 2);
    tokio::time::advance(KEPT).await;
    asked.ask("a", &["10.0.0.1"]).await.unwrap();
    assert_eq!(asked.count.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_of_zero_looks_up_for_each_connection() {
    let asked = Asked::new(Duration::ZERO);
    for _ in 0..3 {
        assert!(asked.ask("a", &["10.0.0.1"]).await.unwrap().waited);
    }
    assert_eq!(asked.count.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_longer_than_any_run_keeps_the_first_addresses() {
    for kept in [Duration::from_secs(8_760 * 3_600), Duration::MAX] {
        let asked = Asked::new(kept);
        asked.ask("a", &["10.0.0.1"]).await.unwrap();
        tokio::time::advance(CENTURY / 200).await;
        let found = asked.ask("a", &["10.0.0.9"]).await.unwrap();
        assert_eq!(listed(&found), ["10.0.0.1:80"]);
        assert_eq!(asked.count.get(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_is_shared_by_those_who_wait_and_tried_again_later() {
    let asked = Asked::new(KEPT);
    let (first, second) = tokio::join!(asked.ask("a", &[]), asked.ask("a", &[]));
    assert!(first.is_err() && second.is_err());
    assert!(asked.ask("a", &[]).await.is_err());
    assert_eq!(asked.count.get(), 1);
    tokio::time::advance(FAILURE_KEPT).await;
    assert!(asked.ask("a", &["10.0.0.1"]).await.is_ok());
    assert_eq!(asked.count.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_leaves_the_look_up_to_those_who_wait() {
    let asked = Asked::new(KEPT);
    let short = Duration::from_millis(500);
    let (first, second) = tokio::join!(
        tokio::time::timeout(short, asked.ask("a", &["10.0.0.1"])),
        asked.ask("a", &["10.0.0.1"])
    );
    assert!(first.is_err());
    assert_eq!(listed(&second.unwrap()), ["10.0.0.1:80"]);
    assert_eq!(asked.count.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_names_are_kept_than_there_is_room_for() {
    let asked = Asked::new(KEPT);
    let name = |number: usize| format!("host-{number}");
    for number in 0..MOST_NAMES + 10 {
        let look_up = || async { Ok(addresses(&["10.0.0.1"])) };
        asked.names.looked_up(&name(number), look_up).await.ok();
    }
    assert_eq!(asked.names.cache.0.borrow().count(), MOST_NAMES);
    asked.ask(&name(MOST_NAMES + 9), &[]).await.ok();
    assert_eq!(asked.count.get(), 0, "the newest is kept");
}

#[test]
fn settings_of_a_thread_with_one_time_to_live_share_a_cache() {
    let names = |seconds| Names::new(Duration::from_secs(seconds), &[]).unwrap();
    let (first, second, other) = (names(10), names(10), names(20));
    assert!(Rc::ptr_eq(&first.cache.0, &second.cache.0));
    assert!(!Rc::ptr_eq(&first.cache.0, &other.cache.0));
    assert!(Rc::ptr_eq(&first.cache.0, &Names::default().cache.0));
}

#[tokio::test]
async fn nobody_is_asked_for_an_address_that_is_given() {
    let names = Names::new(
        KEPT,
        &[
            ("shop.test", "10.0.0.1, ::1"),
            ("Shop.Test:443", "10.0.0.2:8443"),
            ("10.9.9.9", "10.0.0.3"),
        ],
    )
    .unwrap();
    let ask = async |host, port| {
        let found = names.addresses(host, port, Named::Open).await.unwrap();
        assert!(!found.waited);
        let listed: Vec<_> = found.addresses(port).collect();
        listed.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(ask("SHOP.test", 80).await, ["10.0.0.1:80", "[::1]:80"]);
    assert_eq!(ask("shop.test", 443).await, ["10.0.0.2:8443"]);
    assert_eq!(ask("10.9.9.9", 80).await, ["10.0.0.3:80"]);
    assert_eq!(ask("10.9.9.8", 80).await, ["10.9.9.8:80"]);
    assert_eq!(ask("::1", 80).await, ["[::1]:80"]);
}

#[test]
fn what_is_no_name_or_no_address_is_refused() {
    let refused = |name, to| {
        let text = Names::new(KEPT, &[(name, to)]).unwrap_err();
        Fault::new("settings", text).text().to_owned()
    };
    assert_eq!(
        refused("shop.test:http", "10.0.0.1"),
        "shop.test:http is no name of a host, with or without a port"
    );
    assert_eq!(
        refused("shop.test", "10.0.0.1,other.test"),
        "shop.test cannot have the address other.test: an address is that of a host, with or without a port"
    );
}

#[test]
fn a_name_without_an_address_is_said_with_the_systems_words() {
    let said = |error| {
        let trouble = NoAddress(error).trouble("a.test", Named::Open);
        (trouble.kind(), Fault::from(trouble).text().to_owned())
    };
    let error = io::Error::other("failed to lookup address information: No such host");
    assert_eq!(
        said(Some(Rc::new(error))),
        (Kind::Dns, "a.test has no address: No such host".to_owned())
    );
    assert_eq!(said(None), (Kind::Dns, "a.test has no address".to_owned()));
    // The resolver needs a descriptor itself.
    let (kind, _) = said(Some(Rc::new(io::Error::from_raw_os_error(24))));
    assert_eq!(kind, Kind::Local);
}
