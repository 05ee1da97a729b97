//! Calls that last over steps.

use crate::peer::{
    DATA, END_STREAM, HEADERS, Peer, RST_STREAM, Server, data, framed, head, head_with, trailers,
};
use crate::shop;
use crate::user::{User, kind, limit, list, map, method_of_stream, run, told};
use bggo_module_grpc::{grpc_close, grpc_receive, grpc_send, grpc_stream};
use bggo_runtime::contract::{Early, Predicate, Value};
use std::cell::Cell;
use std::time::Duration;

/// The name in the next message of a stream.
fn hears(peer: &mut Peer) -> String {
    let frame = peer.next().expect("a message");
    assert_eq!((frame.kind, frame.flags), (DATA, 0), "{frame:?}");
    String::from_utf8(frame.payload[7..].to_vec()).unwrap()
}

/// The head of a stream, which is answered by one.
fn begins(peer: &mut Peer) -> u32 {
    let frame = peer.next().expect("a call");
    assert_eq!(frame.kind, HEADERS);
    peer.write(&head(frame.stream));
    frame.stream
}

fn says(peer: &mut Peer, stream: u32, text: &str) {
    peer.write(&data(stream, &framed(&shop::answer(text))));
}

fn ends(peer: &mut Peer, stream: u32, status: &str) {
    peer.write(&trailers(stream, &[("grpc-status", status)]));
}

#[test]
fn messages_answer_each_other_over_one_stream() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        for _ in 0..10 {
            let name = hears(peer);
            says(peer, stream, &format!("{name}!"));
        }
        let end = peer.next().unwrap();
        assert_eq!(
            (end.kind, end.flags, end.payload.len()),
            (DATA, END_STREAM, 0)
        );
        ends(peer, stream, "0");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        for number in 0..10 {
            user.says(&number.to_string()).await.unwrap();
            assert_eq!(user.hears().await.unwrap(), format!("{number}!"));
        }
        let output = user.close(vec![]).await.unwrap();
        assert_eq!(output.status.to_string(), "OK");
        assert_eq!(output.skipped, Value::number(0));
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_stream_says_its_metadata_and_deadline_and_reads_those_of_the_server() {
    let server = Server::start(|peer| {
        let head = peer.next().unwrap();
        let fields = head.payload.clone();
        peer.write(&head_with(head.stream, &[("x-first", "1")]));
        let end = peer.next().unwrap();
        assert_eq!((end.kind, end.flags), (DATA, END_STREAM));
        says(peer, head.stream, "nobody takes it");
        let fields_of_end = [
            ("grpc-status", "9"),
            ("grpc-message", "no"),
            ("x-last", "2"),
        ];
        peer.write(&trailers(head.stream, &fields_of_end));
        peer.ends();
        fields
    });
    let target = server.target.clone();
    run(async || {
        let stream = vec![
            method_of_stream(shop::talk()),
            grpc_stream::In::Metadata(Early::Known(Some(map(&[("x-own", "me")])))),
            grpc_stream::In::Deadline(limit(60_000)),
        ];
        let user = User::with(&target, vec![], stream);
        let names = Early::Known(Some(list(&["FAILED_PRECONDITION"])));
        let output = user
            .close(vec![grpc_close::In::ExpectStatus(names)])
            .await
            .unwrap();
        assert_eq!(output.status_code, Value::number(9));
        assert_eq!(output.status_message.to_string(), "no");
        assert_eq!(output.metadata, map(&[("x-first", "1")]));
        assert_eq!(output.trailers, map(&[("x-last", "2")]));
        assert_eq!(output.skipped, Value::number(1));
        user.leave().await;
    });
    let block = String::from_utf8_lossy(&server.saw()).into_owned();
    assert!(block.contains("x-own\u{2}me"), "{block}");
    assert!(block.contains("grpc-timeout\u{3}60S"), "{block}");
}

#[test]
fn messages_that_do_not_match_are_dropped_and_counted() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        for text in ["a", "b", "c", "d"] {
            says(peer, stream, text);
        }
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.hears().await.unwrap(), "a");
        // The condition says no of the first one.
        let asked = Cell::new(0);
        let holds = || Ok(asked.replace(asked.get() + 1) == 1);
        let late = [grpc_receive::Late::Match(Some(Predicate::new(&holds)))];
        let inputs = vec![grpc_receive::In::Match(Early::Later)];
        let output = user.receive_late(inputs, &late).await.unwrap();
        assert_eq!(shop::text(&output.message), "c");
        assert_eq!(output.skipped, Value::number(1));
        assert_eq!(user.hears().await.unwrap(), "d");
        // Nobody closes it: the server hears of it.
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_receive_that_is_cut_in_the_middle_of_a_message_loses_nothing() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        let message = framed(&shop::answer("whole"));
        let (before, behind) = message.split_at(8);
        peer.write(&data(stream, before));
        assert_eq!(hears(peer), "go on");
        peer.write(&data(stream, behind));
        says(peer, stream, "next");
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let cut = user
            .receive(vec![grpc_receive::In::Timeout(limit(50))])
            .await;
        let failed = told(cut);
        assert_eq!(
            failed,
            ("timeout".to_owned(), "no message within 50ms".to_owned())
        );
        user.says("go on").await.unwrap();
        assert_eq!(user.hears().await.unwrap(), "whole");
        assert_eq!(user.hears().await.unwrap(), "next");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_stream_that_its_server_ended_fails_one_step_and_the_next_one_has_another() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        says(peer, stream, "last words");
        ends(peer, stream, "5");
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
        let stream = begins(peer);
        // Both come at once.
        let last = data(stream, &framed(&shop::answer("another")));
        peer.write(&[last, trailers(stream, &[("grpc-status", "0")])].concat());
        // The client has nothing more to say on it either.
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
        let stream = begins(peer);
        assert_eq!(hears(peer), "third");
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.hears().await.unwrap(), "last words");
        assert_eq!(kind(user.hears().await), "not_found");
        assert_eq!(user.hears().await.unwrap(), "another");
        let failed = told(user.says("too late").await);
        assert_eq!(failed.0, "closed");
        assert_eq!(
            failed.1,
            "the server ended the stream before, with status OK"
        );
        user.says("third").await.unwrap();
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_stream_that_breaks_off_is_a_reset() {
    let server = Server::connections(2, |number, peer| {
        let stream = begins(peer);
        if number == 0 {
            return peer.breaks_off();
        }
        says(peer, stream, "there");
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(kind(user.hears().await), "reset");
        assert_eq!(user.hears().await.unwrap(), "there");
        let reconnects = bggo_module_grpc::grpc_client::Metric::RECONNECTS;
        assert_eq!(user.counted(reconnects), 1);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn the_deadline_of_a_stream_ends_it_for_the_steps_that_wait() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        says(peer, stream, "quick");
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
    });
    let target = server.target.clone();
    run(async || {
        let stream = vec![
            method_of_stream(shop::talk()),
            grpc_stream::In::Deadline(limit(150)),
        ];
        let user = User::with(&target, vec![], stream);
        assert_eq!(user.hears().await.unwrap(), "quick");
        let failed = told(user.hears().await);
        assert_eq!(failed.0, "deadline_exceeded");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_method_that_takes_one_message_takes_no_second_one() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.flags), (DATA, END_STREAM));
        says(peer, stream, "one");
        says(peer, stream, "two");
        ends(peer, stream, "0");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let stream = vec![method_of_stream(shop::list())];
        let user = User::with(&target, vec![], stream);
        user.says("ask").await.unwrap();
        assert_eq!(user.hears().await.unwrap(), "one");
        let failed = told(user.says("again").await);
        assert_eq!(failed.0, "closed");
        assert_eq!(user.hears().await.unwrap(), "two");
        assert_eq!(user.close(vec![]).await.unwrap().status.to_string(), "OK");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn messages_that_nobody_takes_hold_the_server_up_and_none_is_lost() {
    const COUNT: usize = 300;
    const SIZE: usize = 10_000;
    let server = Server::start(|peer| {
        let stream = begins(peer);
        let mut window = 1_usize << 20;
        let mut sent = 0;
        // What fits into the window is sent at once; the rest as far as the client takes some.
        for number in 0..COUNT {
            let text = format!("{number} {}", "x".repeat(SIZE));
            let message = framed(&shop::answer(&text));
            while window < message.len() {
                let update = peer.read().unwrap();
                if (update.kind, update.stream) == (crate::peer::WINDOW_UPDATE, stream) {
                    window += u32::from_be_bytes(update.payload.try_into().unwrap()) as usize;
                }
            }
            window -= message.len();
            sent += message.len();
            peer.write(&data(stream, &message));
        }
        ends(peer, stream, "0");
        while peer.read().is_some() {}
        sent
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert!(user.hears().await.unwrap().starts_with("0 "));
        // The user does something else meanwhile.
        user.idle_beside(tokio::time::sleep(Duration::from_millis(100)))
            .await;
        assert!(!server.is_over());
        for number in 1..COUNT {
            let text = user.hears().await.unwrap();
            assert!(text.starts_with(&format!("{number} ")), "{number}");
        }
        assert_eq!(kind(user.hears().await), "closed");
        user.leave().await;
    });
    assert!(server.saw() > COUNT * SIZE);
}

#[test]
fn a_send_that_is_cut_off_in_the_middle_of_a_message_ends_the_stream() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        // No window is given.
        loop {
            let frame = peer.next().unwrap();
            if frame.kind == RST_STREAM {
                assert_eq!(frame.stream, stream);
                break;
            }
        }
        // What the first stream has used of the window of all.
        let more = 65_535_u32.to_be_bytes();
        peer.write(&crate::peer::frame(crate::peer::WINDOW_UPDATE, 0, 0, &more));
        begins(peer);
        assert_eq!(hears(peer), "small");
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let load = Value::Bytes(vec![1; 200_000].into());
        let name = bggo_runtime::contract::Text::Static("load");
        let shape = bggo_runtime::contract::Shape::Known(vec![(name, load)].into());
        let inputs = vec![
            grpc_send::In::Message(Early::Known(Some(shape))),
            grpc_send::In::Timeout(limit(50)),
        ];
        assert_eq!(kind(user.send(inputs).await), "timeout");
        user.says("small").await.unwrap();
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_stream_that_its_server_did_not_end_in_time_fails_one_more_step_and_the_next_one_has_another() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        let end = peer.next().unwrap();
        assert_eq!((end.kind, end.flags), (DATA, END_STREAM));
        // It says nothing of its end.
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, stream));
        begins(peer);
        assert_eq!(hears(peer), "another");
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let timeout = grpc_close::In::Timeout(limit(50));
        assert_eq!(kind(user.close(vec![timeout]).await), "timeout");
        assert_eq!(kind(user.says("too late").await), "closed");
        user.says("another").await.unwrap();
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_step_that_sends_and_one_that_receives_may_wait_side_by_side() {
    let server = Server::start(|peer| {
        let stream = begins(peer);
        let name = hears(peer);
        says(peer, stream, &name);
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let (heard, said) = tokio::join!(user.hears(), user.says("both"));
        said.unwrap();
        assert_eq!(heard.unwrap(), "both");
        user.leave().await;
    });
    server.saw();
}
