//! `http_events` against a server that says its events as a test wants it, and against nginx.

use crate::peer::Seen;
use crate::user::{User, known, run, some, text, value};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_events::{In, Metric, Output};
use bggo_runtime::contract::{Fault, Number, Text, Value};
use bggo_tests::server::{Nginx, RawPeer, free_port};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

/// What a server says on its next connection.
type Says = Box<dyn FnOnce(&mut TcpStream) + Send>;

/// A server with a script for each of its connections. It waits for the end of each, and tells whether that was orderly.
struct Stream {
    url: String,
    serving: JoinHandle<Vec<bool>>,
}

impl Stream {
    fn start(scripts: Vec<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || {
            let says = |script: Says| {
                let (mut stream, _) = listener.accept().unwrap();
                stream.set_nodelay(true).unwrap();
                head(&mut stream);
                script(&mut stream);
                stream.read(&mut [0; 64]).is_ok_and(|count| count == 0)
            };
            scripts.into_iter().map(says).collect()
        });
        Self { url, serving }
    }

    /// Whether its connections were closed in an orderly way, when all are.
    fn ends(self) -> Vec<bool> {
        self.serving.join().unwrap()
    }
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) {
    let mut all = Vec::new();
    let mut byte = [0];
    while !all.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
}

/// A server that says this and keeps its connection.
fn says(text: String) -> Says {
    Box::new(move |stream| stream.write_all(text.as_bytes()).unwrap())
}

/// Pieces as chunks, without an end.
fn chunks(pieces: &[&str]) -> String {
    let chunk = |piece: &&str| format!("{:x}\r\n{piece}\r\n", piece.len());
    let chunks: String = pieces.iter().map(chunk).collect();
    format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunks}")
}

fn url(stream: &Stream) -> In {
    In::Url(known(stream.url.clone()))
}

fn events(count: u32) -> In {
    In::Events(some(Number::from(count)))
}

/// What one user hears.
fn hear(client: Vec<http_client::In>, ask: Vec<In>) -> Result<Output, Fault> {
    run(async || {
        let user = User::new(client);
        let heard = user.listen(ask).await;
        user.leave().await;
        heard
    })
}

/// The kind and text of a failure.
fn fails(client: Vec<http_client::In>, ask: Vec<In>) -> (String, String) {
    let fault = hear(client, ask).expect_err("the step should fail");
    (fault.kind().to_owned(), fault.text().to_owned())
}

/// Events as they are written in JSON.
fn of_json(json: &str) -> Value {
    value(json)
}

#[test]
fn a_stream_byte_by_byte_becomes_events() {
    let body = "\u{feff}: hello\r\n\r\nid: 1\r\ndata: one\r\n\r\nevent: tick\rdata: two\rdata: lines\r\rretry: 9\ndata: three\n\ndata: lost";
    let said = format!("{}0\r\n\r\n", chunks(&[body]));
    let stream = Stream::start(vec![Box::new(move |stream| {
        for byte in said.as_bytes() {
            stream.write_all(&[*byte]).unwrap();
        }
    })]);
    run(async || {
        let user = User::new(vec![]);
        let output = user.listen(vec![url(&stream)]).await.unwrap();
        let all = r#"[{"id":"1","event":"message","data":"one"},{"id":"1","event":"tick","data":"two\nlines"},{"id":"1","event":"message","data":"three"}]"#;
        assert_eq!(output.events, of_json(all));
        let last = r#"{"id":"1","event":"message","data":"three"}"#;
        assert_eq!(output.last, of_json(last));
        assert_eq!(text(&output.count), "3");
        assert_eq!(text(&output.ended_by), "end");
        assert_eq!(text(&output.status_code), "200");
        let kind = output.headers.get("content-type").unwrap();
        assert_eq!(text(&kind), "text/event-stream");
        assert!(matches!(output.first, Value::Duration(_)));
        assert_eq!(user.heard(Metric::EVENTS), 3);
        assert_eq!(user.heard(Metric::RECEIVED), body.len() as u64);
        assert_eq!(user.heard(Metric::REQUESTS), 1);
        assert_eq!(user.heard(Metric::ANSWERED), 1);
        assert_eq!(user.heard(Metric::CUT), 0);
        user.leave().await;
    });
    assert_eq!(stream.ends(), [true]);
}

#[test]
fn the_first_condition_that_holds_ends_the_step_and_its_connection() {
    let said = || {
        says(chunks(&[
            "data: a1\n\n",
            "event: b\ndata: a2\n\ndata: a3\n\n",
            "data: a4\n\n",
        ]))
    };
    let stream = Stream::start((0..4).map(|_| said()).collect());
    run(async || {
        let user = User::new(vec![]);
        let name = |name: &'static str| In::UntilEvent(some(Text::Static(name)));
        let data = |data: &'static str| In::UntilData(some(Text::Static(data)));
        for (ask, count, ended_by) in [
            (vec![events(3)], "3", "events"),
            (vec![name("b"), events(4)], "2", "event"),
            (vec![name("message"), data("4")], "1", "event"),
            (vec![data("4"), name("c"), events(4)], "4", "data"),
        ] {
            let mut ask = ask;
            ask.push(url(&stream));
            let output = user.listen(ask).await.unwrap();
            assert_eq!(text(&output.count), count, "{ended_by}");
            assert_eq!(text(&output.ended_by), ended_by);
            let last = output.last.get("data").unwrap();
            assert_eq!(text(&last), format!("a{count}"));
        }
        assert_eq!(user.heard(Metric::EVENTS), 3 + 2 + 1 + 4);
        user.leave().await;
    });
    // Each asked on a connection of its own, since a stream that is left cannot be followed by an answer.
    assert_eq!(stream.ends(), [true; 4]);
}

#[test]
fn a_connection_whose_stream_is_over_is_used_again() {
    let body = "data: 1\n\ndata: 2\n\n";
    let answer = format!("{HEAD}Content-Length: {}\r\n\r\n{body}", body.len());
    let stream = Stream::start(vec![Box::new(move |stream| {
        stream.write_all(answer.as_bytes()).unwrap();
        head(stream);
        let refused = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
        stream.write_all(refused).unwrap();
        head(stream);
        stream.write_all(answer.as_bytes()).unwrap();
    })]);
    run(async || {
        let user = User::new(vec![]);
        let first = user.listen(vec![url(&stream), events(2)]).await.unwrap();
        assert_eq!(text(&first.ended_by), "events");
        let refused = user.listen(vec![url(&stream)]).await.unwrap_err();
        assert_eq!(refused.kind(), "status");
        let second = user.listen(vec![url(&stream)]).await.unwrap();
        assert_eq!(text(&second.ended_by), "end");
        assert_eq!(text(&second.count), "2");
        user.leave().await;
    });
    assert_eq!(stream.ends(), [true]);
}

#[test]
fn a_stream_without_events_has_no_first_and_no_last() {
    let answer = format!("{HEAD}Content-Length: 3\r\n\r\n:x\n");
    let stream = Stream::start(vec![says(answer)]);
    let output = hear(vec![], vec![url(&stream)]).unwrap();
    assert_eq!(output.events, of_json("[]"));
    assert_eq!(text(&output.count), "0");
    assert_eq!((output.first, output.last), (Value::Null, Value::Null));
    stream.ends();
}

#[test]
fn what_is_no_event_stream_fails_the_step() {
    let place = |stream: &Stream| stream.url.replace("http://", "").replace("/events", "");
    let answer = |head: &str| format!("HTTP/1.1 {head}\r\nContent-Length: 9\r\n\r\ndata: 1\n\n");
    let heads = [
        "503 Service Unavailable\r\nContent-Type: text/event-stream",
        "204 No Content",
        "200 OK\r\nContent-Type: text/html; charset=utf-8",
        "200 OK",
        "200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip",
    ];
    let stream = Stream::start(heads.iter().map(|head| says(answer(head))).collect());
    let failed: Vec<_> = heads
        .iter()
        .map(|_| fails(vec![], vec![url(&stream)]))
        .collect();
    let at = place(&stream);
    let told = [
        ("status", "status 503, expected 200".to_owned()),
        ("status", "status 204, expected 200".to_owned()),
        (
            "content_type",
            format!(
                "the answer from {at} is no event stream: its Content-Type is text/html, expected text/event-stream"
            ),
        ),
        (
            "content_type",
            format!("the answer from {at} is no event stream: it has no Content-Type"),
        ),
        (
            "body",
            format!(
                "the events from {at} are compressed (gzip), and were asked for without: only plain ones are read"
            ),
        ),
    ];
    for (failed, (kind, text)) in failed.into_iter().zip(told) {
        assert_eq!(failed, (kind.to_owned(), text));
    }
    stream.ends();
    let upper = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;charset=UTF-8\r\nContent-Length: 9\r\n\r\ndata: 1\n\n";
    let stream = Stream::start(vec![says(upper.to_owned())]);
    let output = hear(vec![], vec![url(&stream)]).unwrap();
    assert_eq!(text(&output.count), "1");
    stream.ends();
}

#[test]
fn a_stream_that_is_silent_or_breaks_off_fails_the_step_and_keeps_its_counts() {
    let stream = Stream::start(vec![
        says(chunks(&["data: 1\n\n", ": still here\n"])),
        says(chunks(&["data: 1\n\ndata: 2\n\n"])),
        Box::new(|stream| {
            let said = chunks(&["data: 1\n\n", "data: "]);
            stream.write_all(said.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }),
        says(chunks(&["data: 1\n\n", "data: 0123456789012345"])),
        says(chunks(&["data: 1234567890\n\n", "data: 1234567890\n\n"])),
    ]);
    let at = stream.url.replace("http://", "").replace("/events", "");
    run(async || {
        let user = User::new(vec![]);
        let fault = async |ask: In| user.listen(vec![url(&stream), ask]).await.unwrap_err();
        let idle = fault(In::IdleTimeout(some(Duration::from_millis(300)))).await;
        assert_eq!(
            (idle.kind(), idle.text()),
            (
                "idle",
                &*format!("no event from {at} within 300ms, after 1 event")
            )
        );
        // Long enough for the events, on whatever machine.
        let over = fault(In::Timeout(some(Duration::from_secs(2)))).await;
        assert_eq!(
            (over.kind(), over.text()),
            (
                "timeout",
                &*format!("the events from {at} went on for 2s, and 2 events did not end the step")
            )
        );
        let broken = fault(events(2)).await;
        assert_eq!(
            (broken.kind(), broken.text()),
            (
                "body",
                &*format!("the body from {at} ended early: the other end closed the connection")
            )
        );
        assert_eq!(user.heard(Metric::EVENTS), 4);
        assert_eq!(user.heard(Metric::ANSWERED), 3);
        user.leave().await;
        let small = http_client::In::MaxBodySize(some(Number::from(16u32)));
        let user = User::new(vec![small]);
        let fault = async |ask: In| user.listen(vec![url(&stream), ask]).await.unwrap_err();
        let long = fault(events(2)).await;
        assert_eq!(
            (long.kind(), long.text()),
            (
                "body",
                "the body is longer than the client's max_body_size, 16 bytes"
            )
        );
        let long = fault(events(2)).await;
        assert_eq!(
            (long.kind(), long.text()),
            (
                "body",
                "the events that the grid reads are longer than the client's max_body_size, 16 bytes"
            )
        );
        user.leave().await;
    });
    stream.ends();
}

#[test]
fn what_a_step_heard_counts_also_where_it_is_dropped() {
    let stream = Stream::start(vec![says(chunks(&["data: 1\n\ndata: 2\n\n"]))]);
    run(async || {
        let user = User::new(vec![]);
        // The limit of the step is over while it listens.
        let limit = Duration::from_secs(1);
        let dropped = tokio::time::timeout(limit, user.listen(vec![url(&stream)])).await;
        assert!(dropped.is_err());
        assert_eq!(user.heard(Metric::EVENTS), 2);
        assert_eq!(user.heard(Metric::REQUESTS), 1);
        assert_eq!(user.heard(Metric::CUT), 0);
        user.leave().await;
    });
    stream.ends();
}

#[test]
fn the_request_asks_for_events_and_for_those_behind_the_last() {
    let peer = RawPeer::start(Some(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
    ));
    let ask = vec![
        In::Url(known(peer.url())),
        In::Method(some(Text::Static("POST"))),
        In::Json(some(Text::Static(r#"{"stream":true}"#))),
        In::BearerToken(some(Text::Static("t0ken"))),
        In::LastEventId(some(Text::Static("41"))),
        In::QueryParams(some(value(r#"{"a":"b c"}"#))),
    ];
    let output = hear(vec![], ask).unwrap();
    assert_eq!(text(&output.ended_by), "end");
    let seen = Seen::at(&peer);
    assert_eq!(seen.line, "POST /?a=b+c HTTP/1.1");
    for (name, value) in [
        ("accept", "text/event-stream"),
        ("accept-encoding", "identity"),
        ("cache-control", "no-cache"),
        ("last-event-id", "41"),
        ("authorization", "Bearer t0ken"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(seen.header(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(seen.text(), r#"{"stream":true}"#);
    let headers = value(r#"{"accept":"*/*","Last-Event-ID":"7"}"#);
    let ask = vec![
        In::Url(known(peer.url())),
        In::Headers(some(headers)),
        In::LastEventId(some(Text::Static("41"))),
    ];
    hear(vec![], ask).unwrap();
    let seen = Seen::at(&peer);
    assert_eq!(seen.header("accept").as_deref(), Some("*/*"));
    assert_eq!(seen.header("last-event-id").as_deref(), Some("7"));
}

#[test]
fn a_redirect_leads_to_the_stream_and_nginx_serves_it_over_each_version_and_transport() {
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} http2; location /events {{ default_type text/event-stream; return 200 'data: 1\n\nevent: end\ndata: 2\n\ndata: 3\n\n'; }} location /moved {{ return 302 /events; }}"
    ));
    let of = |version: &'static str, transport: &'static str| {
        vec![
            http_client::In::HttpVersion(some(Text::Static(version))),
            http_client::In::Transport(some(Text::Static(transport))),
        ]
    };
    let two = format!("http://127.0.0.1:{port}");
    for (version, transport, base) in [
        ("1.1", "own", nginx.url()),
        ("2", "own", two.clone()),
        ("1.1", "reqwest", nginx.url()),
        ("2", "reqwest", two),
    ] {
        run(async || {
            let user = User::new(of(version, transport));
            for _ in 0..2 {
                let ask = vec![
                    In::Url(known(format!("{base}/moved"))),
                    In::UntilEvent(some(Text::Static("end"))),
                ];
                let output = user.listen(ask).await.unwrap();
                assert_eq!(text(&output.count), "2", "{version} {transport}");
                assert_eq!(text(&output.ended_by), "event");
            }
            let ask = vec![In::Url(known(format!("{base}/events")))];
            let output = user.listen(ask).await.unwrap();
            assert_eq!(text(&output.count), "3", "{version} {transport}");
            assert_eq!(text(&output.ended_by), "end");
            assert_eq!(user.heard(Metric::REQUESTS), 5);
            assert_eq!(user.heard(Metric::CUT), 0);
            user.leave().await;
        });
    }
    drop(nginx.stop());
}

/// What a server was sent that tells one event, when its whole body has this end.
fn sent_to(ask: impl FnOnce(&str) -> Vec<In>, end: &'static str) -> (String, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/events", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut all = String::new();
        while !all.ends_with(end) {
            let mut bytes = [0; 512];
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "{all}");
            all.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        let answer = format!("{HEAD}Content-Length: 9\r\n\r\ndata: 1\n\n");
        stream.write_all(answer.as_bytes()).unwrap();
        all
    });
    let sent = run(async || {
        let user = User::new(vec![]);
        let output = user.listen(ask(&address)).await.unwrap();
        assert_eq!(text(&output.count), "1");
        assert_eq!(text(&output.url), address);
        assert_eq!(text(&output.http_version), "1.1");
        let sent = user.heard(Metric::SENT);
        user.leave().await;
        sent
    });
    (serving.join().unwrap(), sent)
}

#[test]
fn files_and_parts_are_sent_as_by_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asked.txt");
    std::fs::write(&path, "what is asked").unwrap();
    let path = path.to_str().unwrap().to_owned();
    let post = || In::Method(some(Text::Static("POST")));
    let file = path.clone();
    let (seen, sent) = sent_to(
        |address| {
            vec![
                In::Url(known(address.to_owned())),
                post(),
                In::File(some(file)),
            ]
        },
        "\r\n\r\nwhat is asked",
    );
    assert!(seen.starts_with("POST /events "), "{seen}");
    let kind = "content-type: application/octet-stream";
    assert!(seen.to_lowercase().contains(kind), "{seen}");
    assert_eq!(sent, 13);
    let parts = format!(r#"[{{"name":"a","value":"1"}},{{"name":"b","file":"{path}"}}]"#);
    let (seen, _) = sent_to(
        |address| {
            vec![
                In::Url(known(address.to_owned())),
                post(),
                In::Multipart(some(value(&parts))),
            ]
        },
        "--\r\n",
    );
    for part in [
        "multipart/form-data; boundary=",
        "name=\"a\"\r\n\r\n1\r\n",
        "filename=\"asked.txt\"",
        "\r\n\r\nwhat is asked\r\n",
    ] {
        assert!(seen.contains(part), "{part} in {seen}");
    }
}

#[test]
fn a_step_says_which_statuses_are_those_of_a_stream() {
    let expects = |json: &str| In::ExpectStatus(some(value(json)));
    let answer = |status: &str| {
        says(format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: 1\n\n"
        ))
    };
    let bare = || says("HTTP/1.1 204 No Content\r\n\r\n".to_owned());
    let scripts = vec![answer("201 Created"), bare(), answer("200 OK"), bare()];
    let stream = Stream::start(scripts);
    let output = hear(vec![], vec![url(&stream), expects("\"2xx\"")]).unwrap();
    assert_eq!(
        (text(&output.count), text(&output.status_code)),
        ("1".into(), "201".into())
    );
    let output = hear(vec![], vec![url(&stream), expects("[200, 204]")]).unwrap();
    assert_eq!(
        (text(&output.count), text(&output.ended_by)),
        ("0".into(), "end".into())
    );
    for (expected, told) in [
        ("201", "status 200, expected 201"),
        ("\"200-203\"", "status 204, expected 200-203"),
    ] {
        let failed = fails(vec![], vec![url(&stream), expects(expected)]);
        assert_eq!(failed, ("status".to_owned(), told.to_owned()));
    }
    stream.ends();
}

#[test]
fn a_step_says_how_many_redirects_it_follows() {
    let nginx = Nginx::start(
        "location /events { default_type text/event-stream; return 200 'data: 1\n\n'; } location /moved { return 302 /events; }",
    );
    let moved = || In::Url(known(format!("{}/moved", nginx.url())));
    let follow = |follows: bool| In::FollowRedirects(some(follows));
    let most = |most: u32| In::MaxRedirects(some(Number::from(most)));
    let by_client = |follows: bool| vec![http_client::In::FollowRedirects(some(follows))];
    let failed = fails(vec![], vec![moved(), follow(false)]);
    let not_followed = ("status".to_owned(), "status 302, expected 200".to_owned());
    assert_eq!(failed, not_followed);
    assert_eq!(fails(by_client(false), vec![moved()]), not_followed);
    assert_eq!(fails(vec![], vec![moved(), most(0)]).0, "redirect");
    for ask in [
        vec![moved(), follow(true)],
        vec![moved(), follow(true), most(1)],
    ] {
        let output = hear(by_client(false), ask).unwrap();
        assert_eq!(text(&output.count), "1");
        assert_eq!(text(&output.url), format!("{}/events", nginx.url()));
    }
}

#[test]
fn each_kind_of_failure_of_a_request_is_one_of_a_stream() {
    let manifest = bggo_manifest::read(include_str!("../../manifest.hcl")).unwrap();
    let kinds = |name: &str| -> Vec<&str> {
        let runner = manifest.runners.iter().find(|runner| runner.name == name);
        let errors = &runner.unwrap().errors;
        errors.iter().map(|kind| kind.name.as_str()).collect()
    };
    let mut all = kinds("http_request");
    assert!(all.len() >= 9, "{all:?}");
    all.extend(["content_type", "idle"]);
    assert_eq!(kinds("http_events"), all);
}
