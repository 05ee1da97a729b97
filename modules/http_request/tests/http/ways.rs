//! Which way connections take, how long they are kept, and what is counted of them, as real peers see it.

use crate::peer::{OK, Script, Seen, Then};
use crate::user::{User, method, run, some, text, url, value};
use bggo_module_http_request::http_client::{In, Metric};
use bggo_module_http_request::http_request;
use bggo_runtime::contract::{Early, Text};
use bggo_tests::server::{Certificates, Nginx, RawPeer, free_port};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Sender, TryRecvError, channel};
use std::time::Duration;

/// The bodies of so many answers to one user.
fn bodies(client: Vec<In>, address: &str, requests: usize) -> Vec<String> {
    run(async || {
        let user = User::new(client);
        let mut bodies = Vec::new();
        for _ in 0..requests {
            let output = user.ask(vec![url(address)]).await.unwrap();
            bodies.push(text(&output.body));
        }
        user.leave().await;
        bodies
    })
}

/// Why there is no such client.
fn refused(client: Vec<In>) -> String {
    let fault = crate::user::fault(client, vec![url("http://127.0.0.1:1/")]);
    let text = fault.text();
    let why = text.strip_prefix("resource http_client.client could not be created: ");
    why.expect(text).to_owned()
}

fn flag(value: bool) -> Early<Option<bool>> {
    Early::Known(Some(value))
}

#[test]
fn without_keep_alive_each_request_has_a_connection_and_says_so() {
    let nginx = Nginx::start("location / { return 200 \"$connection $http_connection\"; }");
    let seen = bodies(vec![In::KeepAlive(flag(false))], &nginx.url(), 4);
    let each: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(each.len(), 4, "{seen:?}");
    assert!(seen.iter().all(|body| body.ends_with(" close")), "{seen:?}");
}

#[test]
fn without_keep_alive_http_2_has_a_connection_for_each_request_as_well() {
    let port = free_port();
    let _nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} http2; location / {{ return 200 $connection; }}"
    ));
    let client = vec![
        In::KeepAlive(flag(false)),
        In::HttpVersion(some(Text::Static("2"))),
    ];
    let seen = bodies(client, &format!("http://127.0.0.1:{port}/"), 3);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 3, "{seen:?}");
}

#[test]
fn local_addresses_are_used_in_turn_one_a_connection() {
    let nginx = Nginx::start("location / { return 200 $remote_addr; }");
    let client = || {
        vec![
            In::LocalAddresses(some(value("[\"127.0.0.5\",\"127.0.0.6\"]"))),
            In::KeepAlive(flag(false)),
        ]
    };
    let seen = bodies(client(), &nginx.url(), 3);
    assert_eq!(seen, ["127.0.0.5", "127.0.0.6", "127.0.0.5"]);
}

#[test]
fn a_local_address_of_another_host_is_refused_with_its_input() {
    let client = vec![In::LocalAddresses(some(value("[\"192.0.2.1\"]")))];
    assert_eq!(
        refused(client),
        "local_addresses: 192.0.2.1 is no address of this host"
    );
}

#[test]
fn a_name_that_is_resolved_by_the_grid_is_asked_of_nobody() {
    let nginx = Nginx::start("location / { return 200 $host; }");
    let port = nginx.url().rsplit(':').next().unwrap().to_owned();
    for (resolve, address) in [
        (
            format!("{{\"shop.test\":\"127.0.0.1:{port}\"}}"),
            "http://shop.test/".to_owned(),
        ),
        (
            format!("{{\"shop.test:{port}\":\"127.0.0.1\",\"shop.test\":\"127.0.0.1:1\"}}"),
            format!("http://shop.test:{port}/"),
        ),
    ] {
        let client = vec![
            In::Resolve(some(value(&resolve))),
            In::DnsTtl(Early::Known(Some(Duration::ZERO))),
        ];
        assert_eq!(bodies(client, &address, 1), ["shop.test"]);
    }
    let wrong = vec![In::Resolve(some(value("{\"shop.test\":\"nowhere\"}")))];
    let why = refused(wrong);
    assert!(
        why.starts_with("resolve: ") && why.contains("nowhere"),
        "{why}"
    );
}

#[test]
fn a_socket_in_the_file_system_serves_what_the_url_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let path = path.to_str().unwrap();
    let _nginx = Nginx::start(&format!(
        "listen unix:{path}; location / {{ return 200 \"$host $connection\"; }}"
    ));
    let client = || vec![In::UnixSocket(some(path.to_owned()))];
    let seen = bodies(client(), "http://shop.test/", 2);
    assert!(seen[0].starts_with("shop.test "), "{seen:?}");
    assert_eq!(seen[0], seen[1], "the connection is used again");
    let nobody = vec![In::UnixSocket(some(format!("{path}.not")))];
    let fault = crate::user::fault(nobody, vec![url("http://shop.test/")]);
    assert!(fault.text().contains(".not"), "{}", fault.text());
}

#[test]
fn a_socket_in_the_file_system_takes_neither_proxy_nor_local_address() {
    for other in [
        In::Proxy(some("http://127.0.0.1:1".to_owned())),
        In::LocalAddresses(some(value("[\"127.0.0.1\"]"))),
    ] {
        let client = vec![In::UnixSocket(some("/nowhere".to_owned())), other];
        let fault = crate::user::fault(client, vec![url("http://shop.test/")]);
        let why = fault.text();
        assert!(why.contains("at most one of unix_socket and"), "{why}");
    }
}

#[test]
fn tls_speaks_the_versions_and_suites_that_are_asked_for() {
    let certificates = Certificates::new(&["localhost"]);
    let port = free_port();
    let _nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200 \"$ssl_protocol $ssl_cipher\"; }}",
        certificates.path("server.crt"),
        certificates.path("server.key")
    ));
    let address = format!("https://localhost:{port}/");
    let suites = |name: &str| In::CipherSuites(some(value(&format!("[\"{name}\"]"))));
    let with = |input| vec![In::CaFile(some(certificates.path("ca.crt"))), input];
    let newest = with(In::MaxTlsVersion(some(Text::Static("1.2"))));
    let seen = bodies(newest, &address, 1);
    assert!(seen[0].starts_with("TLSv1.2 "), "{seen:?}");
    let seen = bodies(with(suites("TLS_CHACHA20_POLY1305_SHA256")), &address, 1);
    assert_eq!(seen, ["TLSv1.3 TLS_CHACHA20_POLY1305_SHA256"]);
    let why = refused(with(suites("TLS_NULL_WITH_NULL_NULL")));
    assert!(
        why.starts_with(
            "there is no cipher suite TLS_NULL_WITH_NULL_NULL; there are TLS_AES_256_GCM_SHA384"
        ),
        "{why}"
    );
}

#[test]
fn what_another_transport_cannot_do_is_refused_with_its_input() {
    let of_tcp = "HTTP/1.1 and 2 of bggo's own transport";
    let of_own = "bggo's own transport";
    for (input, name, what) in [
        (
            In::LocalAddresses(some(value("[\"127.0.0.1\"]"))),
            "local_addresses",
            of_tcp,
        ),
        (
            In::Resolve(some(value("{\"shop.test\":\"127.0.0.1\"}"))),
            "resolve",
            of_own,
        ),
        (
            In::DnsTtl(Early::Known(Some(Duration::from_secs(1)))),
            "dns_ttl",
            of_own,
        ),
        (
            In::UnixSocket(some("/nowhere".to_owned())),
            "unix_socket",
            of_tcp,
        ),
    ] {
        let client = vec![In::Transport(some(Text::Static("reqwest"))), input];
        let why = format!("{name} is only for {what}: leave it out");
        assert_eq!(refused(client), why);
    }
}

/// Answers each request on one connection, and tells when that is closed.
fn tells_its_end() -> (String, Sender<()>, impl FnMut() -> bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (told, ended) = channel();
    let (close, closes) = channel::<()>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Nobody else is served.
        drop(listener);
        let mut room = [0; 4096];
        let mut head = Vec::new();
        while let Ok(count @ 1..) = stream.read(&mut room) {
            head.extend_from_slice(&room[..count]);
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer).unwrap();
                // It closes if it is told to before the next request.
                if closes.recv_timeout(Duration::ZERO).is_ok() {
                    break;
                }
            }
        }
        drop(stream);
        told.send(()).unwrap();
    });
    let has_ended = move || {
        let told = ended.try_recv();
        assert_ne!(told, Err(TryRecvError::Disconnected), "it tells its end");
        told.is_ok()
    };
    (address, close, has_ended)
}

#[test]
fn a_connection_that_rested_for_too_long_is_closed_while_its_user_waits() {
    let (address, _close, has_ended) = tells_its_end();
    run(async || {
        let client = vec![In::IdleTimeout(some(Duration::from_millis(150)))];
        let user = User::new(client);
        user.ask(vec![url(&address)]).await.unwrap();
        // No other request comes: the deadline alone closes it.
        user.waits_until(has_ended).await;
        assert_eq!(user.counted_by_client(Metric::GONE), 0);
        user.leave().await;
    });
}

#[test]
fn a_connection_that_the_server_closes_while_it_is_idle_is_counted_as_gone() {
    let (address, close, mut has_ended) = tells_its_end();
    close.send(()).unwrap();
    run(async || {
        let user = User::new(vec![]);
        user.ask(vec![url(&address)]).await.unwrap();
        while !has_ended() {
            tokio::task::yield_now().await;
        }
        // From a millisecond of rest on, what must not be sent twice asks the system whether the connection is there;
        // nobody listens for another one.
        std::thread::sleep(Duration::from_millis(1));
        let again = vec![url(&address), method("POST")];
        user.ask(again).await.unwrap_err();
        assert_eq!(user.counted_by_client(Metric::GONE), 1);
        user.leave().await;
    });
}

#[test]
fn the_bytes_of_the_sockets_are_counted_heads_included() {
    let peer = RawPeer::start(Some(OK));
    run(async || {
        let user = User::new(vec![]);
        user.ask(vec![url(peer.url())]).await.unwrap();
        let sent = peer.request().len() as u64;
        assert_eq!(user.counted_by_client(Metric::BYTES_OUT), sent);
        let received = user.counted_by_client(Metric::BYTES_IN);
        assert_eq!(received, OK.len() as u64);
        assert_eq!(user.counted_by_client(Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

#[test]
fn connections_with_something_left_on_them_are_counted_by_what_it_was() {
    let script = Script::start(|line, _| {
        Then::Answer(match line {
            "GET /more" => b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab".to_vec(),
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec(),
        })
    });
    run(async || {
        let user = User::new(vec![]);
        user.ask(vec![url(format!("{}/more", script.url()))])
            .await
            .unwrap();
        let unended = vec![
            url(format!("{}/less", script.url())),
            http_request::In::Timeout(some(Duration::from_millis(150))),
        ];
        user.ask(unended).await.unwrap_err();
        // Connections are counted where an operation ends.
        let last = RawPeer::start(Some(OK));
        user.ask(vec![url(last.url())]).await.unwrap();
        drop(Seen::at(&last));
        assert_eq!(user.counted_by_client(Metric::LEFTOVER), 1);
        assert_eq!(user.counted_by_client(Metric::POISONED), 1);
        assert_eq!(user.counted_by_client(Metric::GONE), 0);
        user.leave().await;
    });
}
