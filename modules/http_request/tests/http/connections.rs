//! Connections as nginx counts them, and which HTTP is spoken over them.

use crate::user::{User, ask, fault, run, some, text, url};
use bggo_module_http_request::http_client;
use bggo_runtime::contract::Number;
use bggo_tests::server::{Certificates, Nginx, free_port};
use rustix::net::{SocketAddrV4, getpeername, getsockname, sockopt};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

/// How many connections nginx saw for `users` users with `requests` requests each.
fn connections(client: fn() -> Vec<http_client::In>, users: usize, requests: usize) -> usize {
    let nginx = Nginx::start("location / { return 200 ok; }");
    run(async || {
        for _ in 0..users {
            let user = User::new(client());
            for _ in 0..requests {
                user.ask(vec![url(nginx.url())]).await.unwrap();
            }
            user.leave().await;
        }
    });
    let lines = nginx.stop();
    assert_eq!(lines.len(), users * requests);
    lines
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect::<BTreeSet<_>>()
        .len()
}

#[test]
fn each_client_has_one_connection_for_all_its_requests() {
    assert_eq!(connections(Vec::new, 3, 5), 3);
}

#[test]
fn without_idle_connections_each_request_has_its_own() {
    assert_eq!(
        connections(
            || vec![http_client::In::MaxIdleConnections(some(Number::new(0)))],
            1,
            4
        ),
        4
    );
}

#[test]
fn a_connection_is_not_kept_beyond_its_idle_timeout() {
    let client = || vec![http_client::In::IdleTimeout(some(Duration::from_nanos(1)))];
    assert_eq!(connections(client, 1, 4), 4);
}

/// What a server that answers in pairs sees of its connections.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Opened,
    Closed,
}

/// A server that answers each request only when a second one is there on another connection.
fn in_pairs() -> (String, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = channel();
    let pair = Arc::new(Barrier::new(2));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (sender, pair) = (sender.clone(), Arc::clone(&pair));
            sender.send(Seen::Opened).unwrap();
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let mut answers = stream.try_clone().unwrap();
                let mut heads = BufReader::new(&mut stream).lines();
                while let Some(Ok(line)) = heads.next() {
                    // A request without a body ends with an empty line.
                    if line.is_empty() {
                        pair.wait();
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                        answers.write_all(answer).unwrap();
                    }
                }
                // The test may be over.
                let _ = sender.send(Seen::Closed);
            });
        }
    });
    (format!("http://{address}/"), seen)
}

#[test]
fn of_two_connections_one_is_kept_where_one_may_be_idle() {
    let (address, seen) = in_pairs();
    let client = vec![http_client::In::MaxIdleConnections(some(Number::new(1)))];
    run(async || {
        let user = Rc::new(User::new(client));
        ask_twice_at_once(&user, &address).await;
        let mut events = Vec::new();
        let three = async {
            while events.len() < 3 {
                // The client closes when its own tasks are run, so this one does not block them.
                match seen.try_recv() {
                    Ok(event) => events.push(event),
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), three)
            .await
            .expect("two connections are opened and one is closed");
        assert_eq!(events, [Seen::Opened, Seen::Opened, Seen::Closed]);
        ask_twice_at_once(&user, &address).await;
        assert_eq!(
            seen.try_iter()
                .filter(|event| *event == Seen::Opened)
                .count(),
            1,
            "the one that was kept is used again beside a new one"
        );
        Rc::into_inner(user).unwrap().leave().await;
    });
}

async fn ask_twice_at_once(user: &Rc<User>, address: &str) {
    let asked = [(), ()].map(|()| {
        let (user, address) = (Rc::clone(user), address.to_owned());
        tokio::task::spawn_local(async move { user.ask(vec![url(address)]).await.map(drop) })
    });
    for asked in asked {
        asked.await.unwrap().unwrap();
    }
}

#[test]
fn an_answer_nobody_reads_keeps_its_connection() {
    let nginx = Nginx::start("location / { return 200 0123456789; }");
    run(async || {
        let user = User::new(vec![]);
        for _ in 0..3 {
            user.ask_late(
                vec![url(nginx.url())],
                &[],
                bggo_module_http_request::http_request::Wanted::NONE,
            )
            .await
            .unwrap();
        }
        user.leave().await;
    });
    let lines = nginx.stop();
    assert_eq!(
        lines
            .iter()
            .map(|line| line.split(' ').nth(1).unwrap())
            .collect::<BTreeSet<_>>()
            .len(),
        1
    );
}

/// The sockets of this process that are connected to a port, each once: what is copied here is listed too.
fn sockets_to(port: u16) -> Vec<OwnedFd> {
    let me: Pid = getpid();
    let me = pidfd_open(me, PidfdFlags::empty()).unwrap();
    let sockets: BTreeMap<u16, OwnedFd> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        // Another test may have closed it by now, or it is no socket.
        .filter_map(|number| pidfd_getfd(&me, number, PidfdGetfdFlags::empty()).ok())
        .filter_map(|socket| {
            let peer = getpeername(&socket).ok()??;
            let peer = SocketAddrV4::try_from(peer).ok()?;
            let local = SocketAddrV4::try_from(getsockname(&socket).ok()?).ok()?;
            (peer.port() == port).then(|| (local.port(), socket))
        })
        .collect();
    sockets.into_values().collect()
}

#[test]
fn a_socket_sends_at_once_unless_it_is_told_to_gather() {
    let nginx = Nginx::start("location / { return 200 ok; }");
    let port = nginx.url().rsplit(':').next().unwrap().parse().unwrap();
    for (client, nodelay) in [
        (vec![], true),
        (vec![http_client::In::TcpNodelay(some(true))], true),
        (vec![http_client::In::TcpNodelay(some(false))], false),
    ] {
        run(async || {
            let user = User::new(client);
            user.ask(vec![url(nginx.url())]).await.unwrap();
            let sockets = sockets_to(port);
            assert_eq!(sockets.len(), 1, "the connection is kept");
            assert_eq!(sockopt::tcp_nodelay(&sockets[0]).unwrap(), nodelay);
            user.leave().await;
        });
    }
}

/// A port that speaks HTTP/2 over TLS or HTTP/1.1, by ALPN.
fn secure(certificates: &Certificates) -> (Nginx, String) {
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl http2; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200 $server_protocol; }}",
        certificates.path("server.crt"),
        certificates.path("server.key")
    ));
    (nginx, format!("https://localhost:{port}/"))
}

fn spoken(version: &'static str) -> (String, String) {
    let certificates = Certificates::new(&["localhost"]);
    let (_nginx, address) = secure(&certificates);
    let client = vec![
        http_client::In::CaFile(some(certificates.path("ca.crt"))),
        http_client::In::HttpVersion(some(bggo_runtime::contract::Text::Static(version))),
    ];
    let output = ask(client, vec![url(address)]).unwrap();
    (text(&output.http_version), text(&output.body))
}

#[test]
fn tls_offers_the_version_that_is_asked_for() {
    assert_eq!(spoken("auto"), ("2".to_owned(), "HTTP/2.0".to_owned()));
    assert_eq!(spoken("2"), ("2".to_owned(), "HTTP/2.0".to_owned()));
    assert_eq!(spoken("1.1"), ("1.1".to_owned(), "HTTP/1.1".to_owned()));
}

#[test]
fn http_2_is_spoken_without_tls_where_it_is_asked_for() {
    let port = free_port();
    let _nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} http2; location / {{ return 200 $server_protocol; }}"
    ));
    let client = vec![http_client::In::HttpVersion(some(
        bggo_runtime::contract::Text::Static("2"),
    ))];
    let output = ask(client, vec![url(format!("http://127.0.0.1:{port}/"))]).unwrap();
    assert_eq!(
        (text(&output.http_version), text(&output.body)),
        ("2".to_owned(), "HTTP/2.0".to_owned())
    );
}

#[test]
fn a_version_that_is_none_is_refused() {
    let client = vec![http_client::In::HttpVersion(some(
        bggo_runtime::contract::Text::Static("4"),
    ))];
    let fault = fault(client, vec![url("http://127.0.0.1:1/")]);
    assert!(fault.text().contains("http_version"), "{}", fault.text());
}

#[test]
fn a_limit_that_nothing_can_keep_to_is_refused() {
    let zero = || Duration::ZERO;
    for (client, says) in [
        (
            http_client::In::Timeout(some(zero())),
            "`timeout` must be more than 0s",
        ),
        (
            http_client::In::ConnectTimeout(some(zero())),
            "`connect_timeout` must be more than 0s",
        ),
        (
            http_client::In::IdleTimeout(some(zero())),
            "`idle_timeout` must be more than 0s",
        ),
        (
            http_client::In::MaxBodySize(some(Number::new(-1))),
            "`max_body_size` must be at least 0",
        ),
    ] {
        let early = fault(vec![client.clone()], vec![url("http://127.0.0.1:1/")]);
        assert!(early.text().ends_with(says), "{}", early.text());
        // What comes late is refused alike.
        let agent = http_client::In::UserAgent(bggo_runtime::contract::Early::Later);
        let late = vec![http_client::In::UserAgent(some("x".to_owned())), client];
        let late = run(async || {
            User::with_late(vec![agent], late)
                .ask(vec![url("http://127.0.0.1:1/")])
                .await
                .unwrap_err()
        });
        assert!(late.text().ends_with(says), "{}", late.text());
    }
    let request = vec![
        url("http://127.0.0.1:1/"),
        bggo_module_http_request::http_request::In::Timeout(some(zero())),
    ];
    assert_eq!(
        fault(vec![], request).text(),
        "`timeout` must be more than 0s"
    );
}
