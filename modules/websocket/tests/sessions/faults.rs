//! Servers that break off, or do what they may not: each has one kind, and nothing hangs.

use crate::peer::{BINARY, CLOSE, Peer, Server, TEXT, served};
use crate::user::{User, bytes, known, limit, run, told};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::websocket_send;
use std::io::Write;

/// What a step says that waits while the server does this.
fn fails(serve: impl FnOnce(&mut Peer) + Send + 'static) -> (String, String) {
    let server = Server::start(move |peer| {
        assert_eq!(peer.hears(), "hello");
        serve(peer);
    });
    let url = server.url.clone();
    let failed = run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        let failed = user.fails().await;
        assert_eq!(user.recorded(Metric::SESSION_DURATION), 1);
        user.leave().await;
        failed
    });
    server.saw();
    failed
}

#[test]
fn a_server_that_breaks_off_in_the_middle_of_a_message_is_a_reset() {
    let failed = fails(|peer| {
        let half = served(BINARY, &[1; 1000]);
        peer.stream.write_all(&half[..500]).unwrap();
        peer.breaks_off();
    });
    assert_eq!(failed.0, "reset");
    assert!(
        failed.1.starts_with("the session broke off: "),
        "{}",
        failed.1
    );
}

#[test]
fn a_server_that_ends_the_connection_without_a_close_frame_has_closed_it() {
    let failed = fails(|peer| {
        peer.stream
            .write_all(&served(BINARY, &[1; 1000])[..500])
            .unwrap();
        peer.stream.shutdown(std::net::Shutdown::Write).unwrap();
        while peer.read().is_some() {}
    });
    assert_eq!(failed.0, "closed");
    let text = "the session broke off: the other end closed the connection";
    assert_eq!(failed.1, text);
}

/// The kind of a violation, and the code with which the client closes for it.
fn violates(frame: Vec<u8>) -> (String, u16) {
    let (said, saw) = std::sync::mpsc::channel();
    let failed = fails(move |peer| {
        peer.stream.write_all(&frame).unwrap();
        let close = peer.read().unwrap();
        assert_eq!(close.first, CLOSE);
        said.send(u16::from_be_bytes([close.payload[0], close.payload[1]]))
            .unwrap();
        assert_eq!(peer.read(), None);
    });
    (failed.0, saw.recv().unwrap())
}

#[test]
fn what_a_server_may_not_send_ends_the_session_with_the_code_for_it() {
    assert_eq!(violates(vec![0x83, 0]), ("protocol".to_owned(), 1002));
    assert_eq!(violates(vec![0xc1, 0]), ("protocol".to_owned(), 1002));
    assert_eq!(violates(vec![0x80, 0]), ("protocol".to_owned(), 1002));
    assert_eq!(
        violates(served(TEXT, b"\xff")),
        ("invalid_utf8".to_owned(), 1007)
    );
    // Its head is enough.
    let large = served(TEXT, &vec![b'x'; (16 << 20) + 1]);
    assert_eq!(
        violates(large[..10].to_vec()),
        ("message_too_large".to_owned(), 1009)
    );
}

#[test]
fn a_server_that_breaks_off_while_the_user_waits_elsewhere_is_seen_then() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), "hello");
        peer.breaks_off();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        user.waits_until(|| user.recorded(Metric::SESSION_DURATION) == 1)
            .await;
        assert_eq!(told(user.asks("more").await).0, "reset");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_message_into_a_connection_that_broke_fails_and_says_what_the_server_said() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), "hello");
        peer.write(CLOSE, b"\x0f\xa1");
        // It reads nothing more, so what comes is answered by a reset.
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        let failed = told(user.asks("more").await);
        assert_eq!(failed.0, "closed_by_peer", "{}", failed.1);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_session_that_broke_fails_one_step_and_the_next_one_has_another() {
    let server = Server::sessions(3, |number, peer| {
        assert_eq!(peer.hears(), "hello");
        match number {
            0 => peer.breaks_off(),
            1 => peer.write(CLOSE, b"\x0f\xa1"),
            _ => {
                peer.goodbye();
            }
        }
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        assert_eq!(user.fails().await.0, "reset");
        user.says("hello").await;
        assert_eq!(user.fails().await.0, "closed_by_peer");
        user.says("hello").await;
        assert_eq!(user.recorded(Metric::CONNECTING), 3);
        assert_eq!(user.recorded(Metric::SESSION_DURATION), 2);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_reads_nothing_holds_a_step_that_sends_no_longer_than_its_limit() {
    let (end, may_end) = std::sync::mpsc::channel();
    let server = Server::start(move |_| may_end.recv().unwrap());
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        // More than the buffers of both ends hold.
        let large = vec![0; 16 << 20];
        let inputs = vec![
            websocket_send::In::Binary(bytes(&large)),
            websocket_send::In::Timeout(limit(100)),
        ];
        let failed = told(user.send(inputs).await);
        let text = "the server did not take the message within 100ms";
        assert_eq!(failed, ("timeout".to_owned(), text.to_owned()));
        end.send(()).unwrap();
        user.leave().await;
    });
    server.saw();
}
