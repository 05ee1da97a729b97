//! Messages that nobody waits for: their number is limited, and what happens then is the grid's choice.

use crate::peer::{CLOSE, PING, PONG, Server};
use crate::user::{NEVER, User, known, limit, run, some};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::{websocket_ping, websocket_receive, websocket_request};
use bggo_runtime::contract::{Number, Text};
use std::rc::Rc;

#[test]
fn the_oldest_messages_go_and_are_counted() {
    let server = Server::start(|peer| {
        assert_eq!(peer.read().unwrap().first, PING);
        for number in 0..100 {
            peer.says(&number.to_string());
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let most = In::InboxMessages(known(Number::new(10)));
        let user = User::new(vec![In::Url(known(url)), most]);
        // The session begins with a step, and all come while it waits for something else.
        let ping = websocket_ping::In::Timeout(limit(1));
        let _ = user.ping(vec![ping]).await;
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 100)
            .await;
        assert_eq!(user.counted(Metric::DROPPED), 90);
        for number in 90..100 {
            assert_eq!(user.hears().await, number.to_string());
        }
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_full_inbox_that_blocks_makes_the_server_wait_and_loses_nothing() {
    const COUNT: usize = 20_000;
    let server = Server::start(|peer| {
        let text = "x".repeat(1000);
        for number in 0..COUNT {
            peer.says(&format!("{number} {text}"));
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![
            In::Url(known(url)),
            In::InboxMessages(known(Number::new(10))),
            In::OnFull(known(Text::Static("block"))),
        ]);
        assert!(user.hears().await.starts_with("0 "));
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) >= 11)
            .await;
        // However long the user waits, no more is taken than there is room for.
        for _ in 0..100 {
            user.waits_until(|| true).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 11);
        for number in 1..COUNT {
            let message = user.hears().await;
            assert!(message.starts_with(&format!("{number} ")), "{number}");
        }
        assert_eq!(user.counted(Metric::DROPPED), 0);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn what_nobody_reads_of_a_message_is_counted_and_the_next_step_reads_its_own() {
    let server = Server::start(|peer| {
        let long = "ü".repeat(10_000);
        while let Some(frame) = peer.read() {
            if frame.first == CLOSE {
                peer.write(frame.first, &frame.payload);
                return;
            }
            match frame.payload.as_slice() {
                b"long" => peer.says(&long),
                b"two" => {
                    peer.says("one");
                    peer.says("two");
                }
                _ => peer.says(&String::from_utf8_lossy(&frame.payload)),
            }
        }
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let nothing = websocket_request::Wanted::NONE;
        let asks = |text| vec![websocket_request::In::Text(some(text))];
        let text = |output: websocket_request::Output| output.message.to_string();
        let output = user.request_that_reads(nothing, asks("long"), &[]).await;
        assert!(output.unwrap().message.is_null());
        assert_eq!(user.counted(Metric::BYTES_RECEIVED), 20_000);
        assert_eq!(user.asks("a").await.unwrap(), "a");
        // Only the step that takes a message leaves out what it holds.
        let output = user.request_that_reads(nothing, asks("two"), &[]).await;
        assert!(output.unwrap().message.is_null());
        assert_eq!(user.hears().await, "two");
        let wanted = websocket_request::Wanted::NONE.message();
        let output = user.request_that_reads(wanted, asks("b"), &[]).await;
        assert_eq!(text(output.unwrap()), "b");
        // A step that waits for several gets them one by one, and leaves out nothing that another one reads.
        user.says("two").await;
        let count = websocket_receive::In::Count(known(Number::new(2)));
        let nothing = websocket_receive::Wanted::NONE;
        let output = user.receive_that_reads(nothing, vec![count], &[]).await;
        assert!(output.unwrap().message.is_null());
        user.says("c").await;
        assert_eq!(user.hears().await, "c");
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 8);
        // What stood there before the step began is its message as well.
        assert_eq!(user.asks("two").await.unwrap(), "one");
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 10)
            .await;
        let output = user.receive_that_reads(nothing, vec![], &[]).await;
        assert!(output.unwrap().message.is_null());
        user.says("d").await;
        assert_eq!(user.hears().await, "d");
        assert_eq!(user.counted(Metric::DROPPED), 0);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_message_for_a_step_that_was_given_up_is_whole_for_the_next_one() {
    let server = Server::start(|peer| {
        while let Some(frame) = peer.read() {
            match (frame.first, frame.payload.as_slice()) {
                (CLOSE, _) => {
                    peer.write(frame.first, &frame.payload);
                    return;
                }
                // The step that waits for it has gone.
                (PING, _) => {
                    peer.says("late");
                    peer.write(PONG, &frame.payload);
                }
                _ => {}
            }
        }
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let inputs = vec![
            websocket_request::In::Text(some("never")),
            websocket_request::In::Timeout(limit(1)),
        ];
        let nothing = websocket_request::Wanted::NONE;
        let asked = user.request_that_reads(nothing, inputs, &[]).await;
        assert_eq!(asked.unwrap_err().kind(), "timeout");
        user.ping(vec![]).await.unwrap();
        assert_eq!(user.hears().await, "late");
        user.leave().await;
    });
    server.saw();
}

/// A session whose inbox has room for one message and blocks.
fn of_one_message(url: String) -> User {
    User::new(vec![
        In::Url(known(url)),
        In::InboxMessages(known(Number::new(1))),
        In::OnFull(known(Text::Static("block"))),
    ])
}

#[test]
fn a_step_that_waits_behind_a_full_inbox_goes_on_when_there_is_room_again() {
    let server = Server::start(|peer| {
        let ping = peer.read().unwrap();
        assert_eq!(ping.first, PING);
        peer.says("first");
        peer.says("second");
        peer.write(PONG, &ping.payload);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(of_one_message(url));
        let pings = Rc::clone(&user);
        let timeout = websocket_ping::In::Timeout(limit(NEVER));
        let pings = tokio::task::spawn_local(async move { pings.ping(vec![timeout]).await });
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 1)
            .await;
        assert_eq!(user.hears().await, "first");
        pings.await.unwrap().unwrap();
        assert_eq!(user.hears().await, "second");
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

#[test]
fn messages_behind_a_full_inbox_do_not_hold_up_a_goodbye() {
    let server = Server::start(|peer| {
        for text in ["first", "second", "third"] {
            peer.says(text);
        }
        let frame = peer.read().unwrap();
        assert_eq!(frame.first, CLOSE);
        peer.write(CLOSE, &frame.payload);
        assert_eq!(peer.read(), None);
    });
    let url = server.url.clone();
    run(async || {
        let user = of_one_message(url);
        user.close(vec![]).await.unwrap();
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 3);
        assert_eq!(user.counted(Metric::DROPPED), 2);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn messages_of_another_iteration_are_dropped_unless_they_are_kept() {
    for keeps in [false, true] {
        let server = Server::start(|peer| {
            for text in ["begin", "old", "older"] {
                peer.says(text);
            }
            assert_eq!(peer.hears(), "again");
            peer.says("new");
            peer.goodbye();
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![In::Url(known(url)), In::Keep(known(keeps))]);
            assert_eq!(user.hears().await, "begin");
            user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 3)
                .await;
            user.begins_another_iteration();
            user.says("again").await;
            if keeps {
                assert_eq!(user.hears().await, "old");
                assert_eq!(user.hears().await, "older");
            }
            assert_eq!(user.hears().await, "new");
            assert_eq!(user.counted(Metric::DROPPED), if keeps { 0 } else { 2 });
            user.leave().await;
        });
        server.saw();
    }
}
