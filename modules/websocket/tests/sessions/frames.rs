//! Messages each way: whatever their sizes, and however their bytes come.

use crate::peer::{BINARY, PING, PONG, Server, TEXT, served};
use crate::user::{User, bytes, bytes_of, known, limit, run, some};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::{websocket_receive, websocket_request, websocket_send};
use bggo_runtime::contract::{Number, Value};
use std::collections::BTreeSet;
use std::io::Write;

#[test]
fn texts_json_and_bytes_go_out_masked_each_with_a_key_of_its_own() {
    let server = Server::start(|peer| {
        let mut frames = vec![];
        for _ in 0..7 {
            frames.push(peer.read().unwrap());
        }
        assert_eq!(peer.goodbye(), 1000_u16.to_be_bytes());
        frames
    });
    let url = server.url.clone();
    let large = vec![7; 100_000];
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        for _ in 0..4 {
            user.says("hello").await;
        }
        user.says("").await;
        let json = websocket_send::In::Json(some("{\"a\":1}"));
        user.send(vec![json]).await.unwrap();
        let binary = websocket_send::In::Binary(bytes(&large));
        user.send(vec![binary]).await.unwrap();
        assert_eq!(user.counted(Metric::MESSAGES_SENT), 7);
        assert_eq!(user.counted(Metric::BYTES_SENT), 20 + 7 + 100_000);
        user.leave().await;
    });
    let frames = server.saw();
    let keys: BTreeSet<[u8; 4]> = frames.iter().map(|frame| frame.key).collect();
    assert_eq!(keys.len(), 7, "{keys:?}");
    let said: Vec<(u8, &[u8])> = frames
        .iter()
        .map(|frame| (frame.first, &*frame.payload))
        .collect();
    let hello = (TEXT, &b"hello"[..]);
    let sent = [
        hello,
        hello,
        hello,
        hello,
        (TEXT, b""),
        (TEXT, b"{\"a\":1}"),
        (BINARY, &large),
    ];
    assert_eq!(said, sent);
}

#[test]
fn a_server_that_writes_one_byte_at_a_time_is_understood() {
    let large = "κόσμε".repeat(50);
    let told = large.clone();
    let server = Server::start(move |peer| {
        let frames = [
            served(TEXT, b"one"),
            served(PING, b"ping"),
            served(0x01, told.as_bytes()),
            served(0x80, b"!"),
            served(BINARY, &[0, 255]),
        ];
        for byte in frames.concat() {
            peer.stream.write_all(&[byte]).unwrap();
        }
        let pong = peer.read().unwrap();
        assert_eq!((pong.first, &*pong.payload), (PONG, &b"ping"[..]));
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        assert_eq!(user.hears().await, "one");
        assert_eq!(user.hears().await, format!("{large}!"));
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(bytes_of(&output.binary), [0, 255]);
        assert!(output.message.is_null() && output.json.is_null());
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_ping_within_a_message_in_fragments_is_answered_before_the_message_is_whole() {
    let server = Server::start(|peer| {
        peer.write(0x01, b"first ");
        peer.write(PING, b"within");
        // The rest comes only after the answer.
        let pong = peer.read().unwrap();
        assert_eq!((pong.first, &*pong.payload), (PONG, &b"within"[..]));
        peer.write(0x80, b"last");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        assert_eq!(user.hears().await, "first last");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_receive_that_is_cut_in_the_middle_of_a_frame_loses_nothing() {
    for size in [20, 1000, 60_000] {
        let server = Server::start(move |peer| {
            let frame = served(TEXT, &vec![b'x'; size]);
            let (before, behind) = frame.split_at(size / 2);
            peer.stream.write_all(before).unwrap();
            assert_eq!(peer.hears(), "go on");
            peer.stream.write_all(behind).unwrap();
            peer.says("next");
            peer.goodbye();
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![In::Url(known(url))]);
            let cut = user
                .receive(vec![websocket_receive::In::Timeout(limit(100))])
                .await
                .unwrap_err();
            assert_eq!(cut.kind(), "timeout");
            assert_eq!(cut.text(), "no message within 100ms");
            user.says("go on").await;
            assert_eq!(user.hears().await, "x".repeat(size));
            assert_eq!(user.hears().await, "next");
            user.leave().await;
        });
        server.saw();
    }
}

#[test]
fn a_request_gets_what_comes_behind_it_and_skips_what_stood_there() {
    let server = Server::start(|peer| {
        peer.says("welcome");
        peer.says("news");
        assert_eq!(peer.read().unwrap().first, PING);
        assert_eq!(peer.hears(), "question");
        peer.says("{\"answer\":42}");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let ping = bggo_module_websocket::websocket_ping::In::Timeout(limit(50));
        assert_eq!(user.ping(vec![ping]).await.unwrap_err().kind(), "timeout");
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 2)
            .await;
        let text = websocket_request::In::Text(some("question"));
        let output = user.request(vec![text]).await.unwrap();
        assert_eq!(output.skipped.to_string(), "2");
        assert_eq!(output.message.to_string(), "{\"answer\":42}");
        let Value::Raw(json) = output.json else {
            panic!("no JSON");
        };
        assert_eq!(json.as_str(), "{\"answer\":42}");
        assert_eq!(user.counted(Metric::DROPPED), 2);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn several_messages_are_waited_for_together() {
    let server = Server::start(|peer| {
        for number in 0..5 {
            peer.says(&number.to_string());
        }
        peer.write(BINARY, b"six");
        peer.says("seven");
        assert_eq!(peer.hears(), "one more");
        peer.says("eight");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let count = |count: i64| websocket_receive::In::Count(known(Number::new(count)));
        let output = user.receive(vec![count(2)]).await.unwrap();
        assert_eq!(output.message.to_string(), "1");
        let Value::List(both) = &output.messages else {
            panic!("no list");
        };
        let both: Vec<String> = both.iter().map(Value::to_string).collect();
        assert_eq!(both, ["0", "1"]);
        let output = user.receive(vec![count(4)]).await.unwrap();
        assert_eq!(bytes_of(&output.binary), b"six");
        // Too few come within the limit: those that came stay for the next step.
        let limit = websocket_receive::In::Timeout(limit(100));
        let cut = user.receive(vec![count(2), limit]).await.unwrap_err();
        assert_eq!(cut.text(), "no 2 messages within 100ms");
        user.says("one more").await;
        assert_eq!(user.hears().await, "seven");
        assert_eq!(user.hears().await, "eight");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn two_ends_that_send_much_at_once_do_not_wait_for_each_other() {
    const SIZE: usize = 12 << 20;
    let server = Server::start(|peer| {
        // Neither end's buffers hold that much, and the server reads nothing before all is written.
        peer.write(BINARY, &vec![1; SIZE]);
        let frame = peer.read().unwrap();
        peer.goodbye();
        frame.payload.len()
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let binary = websocket_send::In::Binary(bytes(&vec![2; SIZE]));
        user.send(vec![binary]).await.unwrap();
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(bytes_of(&output.binary).len(), SIZE);
        user.leave().await;
    });
    assert_eq!(server.saw(), SIZE);
}
