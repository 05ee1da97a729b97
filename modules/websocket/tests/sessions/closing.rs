//! The end of a session, by each side.

use crate::peer::{CLOSE, PING, Server};
use crate::user::{NEVER, User, known, limit, run, some, told};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::websocket_close;
use bggo_runtime::contract::Number;
use std::rc::Rc;

fn kind(told: (String, String)) -> String {
    told.0
}

#[test]
fn a_step_closes_with_a_code_and_hears_what_the_server_says() {
    let server = Server::sessions(2, |number, peer| {
        if number == 1 {
            assert_eq!(peer.hears(), "more");
            peer.says("answer");
        }
        let frame = peer.read().unwrap();
        // What is said before the goodbye of the server is no answer to that of the client.
        peer.says("late");
        peer.write(CLOSE, b"\x0f\xa2seen");
        // Nothing follows.
        assert_eq!(peer.read(), None);
        frame
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let output = user
            .close(vec![
                websocket_close::In::Code(known(Number::new(4000))),
                websocket_close::In::Reason(some("enough")),
            ])
            .await
            .unwrap();
        assert_eq!(output.code.to_string(), "4002");
        assert_eq!(output.reason.to_string(), "seen");
        // Who needs a session after that gets another one.
        assert_eq!(user.asks("more").await.unwrap(), "answer");
        user.leave().await;
    });
    let frames = server.saw();
    let said = |at: usize| (frames[at].first, frames[at].payload.clone());
    assert_eq!(said(0), (CLOSE, b"\x0f\xa0enough".to_vec()));
    assert_eq!(said(1), (CLOSE, b"\x03\xe8".to_vec()));
}

#[test]
fn a_close_of_the_server_is_answered_and_fails_what_waits_and_what_follows() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), "hello");
        peer.says("last words");
        assert_eq!(peer.read().unwrap().first, PING);
        peer.write(CLOSE, b"\x0f\xa1go away");
        let answer = peer.read().unwrap();
        assert_eq!(peer.read(), None);
        answer
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        assert_eq!(user.hears().await, "last words");
        let why = "the server closed the session with code 4001: go away";
        let closed = ("closed_by_peer".to_owned(), why.to_owned());
        let hears = user.receive(vec![]);
        let pings = user.ping(vec![]);
        let (hears, pings) = tokio::join!(hears, pings);
        assert_eq!((told(hears), told(pings)), (closed.clone(), closed));
        user.leave().await;
    });
    let answer = server.saw();
    assert_eq!((answer.first, &*answer.payload), (CLOSE, &b"\x0f\xa1"[..]));
}

#[test]
fn a_server_that_does_not_answer_a_close_fails_the_step_and_the_next_one_has_another_session() {
    let server = Server::sessions(2, |number, peer| {
        if number == 1 {
            assert_eq!(peer.hears(), "more");
            peer.says("answer");
            return peer.goodbye();
        }
        let frame = peer.read().unwrap();
        assert_eq!(peer.read(), None);
        frame.payload
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let close = vec![websocket_close::In::Timeout(limit(50))];
        let failed = told(user.close(close).await);
        assert_eq!(failed.0, "timeout");
        assert_eq!(failed.1, "no close frame of the server within 50ms");
        assert_eq!(user.asks("more").await.unwrap(), "answer");
        user.leave().await;
    });
    assert_eq!(server.saw(), [1000_u16.to_be_bytes(); 2]);
}

#[test]
fn a_step_that_fails_beside_one_that_closes_takes_nothing_from_it() {
    let (answer, may_answer) = std::sync::mpsc::channel();
    let server = Server::start(move |peer| {
        let frame = peer.read().unwrap();
        may_answer.recv().unwrap();
        peer.write(CLOSE, &frame.payload);
        assert_eq!(peer.read(), None);
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(User::new(vec![In::Url(known(url))]));
        let closes = Rc::clone(&user);
        let timeout = websocket_close::In::Timeout(limit(NEVER));
        let closes = tokio::task::spawn_local(async move { closes.close(vec![timeout]).await });
        // It connects, and then waits for the answer of the server.
        user.waits_until(|| user.recorded(Metric::CONNECTING) == 1)
            .await;
        tokio::task::yield_now().await;
        assert_eq!(kind(told(user.asks("too late").await)), "closed");
        answer.send(()).unwrap();
        closes.await.unwrap().unwrap();
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

#[test]
fn a_reason_that_is_too_long_is_refused() {
    let server = Server::start(|peer| peer.goodbye());
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let reason = websocket_close::In::Reason(some(&"ü".repeat(62)));
        assert_eq!(kind(told(user.close(vec![reason]).await)), "reason");
        user.leave().await;
    });
    server.saw();
}
