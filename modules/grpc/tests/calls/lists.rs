//! Several messages each way within one step, and the windows that hold them up.

use crate::peer::{RST_STREAM, Server, WINDOW_UPDATE, data, frame, framed, head, trailers};
use crate::shop;
use crate::user::{User, kind, known, limit, method, run, told};
use bggo_module_grpc::grpc_request::{In, Metric};
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
        user.calls(&prepared, &late).await.unwrap();
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
        assert!(peer.sends_within_windows(ask.stream, &body));
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
fn a_list_of_the_server_may_be_larger_than_the_window() {
    const COUNT: usize = 300;
    const SIZE: usize = 10_000;
    let server = Server::start(|peer| {
        let ask = peer.hears();
        peer.write(&head(ask.stream));
        let messages = (0..COUNT).map(|number| {
            let text = format!("{number} {}", "x".repeat(SIZE));
            framed(&shop::answer(&text))
        });
        let body = messages.collect::<Vec<_>>().concat();
        assert!(peer.sends_within_windows(ask.stream, &body));
        peer.write(&trailers(ask.stream, &[("grpc-status", "0")]));
        while peer.read().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let output = user.request(vec![method(shop::list())]).await.unwrap();
        let all = output.messages.items().unwrap();
        assert_eq!(all.len(), COUNT);
        for (number, message) in all.iter().enumerate() {
            assert!(shop::text(message).starts_with(&format!("{number} ")));
        }
        assert_eq!(user.counted_by_step(Metric::MESSAGES_RECEIVED), 300);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_list_without_an_end_is_given_up_before_it_fills_the_memory() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        peer.write(&head(ask.stream));
        let message = framed(&shop::answer(&"x".repeat(3 << 20)));
        peer.sends_within_windows(ask.stream, &message.repeat(30))
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let failed = told(user.request(vec![method(shop::list())]).await);
        assert_eq!(failed.0, "message_too_large");
        assert!(
            failed.1.contains("together more than 64 MiB"),
            "{}",
            failed.1
        );
        assert_eq!(user.counted_by_step(Metric::MESSAGES_RECEIVED), 22);
        // The server hears that the call was given up.
        user.waits_until(|| server.is_over()).await;
        user.leave().await;
    });
    assert!(!server.saw());
}

#[test]
fn messages_of_a_call_that_is_cut_off_are_counted() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let two = [shop::answer("a"), shop::answer("b")].map(|message| framed(&message));
        peer.write(&[head(ask.stream), data(ask.stream, &two.concat())].concat());
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, ask.stream));
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let deadline = In::Deadline(limit(200));
        let failed = user.request(vec![method(shop::list()), deadline]).await;
        assert_eq!(kind(failed), "deadline_exceeded");
        assert_eq!(user.counted_by_step(Metric::MESSAGES_RECEIVED), 2);
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
