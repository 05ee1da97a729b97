//! Servers that break off, give up or go away: each has one kind, is counted once, and nothing hangs.

use crate::peer::{
    DATA, HEADERS, RST_STREAM, Server, answer, data, framed, goaway, head, reset, trailers,
};
use crate::shop;
use crate::user::{User, asking, known, limit, method, run, told};
use bggo_module_grpc::grpc_client::{In, Metric};
use bggo_module_grpc::grpc_request;
use std::io::{Read, Write};
use std::time::Duration;

#[test]
fn a_call_that_the_server_gives_up_after_its_head_is_a_reset_and_the_next_one_goes_on() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        peer.write(&[head(ask.stream), reset(ask.stream, 2)].concat());
        peer.serves("next");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let failed = user.fails().await;
        assert_eq!(failed.0, "reset");
        assert_eq!(failed.1, "the server gave the call up (INTERNAL_ERROR)");
        assert_eq!(user.asks("x").await.unwrap(), "next");
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_call_that_the_server_refused_to_look_at_is_made_again() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        peer.write(&reset(ask.stream, 7));
        peer.serves("again");
        for _ in 0..3 {
            let ask = peer.hears();
            peer.write(&reset(ask.stream, 7));
        }
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.asks("x").await.unwrap(), "again");
        // Not for ever.
        assert_eq!(user.fails().await.0, "reset");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn calls_below_the_last_stream_of_a_goaway_end_and_the_others_are_made_again_elsewhere() {
    let server = Server::connections(2, |number, peer| {
        if number == 1 {
            let ask = peer.serves("elsewhere");
            assert_eq!(ask.message(), shop::ask_bytes("second", 0));
            peer.serves("later");
            peer.ends();
            return;
        }
        peer.serves("warm");
        let (first, second) = (peer.hears(), peer.hears());
        assert_eq!((first.stream, second.stream), (3, 5));
        peer.write(&goaway(3, 0));
        // That of the first one is still to come.
        peer.write(&answer(3, &[&shop::answer("here")]));
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.asks("x").await.unwrap(), "warm");
        let (first, second) = tokio::join!(biased; user.asks("first"), user.asks("second"));
        assert_eq!(first.unwrap(), "here");
        assert_eq!(second.unwrap(), "elsewhere");
        assert_eq!(user.asks("third").await.unwrap(), "later");
        assert_eq!(user.counted(Metric::RECONNECTS), 1);
        assert_eq!(user.recorded(Metric::CONNECTING), 2);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_goes_away_before_it_looks_at_anything_each_time_is_a_failure() {
    let server = Server::connections(3, |_, peer| {
        let ask = peer.hears();
        peer.write(&goaway(0, 11));
        while peer.next().is_some() {}
        ask
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let failed = user.fails().await;
        assert_eq!(failed.0, "goaway");
        assert!(failed.1.contains("ENHANCE_YOUR_CALM"), "{}", failed.1);
        user.leave().await;
    });
    assert_eq!(server.saw().len(), 3);
}

#[test]
fn a_server_that_went_away_between_calls_is_called_on_a_new_connection() {
    let server = Server::connections(3, |number, peer| {
        peer.serves("x");
        match number {
            0 => peer.write(&goaway(1, 0)),
            1 => peer.breaks_off(),
            _ => peer.ends(),
        }
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        for connection in 0..3 {
            user.asks("x").await.unwrap();
            assert_eq!(user.counted(Metric::RECONNECTS), connection);
            // The user waits, and its client hears what the server says.
            let until = tokio::time::sleep(Duration::from_millis(50));
            user.idle_beside(until).await;
        }
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_call_is_a_reset_however_it_dies() {
    for is_orderly in [false, true] {
        for has_begun in [false, true] {
            let server = Server::connections(2, move |number, peer| {
                let ask = peer.hears();
                if number == 1 {
                    peer.answers(ask.stream, &[&shop::answer("x")]);
                    return peer.ends();
                }
                if has_begun {
                    let half = &framed(&shop::answer("hello"))[..7];
                    peer.write(&[head(ask.stream), data(ask.stream, half)].concat());
                }
                if !is_orderly {
                    peer.breaks_off();
                }
            });
            let target = server.target.clone();
            run(async || {
                let user = User::new(&target);
                let failed = user.fails().await;
                assert_eq!(failed.0, "reset", "{}", failed.1);
                assert!(
                    failed.1.starts_with("the connection broke off: "),
                    "{}",
                    failed.1
                );
                // It was not made again in silence.
                assert_eq!(user.counted(Metric::RECONNECTS), 0);
                user.asks("x").await.unwrap();
                assert_eq!(user.counted(Metric::RECONNECTS), 1);
                user.leave().await;
            });
            server.saw();
        }
    }
}

#[test]
fn all_calls_of_a_connection_that_breaks_fail_once_each() {
    let server = Server::start(|peer| {
        for _ in 0..3 {
            peer.hears();
        }
        peer.breaks_off();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let (a, b, c) = tokio::join!(user.fails(), user.fails(), user.fails());
        assert_eq!([a.0, b.0, c.0], ["reset", "reset", "reset"]);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_is_frozen_holds_a_call_no_longer_than_its_limit_and_the_call_is_reset() {
    let server = Server::start(|peer| {
        for _ in 0..2 {
            let ask = peer.hears();
            // The client gives it up, and says so.
            let frame = peer.next().unwrap();
            assert_eq!((frame.kind, frame.stream), (RST_STREAM, ask.stream));
            assert_eq!(frame.payload, [0, 0, 0, 8]);
        }
        peer.serves("thawed");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let timeout = In::Timeout(known(Duration::from_millis(50)));
        let user = User::with(&target, vec![timeout], vec![]);
        let failed = user.fails().await;
        assert_eq!(failed.0, "timeout");
        assert_eq!(
            failed.1,
            "the call took longer than 50ms, which is the timeout of its client"
        );
        let deadline = grpc_request::In::Deadline(limit(20));
        let failed = told(user.request([asking("x"), vec![deadline]].concat()).await);
        assert_eq!(failed.0, "deadline_exceeded");
        let deadline = grpc_request::In::Deadline(limit(10_000));
        let output = user.request([asking("x"), vec![deadline]].concat()).await;
        assert_eq!(shop::text(&output.unwrap().message), "thawed");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn what_is_no_http_2_is_told() {
    let server = Server::raw(|mut stream| {
        let mut came = [0; 24];
        stream.read_exact(&mut came).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let failed = user.fails().await;
        assert_eq!(
            failed,
            ("protocol".to_owned(), "what came is no HTTP/2".to_owned())
        );
        user.leave().await;
    });
    server.saw();
}

#[test]
fn frames_that_are_none_end_the_connection_and_the_next_call_has_another() {
    let server = Server::connections(2, |number, peer| {
        let ask = peer.hears();
        match number {
            0 => {
                // A body on a stream that nobody opened.
                peer.write(&crate::peer::frame(DATA, 0, 99, b"x"));
                let frame = peer.next().unwrap();
                assert_eq!(frame.kind, crate::peer::GOAWAY);
            }
            _ => {
                peer.answers(ask.stream, &[&shop::answer("x")]);
                peer.ends();
            }
        }
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.fails().await.0, "protocol");
        user.asks("x").await.unwrap();
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_is_not_there_is_one_kind_of_failure() {
    let port = bggo_tests::server::free_port();
    run(async || {
        let user = User::new(&format!("127.0.0.1:{port}"));
        let failed = user.fails().await;
        assert_eq!(failed.0, "connect");
        assert!(
            failed.1.contains(&format!("127.0.0.1:{port}")),
            "{}",
            failed.1
        );
        user.leave().await;
        let user = User::new("unix:/nowhere/at/all");
        assert_eq!(user.fails().await.0, "connect");
        user.leave().await;
        let user = User::new("localhost");
        assert_eq!(user.fails().await.0, "settings");
        user.leave().await;
    });
}

#[test]
fn an_answer_that_comes_before_all_is_sent_counts() {
    let server = Server::start(|peer| {
        let head = peer.next().unwrap();
        assert_eq!(head.kind, HEADERS);
        // No window is given, so the client cannot send the rest.
        let end = trailers(1, &[("grpc-status", "8"), ("grpc-message", "full")]);
        peer.write(&[crate::peer::head(1), end].concat());
        loop {
            let frame = peer.next().unwrap();
            if frame.kind == RST_STREAM {
                break;
            }
            assert_eq!(frame.kind, DATA);
        }
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let value = bggo_runtime::contract::Value::Bytes(vec![1; 500_000].into());
        let name = bggo_runtime::contract::Text::Static("load");
        let shape = bggo_runtime::contract::Shape::Known(vec![(name, value)].into());
        let inputs = vec![method(shop::unary()), crate::user::message(shape)];
        assert_eq!(told(user.request(inputs).await).0, "resource_exhausted");
        user.leave().await;
    });
    server.saw();
}
