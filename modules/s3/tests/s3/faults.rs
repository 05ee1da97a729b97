//! Servers that freeze, die, come back, break off or are slow: each request is counted once, and none hangs beyond its limit.

use crate::peer::{Peer, answer};
use crate::user::{User, client, content, known, run, text};
use bggo_module_http_request::http_client;
use bggo_module_s3::{s3_get_object, s3_put_object};
use bggo_runtime::contract::Early;
use bggo_tests::server::{Connections, Versitygw};
use std::time::Duration;

/// Requests, answers, requests without one, and those that were sent again.
fn counted(user: &User) -> [u64; 4] {
    use s3_get_object::Metric;
    let all = [
        Metric::REQUESTS,
        Metric::ANSWERED,
        Metric::CUT,
        Metric::RESENT,
    ];
    all.map(|metric| user.counted(metric))
}

async fn get(user: &User) -> Result<String, &'static str> {
    use s3_get_object::In;
    let inputs = vec![In::Bucket(known("shop")), In::Key(known("x"))];
    let read = user.get(inputs).await;
    read.map(|read| text(&read.body))
        .map_err(|fault| fault.kind())
}

async fn put(user: &User) {
    use s3_put_object::In;
    let inputs = vec![
        In::Bucket(known("shop")),
        In::Key(known("x")),
        In::Body(content(b"hello")),
    ];
    user.put(inputs).await.unwrap();
}

#[test]
fn a_frozen_server_ends_a_request_at_its_limit_and_serves_the_next_one() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let limit = http_client::In::Timeout(Early::Known(Some(Duration::from_millis(400))));
    run(async || {
        let user = User::with(client(&server.url(), Vec::new()), vec![limit]);
        put(&user).await;
        let before = counted(&user);
        server.freeze();
        assert_eq!(get(&user).await, Err("timeout"));
        server.thaw();
        let [requests, answered, cut, resent] = counted(&user);
        assert_eq!(
            [
                requests - before[0],
                answered - before[1],
                cut - before[2],
                resent
            ],
            [1, 0, 1, 0]
        );
        // The connection of the request without an answer is used no more.
        assert_eq!(get(&user).await, Ok("hello".to_owned()));
        user.leave().await;
    });
}

#[test]
fn a_server_that_is_gone_refuses_and_one_that_came_back_serves() {
    let mut server = Versitygw::start(Connections::Keep, &["shop"]);
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        put(&user).await;
        server.die();
        assert_eq!(get(&user).await, Err("refused"));
        server.start_again();
        assert_eq!(get(&user).await, Ok("hello".to_owned()));
        // Its connections are closed once more, and the next request opens one.
        server.start_again();
        assert_eq!(get(&user).await, Ok("hello".to_owned()));
        let [requests, answered, cut, _] = counted(&user);
        assert_eq!(requests, answered + cut);
        assert_eq!(answered, 3);
        user.leave().await;
    });
    let log = server.log();
    let reads = log.iter().filter(|line| line.contains("GetObject"));
    assert_eq!(reads.count(), 2, "{log:?}");
}

#[test]
fn an_answer_may_come_one_byte_at_a_time() {
    let error = "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>";
    for (whole, expected) in [
        (
            answer("200 OK", "ETag: \"e\"\r\n", "hello"),
            Ok("hello".to_owned()),
        ),
        (answer("404 Not Found", "", error), Err("no_such_key")),
    ] {
        let peer = Peer::slow(move |_| whole.clone());
        run(async || {
            let user = User::new(client(peer.url(), Vec::new()));
            assert_eq!(get(&user).await, expected);
            assert_eq!(counted(&user), [1, 1, 0, 0]);
            user.leave().await;
        });
        assert_eq!(peer.lines(), ["GET /shop/x"]);
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_failure_and_is_asked_for_once() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n";
    for (sent, kind, is_answered) in [
        (String::new(), "closed", 0),
        (head[..40].to_owned(), "closed", 0),
        (format!("{head}hello"), "body", 1),
    ] {
        let peer = Peer::start(move |_| sent.clone());
        run(async || {
            let user = User::new(client(peer.url(), Vec::new()));
            assert_eq!(get(&user).await, Err(kind));
            assert_eq!(
                counted(&user),
                [1, is_answered, 1 - is_answered, 0],
                "{kind}"
            );
            user.leave().await;
        });
        assert_eq!(peer.lines(), ["GET /shop/x"]);
    }
}
