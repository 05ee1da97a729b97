//! The handshake: what is asked for, and servers that refuse or answer something else.

use crate::peer::{Peer, Server, field};
use crate::user::{User, known, run};
use bggo_module_http_request::http_client;
use bggo_module_websocket::websocket::In;
use bggo_runtime::contract::{Early, decode_json};
use std::io::Write;
use std::time::Duration;

fn list(json: &str) -> Early<Option<bggo_runtime::contract::Value>> {
    Early::Known(Some(decode_json(json).unwrap()))
}

/// How the creation of a session fails with this answer to its handshake.
fn refused(answer: impl FnOnce(&mut Peer) + Send + 'static) -> String {
    let server = Server::raw(answer);
    let url = server.url.clone();
    let failed = run(async || {
        let limit = In::ConnectTimeout(known(Duration::from_millis(300)));
        let user = User::new(vec![In::Url(known(url)), limit]);
        let failed = user.fails().await;
        user.leave().await;
        failed
    });
    server.saw();
    failed.1
}

fn answers(text: &'static str) -> String {
    refused(move |peer| peer.stream.write_all(text.as_bytes()).unwrap())
}

#[test]
fn a_server_that_refuses_is_told_by_its_status() {
    let text = answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nno chat");
    assert!(text.contains("status 403, expected 101: no chat"), "{text}");
}

#[test]
fn an_answer_to_another_key_is_refused() {
    let text = answers(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    assert!(text.contains("does not fit the key"), "{text}");
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let text = refused(|peer| {
        let mut rest = vec![];
        let _ = std::io::Read::read_to_end(&mut peer.stream, &mut rest);
    });
    assert!(text.contains("within 300ms"), "{text}");
}

#[test]
fn what_comes_behind_the_answer_is_the_first_message() {
    let server = Server::start_with("X-A: b\r\n", |peer| {
        peer.says("at once");
        let head = peer.head.clone();
        peer.goodbye();
        head
    });
    let url = server.url.clone();
    run(async || {
        let agent = http_client::In::UserAgent(crate::user::some("mine"));
        let user = User::with_client(
            vec![agent],
            vec![
                In::Url(known(url)),
                In::Headers(list("{\"X-Token\": \"abc\"}")),
            ],
        );
        assert_eq!(user.hears().await, "at once");
        user.leave().await;
    });
    let head = server.saw();
    assert!(head.starts_with("GET /chat?a=b HTTP/1.1\r\n"), "{head}");
    for (name, value) in [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("User-Agent", "mine"),
        ("X-Token", "abc"),
    ] {
        assert_eq!(field(&head, name), Some(value), "{name}");
    }
    assert_eq!(field(&head, "Sec-WebSocket-Extensions"), None);
    assert_eq!(field(&head, "Sec-WebSocket-Key").map(str::len), Some(24));
}
