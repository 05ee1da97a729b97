//! Steps that say which messages they wait for. (What a condition reads is the grid's; here it is a list of verdicts.)

use crate::peer::Server;
use crate::user::{User, known, limit, run, some};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::{websocket_receive, websocket_request};
use bggo_runtime::contract::{Early, Fault, Number, Predicate};
use std::cell::RefCell;

/// A condition that says this of one message after the other.
fn verdicts(said: &str) -> impl Fn() -> Result<bool, Fault> {
    let left = RefCell::new(said.chars().collect::<Vec<char>>().into_iter());
    move || match left.borrow_mut().next() {
        Some('y') => Ok(true),
        Some('n') => Ok(false),
        _ => Err(Fault::new("value", "it cannot be computed")),
    }
}

/// A server that says the numbers from 0 as they are asked for: "3" for three of them.
fn numbers() -> Server<()> {
    Server::start(|peer| {
        let mut number = 0;
        while let Some(frame) = peer.read() {
            let Ok(count) = String::from_utf8_lossy(&frame.payload).parse::<u32>() else {
                peer.write(frame.first, &frame.payload);
                continue;
            };
            for _ in 0..count {
                peer.says(&number.to_string());
                number += 1;
            }
        }
    })
}

#[test]
fn the_messages_that_do_not_match_are_skipped_and_counted() {
    let server = numbers();
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("6").await;
        let holds = verdicts("nynny");
        let late = [websocket_receive::Late::Match(Some(Predicate::new(&holds)))];
        let count = websocket_receive::In::Count(known(Number::new(2)));
        let inputs = vec![websocket_receive::In::Match(Early::Later), count];
        let output = user.receive_late(inputs, &late).await.unwrap();
        assert_eq!(output.message.to_string(), "4");
        assert_eq!(output.skipped.to_string(), "3");
        assert_eq!(user.counted(Metric::DROPPED), 3);
        assert_eq!(user.hears().await, "5");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn an_answer_is_the_first_that_matches() {
    let server = numbers();
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let holds = verdicts("nny");
        let late = [websocket_request::Late::Match(Some(Predicate::new(&holds)))];
        let inputs = vec![
            websocket_request::In::Match(Early::Later),
            websocket_request::In::Text(some("4")),
        ];
        let output = user.request_late(inputs, &late).await.unwrap();
        assert_eq!(output.message.to_string(), "2");
        assert_eq!(output.skipped.to_string(), "2");
        assert_eq!(user.hears().await, "3");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn messages_that_matched_stay_for_the_next_step_if_too_few_did() {
    let server = numbers();
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("4").await;
        let holds = verdicts("yyny");
        let late = [websocket_receive::Late::Match(Some(Predicate::new(&holds)))];
        let inputs = vec![
            websocket_receive::In::Match(Early::Later),
            websocket_receive::In::Count(known(Number::new(4))),
            websocket_receive::In::Timeout(limit(200)),
        ];
        let cut = user.receive_late(inputs, &late).await.unwrap_err();
        assert_eq!(cut.text(), "no 4 messages within 200ms");
        for expected in ["0", "1", "3"] {
            assert_eq!(user.hears().await, expected);
        }
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_message_that_cannot_be_judged_fails_the_step_and_not_the_next_one() {
    let server = numbers();
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("2").await;
        let holds = verdicts("?");
        let late = [websocket_receive::Late::Match(Some(Predicate::new(&holds)))];
        let inputs = vec![websocket_receive::In::Match(Early::Later)];
        let failed = user.receive_late(inputs, &late).await.unwrap_err();
        assert_eq!(failed.kind(), "value");
        assert_eq!(user.hears().await, "1");
        user.leave().await;
    });
    server.saw();
}
