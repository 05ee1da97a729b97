//! Heads and bodies of unusual size and form: up to which bound they are read.

use crate::peer::{Script, Then};
use crate::user::{User, ask, fault, run, some, text, url};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::{Output, Wanted};
use bggo_runtime::contract::{Fault, Number, Text, Value};
use http::{HeaderName, HeaderValue, Response};
use std::rc::Rc;
use tokio::net::TcpListener;

/// An answer with so many fields besides its length, each of so many bytes.
fn head(fields: usize, size: usize) -> Vec<u8> {
    let mut answer = String::from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    for number in 0..fields {
        answer.push_str(&format!("X-{number}: {}\r\n", "y".repeat(size)));
    }
    (answer + "\r\nok").into_bytes()
}

/// The longest value that one field may have in a head of 256 KiB.
fn largest() -> usize {
    (256 << 10) - (head(1, 0).len() - "ok".len())
}

fn answered(answer: Vec<u8>) -> Result<Output, Fault> {
    let peer = Script::start(move |_, _| Then::AnswerAndClose(answer.clone()));
    ask(vec![], vec![url(peer.url())])
}

fn count(headers: &Value) -> usize {
    let Value::Object(pairs) = headers else {
        return 0;
    };
    pairs.iter().count()
}

#[test]
fn a_head_of_a_thousand_fields_or_of_256_kib_is_read() {
    for (fields, size) in [
        (150, 1),
        (999, 200),
        (1, 60_000),
        (1, largest()),
        (4, 60_000),
    ] {
        let output = answered(head(fields, size)).unwrap();
        assert_eq!(count(&output.headers), fields + 1);
        assert_eq!(text(&output.body), "ok");
    }
}

#[test]
fn a_head_beyond_the_bound_is_a_fault_that_says_so() {
    for (fields, size) in [(1000, 1), (1, largest() + 1), (1, 300_000), (1, 1 << 20)] {
        let fault = answered(head(fields, size)).unwrap_err();
        assert_eq!(fault.kind(), "protocol");
        assert!(
            fault
                .text()
                .ends_with("its head has more than 1,000 fields or is larger than 256 KiB"),
            "{}",
            fault.text()
        );
    }
}

#[test]
fn a_folded_line_is_one_line() {
    let fold = "X-Fold: default-src 'self';\r\n\tscript-src https:;\r\n    img-src *\r\n";
    let peer = Script::start(move |line, _| {
        let rest = match line {
            "GET /start" => "HTTP/1.1 301 Moved\r\nLocation: /end\r\nContent-Length: 0\r\n",
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        };
        let body = if line == "GET /start" { "" } else { "ok" };
        Then::Answer(format!("{rest}{fold}X-Next: 1\r\n\r\n{body}").into_bytes())
    });
    let output = ask(vec![], vec![url(format!("{}/start", peer.url()))]).unwrap();
    let folded = text(&output.headers.get("x-fold").unwrap());
    let words: Vec<&str> = folded.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "default-src 'self'; script-src https:; img-src *"
    );
    assert!(!folded.contains(['\r', '\n']), "{folded:?}");
    assert_eq!(text(&output.headers.get("x-next").unwrap()), "1");
    assert_eq!(text(&output.body), "ok");
}

/// Serves HTTP/2 on one connection after the other: the path says how many KiB the head has; `/last` is answered when all
/// others have been.
async fn http_2(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let mut last = None;
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let path = request.uri().path().trim_start_matches('/').to_owned();
            if path == "last" {
                last = Some(respond);
                continue;
            }
            let mut answer = Response::new(());
            for number in 0..path.parse().unwrap() {
                let name = HeaderName::try_from(format!("x-{number}")).unwrap();
                let value = HeaderValue::try_from("y".repeat(1024)).unwrap();
                answer.headers_mut().insert(name, value);
            }
            // The client may refuse it.
            let _ = respond.send_response(answer, true);
            if let Some(mut respond) = last.take() {
                let _ = respond.send_response(Response::new(()), true);
            }
        }
    }
}

#[test]
fn a_large_head_over_http_2_is_read_and_a_larger_one_breaks_no_other_stream() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::task::spawn_local(http_2(listener));
        let version = http_client::In::HttpVersion(some(Text::Static("2")));
        let user = Rc::new(User::new(vec![version]));
        let at = |path: &str| vec![url(format!("{address}/{path}"))];
        let output = user.ask(at("20")).await.unwrap();
        assert_eq!(count(&output.headers), 20);
        let output = user.ask(at("250")).await.unwrap();
        assert_eq!(count(&output.headers), 250);
        let neighbour = {
            let (user, asked) = (Rc::clone(&user), at("last"));
            tokio::task::spawn_local(async move { user.ask(asked).await.map(drop) })
        };
        tokio::task::yield_now().await;
        let fault = user.ask(at("260")).await.unwrap_err();
        assert_eq!(fault.kind(), "protocol", "{}", fault.text());
        assert!(fault.text().ends_with("is larger than 256 KiB"));
        neighbour.await.unwrap().unwrap();
        Rc::into_inner(user).unwrap().leave().await;
        server.abort();
    });
}

#[test]
fn a_kept_body_has_a_limit_and_a_counted_one_has_none() {
    let answer = |size: usize| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        [head.as_bytes(), &vec![b'x'; size]].concat()
    };
    let client = || vec![http_client::In::MaxBodySize(some(Number::new(100_000)))];
    let peer = Script::start(move |line, _| {
        let size = line.rsplit('/').next().unwrap().parse().unwrap();
        Then::Answer(answer(size))
    });
    let at = |size: usize| vec![url(format!("{}/{size}", peer.url()))];
    assert_eq!(text(&ask(client(), at(100_000)).unwrap().size), "100000");
    let long = fault(client(), at(100_001));
    assert_eq!(
        (long.kind(), long.text()),
        (
            "body",
            "the body is longer than the client's max_body_size, 100000 bytes"
        )
    );
    let counted = run(async || {
        let user = User::new(client());
        user.ask_late(at(1_000_000), &[], Wanted::NONE.size())
            .await
            .unwrap()
    });
    assert_eq!(text(&counted.size), "1000000");
}
