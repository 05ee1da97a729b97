//! Several messages each way within one step, and the windows that hold them up.

use crate::peer::{Server, WINDOW_UPDATE, data, frame, framed, head, trailers};
use crate::shop;
use crate::user::{User, kind, known, method, run, told};
use bggo_module_grpc::grpc_request::In;
use bggo_runtime::contract::{Early, Number, Text, Value};

fn messages(values: Vec<Value>) -> In {
    In::Messages(Early::Known(Some(values.into())))
}

#[test]
fn the_messages_of_a_list_are_sent_one_after_the_other() {
    let server = Server::start(|peer| {
        let asks = [peer.serves("x"), peer.serves("x"), peer.serves("x")];
        peer.ends();
        asks
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let three = vec![shop::ask("a", 0), shop::ask("b", 1), Value::Null];
        user.request(vec![method(shop::collect()), messages(three)])
            .await
            .unwrap();
        // None, where the method takes any number.
        user.request(vec![method(shop::collect())]).await.unwrap();
        let later = In::Messages(Early::Later);
        let prepared = user.prepared(vec![method(shop::collect()), later]);
        let list: Value = vec![shop::ask("late", 0)].into();
        let late = [bggo_module_grpc::grpc_request::Late::Messages(Some(&list))];
        user.runs(&prepared, &late).await.unwrap();
        user.leave().await;
    });
    let [first, none, late] = server.saw();
    let expected = [shop::ask_bytes("a", 0), shop::ask_bytes("b", 1), vec![]];
    assert_eq!(first.messages, expected.map(|bytes| (0, bytes)));
    assert_eq!(none.messages, []);
    assert_eq!(late.message(), shop::ask_bytes("late", 0));
}

#[test]
fn all_messages_of_the_server_are_there_in_order() {
    let server = Server::start(|peer| {
        for count in [3, 0, 2] {
            let ask = peer.hears();
            let answers: Vec<Vec<u8>> = (0..count)
                .map(|number: u32| shop::answer(&number.to_string()))
                .collect();
            let answers: Vec<&[u8]> = answers.iter().map(Vec::as_slice).collect();
            peer.answers(ask.stream, &answers);
        }
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let listing = || vec![method(shop::list())];
        let output = user.request(listing()).await.unwrap();
        let all = output.messages.items().unwrap();
        let texts: Vec<String> = all.iter().map(shop::text).collect();
        assert_eq!(texts, ["0", "1", "2"]);
        assert_eq!(shop::text(&output.message), "2");
        let output = user.request(listing()).await.unwrap();
        assert!(output.message.is_null());
        assert_eq!(output.messages.items().unwrap().len(), 0);
        let three = In::ExpectMessages(known(Number::new(3)));
        let failed = told(user.request([listing(), vec![three]].concat()).await);
        assert_eq!(failed.0, "messages");
        assert_eq!(failed.1, "the server sent 2 messages, and 3 were expected");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_request_that_is_larger_than_the_windows_goes_out_as_they_grow() {
    const SIZE: usize = 300_000;
    let server = Server::start(|peer| {
        let mut came = 0;
        let mut body = Vec::new();
        let stream = loop {
            let came_now = peer.next().unwrap();
            body.extend(match came_now.kind {
                0 => came_now.payload,
                _ => continue,
            });
            if came_now.flags & 1 != 0 {
                break came_now.stream;
            }
            // As much again as came, once all of the window is used.
            if body.len() - came >= 65_000 {
                let more = u32::try_from(body.len() - came).unwrap().to_be_bytes();
                came = body.len();
                let updates = [
                    frame(WINDOW_UPDATE, 0, came_now.stream, &more),
                    frame(WINDOW_UPDATE, 0, 0, &more),
                ];
                peer.write(&updates.concat());
            }
        };
        peer.answers(stream, &[&shop::answer("x")]);
        peer.ends();
        body
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let load = |byte| {
            let bytes = Value::Bytes(vec![byte; SIZE / 3].into());
            Value::from(vec![(Text::Static("load"), bytes)])
        };
        let three = vec![load(1), load(2), load(3)];
        user.request(vec![method(shop::collect()), messages(three)])
            .await
            .unwrap();
        user.leave().await;
    });
    let body = server.saw();
    let each = SIZE / 3 + 4;
    assert_eq!(body.len(), 3 * (each + 5));
    assert_eq!(
        (body[each], body[2 * each + 5], body[3 * each + 10]),
        (1, 2, 3)
    );
}

#[test]
fn a_message_of_the_server_may_be_larger_than_the_window() {
    const SIZE: usize = 3 << 20;
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let text = "x".repeat(SIZE);
        let mut body = framed(&shop::answer(&text));
        body.extend(framed(&shop::answer("small")));
        peer.write(&head(ask.stream));
        let (mut of_stream, mut of_all) = (1_usize << 20, 16_usize << 20);
        let mut rest = &body[..];
        while !rest.is_empty() {
            let now = rest.len().min(of_stream).min(of_all).min(16_384);
            if now == 0 {
                let update = peer.read().unwrap();
                if update.kind != WINDOW_UPDATE {
                    continue;
                }
                let more = u32::from_be_bytes(update.payload.try_into().unwrap()) as usize;
                match update.stream {
                    0 => of_all += more,
                    _ => of_stream += more,
                }
                continue;
            }
            let (piece, behind) = rest.split_at(now);
            (of_stream, of_all) = (of_stream - now, of_all - now);
            peer.write(&data(ask.stream, piece));
            rest = behind;
        }
        peer.write(&trailers(ask.stream, &[("grpc-status", "0")]));
        while peer.read().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let output = user.request(vec![method(shop::list())]).await.unwrap();
        let all = output.messages.items().unwrap();
        assert_eq!(shop::text(&all[0]).len(), SIZE);
        assert_eq!(shop::text(&all[1]), "small");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_list_that_is_none_fails() {
    let server = Server::start(|peer| peer.ends());
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let wrong = In::Messages(Early::Known(Some(vec![Value::text("x")].into())));
        let failed = user.request(vec![method(shop::collect()), wrong]).await;
        assert_eq!(kind(failed), "value");
        user.leave().await;
    });
    server.saw();
}
