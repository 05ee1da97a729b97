//! Servers of HTTP/2 that answer before they have the whole request, and requests that are given up.

use crate::user::{User, known, method, run, some, text, value};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::In;
use bggo_runtime::contract::Text;
use bggo_tests::server::Certificates;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Request, Response};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Came = (Request<RecvStream>, SendResponse<Bytes>);

/// Long enough for a machine that is busy: what does not happen within it does not happen.
const NEVER: Duration = Duration::from_secs(60);

/// A user of HTTP/2, and a server that does `serve` with the first request on its only connection, in the clear or over TLS.
fn with<T, S>(
    over_tls: bool,
    serve: impl AsyncFn(Came) -> S,
    ask: impl AsyncFn(&User, String) -> T,
) -> (T, S) {
    let certificates = Certificates::new(&["localhost"]);
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            if !over_tls {
                return served(stream, &serve).await;
            }
            let mut config = certificates.server_config();
            config.alpn_protocols = vec![b"h2".to_vec()];
            let acceptor = TlsAcceptor::from(Arc::new(config));
            served(acceptor.accept(stream).await.unwrap(), &serve).await
        };
        let client = async {
            let user = User::new(vec![
                http_client::In::HttpVersion(some(Text::Static("2"))),
                http_client::In::CaFile(some(Text::from(certificates.path("ca.crt")))),
            ]);
            let scheme = if over_tls { "https" } else { "http" };
            let asked = ask(&user, format!("{scheme}://localhost:{port}/")).await;
            (user, asked)
        };
        let both = async { tokio::join!(server, client) };
        let (served, (user, asked)) = tokio::time::timeout(NEVER, both).await.unwrap();
        user.leave().await;
        (asked, served)
    })
}

/// Serves the first request, and what the connection needs beside it.
async fn served<S>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    serve: &impl AsyncFn(Came) -> S,
) -> S {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let came = connection.accept().await.unwrap().unwrap();
    let mut work = std::pin::pin!(serve(came));
    let served = poll_fn(|cx| {
        // Whatever else comes is not answered.
        let _ = connection.poll_accept(cx);
        work.as_mut().poll(cx)
    })
    .await;
    // What it said last goes out.
    for _ in 0..16 {
        poll_fn(|cx| {
            let _ = connection.poll_accept(cx);
            std::task::Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
    }
    served
}

/// Answers with the size of the body, after a head and a first piece that go out before the body is read.
async fn counts(came: Came) -> usize {
    let (request, mut respond) = came;
    let mut answer = respond.send_response(Response::new(()), false).unwrap();
    answer.send_data("size ".into(), false).unwrap();
    let mut body = request.into_body();
    let mut size = 0;
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        size += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    answer.send_data(size.to_string().into(), true).unwrap();
    size
}

#[test]
fn a_request_is_sent_to_its_end_while_its_answer_comes() {
    const SIZE: usize = 8 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    std::fs::write(&path, vec![b'x'; SIZE]).unwrap();
    for over_tls in [false, true] {
        for from_file in [false, true] {
            let (answered, size) = with(over_tls, counts, async |user, address| {
                let body = if from_file {
                    In::File(some(path.display().to_string()))
                } else {
                    In::Body(some("x".repeat(SIZE)))
                };
                let inputs = vec![In::Url(known(address)), method("PUT"), body];
                user.ask(inputs).await
            });
            let seen = text(&answered.unwrap().body);
            let which = format!("TLS {over_tls}, file {from_file}");
            assert_eq!((seen, size), (format!("size {SIZE}"), SIZE), "{which}");
        }
    }
}

#[test]
fn a_whole_answer_counts_though_the_server_wants_no_more_of_the_request() {
    for reason in [Reason::NO_ERROR, Reason::CANCEL] {
        let refuses = async |(request, mut respond): Came| {
            let mut answer = respond.send_response(Response::new(()), false).unwrap();
            answer.send_data("enough".into(), true).unwrap();
            // The answer goes out first.
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            respond.send_reset(reason);
            drop(request);
        };
        let (answered, ()) = with(false, refuses, async |user, address| {
            let body = In::Body(some("x".repeat(8 << 20)));
            let inputs = vec![In::Url(known(address)), method("PUT"), body];
            user.ask(inputs).await
        });
        assert_eq!(text(&answered.unwrap().body), "enough", "{reason:?}");
    }
}

#[test]
fn a_request_that_is_given_up_is_so_at_once_for_the_server() {
    for over_tls in [false, true] {
        let waits = async |(_request, mut respond): Came| {
            poll_fn(|cx| respond.poll_reset(cx)).await.unwrap()
        };
        let (asked, reason) = with(over_tls, waits, async |user, address| {
            let inputs = vec![
                In::Url(known(address)),
                In::Timeout(some(Duration::from_millis(120))),
                In::Headers(some(value("{}"))),
            ];
            user.ask(inputs).await
        });
        assert_eq!(asked.unwrap_err().kind(), "timeout", "{over_tls}");
        assert_eq!(reason, Reason::CANCEL, "{over_tls}");
    }
}
