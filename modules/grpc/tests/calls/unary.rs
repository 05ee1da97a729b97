//! A message each way: what is sent, byte for byte, and what is read.

use crate::peer::{END_HEADERS, HEADERS, Server, answer, block, frame, framed};
use crate::shop;
use crate::user::{User, asking, known, list, map, message, method, run, some};
use bggo_module_grpc::{grpc_client, grpc_request};
use bggo_runtime::contract::{Early, Parts, Shape, Text, Value};
use std::time::Duration;

#[test]
fn a_call_says_what_the_grid_says_and_reads_what_the_server_says() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let mut bytes = crate::peer::head_with(ask.stream, &[("x-first", "a"), ("x-first", "b")]);
        bytes.extend(crate::peer::data(
            ask.stream,
            &framed(&[shop::answer("hello"), vec![0x10, 7]].concat()),
        ));
        bytes.extend(crate::peer::trailers(
            ask.stream,
            &[("grpc-status", "0"), ("x-last", "c"), ("x-bin", "AAE")],
        ));
        peer.write(&bytes);
        peer.ends();
        ask
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let output = user.request(asking("ann")).await.unwrap();
        assert_eq!(shop::text(&output.message), "hello");
        assert_eq!(output.message.get("number").unwrap(), Value::number(7));
        assert_eq!(output.messages.items().unwrap().len(), 1);
        assert_eq!(output.status_code, Value::number(0));
        assert_eq!(output.status.to_string(), "OK");
        assert_eq!(output.status_message.to_string(), "");
        assert_eq!(output.metadata, map(&[("x-first", "a, b")]));
        assert_eq!(output.trailers, map(&[("x-last", "c"), ("x-bin", "AAE")]));
        assert_eq!(output.details.items().unwrap().len(), 0);
        assert_eq!(user.recorded(grpc_client::Metric::CONNECTING), 1);
        assert_eq!(user.counted(grpc_client::Metric::RECONNECTS), 0);
        user.leave().await;
    });
    let ask = server.saw();
    assert_eq!(ask.message(), shop::ask_bytes("ann", 0));
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/shop.Shop/Unary"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("grpc-accept-encoding", "gzip"),
    ] {
        assert_eq!(ask.field(name), Some(value), "{name}");
    }
    assert!(ask.field(":authority").unwrap().starts_with("127.0.0.1:"));
    assert!(ask.field("user-agent").unwrap().starts_with("grpc-bggo/"));
    assert_eq!(ask.field("grpc-timeout"), None);
    assert_eq!(ask.field("grpc-encoding"), None);
}

#[test]
fn what_varies_is_put_where_it_belongs_and_calls_follow_each_other_on_one_connection() {
    let server = Server::start(|peer| {
        let asks: Vec<_> = (0..3).map(|_| peer.serves("x")).collect();
        peer.ends();
        asks
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let shape = Shape::from(vec![
            (Text::Static("name"), Shape::Hole(0)),
            (Text::Static("count"), Shape::Known(Value::number(5))),
        ]);
        let prepared = user.prepared(vec![method(shop::unary()), message(shape)]);
        for name in ["ann", ""] {
            let holes = [Value::text(name)];
            let late = [grpc_request::Late::Message(Some(Parts::Holes(&holes)))];
            user.calls(&prepared, &late).await.unwrap();
        }
        let whole = user.prepared(vec![
            method(shop::unary()),
            grpc_request::In::Message(Early::Later),
        ]);
        let value = shop::ask("bob", 1);
        let late = [grpc_request::Late::Message(Some(Parts::Whole(&value)))];
        user.calls(&whole, &late).await.unwrap();
        user.leave().await;
    });
    let asks = server.saw();
    let said: Vec<&[u8]> = asks.iter().map(|ask| ask.message()).collect();
    assert_eq!(
        said,
        [
            shop::ask_bytes("ann", 5),
            shop::ask_bytes("", 5),
            shop::ask_bytes("bob", 1)
        ]
    );
    let streams: Vec<u32> = asks.iter().map(|ask| ask.stream).collect();
    assert_eq!(streams, [1, 3, 5]);
}

#[test]
fn a_call_without_a_message_sends_one_without_fields() {
    let server = Server::start(|peer| {
        let ask = peer.serves("x");
        peer.ends();
        ask
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        user.request(vec![method(shop::unary())]).await.unwrap();
        user.leave().await;
    });
    assert_eq!(server.saw().message(), b"");
}

#[test]
fn a_message_that_is_none_of_its_type_fails_before_it_is_sent() {
    let server = Server::start(|peer| peer.ends());
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let wrong = Shape::Known(map(&[("name", "a"), ("nam", "b")]));
        let failed = user
            .request(vec![method(shop::unary()), message(wrong)])
            .await;
        let (kind, text) = crate::user::told(failed);
        assert_eq!(kind, "value");
        assert!(text.contains("shop.Ask") && text.contains("nam"), "{text}");
        // The connection is there for whoever needs it.
        let prepared = user.prepared(vec![
            method(shop::unary()),
            message(Shape::from(vec![(Text::Static("count"), Shape::Hole(0))])),
        ]);
        let holes = [Value::text("many")];
        let late = [grpc_request::Late::Message(Some(Parts::Holes(&holes)))];
        let failed = user.calls(&prepared, &late).await;
        assert_eq!(crate::user::kind(failed), "value");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn metadata_of_a_call_replaces_that_of_its_client() {
    let server = Server::start(|peer| {
        let asks = [peer.serves("x"), peer.serves("x")];
        peer.ends();
        asks
    });
    let target = server.target.clone();
    run(async || {
        let of_client = map(&[("x-both", "client"), ("Authorization", "Bearer t")]);
        let client = vec![
            grpc_client::In::Metadata(Early::Known(Some(of_client))),
            grpc_client::In::Authority(some("shop.test")),
        ];
        let user = User::with(&target, client, vec![]);
        let own = map(&[("X-Both", "call"), ("key-bin", "AAE=")]);
        let early = grpc_request::In::Metadata(Early::Known(Some(own)));
        user.request([asking("x"), vec![early]].concat())
            .await
            .unwrap();
        let later = grpc_request::In::Metadata(Early::Later);
        let prepared = user.prepared([asking("x"), vec![later]].concat());
        let own = map(&[("x-late", "1")]);
        user.calls(&prepared, &[grpc_request::Late::Metadata(Some(&own))])
            .await
            .unwrap();
        let own = map(&[("grpc-timeout", "1S")]);
        let refused = user
            .calls(&prepared, &[grpc_request::Late::Metadata(Some(&own))])
            .await;
        assert_eq!(crate::user::kind(refused), "metadata");
        user.leave().await;
    });
    let [first, second] = server.saw();
    assert_eq!(first.field("x-both"), Some("call"));
    assert_eq!(first.field("key-bin"), Some("AAE="));
    assert_eq!(first.field("authorization"), Some("Bearer t"));
    assert_eq!(first.field(":authority"), Some("shop.test"));
    assert_eq!(second.field("x-both"), Some("client"));
    assert_eq!(second.field("x-late"), Some("1"));
}

#[test]
fn messages_are_compressed_each_way_where_that_is_asked_for() {
    let long = "a".repeat(2000);
    let told = long.clone();
    let server = Server::start(move |peer| {
        let ask = peer.hears();
        let packed = gzip(&shop::answer(&told));
        let mut message = framed(&packed);
        message[0] = 1;
        let mut bytes = crate::peer::head_with(ask.stream, &[("grpc-encoding", "gzip")]);
        bytes.extend(crate::peer::data(ask.stream, &message));
        bytes.extend(crate::peer::trailers(ask.stream, &[("grpc-status", "0")]));
        peer.write(&bytes);
        let short = peer.serves("x");
        peer.ends();
        (ask, short)
    });
    let target = server.target.clone();
    run(async || {
        let gzip = grpc_client::In::Compression(known(Text::Static("gzip")));
        let user = User::with(&target, vec![gzip], vec![]);
        let load = Shape::Known(Value::from(vec![(
            Text::Static("load"),
            Value::Bytes(vec![7; 3000].into()),
        )]));
        let output = user
            .request(vec![method(shop::unary()), message(load)])
            .await
            .unwrap();
        assert_eq!(shop::text(&output.message), long);
        user.asks("x").await.unwrap();
        user.leave().await;
    });
    let (packed, short) = server.saw();
    assert_eq!(packed.field("grpc-encoding"), Some("gzip"));
    let (flag, bytes) = &packed.messages[0];
    assert_eq!(*flag, 1);
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&**bytes), &mut plain).unwrap();
    assert_eq!(plain, [&[0x1a, 0xb8, 0x17][..], &[7; 3000]].concat());
    // It would only grow.
    assert_eq!(short.message(), shop::ask_bytes("x", 0));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn an_answer_that_comes_byte_by_byte_and_in_pieces_is_read() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let head = block(true, &[("content-type", "application/grpc+proto")]);
        let (begin, rest) = head.split_at(5);
        let (middle, end) = rest.split_at(10);
        let mut bytes = frame(HEADERS, 0, ask.stream, begin);
        bytes.extend(frame(crate::peer::CONTINUATION, 0, ask.stream, middle));
        bytes.extend(frame(
            crate::peer::CONTINUATION,
            END_HEADERS,
            ask.stream,
            end,
        ));
        // The five bytes before a message, and the message, in pieces of one byte.
        for byte in framed(&shop::answer("hello")) {
            bytes.extend(frame(crate::peer::DATA, 0, ask.stream, &[byte]));
        }
        bytes.extend(crate::peer::trailers(ask.stream, &[("grpc-status", "0")]));
        for byte in bytes {
            peer.write(&[byte]);
        }
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        assert_eq!(user.asks("x").await.unwrap(), "hello");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn calls_side_by_side_share_a_connection_and_get_each_their_own_answer() {
    let server = Server::start(|peer| {
        let asks: Vec<_> = (0..3).map(|_| peer.hears()).collect();
        // The last one is answered first, and all within one piece.
        let answers = asks.iter().rev().flat_map(|ask| {
            let name = String::from_utf8(ask.message()[2..].to_vec()).unwrap();
            answer(ask.stream, &[&shop::answer(&name)])
        });
        let bytes: Vec<u8> = answers.collect();
        peer.write(&bytes);
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let (a, b, c) = tokio::join!(user.asks("a"), user.asks("b"), user.asks("c"));
        assert_eq!(
            [a.unwrap(), b.unwrap(), c.unwrap()],
            ["a", "b", "c"].map(str::to_owned)
        );
        user.leave().await;
    });
    server.saw();
}

#[test]
fn branches_with_wakers_of_their_own_are_woken_whoever_drives() {
    use std::rc::Rc;
    let server = Server::start(|peer| {
        let first = peer.hears();
        for _ in 0..20 {
            peer.serves("x");
        }
        peer.answers(first.stream, &[&shop::answer("late")]);
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = Rc::new(User::new(&target));
        // One that waits all the time, and drives.
        let waits = Rc::clone(&user);
        let waits = tokio::task::spawn_local(async move { waits.asks("first").await.unwrap() });
        tokio::time::sleep(Duration::from_millis(5)).await;
        let asks = Rc::clone(&user);
        let asking = tokio::task::spawn_local(async move {
            for _ in 0..20 {
                asks.asks("x").await.unwrap();
            }
        });
        asking.await.unwrap();
        assert_eq!(waits.await.unwrap(), "late");
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

#[test]
fn only_the_statuses_that_are_expected_pass() {
    let server = Server::start(|peer| {
        for _ in 0..2 {
            let ask = peer.hears();
            let bytes = crate::peer::trailers_only(
                ask.stream,
                &[("grpc-status", "5"), ("grpc-message", "no%20such")],
            );
            peer.write(&bytes);
        }
        peer.serves("x");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let expect = |names| {
            let names = Early::Known(Some(list(names)));
            [asking("x"), vec![grpc_request::In::ExpectStatus(names)]].concat()
        };
        let output = user.request(expect(&["OK", "NOT_FOUND"])).await.unwrap();
        assert!(output.message.is_null());
        assert_eq!(output.status_code, Value::number(5));
        assert_eq!(output.status.to_string(), "NOT_FOUND");
        assert_eq!(output.status_message.to_string(), "no such");
        let failed = crate::user::told(user.request(expect(&["ABORTED"])).await);
        assert_eq!(failed.0, "not_found");
        assert_eq!(failed.1, "the server answered NOT_FOUND: no such");
        let failed = crate::user::kind(user.request(expect(&["ABORTED"])).await);
        assert_eq!(failed, "ok");
        user.leave().await;
    });
    server.saw();
}
