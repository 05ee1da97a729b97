//! TLS against nginx and against servers that say what a test wants.

use super::{Sessions, Tls, TlsIdentity, TlsSettings, TlsVersion};
use crate::named::Named;
use crate::socket::Socket;
use crate::{Home, Idle, Kind, Look, Phase, Trouble, Wire, pool};
use bggo_runtime::contract::Fault;
use bggo_tests::server::{Certificates, Nginx, SecureNginx, SelfSigned};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// nginx 1.22 leaves 1.3 out unless it is asked for.
const BOTH: &str = "ssl_protocols TLSv1.2 TLSv1.3;";

async fn connect(port: u16) -> Wire {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    Wire::new(Socket::Tcp(stream.unwrap()), &Rc::default())
}

/// A client: settings and the sessions of one asset.
struct Client {
    tls: Tls,
    sessions: Rc<Sessions>,
}

impl Client {
    fn new(settings: &TlsSettings) -> Self {
        Self {
            tls: Tls::new(settings).unwrap(),
            sessions: Rc::default(),
        }
    }

    fn trusting(certificates: &Certificates) -> Self {
        Self::new(&trusting(certificates))
    }

    async fn dial(&self, port: u16) -> Result<Wire, Trouble> {
        let mut wire = connect(port).await;
        self.secure(&mut wire, "localhost").await?;
        Ok(wire)
    }

    async fn secure(&self, wire: &mut Wire, name: &str) -> Result<(), Trouble> {
        wire.secure(&self.tls, &self.sessions, name, Named::Open)
            .await
    }

    async fn refused(&self, port: u16, name: &str) -> String {
        let mut wire = connect(port).await;
        let trouble = self.secure(&mut wire, name).await.unwrap_err();
        assert_eq!((trouble.kind(), trouble.phase()), (Kind::Tls, Phase::Tls));
        assert!(!wire.is_whole());
        text(&trouble)
    }
}

fn text(trouble: &Trouble) -> String {
    Fault::from(trouble.clone()).text().to_owned()
}

fn trusting(certificates: &Certificates) -> TlsSettings {
    TlsSettings {
        ca: Some(certificates.text("ca.crt").into()),
        ..TlsSettings::default()
    }
}

/// What nginx knows of the connection.
const SAYS: &str =
    "$ssl_protocol $ssl_server_name $ssl_client_verify $ssl_cipher $ssl_session_reused";

/// nginx with a certificate for `names`, which its authority signed.
fn serving(names: &[&str], settings: &str) -> SecureNginx {
    with(Certificates::new(names), settings)
}

fn with(certificates: Certificates, settings: &str) -> SecureNginx {
    SecureNginx::start(certificates, settings, SAYS)
}

/// A request to nginx on a connection of its own.
async fn asked(server: &SecureNginx, client: &Client) -> Result<String, Trouble> {
    let mut wire = client.dial(server.port).await?;
    get(&mut wire).await
}

/// One request, and the body of its answer.
async fn get(wire: &mut Wire) -> Result<String, Trouble> {
    wire.out().put(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wire.flush().await?;
    loop {
        assert!(wire.fill(1 << 20).await? > 0, "it ended");
        let came = String::from_utf8(wire.peek().to_vec()).unwrap();
        let Some((head, body)) = came.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("Content-Length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() == length {
            wire.consume(came.len());
            wire.paid();
            return Ok(body.to_owned());
        }
    }
}

/// A connection as a server sees it.
type Peer = StreamOwned<ServerConnection, TcpStream>;

/// A server of one connection that does what a test wants, on a thread of its own.
fn serve<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        serve(stream)
    });
    (port, thread)
}

/// The same, with TLS that both ends agree on before.
fn serve_tls<T: Send + 'static>(
    certificates: &Certificates,
    work: impl FnOnce(Peer) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let config = Arc::new(certificates.server_config());
    serve(move |mut stream| {
        let mut connection = ServerConnection::new(config).unwrap();
        while connection.is_handshaking() || connection.wants_write() {
            connection.complete_io(&mut stream).unwrap();
        }
        work(StreamOwned::new(connection, stream))
    })
}

async fn ask(wire: &mut Wire, question: &[u8]) {
    wire.out().put(question);
    wire.flush().await.unwrap();
}

fn hear(peer: &mut impl Read, question: &[u8]) {
    let mut came = vec![0; question.len()];
    peer.read_exact(&mut came).unwrap();
    assert_eq!(came, question);
}

async fn answer(wire: &mut Wire, expected: &[u8]) {
    while wire.peek().len() < expected.len() {
        assert!(wire.fill(1 << 20).await.unwrap() > 0, "it ended");
    }
    assert_eq!(wire.peek(), expected);
    wire.consume(expected.len());
    wire.paid();
}

/// Waits until the socket has something.
async fn told(wire: &Wire) {
    poll_fn(|cx| wire.socket().poll_readable(cx)).await.unwrap();
}

#[tokio::test]
async fn nginx_answers_over_both_versions() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = serving(&["localhost"], &format!("ssl_protocols {version};"));
        let client = Client::trusting(&server.certificates);
        let mut wire = client.dial(server.port).await.unwrap();
        assert_eq!(wire.alpn(), None);
        for _ in 0..3 {
            let body = get(&mut wire).await.unwrap();
            assert!(
                body.starts_with(&format!("{version} localhost NONE ")),
                "{body}"
            );
            assert!(wire.is_whole() && wire.is_quiet(Look::Told) && wire.is_quiet(Look::Ask));
        }
        let traffic = wire.meter().take();
        assert!(traffic.received > 3 * 100 && traffic.sent > 3 * 40);
    }
}

#[tokio::test]
async fn a_connection_whose_keys_nearly_end_is_lent_no_more() {
    for (version, is_lent) in [("TLSv1.2", false), ("TLSv1.3", true)] {
        let server = serving(&["localhost"], &format!("ssl_protocols {version};"));
        let client = Client::trusting(&server.certificates);
        let home = Home::new();
        let wire = client.dial(server.port).await.unwrap();
        let mut loan = home.settle(0, wire);
        get(&mut loan).await.unwrap();
        drop(loan);
        let mut loan = home.lend(0).unwrap();
        get(&mut loan).await.unwrap();
        loan.use_up_nearly();
        assert!(loan.is_whole());
        assert_eq!(loan.is_quiet(Look::Told), is_lent);
        drop(loan);
        assert_eq!(home.lend(0).is_some(), is_lent, "{version}");
    }
}

#[tokio::test]
async fn versions_suites_and_protocols_are_those_of_the_settings() {
    let server = serving(&["localhost"], BOTH);
    let ask = async |settings: TlsSettings| {
        let body = asked(&server, &Client::new(&settings)).await.unwrap();
        let words: Vec<&str> = body.split(' ').collect();
        format!("{} {}", words[0], words[3])
    };
    let newest = TlsSettings {
        newest: Some(TlsVersion::V1_2),
        cipher_suites: vec!["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256".to_owned()],
        ..trusting(&server.certificates)
    };
    assert_eq!(ask(newest).await, "TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305");
    let suite = TlsSettings {
        cipher_suites: vec!["TLS_AES_128_GCM_SHA256".to_owned()],
        ..trusting(&server.certificates)
    };
    assert_eq!(ask(suite).await, "TLSv1.3 TLS_AES_128_GCM_SHA256");
    let offers = TlsSettings {
        protocols: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        ..trusting(&server.certificates)
    };
    let client = Client::new(&offers);
    let wire = client.dial(server.port).await.unwrap();
    assert_eq!(wire.alpn(), Some(&b"h2"[..]));
    let below = Client {
        tls: client.tls.without_protocols(),
        sessions: Rc::default(),
    };
    assert_eq!(below.dial(server.port).await.unwrap().alpn(), None);

    let old = serving(&["localhost"], "ssl_protocols TLSv1.2;");
    let only_new = Client::new(&TlsSettings {
        oldest: Some(TlsVersion::V1_3),
        ..trusting(&old.certificates)
    });
    assert_eq!(
        only_new.refused(old.port, "localhost").await,
        "client and server have no version of TLS in common"
    );
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let settings = format!("ssl_protocols {version}; ssl_verify_client on;");
        let server = serving(&["localhost"], &settings);
        let client = Client::new(&TlsSettings {
            identity: Some(TlsIdentity {
                chain: server.certificates.text("client.crt").into(),
                key: server.certificates.text("client.key").into(),
            }),
            ..trusting(&server.certificates)
        });
        let body = asked(&server, &client).await.unwrap();
        assert!(
            body.starts_with(&format!("{version} localhost SUCCESS ")),
            "{body}"
        );
    }
    let certificates = Certificates::new(&["localhost"]);
    let mismatch = TlsSettings {
        identity: Some(TlsIdentity {
            chain: certificates.text("client.crt").into(),
            key: certificates.text("server.key").into(),
        }),
        ..TlsSettings::default()
    };
    let text = Tls::new(&mismatch).unwrap_err();
    assert_eq!(
        Fault::new("tls", text).text(),
        "the client's key does not belong to its certificate"
    );
    let in_files = TlsSettings {
        identity: mismatch.identity.map(|pair| TlsIdentity {
            chain: pair.chain.of_file("client.crt"),
            key: pair.key.of_file("server.key"),
        }),
        ..TlsSettings::default()
    };
    let text = Tls::new(&in_files).unwrap_err();
    assert_eq!(
        Fault::new("tls", text).text(),
        "the client's key in server.key does not belong to its certificate in client.crt"
    );
}

#[tokio::test]
async fn a_later_connection_of_the_same_asset_resumes_and_that_of_another_does_not() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        // The cache is of one size in both versions; 1.2 resumes by tickets or by it.
        let settings = format!("ssl_protocols {version}; ssl_session_cache shared:tls:1m;");
        let server = serving(&["localhost"], &settings);
        let first = Client::trusting(&server.certificates);
        let second = Client {
            tls: first.tls.clone(),
            sessions: Rc::default(),
        };
        for (client, reused) in [(&first, "."), (&first, "r"), (&second, "."), (&second, "r")] {
            let body = asked(&server, client).await.unwrap();
            assert!(body.ends_with(&format!(" {reused}")), "{version}: {body}");
        }
    }
}

#[tokio::test]
async fn without_the_authority_the_server_is_refused() {
    let server = serving(&["localhost", "127.0.0.1"], BOTH);
    const UNTRUSTED: &str = "the server's certificate is not trusted; give its authority (with those between, where the server sends none), or the certificate itself, as the client's ca_file, or set insecure_skip_verify";
    let client = Client::new(&TlsSettings::default());
    assert_eq!(client.refused(server.port, "localhost").await, UNTRUSTED);
    let other = Client::trusting(&Certificates::new(&["localhost"]));
    other.refused(server.port, "localhost").await;
    let client = Client::trusting(&server.certificates);
    assert_eq!(
        client.refused(server.port, "other.test").await,
        "the server's certificate is not for other.test but for localhost, 127.0.0.1; set the client's server_name to one of its names"
    );
    let mut wire = connect(server.port).await;
    client.secure(&mut wire, "127.0.0.1").await.unwrap();
    assert!(get(&mut wire).await.unwrap().starts_with("TLSv1.3  NONE "));
    assert_eq!(
        client.refused(server.port, "a b").await,
        "a b is no name of a host that a certificate can have"
    );
    let insecure = Client::new(&TlsSettings {
        insecure: true,
        ..TlsSettings::default()
    });
    let mut wire = connect(server.port).await;
    insecure.secure(&mut wire, "other.test").await.unwrap();
}

#[tokio::test]
async fn what_a_connection_without_verification_learns_is_used_by_no_other() {
    let server = with(Certificates::new(&["127.0.0.1"]), BOTH);
    let client = Client::new(&TlsSettings::default());
    let unverified = Client {
        tls: client.tls.trusting_every_certificate(),
        sessions: Rc::clone(&client.sessions),
    };
    let mut wire = connect(server.port).await;
    unverified.secure(&mut wire, "localhost").await.unwrap();
    assert!(get(&mut wire).await.unwrap().starts_with("TLSv1.3 "));
    assert_eq!(client.sessions.tickets(), 0);
    let refused = client.refused(server.port, "localhost").await;
    assert!(refused.contains("not trusted"), "{refused}");
}

/// What a client that was given the server's own certificate gets of the server.
async fn given_itself(common: &str, names: &[&str], kind: SelfSigned) -> Result<String, String> {
    let server = with(Certificates::self_signed(common, names, kind), BOTH);
    let client = Client::trusting(&server.certificates);
    asked(&server, &client)
        .await
        .map_err(|trouble| text(&trouble))
}

#[tokio::test]
async fn a_certificate_that_is_given_itself_is_accepted() {
    for kind in [SelfSigned::Authority, SelfSigned::Server] {
        for (common, names) in [
            ("test", &["localhost"][..]),
            ("localhost", &[]),
            ("*.test", &["x.test", "localhost"]),
        ] {
            let body = given_itself(common, names, kind).await.unwrap();
            assert!(body.starts_with("TLSv1.3"), "{common} {names:?}: {body}");
        }
    }
    let signed = serving(&["localhost"], BOTH);
    let own = Client::new(&TlsSettings {
        ca: Some(signed.certificates.text("server.crt").into()),
        ..TlsSettings::default()
    });
    assert!(asked(&signed, &own).await.is_ok());
}

#[tokio::test]
async fn a_certificate_that_is_given_itself_is_still_for_its_names_and_its_time() {
    const OTHER: &str = "the server's certificate is not for localhost but for other.test; set the client's server_name to one of its names";
    for (common, names, kind, says) in [
        ("localhost", &["other.test"][..], SelfSigned::Server, OTHER),
        ("localhost", &["other.test"], SelfSigned::Authority, OTHER),
        (
            "other.test",
            &[],
            SelfSigned::Authority,
            "the server's certificate names no host; make one with a subjectAltName for localhost",
        ),
        (
            "localhost",
            &["localhost"],
            SelfSigned::Expired,
            "the server's certificate has expired; renew it, or set insecure_skip_verify",
        ),
        (
            "localhost",
            &["localhost"],
            SelfSigned::NotYet,
            "the server's certificate is not valid yet; look at the clocks of both machines",
        ),
    ] {
        assert_eq!(
            given_itself(common, names, kind).await,
            Err(says.to_owned())
        );
    }
}

#[tokio::test]
async fn a_certificate_of_version_1_is_accepted_if_it_is_given_itself() {
    // As `openssl x509 -req -signkey` makes it: without extensions, so that localhost is its common name only.
    let certificate = include_str!("tests/version_1/server.crt");
    let key = include_str!("tests/version_1/server.key");
    for version in ["TLSv1.2", "TLSv1.3"] {
        let settings = format!("ssl_protocols {version};");
        let server = with(Certificates::of(certificate, key), &settings);
        let given = Client::trusting(&server.certificates);
        let insecure = Client::new(&TlsSettings {
            insecure: true,
            ..TlsSettings::default()
        });
        for client in [&given, &insecure] {
            assert!(asked(&server, client).await.unwrap().starts_with(version));
        }
        given.refused(server.port, "127.0.0.1").await;
        let unknown = Client::new(&TlsSettings::default());
        let says = unknown.refused(server.port, "localhost").await;
        assert!(
            says.ends_with("give it as the client's ca_file, or set insecure_skip_verify"),
            "{says}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_refused_with_the_cure() {
    for kind in [SelfSigned::Authority, SelfSigned::Server] {
        let server = with(Certificates::self_signed("x", &["localhost"], kind), BOTH);
        let other = Certificates::self_signed("x", &["localhost"], kind);
        for settings in [TlsSettings::default(), trusting(&other)] {
            let says = Client::new(&settings)
                .refused(server.port, "localhost")
                .await;
            assert!(
                says.ends_with("as the client's ca_file, or set insecure_skip_verify"),
                "{says}"
            );
        }
    }
}

#[tokio::test]
async fn a_chain_that_is_larger_than_a_piece_is_taken_and_its_memory_given_back() {
    let certificates = Certificates::new(&["localhost"]);
    let mut chain = certificates.text("server.crt");
    let authority = certificates.text("ca.crt");
    // PEM is a third larger than what goes over the wire.
    while chain.len() < 68 << 10 {
        chain.push_str(&authority);
    }
    std::fs::write(certificates.path("server.crt"), chain).unwrap();
    for version in ["TLSv1.2", "TLSv1.3"] {
        let settings = format!("ssl_protocols {version};");
        let long = Certificates::new(&["localhost"]);
        for name in ["server.crt", "server.key", "ca.crt"] {
            std::fs::write(long.path(name), certificates.text(name)).unwrap();
        }
        let server = with(long, &settings);
        let client = Client::trusting(&server.certificates);
        let mut wire = client.dial(server.port).await.unwrap();
        assert!(wire.meter().take().received > 40 << 10);
        assert!(get(&mut wire).await.unwrap().starts_with(version));
        assert_eq!(wire.held(), 0);
    }
}

#[tokio::test]
async fn a_handshake_without_end_is_refused() {
    let certificates = Certificates::new(&["localhost"]);
    let mut config = certificates.server_config();
    let authority = CertificateDer::from_pem_slice(certificates.text("ca.crt").as_bytes()).unwrap();
    let mut chain =
        vec![CertificateDer::from_pem_slice(certificates.text("server.crt").as_bytes()).unwrap()];
    // Far below 64 KiB, but each 32 bytes come with as many around them.
    chain.resize(150, authority);
    let key = PrivateKeyDer::from_pem_slice(certificates.text("server.key").as_bytes()).unwrap();
    config.cert_resolver = ServerConfig::builder_with_provider(config.crypto_provider().clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
        .cert_resolver;
    config.max_fragment_size = Some(32);
    let (port, thread) = serve(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        while connection.is_handshaking() {
            if connection.complete_io(&mut stream).is_err() {
                break;
            }
        }
    });
    let client = Client::trusting(&certificates);
    assert_eq!(
        client.refused(port, "localhost").await,
        "a message of the handshake, such as the server's certificates, is larger than 64 KiB"
    );
    thread.join().unwrap();
}

#[tokio::test]
async fn what_comes_byte_by_byte_is_read_all_the_same() {
    let certificates = Certificates::new(&["localhost"]);
    let config = Arc::new(certificates.server_config());
    let (port, thread) = serve(move |stream| {
        /// Sends each byte by itself.
        struct ByteByByte(TcpStream);
        impl Read for ByteByByte {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                self.0.read(into)
            }
        }
        impl Write for ByteByByte {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.write(&bytes[..1])
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let connection = ServerConnection::new(config).unwrap();
        let mut peer = StreamOwned::new(connection, ByteByByte(stream));
        hear(&mut peer, b"question");
        for byte in b"answer" {
            peer.write_all(&[*byte]).unwrap();
            peer.flush().unwrap();
        }
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    ask(&mut wire, b"question").await;
    answer(&mut wire, b"answer").await;
    thread.join().unwrap();
}

#[tokio::test]
async fn an_end_says_whether_it_was_announced() {
    let certificates = Certificates::new(&["localhost"]);
    for announced in [true, false] {
        let (port, thread) = serve_tls(&certificates, move |mut peer| {
            peer.write_all(b"all").unwrap();
            if announced {
                peer.conn.send_close_notify();
            }
            peer.flush().unwrap();
            peer.sock.shutdown(Shutdown::Write).unwrap();
            peer
        });
        let client = Client::trusting(&certificates);
        let mut wire = client.dial(port).await.unwrap();
        assert!(!wire.ended_cleanly());
        answer(&mut wire, b"all").await;
        assert_eq!(wire.fill(64).await.unwrap(), 0);
        assert_eq!(wire.fill(64).await.unwrap(), 0);
        assert_eq!(wire.ended_cleanly(), announced);
        assert!(!wire.is_whole());
        drop(thread.join().unwrap());
    }
}

#[tokio::test]
async fn the_end_is_announced_to_the_server_whether_it_is_asked_for_or_not() {
    let certificates = Certificates::new(&["localhost"]);
    for finishes in [true, false] {
        let (port, thread) = serve_tls(&certificates, |mut peer| {
            peer.write_all(b"ready").unwrap();
            let mut all = Vec::new();
            // Without the announcement this is an error.
            peer.read_to_end(&mut all).unwrap();
            peer.write_all(b"answer").and_then(|()| peer.flush()).ok();
            all
        });
        let client = Client::trusting(&certificates);
        let mut wire = client.dial(port).await.unwrap();
        // The sessions came before: a connection with unread bytes would be reset.
        answer(&mut wire, b"ready").await;
        ask(&mut wire, b"question").await;
        if finishes {
            wire.finish().await.unwrap();
            // The other half is open.
            answer(&mut wire, b"answer").await;
        }
        drop(wire);
        assert_eq!(thread.join().unwrap(), b"question");
    }
}

#[tokio::test]
async fn sessions_that_come_while_nobody_uses_the_connection_do_not_disturb_it() {
    for look in [Look::Told, Look::Ask] {
        let certificates = Certificates::new(&["localhost"]);
        let (port, thread) = serve_tls(&certificates, |mut peer| {
            hear(&mut peer, b"question");
            peer.write_all(b"answer").unwrap();
            peer
        });
        let client = Client::trusting(&certificates);
        let mut wire = client.dial(port).await.unwrap();
        // The server sends sessions with the end of the handshake, so they come by themselves.
        told(&wire).await;
        assert!(wire.is_quiet(look));
        assert_eq!(client.sessions.tickets(), 1);
        assert_eq!(wire.held(), 0);
        let first = poll_fn(|cx| Poll::Ready(wire.poll_idle(cx))).await;
        assert!(first.is_pending());
        ask(&mut wire, b"question").await;
        answer(&mut wire, b"answer").await;
        drop(thread.join().unwrap());
        let gone = poll_fn(|cx| wire.poll_idle(cx)).await;
        assert!(matches!(gone, Idle::Gone(trouble) if trouble.kind() == Kind::Closed));
        assert!(!wire.is_quiet(look));
    }
}

#[tokio::test]
async fn bytes_that_come_unasked_do_disturb() {
    for look in [Look::Told, Look::Ask] {
        let certificates = Certificates::new(&["localhost"]);
        let (port, thread) = serve_tls(&certificates, |mut peer| {
            hear(&mut peer, b"question");
            peer.write_all(b"answer").unwrap();
            hear(&mut peer, b"more");
            peer.write_all(b"unasked").unwrap();
            peer
        });
        let client = Client::trusting(&certificates);
        let mut wire = client.dial(port).await.unwrap();
        ask(&mut wire, b"question").await;
        answer(&mut wire, b"answer").await;
        wire.send_only();
        ask(&mut wire, b"more").await;
        let peer = thread.join().unwrap();
        told(&wire).await;
        assert!(!wire.is_quiet(look));
        assert_eq!(wire.peek(), b"unasked");
        drop(peer);
    }
}

#[tokio::test]
async fn a_server_may_change_its_keys_and_ask_for_new_ones() {
    let certificates = Certificates::new(&["localhost"]);
    let (port, thread) = serve_tls(&certificates, |mut peer| {
        for _ in 0..3 {
            hear(&mut peer, b"question");
            peer.conn.refresh_traffic_keys().unwrap();
            peer.write_all(b"answer").unwrap();
        }
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    for _ in 0..3 {
        ask(&mut wire, b"question").await;
        answer(&mut wire, b"answer").await;
        assert!(wire.is_whole());
    }
    thread.join().unwrap();
}

#[tokio::test]
async fn tls_goes_through_tls() {
    let certificates = Certificates::new(&["localhost"]);
    let inner = Arc::new(certificates.server_config());
    let (port, thread) = serve_tls(&certificates, move |mut peer| {
        hear(&mut peer, b"CONNECT");
        peer.write_all(b"OK").unwrap();
        let connection = ServerConnection::new(inner).unwrap();
        let mut inner = StreamOwned::new(connection, peer);
        let mut all = vec![0; 100_000];
        inner.read_exact(&mut all).unwrap();
        inner.write_all(&all).unwrap();
        inner.conn.send_close_notify();
        inner.flush().unwrap();
        let mut rest = Vec::new();
        inner.read_to_end(&mut rest).unwrap();
        inner.sock.read_to_end(&mut rest).unwrap();
        rest
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    ask(&mut wire, b"CONNECT").await;
    answer(&mut wire, b"OK").await;
    client.secure(&mut wire, "localhost").await.unwrap();
    let sent: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
    let mut back = Vec::new();
    {
        wire.write_all(&sent).await.unwrap();
        wire.flush().await.unwrap();
        wire.read_to_end(&mut back).await.unwrap();
    }
    assert!(back == sent);
    assert!(wire.ended_cleanly());
    wire.shutdown().await.unwrap();
    assert_eq!(
        thread.join().unwrap(),
        b"",
        "both layers have said their end"
    );
    let mut wire = connect(port_of_nobody().await).await;
    wire.out().put(b"never sent before");
    assert_eq!(
        client
            .secure(&mut wire, "localhost")
            .await
            .unwrap_err()
            .kind(),
        Kind::Tls
    );
}

#[tokio::test]
async fn the_end_of_the_outer_layer_ends_the_inner_one() {
    let certificates = Certificates::new(&["localhost"]);
    let inner = Arc::new(certificates.server_config());
    let (port, thread) = serve_tls(&certificates, move |peer| {
        let connection = ServerConnection::new(inner).unwrap();
        let mut inner = StreamOwned::new(connection, peer);
        inner.write_all(b"all").unwrap();
        inner.sock.conn.send_close_notify();
        inner.sock.flush().unwrap();
        // The socket stays open.
        inner
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    client.secure(&mut wire, "localhost").await.unwrap();
    answer(&mut wire, b"all").await;
    assert_eq!(wire.fill(64).await.unwrap(), 0);
    assert!(!wire.ended_cleanly());
    drop(thread.join().unwrap());
    let (port, thread) = serve_tls(&certificates, |mut peer| {
        peer.conn.send_close_notify();
        peer.flush().unwrap();
        peer
    });
    let mut wire = client.dial(port).await.unwrap();
    let trouble = client.secure(&mut wire, "localhost").await.unwrap_err();
    assert_eq!((trouble.kind(), trouble.phase()), (Kind::Tls, Phase::Tls));
    drop(thread.join().unwrap());
}

/// A server that closes each connection at once.
async fn port_of_nobody() -> u16 {
    let (port, _) = serve(drop);
    port
}

#[tokio::test]
async fn a_server_without_tls_is_known_by_its_first_bytes() {
    let plain = Nginx::start("location / { return 200 ok; }");
    let port = plain.url().rsplit(':').next().unwrap().parse().unwrap();
    let client = Client::new(&TlsSettings::default());
    assert_eq!(
        client.refused(port, "localhost").await,
        "the server does not speak TLS here, but plain HTTP"
    );
    let (port, thread) = serve(|mut stream| {
        stream.write_all(b"220 mail.test\r\n").unwrap();
        stream
    });
    assert_eq!(
        client.refused(port, "localhost").await,
        "the server does not speak TLS here"
    );
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn a_server_of_tls_is_known_by_its_alert() {
    let certificates = Certificates::new(&["localhost"]);
    let config = Arc::new(certificates.server_config());
    let (port, thread) = serve(move |mut stream| {
        let mut connection = ServerConnection::new(config).unwrap();
        assert!(connection.complete_io(&mut stream).is_err());
        stream
    });
    let mut wire = connect(port).await;
    ask(&mut wire, b"GET / HTTP/1.1\r\n\r\n").await;
    let trouble = wire.fill(64).await.unwrap_err();
    assert_eq!((trouble.kind(), trouble.phase()), (Kind::Tls, Phase::Tls));
    assert_eq!(
        text(&trouble),
        "the server speaks TLS here, and this connection is without it"
    );
    assert!(!wire.is_whole());
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn a_server_that_breaks_the_handshake_off_is_told_as_that() {
    let client = Client::new(&TlsSettings::default());
    let (port, thread) = serve(|mut stream| {
        stream.read_exact(&mut [0; 5]).unwrap();
        // With bytes that were not read this is a reset.
    });
    let says = client.refused(port, "localhost").await;
    assert!(
        says.starts_with("the server broke off the handshake: "),
        "{says}"
    );
    thread.join().unwrap();
    for (sends, says) in [
        (
            &b""[..],
            "the server closed the connection without a word of TLS; it may not speak TLS here",
        ),
        (
            // The beginning of a message of the handshake.
            &[22, 3, 3, 0, 80, 2],
            "the server closed the connection during the handshake",
        ),
        (
            // An alert: `handshake_failure`.
            &[21, 3, 3, 0, 2, 2, 40],
            "the server takes none of the client's ciphers, its certificate has a key of a kind that the client does not know (such as P-521), or it asks for a client's certificate",
        ),
        (
            // A message that may not come now.
            &[22, 3, 3, 0, 4, 14, 0, 0, 0],
            "the server does not keep to TLS",
        ),
        (
            // A record of a version that there is not.
            &[22, 9, 9, 0, 4, 14, 0, 0, 0],
            "the server does not keep to TLS",
        ),
    ] {
        let (port, thread) = serve(move |mut stream| {
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).unwrap();
            stream.write_all(sends).unwrap();
        });
        assert_eq!(client.refused(port, "localhost").await, says);
        thread.join().unwrap();
    }
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_anywhere_is_told_as_that() {
    /// Sends so many bytes and then no more.
    struct Cut(TcpStream, usize);
    impl Read for Cut {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Write for Cut {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let count = bytes.len().min(self.1);
            self.1 -= count;
            let wrote = self.0.write(&bytes[..count])?;
            if self.1 == 0 {
                self.0.shutdown(Shutdown::Write)?;
                return Err(std::io::ErrorKind::BrokenPipe.into());
            }
            Ok(wrote)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let certificates = Certificates::new(&["localhost"]);
    let config = Arc::new(certificates.server_config());
    let client = Client::trusting(&certificates);
    for length in (1..600).step_by(23) {
        let config = Arc::clone(&config);
        let (port, thread) = serve(move |stream| {
            let mut connection = ServerConnection::new(config).unwrap();
            let mut cut = Cut(stream, length);
            let handshake = connection.complete_io(&mut cut);
            assert_eq!(
                handshake.unwrap_err().kind(),
                std::io::ErrorKind::BrokenPipe
            );
            cut
        });
        assert_eq!(
            client.refused(port, "localhost").await,
            "the server closed the connection during the handshake",
            "after {length} bytes"
        );
        drop(thread.join().unwrap());
    }
}

#[tokio::test]
async fn a_server_that_misses_the_client_s_certificate_says_so_after_the_handshake() {
    let certificates = Certificates::new(&["localhost"]);
    let mut roots = rustls::RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(certificates.text("ca.crt").as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let asks = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    )
    .build()
    .unwrap();
    let shown = certificates.server_config().cert_resolver;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks)
        .with_cert_resolver(shown);
    let (port, thread) = serve(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        while connection.complete_io(&mut stream).is_ok() {}
        stream
    });
    let client = Client::trusting(&certificates);
    // Over 1.3 the client has agreed before the server looks at what it shows.
    let mut wire = client.dial(port).await.unwrap();
    let trouble = wire.fill(64).await.unwrap_err();
    assert_eq!((trouble.kind(), trouble.phase()), (Kind::Tls, Phase::Tls));
    assert_eq!(
        text(&trouble),
        "the server asks for a client's certificate; give client_cert_file and client_key_file"
    );
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn what_the_server_says_before_tls_begins_is_no_part_of_it() {
    let (port, thread) = serve(|mut stream| {
        stream.write_all(b"ready; and more").unwrap();
        stream
    });
    let mut wire = connect(port).await;
    wire.fill(64).await.unwrap();
    wire.consume(6);
    let client = Client::new(&TlsSettings::default());
    let trouble = client.secure(&mut wire, "localhost").await.unwrap_err();
    assert_eq!(text(&trouble), "the server sent something before TLS began");
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn a_record_that_was_changed_on_its_way_is_refused() {
    let certificates = Certificates::new(&["localhost"]);
    let (port, thread) = serve_tls(&certificates, |mut peer| {
        peer.write_all(b"answer").unwrap();
        let mut record = vec![23, 3, 3, 0, 40];
        record.resize(45, 7);
        peer.sock.write_all(&record).unwrap();
        peer
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    answer(&mut wire, b"answer").await;
    let trouble = wire.fill(64).await.unwrap_err();
    assert_eq!(
        (trouble.kind(), trouble.phase()),
        (Kind::Tls, Phase::Exchange)
    );
    assert_eq!(text(&trouble), "the server does not keep to TLS");
    assert!(!wire.is_whole());
    let mut peer = thread.join().unwrap();
    let told = peer.read(&mut [0; 8]).unwrap_err();
    assert!(told.to_string().contains("BadRecordMac"), "{told}");
}

#[tokio::test]
async fn what_comes_together_with_the_end_of_the_handshake_is_read() {
    for version in [TlsVersion::V1_2, TlsVersion::V1_3] {
        let certificates = Certificates::new(&["localhost"]);
        let mut config = certificates.server_config();
        config.send_half_rtt_data = true;
        let config = Arc::new(config);
        let (port, thread) = serve(move |stream| {
            let mut connection = ServerConnection::new(config).unwrap();
            connection.writer().write_all(b"ready").unwrap();
            let mut peer = StreamOwned::new(connection, stream);
            while peer.conn.is_handshaking() {
                peer.conn.read_tls(&mut peer.sock).unwrap();
                peer.conn.process_new_packets().unwrap();
                // All that there is to say goes out at once.
                let mut flight = Vec::new();
                while peer.conn.wants_write() {
                    peer.conn.write_tls(&mut flight).unwrap();
                }
                peer.sock.write_all(&flight).unwrap();
            }
            hear(&mut peer, b"go on");
            peer.write_all(b"done").unwrap();
            peer
        });
        let client = Client::new(&TlsSettings {
            newest: Some(version),
            ..trusting(&certificates)
        });
        let mut wire = client.dial(port).await.unwrap();
        answer(&mut wire, b"ready").await;
        ask(&mut wire, b"go on").await;
        answer(&mut wire, b"done").await;
        drop(thread.join().unwrap());
    }
}

#[tokio::test]
async fn bodies_are_sent_whole_and_dropped_whole() {
    let certificates = Certificates::new(&["localhost"]);
    let size = 1_000_000;
    let (port, thread) = serve_tls(&certificates, move |mut peer| {
        let mut all = vec![0; size];
        peer.read_exact(&mut all).unwrap();
        peer.write_all(&all).unwrap();
        peer.write_all(b"next").unwrap();
        peer
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    ask(&mut wire, &vec![b'x'; size]).await;
    let mut left = size as u64;
    while left > 0 {
        let skipped = poll_fn(|cx| wire.poll_skip(cx, left)).await.unwrap();
        assert!(skipped > 0);
        left -= skipped;
    }
    answer(&mut wire, b"next").await;
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn a_connection_that_waits_holds_no_piece() {
    let certificates = Certificates::new(&["localhost"]);
    let (heard, wait) = std::sync::mpsc::channel();
    let (port, thread) = serve_tls(&certificates, move |mut peer| {
        hear(&mut peer, b"question");
        let mut records = Vec::new();
        peer.conn.writer().write_all(b"answer").unwrap();
        peer.conn.write_tls(&mut records).unwrap();
        let (begin, rest) = records.split_at(10);
        peer.sock.write_all(begin).unwrap();
        wait.recv().unwrap();
        peer.sock.write_all(rest).unwrap();
        peer
    });
    let client = Client::trusting(&certificates);
    let mut wire = client.dial(port).await.unwrap();
    ask(&mut wire, b"question").await;
    wire.paid();
    while wire.held() == 0 {
        told(&wire).await;
        let first = poll_fn(|cx| Poll::Ready(wire.poll_fill(cx, 64))).await;
        assert!(first.is_pending());
    }
    assert_eq!(wire.held(), pool::PIECE, "the beginning of a record");
    let idle = poll_fn(|cx| Poll::Ready(wire.poll_idle(cx))).await;
    assert!(idle.is_pending());
    assert_eq!(wire.held(), 10);
    heard.send(()).unwrap();
    answer(&mut wire, b"answer").await;
    assert_eq!(wire.held(), 0);
    drop(thread.join().unwrap());
}

#[tokio::test]
async fn what_is_sent_at_once_goes_out_without_a_flush() {
    let certificates = Certificates::new(&["localhost"]);
    let words: Vec<u8> = (0..40_000_u32).map(|number| number as u8).collect();
    let expected = words.clone();
    let (port, peer) = serve_tls(&certificates, move |mut peer| {
        hear(&mut peer, b"first ");
        hear(&mut peer, &expected);
        peer.write_all(b"ok").unwrap();
    });
    let mut wire = Client::trusting(&certificates).dial(port).await.unwrap();
    wire.out().put(b"first ");
    wire.send_only();
    wire.send_now(&words);
    // Nobody flushes: the answer comes all the same.
    told(&wire).await;
    answer(&mut wire, b"ok").await;
    peer.join().unwrap();
    assert!(!wire.has_unsent());
}
