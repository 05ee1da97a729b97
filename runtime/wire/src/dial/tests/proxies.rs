//! Proxies that say what they were asked and answer what the test says.

use super::*;
use crate::tls::TlsSettings;
use bggo_tests::server::Certificates;
use rustls::{ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

const OK: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const ANN: &str = "Proxy-Authorization: Basic YW5uOnMzY3JldA==\r\n";
/// SOCKS 5: no login, and a connection from 127.0.0.1:80.
const SOCKS: &[&[u8]] = &[&[5, 0], &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]];

/// A proxy for one connection: hears as many bytes as are expected before each of its answers, then hangs up. It returns what
/// it heard.
fn scripted(answers: Vec<(usize, Vec<u8>)>) -> (u16, JoinHandle<Vec<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let heard = answers.into_iter().map(|(expected, answer)| {
            let mut bytes = vec![0; expected];
            stream.read_exact(&mut bytes).unwrap();
            for byte in answer {
                // One at a time, so that each answer comes in pieces. The dial may have given up by then.
                let _ = stream.write_all(&[byte]);
            }
            bytes
        });
        heard.collect()
    });
    (port, heard)
}

/// An HTTP proxy that answers once.
fn http(answer: &[u8]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = answer.to_vec();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = head(&mut stream);
        // The dial may give up in the middle of it.
        let _ = stream.write_all(&answer);
        head
    });
    (port, heard)
}

/// Reads to the empty line and not a byte further.
fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn through(url: &str) -> Rules {
    Rules {
        proxy: Some(Proxy::new(url, &[]).unwrap()),
        ..Rules::default()
    }
}

/// The text of a dial to `shop.test:443` through an HTTP proxy that gives this answer.
async fn refused_by_http(answer: &[u8]) -> String {
    let (port, heard) = http(answer);
    let dialled = dial(
        through(&format!("http://ann:s3cret@127.0.0.1:{port}")),
        host("shop.test", 443),
    )
    .await;
    heard.join().unwrap();
    why_not(dialled)
}

fn why_not(dialled: Result<(Wire, Dialled), Trouble>) -> String {
    let (kind, text) = told(dialled);
    assert_eq!(kind, Kind::Connect, "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    let why = text.strip_prefix("no connection to shop.test:443: ");
    why.unwrap_or(&text).to_owned()
}

#[tokio::test]
async fn an_http_proxy_is_asked_to_connect_and_what_the_host_says_first_stays() {
    for (login, header) in [("", ""), ("ann:s3cret@", ANN)] {
        let earlier = b"HTTP/1.1 102 Processing\r\n\r\n".as_slice();
        let (port, heard) = http(&[earlier, OK, b"hello"].concat());
        let rules = through(&format!("http://{login}127.0.0.1:{port}"));
        let (mut wire, times) = dial(rules, host("shop.test", 443)).await.unwrap();
        assert_eq!(
            heard.join().unwrap(),
            format!("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n{header}\r\n")
        );
        while wire.peek().len() < 5 {
            assert!(wire.fill(64).await.unwrap() > 0);
        }
        assert_eq!(wire.peek(), b"hello");
        wire.consume(5);
        assert!(wire.is_whole(), "nothing is owed any more");
        assert_eq!(times.address.unwrap().port(), port);
        assert!(!times.connecting.is_zero());
    }
}

#[tokio::test]
async fn an_http_proxy_may_end_its_lines_as_it_likes_and_an_address_of_ipv6_has_brackets() {
    let (port, heard) = http(b"HTTP/1.0 200\nVia: x\n\n");
    let rules = through(&format!("http://127.0.0.1:{port}"));
    dial(rules, host("::1", 443)).await.unwrap();
    assert_eq!(
        heard.join().unwrap(),
        "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"
    );
}

#[tokio::test]
async fn an_http_proxy_that_makes_no_connection_is_told_in_one_text() {
    let login = "the proxy asks for a user and password, or for others than its url has";
    let no_http = "what the proxy answers is no HTTP/1";
    let long = [
        b"HTTP/1.1 200 OK\r\nA: ".as_slice(),
        &[b'x'; 17 << 10],
        b"\r\n\r\n",
    ];
    for (answer, text) in [
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".as_slice(),
            "the proxy would not connect: it answered with status 403",
        ),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", login),
        (b"SSH-2.0-OpenSSH_9.2\r\n", no_http),
        (b"HTTP/1.1 2OO OK\r\n\r\n", no_http),
        (b"HTTP/1.1 2000 OK\r\n\r\n", no_http),
        (b"HTTP/1.1 099 OK\r\n\r\n", no_http),
        (b"HTTP/1.2 200 OK\r\n\r\n", no_http),
        (b"", "the proxy closed the connection"),
        (
            b"HTTP/1.1 200 OK\r\nVia: x\r\n",
            "the proxy closed the connection",
        ),
        (
            &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(20),
            "the proxy does not come to a final answer",
        ),
        (
            &long.concat(),
            "the head of the proxy's answer is larger than 16 KiB",
        ),
    ] {
        assert_eq!(refused_by_http(answer).await, text);
    }
}

#[tokio::test]
async fn a_proxy_that_breaks_the_connection_is_told_as_that() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // A connection that is closed with unread bytes is reset.
        stream.peek(&mut [0]).unwrap();
    });
    let rules = through(&format!("http://127.0.0.1:{port}"));
    let text = why_not(dial(rules, host("shop.test", 443)).await);
    proxy.join().unwrap();
    assert_eq!(
        text,
        "the connection to the proxy broke: Connection reset by peer (os error 104)"
    );
}

#[tokio::test]
async fn a_name_that_would_end_a_line_is_not_sent_to_a_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let rules = through(&format!("http://127.0.0.1:{port}"));
    let (kind, text) = told(dial(rules, host("shop.test\r\nX: y", 443)).await);
    assert_eq!(kind, Kind::Connect);
    assert!(
        text.ends_with("the host's name holds what no request can"),
        "{text}"
    );
    let (mut stream, _) = listener.accept().unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_as_the_proxy() {
    let port = closed_port();
    for scheme in ["http", "socks5h"] {
        let url = format!("{scheme}://ann:s3cret@127.0.0.1:{port}");
        assert_eq!(
            why_not(dial(through(&url), host("shop.test", 443)).await),
            format!(
                "no connection to the proxy 127.0.0.1:{port}: Connection refused (os error 111)"
            )
        );
    }
    let url = "http://ann:s3cret@nowhere.invalid";
    let (kind, text) = told(dial(through(url), host("shop.test", 443)).await);
    assert_eq!(kind, Kind::Dns);
    assert!(text.contains("nowhere.invalid has no address"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_takes_longer_than_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["http", "socks5h"] {
        let rules = Rules {
            connect_limit: Some(Duration::from_millis(50)),
            ..through(&format!("{scheme}://{address}"))
        };
        let dialled = dial(rules, host("shop.test", 443)).await;
        assert!(dialled.as_ref().unwrap_err().connect_limit().is_some());
        assert_eq!(
            told(dialled).1,
            "connecting to shop.test:443 took longer than 50ms"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_takes_requests_is_reached_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gone = closed_port();
    let local = LocalSet::new();
    let dials = async {
        let proxied = dialer(through(&format!("http://ann:s3cret@{address}/")));
        let proxy = proxied.rules().proxy_for("shop.test", 80).unwrap();
        assert!(proxy.takes_requests());
        assert_eq!(proxy.authorization(), Some("Basic YW5uOnMzY3JldA=="));
        let (_wire, times) = proxied.dial_proxy(proxy).await.unwrap();
        assert_eq!(times.address, Some(address));
        let absent = Proxy::new(&format!("http://127.0.0.1:{gone}"), &[]).unwrap();
        told(proxied.dial_proxy(&absent).await)
    };
    let (kind, text) = local.run_until(dials).await;
    assert_eq!(kind, Kind::Connect);
    assert_eq!(
        text,
        format!("no connection to the proxy 127.0.0.1:{gone}: Connection refused (os error 111)")
    );
}

#[tokio::test]
async fn hosts_of_no_proxy_are_reached_directly() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://127.0.0.1:{}", closed_port());
    let rules = |except: &[&str]| Rules {
        proxy: Some(Proxy::new(&url, except).unwrap()),
        ..Rules::default()
    };
    let to = || host("127.0.0.1", address.port());
    let (_, times) = dial(rules(&["shop.test", "127.0.0.0/8"]), to())
        .await
        .unwrap();
    assert_eq!(times.address, Some(address));
    assert_eq!(
        told(dial(rules(&["shop.test"]), to()).await).0,
        Kind::Connect
    );
}

#[tokio::test]
async fn socks5h_sends_the_name_with_its_login_and_what_the_host_says_first_stays() {
    let (port, heard) = scripted(vec![
        (4, vec![5, 2]),
        (12, vec![1, 0]),
        (5 + 9 + 2, [SOCKS[1], b"hello"].concat()),
    ]);
    let rules = through(&format!("socks5h://ann:s3%63ret@127.0.0.1:{port}"));
    let (mut wire, _) = dial(rules, host("shop.test", 443)).await.unwrap();
    let heard = heard.join().unwrap();
    assert_eq!(heard[0], [5, 2, 0, 2]);
    assert_eq!(heard[1], b"\x01\x03ann\x06s3cret");
    assert_eq!(heard[2], b"\x05\x01\x00\x03\x09shop.test\x01\xbb");
    while wire.peek().len() < 5 {
        assert!(wire.fill(64).await.unwrap() > 0);
    }
    assert_eq!(wire.peek(), b"hello");
    wire.consume(5);
    assert!(wire.is_whole(), "nothing is owed any more");
}

#[tokio::test]
async fn socks5_sends_an_address_of_either_family() {
    for (address, sent) in [
        (
            "10.0.0.1",
            b"\x05\x01\x00\x01\x0a\x00\x00\x01\x01\xbb".to_vec(),
        ),
        (
            "fd00::1",
            [
                b"\x05\x01\x00\x04\xfd".as_slice(),
                &[0; 14],
                b"\x01\x01\xbb",
            ]
            .concat(),
        ),
    ] {
        let named_bound = [&[5, 0, 0, 3, 4], b"host".as_slice(), &[0, 80]].concat();
        let (port, heard) = scripted(vec![(3, vec![5, 0]), (sent.len(), named_bound)]);
        let rules = Rules {
            names: named(&[("shop.test", address)]),
            ..through(&format!("socks5://127.0.0.1:{port}"))
        };
        let (wire, _) = dial(rules, host("shop.test", 443)).await.unwrap();
        assert!(wire.peek().is_empty());
        let heard = heard.join().unwrap();
        assert_eq!(heard[0], [5, 1, 0]);
        assert_eq!(heard[1], sent);
    }
}

#[tokio::test]
async fn a_socks_proxy_that_cannot_reach_one_address_is_asked_for_the_next() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = std::thread::spawn(move || {
        for code in [5, 0] {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 3]).unwrap();
            stream.write_all(SOCKS[0]).unwrap();
            stream.read_exact(&mut [0; 4]).unwrap();
            let mut asked = [0; 6];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(asked[..4], [10, 0, 0, if code == 5 { 1 } else { 2 }]);
            let mut answer = SOCKS[1].to_vec();
            answer[1] = code;
            stream.write_all(&answer).unwrap();
        }
    });
    let rules = Rules {
        names: named(&[("shop.test", "10.0.0.1,10.0.0.2")]),
        ..through(&format!("socks5://127.0.0.1:{port}"))
    };
    dial(rules, host("shop.test", 443)).await.unwrap();
    proxy.join().unwrap();
}

#[tokio::test]
async fn a_socks_proxy_that_makes_no_connection_is_told_in_one_text() {
    let login = "the proxy asks for a user and password, or for others than its url has";
    let none = "what the proxy answers is no SOCKS 5";
    let closed = "the proxy closed the connection";
    let connect = 5 + 9 + 2;
    for (user, answers, text) in [
        ("", vec![(3, vec![5, 0xff])], login),
        ("", vec![(3, vec![5, 2])], login),
        (
            "ann:s3cret@",
            vec![(4, vec![5, 2]), (12, vec![1, 1])],
            login,
        ),
        ("ann:s3cret@", vec![(4, vec![5, 1])], none),
        (
            "",
            vec![(3, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())],
            none,
        ),
        ("", vec![(3, vec![])], closed),
        ("", vec![(3, vec![5])], closed),
        ("", vec![(3, vec![5, 0]), (connect, vec![])], closed),
        (
            "",
            vec![(3, vec![5, 0]), (connect, vec![5, 0, 0, 1, 127])],
            closed,
        ),
        (
            "",
            vec![(3, vec![5, 0]), (connect, vec![5, 0, 0, 9, 127])],
            none,
        ),
        (
            "",
            // The rest of its answer is not waited for.
            vec![(3, vec![5, 0]), (connect, vec![5, 2])],
            "the proxy would not connect: its rules forbid it",
        ),
        (
            "",
            vec![(3, vec![5, 0]), (connect, vec![5, 4])],
            "the proxy would not connect: it has no way to the host",
        ),
        (
            "",
            vec![(3, vec![5, 0]), (connect, vec![5, 99])],
            "the proxy would not connect: it gives a reason of its own",
        ),
    ] {
        let (port, heard) = scripted(answers);
        let rules = through(&format!("socks5h://{user}127.0.0.1:{port}"));
        let told = why_not(dial(rules, host("shop.test", 443)).await);
        heard.join().unwrap();
        assert_eq!(told, text);
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_for_socks_is_told() {
    let (port, heard) = scripted(vec![(3, vec![5, 0])]);
    let rules = through(&format!("socks5h://127.0.0.1:{port}"));
    let (kind, text) = told(dial(rules, host(&"x".repeat(256), 443)).await);
    heard.join().unwrap();
    assert_eq!(kind, Kind::Connect);
    assert!(
        text.ends_with("a name for a SOCKS proxy has at most 255 bytes"),
        "{text}"
    );
}

#[test]
fn a_proxys_url_that_is_none_is_refused_without_its_password() {
    let schemes = "a proxy is an url with http, https, socks5 or socks5h";
    let malformed = "the proxy's url is malformed: it has no host, or a wrong port";
    let long = format!("socks5://ann:{}@a", "s3cret".repeat(50));
    for (url, why) in [
        ("ftp://ann:s3cret@a/", schemes),
        ("127.0.0.1:8080", schemes),
        ("http://ann:s3cret@", malformed),
        ("http://ann:s3cret@a:port", malformed),
        ("http://ann:s3cret@a b", malformed),
        ("http://[::1", malformed),
        ("http://ann:s3cret@bücher.test", malformed),
        (
            "http://ann:s3cret@a/b",
            "the proxy's url has more than a host and a port; a path has no meaning here",
        ),
        (
            &long,
            "user and password of a SOCKS proxy have at most 255 bytes each",
        ),
    ] {
        let text = Proxy::new(url, &[]).unwrap_err();
        assert_eq!(Fault::new("settings", text).text(), why, "{url}");
    }
    let text = Proxy::new("http://a", &["10.0.0.0/99"]).unwrap_err();
    assert!(Fault::new("settings", text).text().contains("no network"));
}

#[test]
fn a_proxys_url_names_its_port_and_login() {
    for (url, address, login) in [
        ("http://a", ("a", 80), None),
        ("HTTPS://A/", ("a", 443), None),
        ("socks5://[::1]", ("::1", 1080), None),
        ("socks5h://a:9", ("a", 9), None),
        ("http://ann@a:3128", ("a", 3128), Some("Basic YW5uOg==")),
        // "ann:p@ss:%zz"
        (
            "http://ann:p%40ss:%zz@a",
            ("a", 80),
            Some("Basic YW5uOnBAc3M6JXp6"),
        ),
        (
            "http://ann:p@ss:%zz@a",
            ("a", 80),
            Some("Basic YW5uOnBAc3M6JXp6"),
        ),
    ] {
        let proxy = Proxy::new(url, &[]).unwrap();
        assert_eq!(proxy.address(), address, "{url}");
        assert_eq!(proxy.authorization(), login, "{url}");
    }
    let proxy = Proxy::new("http://ann:s3cret@a", &[]).unwrap();
    assert!(!format!("{proxy:?}").contains("s3cret"));
}

/// A server of TLS on a stream, which offers HTTP/2.
fn secured<S: Read + Write>(
    certificates: &Certificates,
    mut stream: S,
) -> StreamOwned<ServerConnection, S> {
    let mut config = certificates.server_config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    while connection.is_handshaking() || connection.wants_write() {
        connection.complete_io(&mut stream).unwrap();
    }
    StreamOwned::new(connection, stream)
}

fn trusting(certificates: &Certificates) -> Option<Tls> {
    let settings = TlsSettings {
        ca: Some(certificates.text("ca.crt").into()),
        protocols: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        ..TlsSettings::default()
    };
    Some(Tls::new(&settings).unwrap())
}

#[tokio::test]
async fn a_host_is_reached_by_tls_through_a_proxy_that_is_reached_by_tls() {
    let certificates = Certificates::new(&["localhost", "shop.test"]);
    let tls = trusting(&certificates);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proxy = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut proxy = secured(&certificates, stream);
        let offered = proxy.conn.alpn_protocol().is_some();
        let asked = head(&mut proxy);
        proxy.write_all(OK).unwrap();
        let mut host = secured(&certificates, proxy);
        let mut came = [0; 5];
        host.read_exact(&mut came).unwrap();
        host.write_all(&came).unwrap();
        (offered, asked)
    });
    let rules = Rules {
        tls,
        names: named(&[("localhost", "127.0.0.1")]),
        ..through(&format!("https://ann:s3cret@localhost:{port}"))
    };
    let to = Target {
        address: host("shop.test", 443),
        secure: Some("shop.test"),
        named: Named::Open,
    };
    let local = LocalSet::new();
    let (mut wire, times) = local
        .run_until(async { dialer(rules).dial(&to).await })
        .await
        .unwrap();
    assert_eq!(wire.alpn(), Some(b"h2".as_slice()));
    assert!(!times.tls.is_zero() && times.connecting > times.dns);
    wire.out().put(b"hello");
    wire.flush().await.unwrap();
    while wire.peek().len() < 5 {
        assert!(wire.fill(64).await.unwrap() > 0);
    }
    assert_eq!(wire.peek(), b"hello");
    let (offered, asked) = proxy.join().unwrap();
    assert!(!offered, "a proxy is not spoken to in HTTP/2");
    assert_eq!(
        asked,
        format!("CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n{ANN}\r\n")
    );
}

#[tokio::test]
async fn a_proxy_without_tls_or_without_trust_is_told_as_the_proxy() {
    let certificates = Certificates::new(&["localhost"]);
    let (port, heard) = scripted(vec![(1, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]);
    let rules = Rules {
        tls: trusting(&certificates),
        names: named(&[("localhost", "127.0.0.1")]),
        ..through(&format!("https://ann:s3cret@localhost:{port}"))
    };
    let (kind, text) = told(dial(rules, host("shop.test", 80)).await);
    drop(heard.join());
    assert_eq!(kind, Kind::Tls);
    let words = format!(
        "no connection to shop.test:80: no secure connection to the proxy localhost:{port}: "
    );
    assert!(text.starts_with(&words), "{text}");
    let (_, text) = told(dial(through("https://127.0.0.1:1"), host("shop.test", 80)).await);
    assert!(
        text.ends_with("Connection refused (os error 111)"),
        "{text}"
    );
}
