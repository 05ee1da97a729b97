//! Sessions with `ws` on node: what another implementation makes of them.

use crate::user::{User, bytes, bytes_of, known, run, some, told};
use bggo_module_http_request::http_client;
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::{websocket_close, websocket_request};
use bggo_runtime::contract::{Early, Number, Text, Value, decode_json};
use bggo_tests::server::{Certificates, WsServer, WsSetup};

const PLAIN: WsSetup<'_> = WsSetup {
    secure: None,
    deflate: false,
    protocols: &[],
};

fn url(server: &WsServer) -> In {
    In::Url(known(server.url().to_owned()))
}

/// What a server saw of one name.
fn saw(seen: &str, name: &str) -> String {
    let Value::Object(pairs) = decode_json(seen).unwrap() else {
        panic!("no object: {seen}");
    };
    let found = pairs.iter().find(|(key, _)| **key == *name);
    bggo_runtime::contract::encode_json(&found.unwrap().1)
}

/// Sends messages of many sizes and gets each back: how many, and their bytes.
async fn echoes(user: &User) -> (u64, u64) {
    let (mut count, mut sum) = (0, 0);
    for size in [0, 1, 125, 126, 127, 20_000, 65_535, 65_536, 1_000_000] {
        let text = "ü".repeat(size / 2);
        assert!(user.asks(&text).await.unwrap() == text, "{size}");
        let content: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let binary = websocket_request::In::Binary(bytes(&content));
        let output = user.request(vec![binary]).await.unwrap();
        assert!(bytes_of(&output.binary) == content, "{size}");
        count += 2;
        sum += text.len() + size;
    }
    (count, sum as u64)
}

#[test]
fn messages_of_every_size_are_echoed_and_each_side_counts_the_same() {
    let server = WsServer::start(&PLAIN);
    let inputs = vec![url(&server)];
    let (count, sum) = run(async || {
        let user = User::new(inputs);
        let (count, sum) = echoes(&user).await;
        assert_eq!(user.counted(Metric::MESSAGES_SENT), count);
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), count);
        assert_eq!(user.counted(Metric::BYTES_SENT), sum);
        assert_eq!(user.counted(Metric::BYTES_RECEIVED), sum);
        user.leave().await;
        (count, sum)
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "sessions"), "1");
    assert_eq!(saw(&seen, "messages"), count.to_string());
    assert_eq!(saw(&seen, "bytes"), sum.to_string());
    assert_eq!(saw(&seen, "closes"), "[[1000,\"\"]]");
}

#[test]
fn compressed_messages_are_echoed() {
    let server = WsServer::start(&WsSetup {
        deflate: true,
        ..PLAIN
    });
    let inputs = vec![url(&server), In::Compression(known(true))];
    run(async || {
        let user = User::new(inputs);
        echoes(&user).await;
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "compressed"), "1", "{seen}");
    assert_eq!(saw(&seen, "closes"), "[[1000,\"\"]]");
}

#[test]
fn a_server_that_does_not_compress_gets_messages_as_they_are() {
    let server = WsServer::start(&PLAIN);
    let inputs = vec![url(&server), In::Compression(known(true))];
    run(async || {
        let user = User::new(inputs);
        echoes(&user).await;
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "compressed"), "0");
}

#[test]
fn a_session_over_tls_echoes_too() {
    let certificates = Certificates::new(&["127.0.0.1"]);
    let (cert, key) = (
        certificates.path("server.crt"),
        certificates.path("server.key"),
    );
    let server = WsServer::start(&WsSetup {
        secure: Some((&cert, &key)),
        deflate: true,
        ..PLAIN
    });
    let inputs = vec![url(&server), In::Compression(known(true))];
    let ca = http_client::In::CaFile(some(&certificates.path("ca.crt")));
    run(async || {
        let user = User::with_client(vec![ca], inputs);
        echoes(&user).await;
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "closes"), "[[1000,\"\"]]");
}

#[test]
fn a_certificate_that_is_not_trusted_is_a_failure_of_tls() {
    let certificates = Certificates::new(&["127.0.0.1"]);
    let (cert, key) = (
        certificates.path("server.crt"),
        certificates.path("server.key"),
    );
    let server = WsServer::start(&WsSetup {
        secure: Some((&cert, &key)),
        ..PLAIN
    });
    let inputs = vec![url(&server)];
    run(async || {
        let user = User::new(inputs);
        assert_eq!(told(user.asks("x").await).0, "tls");
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "sessions"), "0");
}

#[test]
fn the_server_chooses_among_the_subprotocols() {
    let server = WsServer::start(&WsSetup {
        protocols: &["chat"],
        ..PLAIN
    });
    let asked = decode_json("[\"chat.v2\", \"chat\"]").unwrap();
    let inputs = vec![url(&server), In::Subprotocols(Early::Known(Some(asked)))];
    run(async || {
        let user = User::new(inputs);
        user.asks("x").await.unwrap();
        assert_eq!(user.exported(0).to_string(), "chat");
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "protocols"), "[\"chat\"]");
}

#[test]
fn pings_of_each_side_are_answered_by_the_other() {
    let server = WsServer::start(&PLAIN);
    let inputs = vec![url(&server)];
    run(async || {
        let user = User::new(inputs);
        assert_eq!(user.asks("ping").await.unwrap(), "pong: are you there");
        let output = user.ping(vec![]).await.unwrap();
        assert!(matches!(output.round_trip, Value::Duration(_)));
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "pongs"), "1");
}

#[test]
fn each_side_closes_with_a_code_that_the_other_sees() {
    let server = WsServer::start(&PLAIN);
    let inputs = vec![url(&server)];
    run(async || {
        let user = User::new(inputs);
        let closed = told(user.asks("close 4001").await);
        let why = "the server closed the session with code 4001: as told";
        assert_eq!(closed, ("closed_by_peer".to_owned(), why.to_owned()));
        user.asks("again").await.unwrap();
        let close = vec![
            websocket_close::In::Code(known(Number::new(4999))),
            websocket_close::In::Reason(Early::Known(Some(Text::Static("enough")))),
        ];
        let output = user.close(close).await.unwrap();
        assert_eq!(output.code.to_string(), "4999");
        assert_eq!(told(user.asks("terminate").await).0, "closed");
        user.leave().await;
    });
    let closes = saw(&server.saw(), "closes");
    assert_eq!(closes, "[[4001,\"\"],[4999,\"enough\"],[1006,\"\"]]");
}

#[test]
fn a_server_that_is_killed_breaks_the_session_and_then_refuses() {
    let mut server = WsServer::start(&PLAIN);
    let inputs = vec![url(&server)];
    run(async || {
        let user = User::new(inputs);
        user.asks("x").await.unwrap();
        server.die();
        let broken = told(user.asks("y").await);
        assert!(matches!(&*broken.0, "reset" | "closed"), "{broken:?}");
        let refused = told(user.asks("y").await);
        assert_eq!(refused.0, "refused", "{}", refused.1);
        user.leave().await;
    });
}
