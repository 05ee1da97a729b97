//! Upgrades, as a module of another protocol asks for them: a server that echoes after its 101, and servers that refuse.

use crate::user::{User, run, some};
use bggo_module_http_request::{Upgrade, http_client};
use bggo_runtime::contract::{Fault, Text};
use bggo_tests::server::Certificates;
use bggo_wire::Wire;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An answer that upgrades, with the first bytes of the new protocol.
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: Echo\r\nX-Key: abc\r\nSet-Cookie: seen=yes\r\n\r\nhi";

/// A server that gives each connection the next list of answers, one to each request, and then echoes until its end. It returns
/// the heads of the requests.
struct Server {
    place: String,
    serving: JoinHandle<Vec<String>>,
}

impl Server {
    fn start(connections: Vec<Vec<&'static [u8]>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let mut heads = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().unwrap();
                for answer in answers {
                    heads.push(head(&mut stream));
                    stream.write_all(answer).unwrap();
                }
                let mut came = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut came) {
                    stream.write_all(&came[..count]).unwrap();
                }
            }
            heads
        });
        Self { place, serving }
    }

    fn url(&self) -> String {
        format!("http://{}/chat?a=b", self.place)
    }

    fn heads(self) -> Vec<String> {
        self.serving.join().unwrap()
    }
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut byte = [0];
    while !all.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    String::from_utf8(all).unwrap()
}

fn echo(url: &str) -> Upgrade<'_> {
    Upgrade {
        url,
        protocol: "echo",
        fields: &[("X-Version", "13"), ("user-agent", "mine")],
        timeout: None,
        trusts_every_certificate: false,
        url_is_sensitive: false,
    }
}

/// Speaks the other protocol.
async fn echoes(mut wire: Wire) {
    wire.until(64, |came| (came.len() >= 2).then_some(()))
        .await
        .unwrap();
    assert_eq!(wire.peek(), b"hi");
    wire.consume(2);
    wire.out().put(b"hello");
    wire.flush().await.unwrap();
    wire.until(64, |came| (came.len() >= 5).then_some(()))
        .await
        .unwrap();
    assert_eq!(wire.peek(), b"hello");
}

/// The kind and text of a failure.
fn fails(client: Vec<http_client::In>, asked: &Upgrade<'_>) -> (String, String) {
    run(async || {
        let user = User::new(client);
        let fault: Fault = user
            .upgrade(asked)
            .await
            .expect_err("there should be no upgrade");
        user.leave().await;
        (fault.kind().to_owned(), fault.text().to_owned())
    })
}

#[test]
fn a_connection_is_handed_over_with_what_came_behind_the_answer() {
    let server = Server::start(vec![vec![SWITCHING], vec![SWITCHING]]);
    let url = server.url();
    run(async || {
        let user = User::new(vec![]);
        for _ in 0..2 {
            let upgraded = user.upgrade(&echo(&url)).await.unwrap();
            assert_eq!(upgraded.field("x-key"), Some("abc"));
            assert_eq!(upgraded.field("x-other"), None);
            assert!(upgraded.dialled.address.is_some());
            echoes(upgraded.wire).await;
        }
        user.leave().await;
    });
    let place = server.place.clone();
    let whole = |cookie: &str| {
        format!(
            "GET /chat?a=b HTTP/1.1\r\nHost: {place}\r\nX-Version: 13\r\nuser-agent: mine\r\nConnection: Upgrade\r\nUpgrade: echo\r\nAccept: */*\r\n{cookie}\r\n"
        )
    };
    let heads = [whole(""), whole("Cookie: seen=yes\r\n")];
    assert_eq!(server.heads(), heads);
}

#[test]
fn an_asset_asks_for_another_protocol_without_a_step() {
    let server = Server::start(vec![
        vec![SWITCHING],
        vec![b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"],
    ]);
    let url = server.url();
    run(async || {
        let user = User::new(vec![]);
        let upgraded = user.upgrade_for_asset(&echo(&url)).await.unwrap();
        echoes(upgraded.wire).await;
        let refused = user.upgrade_for_asset(&echo(&url)).await;
        let fault = refused.expect_err("it is refused");
        assert_eq!(
            (fault.kind(), fault.text()),
            ("status", "status 403, expected 101: no")
        );
        user.leave().await;
    });
    assert_eq!(server.heads().len(), 2);
}

#[test]
fn over_tls_only_http_1_is_offered() {
    let certificates = Certificates::new(&["localhost"]);
    let ca = http_client::In::CaFile(some(Text::from(certificates.path("ca.crt"))));
    run(async || {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut config = certificates.server_config();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(SWITCHING).await.unwrap();
            let mut came = [0; 5];
            stream.read_exact(&mut came).await.unwrap();
            stream.write_all(&came).await.unwrap();
            agreed
        };
        let user = User::new(vec![ca]);
        let url = format!("https://localhost:{port}/");
        let client = async {
            let upgraded = user.upgrade(&echo(&url)).await.unwrap();
            assert!(!upgraded.dialled.tls.is_zero());
            echoes(upgraded.wire).await;
        };
        let (agreed, ()) = tokio::join!(server, client);
        assert_eq!(agreed.as_deref(), Some(b"http/1.1".as_slice()));
        user.leave().await;
    });
}

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let proxy = Server::start(vec![vec![
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        SWITCHING,
    ]]);
    let through = http_client::In::Proxy(some(Text::from(format!("http://{}", proxy.place))));
    run(async || {
        let user = User::new(vec![through]);
        let upgraded = user.upgrade(&echo("http://far.test/chat")).await.unwrap();
        echoes(upgraded.wire).await;
        user.leave().await;
    });
    let heads = proxy.heads();
    assert!(
        heads[0].starts_with("CONNECT far.test:80 HTTP/1.1\r\n"),
        "{heads:?}"
    );
    assert!(
        heads[1].starts_with("GET /chat HTTP/1.1\r\nHost: far.test\r\n"),
        "{heads:?}"
    );
}

#[test]
fn whatever_is_no_upgrade_to_the_protocol_is_a_fault() {
    let server = Server::start(vec![
        vec![b"HTTP/1.1 403 Forbidden\r\nContent-Length: 14\r\n\r\nnot\r\n  allowed"],
        vec![b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"],
        vec![b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n"],
        vec![b"HTTP/1.1 101 Switching\r\n\r\n"],
        vec![b"SSH-2.0-x\r\n\r\n"],
    ]);
    let url = server.url();
    let at = &server.place;
    for (kind, text) in [
        ("status", "status 403, expected 101: not allowed".to_owned()),
        ("status", "status 302, expected 101".to_owned()),
        (
            "protocol",
            format!("no answer from {at}: it upgrades to other, expected echo"),
        ),
        (
            "protocol",
            format!("no answer from {at}: its status is 101, and it names no protocol"),
        ),
        (
            "protocol",
            format!("no answer from {at}: it does not begin as an HTTP/1 answer does"),
        ),
    ] {
        assert_eq!(fails(vec![], &echo(&url)), (kind.to_owned(), text));
    }
    server.heads();
}

#[test]
fn what_cannot_be_asked_or_gets_no_answer_is_a_fault() {
    let asked = Upgrade {
        fields: &[("X-A", "a\r\nb")],
        ..echo("http://127.0.0.1:1/")
    };
    assert_eq!(
        fails(vec![], &asked),
        (
            "request".to_owned(),
            "the field \"X-A\" of an upgrade holds what no header can, such as a line break"
                .to_owned()
        )
    );
    let linked = http_client::In::Transport(some(Text::Static("reqwest")));
    let (kind, text) = fails(vec![linked], &echo("http://127.0.0.1:1/"));
    assert_eq!(kind, "request");
    assert!(text.contains("cannot upgrade a connection"), "{text}");
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let url = format!("http://{place}/");
    let asked = Upgrade {
        timeout: Some(Duration::from_millis(50)),
        ..echo(&url)
    };
    assert_eq!(
        fails(vec![], &asked),
        (
            "timeout".to_owned(),
            format!("no answer from {place} within 50ms")
        )
    );
    let closing = std::thread::spawn(move || {
        // That of the one before is in the queue.
        for _ in 0..2 {
            drop(silent.accept().unwrap());
        }
    });
    let (kind, _) = fails(vec![], &echo(&url));
    assert!(matches!(kind.as_str(), "closed" | "reset"), "{kind}");
    closing.join().unwrap();
}
