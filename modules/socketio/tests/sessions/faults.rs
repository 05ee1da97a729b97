//! Servers that break off, fall silent, or do what they may not: each has one kind, and nothing hangs.

use crate::peer::{BINARY, CLOSE, OPEN, Peer, Server, TEXT, answers};
use crate::user::{User, bytes, emission, known, limit, run, some, told};
use bggo_module_socketio::socketio_client::{In, Metric};
use bggo_module_socketio::socketio_emit;
use bggo_runtime::contract::{Early, Text, decode_json};
use std::time::Duration;

/// What a step says that waits while the server does this.
fn fails(serve: impl FnOnce(&mut Peer) + Send + 'static) -> (String, String) {
    let server = Server::start(serve);
    let url = server.url.clone();
    let failed = run(async || {
        let size = In::MaxMessageSize(known(1_000_u64));
        let user = User::new(vec![size], &url);
        let failed = told(user.hears("news").await);
        assert_eq!(user.recorded(Metric::SESSION_DURATION), 1);
        user.leave().await;
        failed
    });
    server.saw();
    failed
}

/// The kind of what this server sends, and the code with which the user closes for it.
fn violates(frames: &'static [(u8, &'static str)]) -> (String, u16) {
    let (said, saw) = std::sync::mpsc::channel();
    let failed = fails(move |peer| {
        for (first, payload) in frames {
            peer.write(*first, payload.as_bytes());
        }
        said.send(peer.closed_with()).unwrap();
        assert_eq!(peer.read(), None);
    });
    (failed.0, saw.recv().unwrap())
}

#[test]
fn what_a_server_may_not_send_is_a_failure_of_the_protocol() {
    for text in [
        "",
        "x",
        "3",
        "5",
        "0{}",
        "0{\"pingInterval\":1000,\"pingTimeout\":1000}",
        "4",
        "49",
        "42",
        "42{}",
        "42[]",
        "42[1",
        "43[]",
        "42/other,[\"a\"]",
        "40{\"sid\":\"again\"}",
        "44{\"message\":\"late\"}",
        "45[\"a\"]",
        "451001-[\"a\"]",
    ] {
        let frames: &'static [_] = Box::leak(Box::new([(TEXT, text)]));
        assert_eq!(violates(frames), ("protocol".to_owned(), 1002), "{text}");
    }
    // Attachments of nothing, missing ones, and ones too many.
    const ONE: &str = "451-[\"a\",{\"_placeholder\":true,\"num\":0}]";
    const WRONG: &str = "451-[\"a\",{\"_placeholder\":true,\"num\":1}]";
    let frames: [&'static [_]; 4] = [
        &[(BINARY, "x")],
        &[(TEXT, ONE), (TEXT, "42[\"b\"]")],
        &[(TEXT, ONE), (BINARY, "x"), (BINARY, "y")],
        &[(TEXT, WRONG), (BINARY, "x")],
    ];
    for frames in frames {
        assert_eq!(
            violates(frames),
            ("protocol".to_owned(), 1002),
            "{frames:?}"
        );
    }
}

#[test]
fn an_event_that_is_too_large_with_its_attachments_is_refused() {
    let text = r#"453-["a",{"_placeholder":true,"num":0}]"#;
    let half = Box::leak("x".repeat(600).into_boxed_str());
    let frames: &'static [_] =
        Box::leak(Box::new([(TEXT, text), (BINARY, &*half), (BINARY, half)]));
    assert_eq!(violates(frames), ("message_too_large".to_owned(), 1009));
}

#[test]
fn a_server_that_says_goodbye_has_closed() {
    let closed = fails(|peer| {
        peer.says("1");
        assert_eq!(peer.closed_with(), 1000);
    });
    assert_eq!(closed.0, "closed_by_peer");
    let closed = fails(|peer| {
        peer.write(CLOSE, b"\x0f\xa1enough");
        assert_eq!(peer.closed_with(), 4001);
    });
    assert_eq!(closed.0, "closed_by_peer");
    assert_eq!(
        closed.1,
        "the server closed the session with code 4001: enough"
    );
    let closed = fails(|peer| {
        peer.says("41");
        assert_eq!(peer.closed_with(), 1000);
    });
    assert_eq!(closed.0, "namespace_disconnected");
    // Without a word.
    assert_eq!(fails(|_| ()).0, "closed");
}

/// A server whose pings come every 50 ms and have 100 ms more, that lets the user in and serves so.
fn with_pings(serve: impl FnOnce(&mut Peer) + Send + 'static) -> Server<()> {
    Server::raw(|peer| {
        peer.says(r#"0{"sid":"a","upgrades":[],"pingInterval":50,"pingTimeout":100}"#);
        peer.lets_in();
        serve(peer);
    })
}

#[test]
fn a_server_that_falls_silent_is_noticed_by_who_waits_and_between_steps() {
    for waits_in_a_step in [true, false] {
        let server = with_pings(|peer| {
            peer.says("2");
            // Now it is frozen, and has an end only because the user has one.
            let mut said = vec![];
            while let Some((first, payload)) = peer.read()
                && first != CLOSE
            {
                said.push(String::from_utf8(payload).unwrap());
            }
            assert!(said.contains(&"3".to_owned()), "{said:?}");
            assert_eq!(peer.read(), None);
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![], &url);
            if !waits_in_a_step {
                user.says("x", "[]").await.unwrap();
                user.waits_until(|| user.recorded(Metric::SESSION_DURATION) == 1)
                    .await;
            }
            let silent = told(user.hears("news").await);
            let text = "the server sent no ping within 150ms";
            assert_eq!(silent, ("ping_timeout".to_owned(), text.to_owned()));
            user.leave().await;
        });
        server.saw();
    }
}

#[test]
fn a_server_that_falls_silent_during_the_handshake_is_a_timeout() {
    let says_nothing = Server::raw(|peer| while peer.read().is_some() {});
    let never_lets_in = Server::raw(|peer| {
        peer.says(OPEN);
        while peer.read().is_some() {}
    });
    for server in [says_nothing, never_lets_in] {
        let url = server.url.clone();
        run(async || {
            let limit = In::ConnectTimeout(known(Duration::from_millis(50)));
            let user = User::new(vec![limit], &url);
            let (kind, text) = told(user.hears("news").await);
            assert_eq!(kind, "timeout");
            assert!(text.ends_with("did not answer within 50ms"), "{text}");
            user.leave().await;
        });
        server.saw();
    }
}

#[test]
fn a_server_that_does_something_else_in_the_handshake_is_a_failure_of_its_kind() {
    let cases: [(&'static [&'static str], &str); 8] = [
        (&["40"], "protocol"),
        (&["nonsense"], "protocol"),
        (&[OPEN, OPEN], "protocol"),
        (&[OPEN, "42[\"early\"]"], "protocol"),
        (&[OPEN, "40/other,"], "protocol"),
        (&[OPEN, "1"], "closed_by_peer"),
        (&[OPEN, "44{\"message\":\"no\"}"], "connect_error"),
        (&[OPEN, "6", "44\"no\""], "connect_error"),
    ];
    for (texts, expected) in cases {
        let server = Server::raw(move |peer| {
            for text in texts {
                peer.says(text);
            }
            while peer.read().is_some_and(|(first, _)| first != CLOSE) {}
            peer.head.clone()
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![], &url);
            let (kind, text) = told(user.hears("news").await);
            assert_eq!(kind, expected, "{texts:?}: {text}");
            assert_eq!(user.recorded(Metric::CONNECTING), 0);
            user.leave().await;
        });
        let head = server.saw();
        let asks = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n";
        assert!(head.starts_with(asks), "{head}");
    }
}

#[test]
fn a_server_that_breaks_off_during_the_handshake_has_its_kind() {
    for says in [None, Some(OPEN)] {
        let server = Server::raw(move |peer| {
            if let Some(text) = says {
                peer.says(text);
                assert_eq!(peer.hears(), "40");
            }
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![], &url);
            let (kind, text) = told(user.hears("news").await);
            assert_eq!(kind, "closed", "{text}");
            user.leave().await;
        });
        server.saw();
    }
}

#[test]
fn polling_that_opens_no_session_is_a_failure_of_its_kind() {
    let nameless = r#"0{"pingInterval":1000,"pingTimeout":1000}"#;
    let early = format!("{OPEN}\u{1e}4x");
    for (status, body, expected) in [
        (
            "400 Bad Request",
            r#"{"code":0,"message":"Transport unknown"}"#,
            "handshake",
        ),
        ("200 OK", "<html>", "protocol"),
        ("200 OK", "2", "protocol"),
        ("200 OK", nameless, "protocol"),
        ("200 OK", &early, "protocol"),
    ] {
        let server = answers(status, body);
        let url = server.url.clone();
        run(async || {
            let transports = decode_json(r#"["polling","websocket"]"#).unwrap();
            let user = User::new(vec![In::Transports(known(transports))], &url);
            let (kind, text) = told(user.hears("news").await);
            assert_eq!(kind, expected, "{body}: {text}");
            user.leave().await;
        });
        let head = server.saw();
        let asks = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n";
        assert!(head.starts_with(asks), "{head}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_anybody_is_asked() {
    run(async || {
        for (input, url) in [
            (
                In::Namespace(known(Text::Static("staff"))),
                "http://127.0.0.1:1",
            ),
            (
                In::Namespace(known(Text::Static("/a,b"))),
                "http://127.0.0.1:1",
            ),
            (In::Auth(some("[1]")), "http://127.0.0.1:1"),
            (In::Path(some("live")), "http://127.0.0.1:1"),
            (In::Namespace(known(Text::Static("/"))), "ftp://127.0.0.1:1"),
        ] {
            let user = User::new(vec![input], url);
            let (kind, text) = told(user.hears("news").await);
            assert_eq!(kind, "request", "{text}");
            user.leave().await;
        }
    });
}

#[test]
fn a_server_that_reads_nothing_holds_a_step_that_emits_no_longer_than_its_limit() {
    let (end, may_end) = std::sync::mpsc::channel();
    let server = Server::start(move |_| may_end.recv().unwrap());
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let mut inputs = emission("file", "[]");
        // More than the buffers of both ends hold.
        let large = bytes(&vec![0; 16 << 20]);
        inputs.push(socketio_emit::In::Args(Early::Known(Some(
            vec![large].into(),
        ))));
        inputs.push(socketio_emit::In::Timeout(limit(100)));
        let failed = told(user.emit(inputs).await);
        let text = "the server did not take the event \"file\" within 100ms";
        assert_eq!(failed, ("timeout".to_owned(), text.to_owned()));
        end.send(()).unwrap();
        user.leave().await;
    });
    server.saw();
}
