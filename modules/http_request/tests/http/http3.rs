//! HTTP/3 against a server by the crate h3, which has readers and writers of its own, and against one that says bytes as they are:
//! the same outputs, faults and counts as over the other versions.

mod shared;

use crate::user::{User, fault, known, method, run, some, text, url, value};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_events;
use bggo_module_http_request::http_request::{In, Metric, Wanted};
use bggo_runtime::contract::{Fault, Number, Text};
use bggo_tests::server::Certificates;
use bytes::{Buf, Bytes};
use http::{Request, Response};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream, VarInt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

type H3Stream = h3::server::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

/// What a server saw.
#[derive(Default)]
struct Seen {
    connections: Cell<u32>,
    /// The connection of each request, from 1.
    requests: RefCell<Vec<u32>>,
}

struct Server {
    certificates: Certificates,
    endpoint: Endpoint,
    seen: Rc<Seen>,
}

/// What a server of QUIC with these certificates offers.
pub fn config(certificates: &Certificates, protocols: &[&[u8]]) -> quinn::ServerConfig {
    let chain = CertificateDer::pem_file_iter(certificates.path("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates.path("server.key")).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    tls.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let quic = QuicServerConfig::try_from(tls).unwrap();
    quinn::ServerConfig::with_crypto(Arc::new(quic))
}

impl Server {
    fn new() -> Self {
        Self::with(Certificates::new(&["localhost", "127.0.0.1"]), &[b"h3"])
    }

    fn with(certificates: Certificates, protocols: &[&[u8]]) -> Self {
        let config = config(&certificates, protocols);
        Self::of(certificates, config)
    }

    /// One that takes so many requests at a time on a connection.
    fn taking(streams: u32) -> Self {
        let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
        let mut config = config(&certificates, &[b"h3"]);
        let mut transport = quinn::TransportConfig::default();
        transport.max_concurrent_bidi_streams(streams.into());
        config.transport_config(Arc::new(transport));
        Self::of(certificates, config)
    }

    fn of(certificates: Certificates, config: quinn::ServerConfig) -> Self {
        let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            certificates,
            endpoint,
            seen: Rc::default(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.endpoint.local_addr().unwrap()
    }

    fn url(&self, path: &str) -> In {
        url(format!("https://{}{path}", self.address()))
    }

    /// A user that speaks HTTP/3 with this server.
    fn user(&self, more: Vec<http_client::In>) -> User {
        let mut client = vec![self.ca()];
        client.extend(version_3());
        client.extend(more);
        User::new(client)
    }

    fn ca(&self) -> http_client::In {
        http_client::In::CaFile(some(self.certificates.path("ca.crt")))
    }

    /// Answers requests one after the other on each connection by the crate h3.
    fn answer(&self, handler: impl AsyncFn(Request<()>, H3Stream) + 'static) {
        let handler = Rc::new(handler);
        self.accept(move |connection, seen, number| {
            let handler = Rc::clone(&handler);
            async move {
                let connection = h3_quinn::Connection::new(connection);
                let mut server = h3::server::Connection::new(connection).await.unwrap();
                while let Ok(Some(resolver)) = server.accept().await {
                    // A client may give a request up before it is read.
                    let Ok((request, stream)) = resolver.resolve_request().await else {
                        continue;
                    };
                    seen.requests.borrow_mut().push(number);
                    handler(request, stream).await;
                }
            }
        });
    }

    /// Says what `script` says, after each request on a connection.
    fn say(&self, script: impl AsyncFn(Said) + 'static) {
        let script = Rc::new(script);
        self.accept(move |connection, seen, number| {
            let script = Rc::clone(&script);
            async move {
                let mut control = connection.open_uni().await.unwrap();
                // A control stream whose settings are empty.
                control.write_all(&[0, 4, 0]).await.unwrap();
                while let Ok((send, receive)) = connection.accept_bi().await {
                    seen.requests.borrow_mut().push(number);
                    let said = Said {
                        connection: connection.clone(),
                        send,
                        receive,
                        nth: seen.requests.borrow().len(),
                    };
                    script(said).await;
                }
            }
        });
    }

    fn accept<F: Future<Output = ()> + 'static>(
        &self,
        serve: impl Fn(Connection, Rc<Seen>, u32) -> F + 'static,
    ) {
        let (endpoint, seen) = (self.endpoint.clone(), Rc::clone(&self.seen));
        tokio::task::spawn_local(async move {
            while let Some(incoming) = endpoint.accept().await {
                let Ok(connection) = incoming.await else {
                    continue;
                };
                seen.connections.set(seen.connections.get() + 1);
                let number = seen.connections.get();
                tokio::task::spawn_local(serve(connection, Rc::clone(&seen), number));
            }
        });
    }

    fn connections(&self) -> u32 {
        self.seen.connections.get()
    }

    fn requests(&self) -> Vec<u32> {
        self.seen.requests.borrow().clone()
    }
}

/// A request to a server that says bytes as they are.
struct Said {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
    /// How many requests came, this one included.
    nth: usize,
}

impl Said {
    async fn say(&mut self, bytes: &[u8]) {
        // The client may have given it up.
        let _ = self.send.write_all(bytes).await;
    }

    async fn read(&mut self) {
        let _ = self.receive.read_to_end(1 << 20).await;
    }
}

/// Completes when the client has taken what was said before: it stops a stream whose kind has no meaning, which came behind that.
pub async fn is_heard(connection: &Connection) {
    let Ok(mut stream) = connection.open_uni().await else {
        return;
    };
    let _ = stream.write_all(&[0x21]).await;
    // A client that is gone heard all that it ever will.
    let _ = stream.stopped().await;
}

/// A frame: its kind, its length, its bytes.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap() | 0x8000_0000;
    [&[kind][..], &length.to_be_bytes(), payload].concat()
}

/// A head with status 200 and these fields, each written out.
fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut section = vec![0, 0, 0xd9];
    for (name, value) in fields {
        assert!(name.len() < 7 + 128 && value.len() < 127);
        if name.len() < 7 {
            section.push(0x20 | name.len() as u8);
        } else {
            section.extend([0x27, (name.len() - 7) as u8]);
        }
        section.extend(name.bytes());
        section.push(value.len() as u8);
        section.extend(value.bytes());
    }
    frame(1, &section)
}

fn data(text: &str) -> Vec<u8> {
    frame(0, text.as_bytes())
}

fn version_3() -> Vec<http_client::In> {
    vec![http_client::In::HttpVersion(some(Text::Static("3")))]
}

async fn ok(mut stream: H3Stream, body: &'static str) {
    let head = Response::builder().status(200).body(()).unwrap();
    stream.send_response(head).await.unwrap();
    stream
        .send_data(Bytes::from_static(body.as_bytes()))
        .await
        .unwrap();
    stream.finish().await.unwrap();
}

/// The fields and the body of a request.
async fn read(request: Request<()>, stream: &mut H3Stream) -> String {
    let mut body = Vec::new();
    while let Some(mut piece) = stream.recv_data().await.unwrap() {
        while piece.has_remaining() {
            let size = piece.chunk().len();
            body.extend_from_slice(piece.chunk());
            piece.advance(size);
        }
    }
    let mut lines = vec![format!("{} {}", request.method(), request.uri())];
    for (name, value) in request.headers() {
        lines.push(format!("{name}: {}", value.to_str().unwrap()));
    }
    lines.push(format!("body: {} bytes", body.len()));
    if body.len() < 100 {
        lines.push(String::from_utf8(body).unwrap());
    }
    lines.join("\n")
}

fn counts(user: &User) -> (u64, u64, u64, u64) {
    (
        user.counted(Metric::REQUESTS),
        user.counted(Metric::ANSWERED),
        user.counted(Metric::CUT),
        user.counted(Metric::RESENT),
    )
}

/// The fault of the only request to a server that says these bytes and then does this.
fn lost(script: impl AsyncFn(Said) + 'static) -> (Fault, (u64, u64, u64, u64), String) {
    run(async || {
        let server = Server::new();
        server.say(script);
        let user = server.user(Vec::new());
        let fault = user.ask(vec![server.url("/")]).await.unwrap_err();
        (fault, counts(&user), server.address().to_string())
    })
}

#[track_caller]
fn assert_lost(script: impl AsyncFn(Said) + 'static, kind: &str, says: &str) {
    let (fault, counts, address) = lost(script);
    assert_eq!(
        (fault.kind(), fault.text()),
        (kind, says.replace("ADDRESS", &address).as_str())
    );
    let answered = u64::from(kind == "body");
    assert_eq!(counts, (1, answered, 1 - answered, 0));
}

#[test]
fn a_request_reaches_the_server_whole_and_its_answer_comes_back() {
    run(async || {
        let server = Server::new();
        server.answer(async |request, mut stream| {
            let seen = read(request, &mut stream).await;
            let head = Response::builder()
                .status(201)
                .header("x-seen", seen.len())
                .header("set-cookie", "a=1; path=/")
                .body(())
                .unwrap();
            stream.send_response(head).await.unwrap();
            stream.send_data(seen.into()).await.unwrap();
            stream.finish().await.unwrap();
        });
        let user = server.user(vec![http_client::In::UserAgent(some("tester".to_owned()))]);
        let output = user
            .ask(vec![
                server.url("/a/b?c=d"),
                method("POST"),
                In::Headers(some(value("{\"X-One\":\"1\",\"Accept\":\"text/plain\"}"))),
                In::Json(some("{\"k\":\"v\"}".to_owned())),
            ])
            .await
            .unwrap();
        let address = server.address();
        assert_eq!(text(&output.status_code), "201");
        assert_eq!(text(&output.http_version), "3");
        assert_eq!(text(&output.remote_address), address.to_string());
        let body = text(&output.body);
        assert_eq!(
            text(&output.headers.get("x-seen").unwrap()),
            body.len().to_string()
        );
        let mut lines: Vec<&str> = body.lines().collect();
        assert_eq!(lines.remove(0), format!("POST https://{address}/a/b?c=d"));
        assert_eq!(lines.pop(), Some("{\"k\":\"v\"}"));
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "accept-encoding: gzip, br, zstd",
                "accept: text/plain",
                "body: 9 bytes",
                "content-length: 9",
                "content-type: application/json",
                "user-agent: tester",
                "x-one: 1",
            ]
        );
        // The cookie goes back, on the same connection.
        let again = user.ask(vec![server.url("/")]).await.unwrap();
        assert!(
            text(&again.body).contains("\ncookie: a=1\n"),
            "{}",
            text(&again.body)
        );
        assert_eq!(server.requests(), [1, 1]);
        assert_eq!(counts(&user), (2, 2, 0, 0));
        user.leave().await;
    });
}

#[test]
fn large_bodies_go_both_ways_and_are_counted_without_being_kept() {
    run(async || {
        let server = Server::new();
        server.answer(async |request, mut stream| {
            let seen = read(request, &mut stream).await;
            assert!(seen.contains("body: 9000000 bytes"), "{seen}");
            stream.send_response(Response::new(())).await.unwrap();
            for _ in 0..90 {
                stream
                    .send_data(Bytes::from(vec![b'x'; 100_000]))
                    .await
                    .unwrap();
            }
            stream.finish().await.unwrap();
        });
        let user = server.user(Vec::new());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("large");
        std::fs::write(&file, vec![b'y'; 9_000_000]).unwrap();
        let path = file.into_os_string().into_string().unwrap();
        for reads in [true, false] {
            let wanted = if reads {
                Wanted::ALL
            } else {
                Wanted::NONE.size()
            };
            let inputs = vec![
                server.url("/"),
                method("PUT"),
                In::File(some(path.clone())),
                In::Timeout(some(Duration::from_secs(60))),
            ];
            let output = user.ask_late(inputs, &[], wanted).await.unwrap();
            assert_eq!(text(&output.size), "9000000");
            if reads {
                assert_eq!(text(&output.body).len(), 9_000_000);
            }
        }
        user.leave().await;
    });
}

#[test]
fn heads_without_bodies_early_heads_and_fields_at_the_end_are_understood() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            let status = |code: &str| [&[0, 0, 0x5f, 0x09, 3][..], code.as_bytes()].concat();
            match said.nth {
                // 204, 304 and the answer to HEAD announce a body that does not come.
                1 => said.say(&frame(1, &status("204"))).await,
                2 => {
                    let mut section = status("304");
                    section.extend([0x54, 1, b'9']);
                    said.say(&frame(1, &section)).await;
                }
                3 => said.say(&head(&[("content-length", "9")])).await,
                // Two heads before the answer, frames without a meaning, and fields at the end.
                _ => {
                    said.say(&frame(1, &status("103"))).await;
                    said.say(&frame(0x21, b"grease")).await;
                    said.say(&frame(1, &status("103"))).await;
                    said.say(&head(&[("content-length", "4")])).await;
                    said.say(&[data("ab"), data(""), frame(0x21, b"x"), data("cd")].concat())
                        .await;
                    said.say(&frame(1, &[0, 0, 0x21, b'x', 1, b'y'])).await;
                    said.say(&frame(0x21, b"grease")).await;
                }
            }
            said.send.finish().unwrap();
        });
        let user = server.user(Vec::new());
        let mut came = Vec::new();
        for name in ["GET", "GET", "HEAD", "GET"] {
            let output = user.ask(vec![server.url("/"), method(name)]).await.unwrap();
            came.push(format!(
                "{} {}",
                text(&output.status_code),
                text(&output.body)
            ));
        }
        assert_eq!(came, ["204 ", "304 ", "200 ", "200 abcd"]);
        assert_eq!(server.requests(), [1, 1, 1, 1]);
        user.leave().await;
    });
}

#[test]
fn what_is_no_answer_is_told_by_its_kind() {
    for (bytes, says) in [
        (data("x"), "a frame came where it may not stand"),
        (frame(4, &[]), "a frame came where it may not stand"),
        (frame(2, &[]), "a frame came where it may not stand"),
        (frame(1, &[0, 0]), "it has no status"),
        (frame(1, &[0, 0, 0x80]), "its fields cannot be decoded"),
        (
            head(&[("connection", "close")]),
            "it has a field that HTTP/3 does not know",
        ),
        (
            head(&[("Upper", "x")]),
            "one of its fields has no right name",
        ),
        (
            head(&[("content-length", "1"), ("content-length", "2")]),
            "it has two lengths",
        ),
        (
            head(&[("content-length", "-1")]),
            "its Content-Length is no number",
        ),
        (
            head(&vec![("x", "y"); 1_001]),
            "its head has more than 1,000 fields or is larger than 256 KiB",
        ),
        (
            [&[1, 0x80, 0x10, 0, 0][..], &[0; 100]].concat(),
            "its head has more than 1,000 fields or is larger than 256 KiB",
        ),
    ] {
        let script = async move |mut said: Said| {
            said.say(&bytes).await;
            said.send.finish().unwrap();
            said.read().await;
        };
        assert_lost(
            script,
            "protocol",
            &format!("no answer from ADDRESS: {says}"),
        );
    }
}

#[test]
fn who_ends_before_an_answer_is_told_by_its_kind() {
    assert_lost(
        async |mut said: Said| {
            said.send.reset(VarInt::from_u32(0x102)).unwrap();
            said.read().await;
        },
        "reset",
        "no answer from ADDRESS: the other end gave the HTTP/3 stream up (H3_INTERNAL_ERROR)",
    );
    assert_lost(
        async |mut said: Said| {
            said.send.finish().unwrap();
            said.read().await;
        },
        "closed",
        "no answer from ADDRESS: the other end ended the stream before its answer",
    );
    assert_lost(
        async |mut said: Said| {
            // Half a head.
            said.say(&[1, 9, 0]).await;
            said.send.finish().unwrap();
            said.read().await;
        },
        "closed",
        "no answer from ADDRESS: the other end ended the stream before its answer",
    );
    assert_lost(
        async |said: Said| said.connection.close(VarInt::from_u32(0x100), b""),
        "closed",
        "no answer from ADDRESS: the other end closed the connection",
    );
    assert_lost(
        async |said: Said| said.connection.close(VarInt::from_u32(0x107), b"secret"),
        "closed",
        "no answer from ADDRESS: the other end ended the HTTP/3 connection (H3_EXCESSIVE_LOAD)",
    );
}

#[test]
fn a_body_that_does_not_come_to_its_end_is_told() {
    let begin = [head(&[("content-length", "4")]), data("ab")].concat();
    let says = |words: &str| format!("the body from ADDRESS ended early: {words}");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            begin.clone(),
            "it has another length than its head announced",
        ),
        (
            [begin.clone(), data("cde")].concat(),
            "it has another length than its head announced",
        ),
        (
            [begin.clone(), vec![0, 9, b'x']].concat(),
            "the other end ended the stream in the middle of a frame",
        ),
        (
            [begin.clone(), vec![0x40]].concat(),
            "the other end ended the stream in the middle of a frame",
        ),
        (
            [begin.clone(), frame(4, &[])].concat(),
            "a frame came where it may not stand",
        ),
        (
            [begin.clone(), frame(1, &[0, 0]), data("cd")].concat(),
            "a frame came where it may not stand",
        ),
    ];
    for (bytes, words) in cases {
        let script = async move |mut said: Said| {
            said.say(&bytes).await;
            said.send.finish().unwrap();
            said.read().await;
        };
        assert_lost(script, "body", &says(words));
    }
    let bytes = begin.clone();
    assert_lost(
        async move |mut said: Said| {
            said.say(&bytes).await;
            is_heard(&said.connection).await;
            said.send.reset(VarInt::from_u32(0x102)).unwrap();
            said.connection.closed().await;
        },
        "body",
        &says("the other end gave the HTTP/3 stream up (H3_INTERNAL_ERROR)"),
    );
    assert_lost(
        async move |mut said: Said| {
            said.say(&begin).await;
            is_heard(&said.connection).await;
            said.connection.close(VarInt::from_u32(0x102), b"");
        },
        "body",
        &says("the other end ended the HTTP/3 connection (H3_INTERNAL_ERROR)"),
    );
}

#[test]
fn a_server_that_breaks_the_rules_of_its_own_streams_loses_the_connection() {
    for (bytes, says) in [
        (
            &[0, 7, 1, 0][..],
            "the server did not say its settings first",
        ),
        (&[0, 4, 0, 4, 0], "the server said its settings twice"),
        (&[0, 4, 0, 0, 1, 0], "a frame came where it may not stand"),
        (&[1, 0], "the server pushes what nobody asked for"),
        (
            &[0, 4, 0, 7, 1, 1],
            "the server goes away from a stream that is no request",
        ),
        (
            &[0, 4, 0, 7, 1, 4, 7, 1, 8],
            "the server takes requests again that it said it leaves",
        ),
    ] {
        let (fault, ..) = run(async || {
            let server = Server::new();
            server.accept(move |connection, _, _| async move {
                let mut control = connection.open_uni().await.unwrap();
                control.write_all(bytes).await.unwrap();
                connection.closed().await;
            });
            let user = server.user(Vec::new());
            let fault = user.ask(vec![server.url("/")]).await.unwrap_err();
            (fault, counts(&user))
        });
        assert_eq!(fault.kind(), "protocol");
        assert!(fault.text().ends_with(says), "{}", fault.text());
    }
}

#[test]
fn a_stream_that_says_nothing_yet_holds_up_no_other() {
    let fault = run(async || {
        let server = Server::new();
        server.accept(move |connection, _, _| async move {
            // The first byte of two that say what it is.
            let mut silent = connection.open_uni().await.unwrap();
            silent.write_all(&[0x40]).await.unwrap();
            let mut control = connection.open_uni().await.unwrap();
            control.write_all(&[0, 7, 1, 0]).await.unwrap();
            connection.closed().await;
        });
        let user = server.user(Vec::new());
        let ask = vec![server.url("/"), In::Timeout(some(Duration::from_secs(10)))];
        user.ask(ask).await.unwrap_err()
    });
    let says = "the server did not say its settings first";
    assert_eq!(fault.kind(), "protocol", "{}", fault.text());
    assert!(fault.text().ends_with(says), "{}", fault.text());
}

#[test]
fn a_server_that_resets_its_control_stream_loses_the_connection() {
    // Between two frames, and within one.
    for bytes in [&[0, 4, 0][..], &[0, 4, 9, 0]] {
        let fault = run(async || {
            let server = Server::new();
            server.accept(move |connection, _, _| async move {
                let mut control = connection.open_uni().await.unwrap();
                control.write_all(bytes).await.unwrap();
                is_heard(&connection).await;
                control.reset(0x100_u32.into()).unwrap();
                connection.closed().await;
            });
            let user = server.user(Vec::new());
            let ask = vec![server.url("/"), In::Timeout(some(Duration::from_secs(10)))];
            user.ask(ask).await.unwrap_err()
        });
        assert_eq!(fault.kind(), "protocol");
        let says = "the server ended its control stream";
        assert!(fault.text().ends_with(says), "{}", fault.text());
    }
}

#[test]
fn a_connection_that_was_closed_while_it_lay_idle_is_not_used_again() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            said.say(&[head(&[]), data("ok")].concat()).await;
            said.send.finish().unwrap();
            if said.nth == 1 {
                // Once the client has all of it.
                let _ = said.send.stopped().await;
                said.connection.close(VarInt::from_u32(0x100), b"");
            }
        });
        let user = server.user(Vec::new());
        for _ in 0..2 {
            let output = user.ask(vec![server.url("/")]).await.unwrap();
            assert_eq!(text(&output.body), "ok");
        }
        let requests = server.requests();
        assert_eq!((requests.first(), requests.last()), (Some(&1), Some(&2)));
        // If the second was sent before the end of the first connection was heard, it was sent again.
        let (requests, answered, cut, resent) = counts(&user);
        assert_eq!((answered, cut, requests), (2, resent, 2 + resent));
        user.leave().await;
    });
}

#[test]
fn a_rejected_request_is_sent_again_whatever_its_method_and_one_whose_answer_began_never() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            match said.nth {
                1 | 3 => {
                    let _ = said.send.reset(VarInt::from_u32(0x10b));
                }
                4 => {
                    said.say(&[head(&[]), data("ok")].concat()).await;
                    said.send.finish().unwrap();
                }
                5 => {
                    said.say(&[1, 9, 0]).await;
                    is_heard(&said.connection).await;
                    said.connection.close(VarInt::from_u32(0x100), b"");
                }
                _ => {
                    said.say(&[head(&[]), data("ok")].concat()).await;
                    said.send.finish().unwrap();
                }
            }
        });
        let user = server.user(Vec::new());
        // It is rejected, and sent again on another connection.
        let output = user.ask(vec![server.url("/")]).await.unwrap();
        assert_eq!(text(&output.body), "ok");
        assert_eq!(counts(&user), (2, 1, 1, 1));
        // So is a POST: the server did not look at it.
        let output = user
            .ask(vec![server.url("/"), method("POST")])
            .await
            .unwrap();
        assert_eq!(text(&output.body), "ok");
        assert_eq!(counts(&user), (4, 2, 2, 2));
        // The server closed an old connection, but the answer had begun.
        let fault = user.ask(vec![server.url("/")]).await.unwrap_err();
        assert_eq!(fault.kind(), "closed");
        assert_eq!(counts(&user), (5, 2, 3, 2));
        assert_eq!(server.requests(), [1, 2, 2, 3, 3]);
        user.leave().await;
    });
}

#[test]
fn a_request_that_is_always_rejected_is_sent_three_times_and_its_fault_says_why() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            let _ = said.send.reset(VarInt::from_u32(0x10b));
        });
        let user = server.user(Vec::new());
        let ask = vec![server.url("/"), method("POST")];
        let fault = user.ask(ask).await.unwrap_err();
        let address = server.address();
        let says = format!(
            "no answer from {address}: the other end gave the HTTP/3 stream up (H3_REQUEST_REJECTED)"
        );
        assert_eq!((fault.kind(), fault.text()), ("reset", &*says));
        assert_eq!(counts(&user), (3, 0, 3, 2));
        assert_eq!(server.requests(), [1, 2, 3]);
        user.leave().await;
    });
}

/// A server that says at once which request it takes no more, and never says anything of that one.
fn goes_away_from(server: &Server, first_left: u8) {
    server.accept(move |connection, seen, number| async move {
        let mut control = connection.open_uni().await.unwrap();
        control.write_all(&[0, 4, 0]).await.unwrap();
        let mut left = Vec::new();
        while let Ok((mut send, mut receive)) = connection.accept_bi().await {
            seen.requests.borrow_mut().push(number);
            if u64::from(send.id()) >= u64::from(first_left) {
                // The client may be gone already.
                let _ = control.write_all(&[7, 1, first_left]).await;
                left.push((send, receive));
                continue;
            }
            let _ = receive.read_to_end(1 << 20).await;
            if u64::from(send.id()) + 4 == u64::from(first_left) {
                let _ = control.write_all(&[7, 1, first_left]).await;
            }
            let _ = send.write_all(&[head(&[]), data("ok")].concat()).await;
            let _ = send.finish();
        }
    });
}

#[test]
fn what_a_server_leaves_behind_the_last_request_of_a_connection_is_sent_again_as_often_as_that_happens()
 {
    run(async || {
        let server = Server::new();
        goes_away_from(&server, 4);
        let user = server.user(Vec::new());
        let ask = || vec![server.url("/"), method("POST")];
        let asked = (0..12).map(|_| user.ask(ask()));
        let mut asked: Vec<_> = asked.map(Box::pin).collect();
        std::future::poll_fn(|cx| {
            asked.retain_mut(|one| match one.as_mut().poll(cx) {
                std::task::Poll::Ready(output) => {
                    assert_eq!(text(&output.unwrap().body), "ok");
                    false
                }
                std::task::Poll::Pending => true,
            });
            match asked.is_empty() {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        drop(asked);
        // Each connection serves one of them.
        assert_eq!(server.connections(), 12);
        let (requests, answered, cut, resent) = counts(&user);
        assert_eq!((answered, cut), (12, resent));
        assert_eq!(requests, 12 + resent);
        assert!(resent >= 11, "{resent}");
        user.leave().await;
    });
}

#[test]
fn a_server_that_takes_no_request_of_any_connection_is_asked_three_times() {
    run(async || {
        let server = Server::new();
        goes_away_from(&server, 0);
        let user = server.user(Vec::new());
        let ask = vec![server.url("/"), method("POST")];
        let fault = user.ask(ask).await.unwrap_err();
        let address = server.address();
        let says = format!(
            "no answer from {address}: the other end ended the HTTP/3 connection before it looked at this request"
        );
        assert_eq!((fault.kind(), fault.text()), ("closed", &*says));
        assert_eq!(counts(&user), (3, 0, 3, 2));
        assert_eq!(server.requests(), [1, 2, 3]);
        user.leave().await;
    });
}

#[test]
fn a_server_that_answers_what_it_said_it_leaves_is_asked_no_more() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            // A part of an answer, and the word that there will be none.
            said.say(&[1, 9, 0]).await;
            is_heard(&said.connection).await;
            let _ = said.send.reset(VarInt::from_u32(0x10b));
        });
        let user = server.user(Vec::new());
        let fault = user.ask(vec![server.url("/")]).await.unwrap_err();
        assert_eq!(fault.kind(), "reset");
        assert_eq!(counts(&user), (1, 0, 1, 0));
        user.leave().await;
    });
}

#[test]
fn a_server_that_says_goodbye_gets_no_more_requests_on_that_connection() {
    run(async || {
        let server = Server::new();
        server.accept(|connection, seen, number| async move {
            let mut control = connection.open_uni().await.unwrap();
            control.write_all(&[0, 4, 0]).await.unwrap();
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                seen.requests.borrow_mut().push(number);
                let _ = receive.read_to_end(1 << 20).await;
                // It takes no request behind the first.
                control.write_all(&[7, 1, 4]).await.unwrap();
                is_heard(&connection).await;
                send.write_all(&[head(&[]), data("ok")].concat())
                    .await
                    .unwrap();
                send.finish().unwrap();
            }
        });
        let user = server.user(Vec::new());
        for _ in 0..3 {
            let output = user.ask(vec![server.url("/")]).await.unwrap();
            assert_eq!(text(&output.body), "ok");
        }
        assert_eq!(server.requests(), [1, 2, 3]);
        assert_eq!(counts(&user), (3, 3, 0, 0));
        user.leave().await;
    });
}

#[test]
fn requests_of_one_user_share_a_connection_and_each_has_its_answer() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            tokio::task::spawn_local(async move {
                said.read().await;
                // The later ones are answered first.
                for _ in said.nth..50 {
                    tokio::task::yield_now().await;
                }
                said.say(&[head(&[]), data(&said.nth.to_string())].concat())
                    .await;
                said.send.finish().unwrap();
            });
        });
        let user = server.user(Vec::new());
        let asked = (0..40).map(|_| user.ask(vec![server.url("/")]));
        let mut asked: Vec<_> = asked.map(Box::pin).collect();
        let mut came = Vec::new();
        std::future::poll_fn(|cx| {
            asked.retain_mut(|one| match one.as_mut().poll(cx) {
                std::task::Poll::Ready(output) => {
                    came.push(text(&output.unwrap().body).parse::<u32>().unwrap());
                    false
                }
                std::task::Poll::Pending => true,
            });
            if asked.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        came.sort_unstable();
        assert_eq!(came, (1..=40).collect::<Vec<u32>>());
        assert_eq!(server.connections(), 1);
        assert_eq!(counts(&user), (40, 40, 0, 0));
        drop(asked);
        user.leave().await;
    });
}

#[test]
fn an_answer_may_come_before_the_body_of_its_request_is_sent() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            // It reads nothing, so the body does not go out.
            said.say(&[head(&[]), data("no")].concat()).await;
            said.send.finish().unwrap();
            let stopped = said.receive.received_reset().await;
            assert_eq!(stopped.unwrap(), Some(VarInt::from_u32(0x10c)));
            let ended = [head(&[]), data("ok")].concat();
            let (mut send, _) = said.connection.accept_bi().await.unwrap();
            send.write_all(&ended).await.unwrap();
            send.finish().unwrap();
        });
        let user = server.user(Vec::new());
        let body = "x".repeat(8 << 20);
        let inputs = vec![server.url("/"), method("POST"), In::Body(some(body))];
        let output = user.ask(inputs).await.unwrap();
        assert_eq!(text(&output.body), "no");
        let output = user.ask(vec![server.url("/")]).await.unwrap();
        assert_eq!(text(&output.body), "ok");
        assert_eq!(server.connections(), 1);
        user.leave().await;
    });
}

#[test]
fn a_request_that_takes_too_long_is_given_up_and_its_connection_not_used_again() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            if said.nth == 1 {
                let ended = said.send.stopped().await;
                assert_eq!(ended.unwrap(), Some(VarInt::from_u32(0x10c)));
            } else {
                said.say(&[head(&[]), data("ok")].concat()).await;
                said.send.finish().unwrap();
            }
        });
        let user = server.user(Vec::new());
        let hasty = In::Timeout(some(Duration::from_millis(300)));
        let fault = user.ask(vec![server.url("/"), hasty]).await.unwrap_err();
        assert_eq!(
            (fault.kind(), fault.text().to_owned()),
            (
                "timeout",
                format!("no answer from {} within 300ms", server.address())
            )
        );
        let output = user.ask(vec![server.url("/")]).await.unwrap();
        assert_eq!(text(&output.body), "ok");
        assert_eq!(server.requests(), [1, 2]);
        assert_eq!(counts(&user), (2, 1, 1, 0));
        user.leave().await;
    });
}

#[test]
fn where_nobody_listens_the_connection_is_refused() {
    // A socket that is held but never read would be somebody; this port is nobody's.
    let port = {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let fault = fault(version_3(), vec![url(format!("https://127.0.0.1:{port}/"))]);
    assert_eq!(fault.kind(), "refused");
    assert!(
        fault.text().starts_with(&format!(
            "no connection to 127.0.0.1:{port}: Connection refused"
        )),
        "{}",
        fault.text()
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_connect_timeout() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut client = version_3();
    let limit = Duration::from_millis(400);
    client.push(http_client::In::ConnectTimeout(some(limit)));
    let fault = fault(client, vec![url(format!("https://{address}/"))]);
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "connect",
            format!("connecting to {address} took longer than connect_timeout")
        )
    );
}

#[test]
fn a_name_without_an_address_is_told() {
    let fault = fault(version_3(), vec![url("https://nowhere.invalid/")]);
    assert_eq!(fault.kind(), "dns");
    assert!(fault.text().starts_with("nowhere.invalid has no address"));
}

#[test]
fn certificates_are_checked_as_over_tcp() {
    run(async || {
        let server = Server::with(Certificates::new(&["other.test"]), &[b"h3"]);
        server.answer(async |_, stream| ok(stream, "ok").await);
        let ask = async |client: Vec<http_client::In>| {
            let mut all = version_3();
            all.extend(client);
            let user = User::new(all);
            let answer = user.ask(vec![server.url("/")]).await;
            user.leave().await;
            answer.map(|output| text(&output.body))
        };
        let place = format!("no secure connection to {}: ", server.address());
        let fault = ask(Vec::new()).await.unwrap_err();
        assert_eq!(
            (fault.kind(), fault.text().to_owned()),
            (
                "tls",
                format!(
                    "{place}the server's certificate is not trusted; give its authority (with those between, where the server sends none), or the certificate itself, as the client's ca_file, or set insecure_skip_verify"
                )
            )
        );
        let fault = ask(vec![server.ca()]).await.unwrap_err();
        assert_eq!(
            (fault.kind(), fault.text().to_owned()),
            (
                "tls",
                format!(
                    "{place}the server's certificate is not for 127.0.0.1 but for other.test; set the client's server_name to one of its names"
                )
            )
        );
        let named = http_client::In::ServerName(some("other.test".to_owned()));
        assert_eq!(ask(vec![server.ca(), named]).await.unwrap(), "ok");
        let skips = http_client::In::InsecureSkipVerify(some(true));
        assert_eq!(ask(vec![skips]).await.unwrap(), "ok");
    });
}

#[test]
fn a_server_that_speaks_another_protocol_is_told() {
    run(async || {
        let server = Server::with(Certificates::new(&["127.0.0.1"]), &[b"hq-interop"]);
        server.answer(async |_, stream| ok(stream, "ok").await);
        let user = server.user(Vec::new());
        let fault = user.ask(vec![server.url("/")]).await.unwrap_err();
        assert_eq!(fault.kind(), "tls");
        assert!(
            fault
                .text()
                .ends_with("the server speaks none of the protocols that the client offers"),
            "{}",
            fault.text()
        );
        assert_eq!(counts(&user), (0, 0, 0, 0));
        user.leave().await;
    });
}

#[test]
fn what_http_3_cannot_do_is_said() {
    let fault = fault(version_3(), vec![url("http://127.0.0.1:1/")]);
    assert_eq!(
        (fault.kind(), fault.text()),
        (
            "request",
            "HTTP/3 needs https, and the url begins with http://"
        )
    );
    let mut client = version_3();
    client.push(http_client::In::Proxy(some(
        "http://127.0.0.1:1".to_owned(),
    )));
    let fault = crate::user::fault(client, vec![url("https://127.0.0.1:1/")]);
    assert!(
        fault.text().ends_with(": HTTP/3 goes through no proxy"),
        "{}",
        fault.text()
    );
}

#[test]
fn redirects_are_followed_and_without_idle_connections_each_request_has_its_own() {
    run(async || {
        let server = Server::new();
        server.answer(async |request, mut stream| {
            if request.uri().path() == "/from" {
                let head = Response::builder().status(302).header("location", "/to");
                stream.send_response(head.body(()).unwrap()).await.unwrap();
                stream.finish().await.unwrap();
            } else {
                ok(stream, "there").await;
            }
        });
        for (most, requests) in [(None, [1, 1]), (Some(0), [2, 3])] {
            let client = most
                .map(|most| http_client::In::MaxIdleConnections(known(Some(Number::new(most)))));
            let user = server.user(client.into_iter().collect());
            let output = user.ask(vec![server.url("/from")]).await.unwrap();
            assert_eq!(text(&output.body), "there");
            assert_eq!(
                text(&output.url),
                format!("https://{}/to", server.address())
            );
            assert_eq!(counts(&user), (2, 2, 0, 0));
            let seen = server.requests();
            assert_eq!(seen[seen.len() - 2..], requests);
            user.leave().await;
        }
    });
}

#[test]
fn a_name_is_resolved_by_the_grid_over_http_3_as_over_the_others() {
    run(async || {
        let server = Server::new();
        server.answer(async |request, stream| {
            assert_eq!(request.uri().host(), Some("shop.test"));
            ok(stream, "there").await;
        });
        let resolve = format!("{{\"shop.test\":\"{}\"}}", server.address());
        let client = vec![
            http_client::In::Resolve(some(value(&resolve))),
            http_client::In::ServerName(some("localhost".to_owned())),
        ];
        let user = server.user(client);
        let output = user.ask(vec![url("https://shop.test/")]).await.unwrap();
        assert_eq!(text(&output.body), "there");
        user.leave().await;
        let wrong = http_client::In::Resolve(some(value("{\"shop.test\":\"nowhere\"}")));
        let user = server.user(vec![wrong]);
        let fault = user.ask(vec![url("https://shop.test/")]).await.unwrap_err();
        assert!(fault.text().contains("resolve: "), "{}", fault.text());
        user.leave().await;
    });
}

#[test]
fn events_come_over_http_3_piece_by_piece_until_a_condition_holds() {
    run(async || {
        let server = Server::new();
        server.answer(async |request, mut stream| {
            if request.uri().path() == "/from" {
                let head = Response::builder()
                    .status(307)
                    .header("location", "/events");
                stream.send_response(head.body(()).unwrap()).await.unwrap();
                stream.finish().await.unwrap();
                return;
            }
            let head = Response::builder().header("content-type", "text/event-stream");
            stream.send_response(head.body(()).unwrap()).await.unwrap();
            for piece in ["data: 1\n", "\nid: 7\nda", "ta: 2\n\n"] {
                let piece = Bytes::from_static(piece.as_bytes());
                stream.send_data(piece).await.unwrap();
            }
            // It goes on until nobody listens any more.
            while stream
                .send_data(Bytes::from_static(b": on\n"))
                .await
                .is_ok()
            {
                tokio::task::yield_now().await;
            }
        });
        let user = server.user(Vec::new());
        for _ in 0..2 {
            let output = user
                .listen(vec![
                    http_events::In::Url(known(format!("https://{}/from", server.address()))),
                    http_events::In::Events(some(Number::new(2))),
                ])
                .await
                .unwrap();
            let all = r#"[{"id":"","event":"message","data":"1"},{"id":"7","event":"message","data":"2"}]"#;
            assert_eq!(output.events, value(all));
            assert_eq!(text(&output.ended_by), "events");
            assert_eq!(text(&output.http_version), "3");
        }
        assert_eq!(server.connections(), 1);
        assert_eq!(user.heard(http_events::Metric::REQUESTS), 4);
        assert_eq!(user.heard(http_events::Metric::CUT), 0);
        user.leave().await;
    });
}
