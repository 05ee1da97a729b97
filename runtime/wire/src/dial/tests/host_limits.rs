//! Descriptors and ports that are used up: each test runs once more as a process of its own, whose limit is low.

use super::*;
use bggo_runtime::contract::HostLimit;
use std::process::Command;

/// Set where a test runs with a low limit.
const INSIDE: &str = "BGGO_WIRE_TEST_INSIDE";
/// A port outside of those that connections may begin at, in a network of the test's own.
const PORT: u16 = 50_000;

/// Whether this is the process with the low limit. Otherwise the test `name` is run in one that `script` starts by `exec "$@"`.
fn is_inside(name: &str, starter: &[&str], script: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let (program, options) = starter.split_first().unwrap();
    let output = Command::new(program)
        .args(options)
        .args(["-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("dial::tests::host_limits::{name}")])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{output:?}");
    false
}

/// Dials until there is no connection any more: how many there were, and why no more.
async fn exhaust(listener: &TcpListener, rules: Rules) -> (usize, Trouble) {
    let port = listener.local_addr().unwrap().port();
    let local = LocalSet::new();
    let dials = async {
        let dialer = dialer(rules);
        let to = Target {
            address: host("127.0.0.1", port),
            secure: None,
            named: Named::Open,
        };
        let mut open = Vec::new();
        loop {
            match dialer.dial(&to).await {
                Ok((wire, _)) => open.push(wire),
                Err(trouble) => return (open.len(), trouble),
            }
        }
    };
    local.run_until(dials).await
}

fn told_by_host(trouble: Trouble, limit: HostLimit) -> String {
    assert_eq!(trouble.kind(), Kind::Local);
    assert_eq!(trouble.host_limit(), Some(limit));
    Fault::from(trouble).text().to_owned()
}

#[tokio::test]
async fn descriptors_that_are_used_up_are_this_hosts_fault() {
    let name = "descriptors_that_are_used_up_are_this_hosts_fault";
    if !is_inside(name, &["sh"], r#"ulimit -n 40; exec "$@""#) {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (connections, trouble) = exhaust(&listener, Rules::default()).await;
    assert!((10..40).contains(&connections), "{connections}");
    assert_eq!(
        told_by_host(trouble, HostLimit::Descriptors),
        format!(
            "no connection to {}: this program had no descriptor left: Too many open files (os error 24)",
            listener.local_addr().unwrap()
        )
    );
}

#[tokio::test]
async fn ports_that_are_used_up_are_this_hosts_fault_and_each_local_address_has_its_own() {
    let name = "ports_that_are_used_up_are_this_hosts_fault_and_each_local_address_has_its_own";
    let starter = ["unshare", "--user", "--map-root-user", "--net", "sh"];
    let script = r#"ip link set lo up && echo 40000 40003 >/proc/sys/net/ipv4/ip_local_port_range && exec "$@""#;
    if !is_inside(name, &starter, script) {
        return;
    }
    let listener = TcpListener::bind(("127.0.0.1", PORT)).unwrap();
    let (connections, trouble) = exhaust(&listener, Rules::default()).await;
    assert_eq!(connections, 4);
    assert_eq!(
        told_by_host(trouble, HostLimit::Ports),
        "no connection to 127.0.0.1:50000: this host had no source port left for the address of the target: Cannot assign requested address (os error 99)"
    );
    let rules = Rules {
        sources: Sources::new(&["127.0.0.7", "127.0.0.8", "127.0.0.9"]).unwrap(),
        ..Rules::default()
    };
    let (connections, trouble) = exhaust(&listener, rules).await;
    assert_eq!(connections, 12);
    let text = told_by_host(trouble, HostLimit::Ports);
    assert!(
        text.ends_with(": this host had no source port left for the address of the target: Address already in use (os error 98)"),
        "{text}"
    );
}
