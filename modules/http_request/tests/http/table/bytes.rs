//! The rows of HTTP/1: what a server says, byte for byte, and what comes of it.

use super::server::Act::{
    self, Body as ReadBody, Close, Drip, HalfClose, Head, Make, Meet, Pause, Refuse, Reset, Say,
    Stall, Truncate,
};
use super::{Ask, Body, Case, Comes, Counts, Outcome, Over, SHORT, Script, Sees, Via};
use crate::user::some;
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::In;
use bggo_runtime::contract::Number;

pub(super) const GET: Ask = Ask {
    method: "GET",
    url: "/",
    body: None,
    headers: "",
    more: Vec::new,
    reads: false,
    sees: &[],
};
pub(super) const HEAD: Ask = Ask {
    method: "HEAD",
    ..GET
};
pub(super) const POST: Ask = Ask {
    method: "POST",
    body: Some("hi"),
    ..GET
};
/// It does not wait for long.
pub(super) const HASTY: Ask = Ask {
    more: || vec![In::Timeout(some(SHORT))],
    ..GET
};

/// An answer that leaves its connection as it was.
const OK: Act = Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

pub(super) const fn counts(requests: u64, answered: u64, cut: u64, resent: u64) -> Counts {
    Counts {
        requests,
        answered,
        cut,
        resent,
    }
}

pub(super) const fn comes(
    outcomes: &'static [Outcome],
    heads: &'static [u32],
    counts: Counts,
) -> Comes {
    let mut connections = 0;
    let mut next = 0;
    while next < heads.len() {
        if heads[next] > connections {
            connections = heads[next];
        }
        next += 1;
    }
    Comes {
        outcomes,
        heads,
        connections,
        counts,
    }
}

/// One answer whose head came.
pub(super) const fn one(outcomes: &'static [Outcome]) -> Comes {
    comes(outcomes, &[1], counts(1, 1, 0, 0))
}

/// One request without an answer.
pub(super) const fn cut(outcomes: &'static [Outcome]) -> Comes {
    comes(outcomes, &[1], counts(1, 0, 1, 0))
}

/// Two answers on one connection.
pub(super) const fn kept(outcomes: &'static [Outcome]) -> Comes {
    comes(outcomes, &[1, 1], counts(2, 2, 0, 0))
}

/// Two answers on a connection each.
pub(super) const fn renewed(outcomes: &'static [Outcome]) -> Comes {
    comes(outcomes, &[1, 2], counts(2, 2, 0, 0))
}

/// Nothing was sent.
const fn unsent(outcomes: &'static [Outcome]) -> Comes {
    comes(outcomes, &[], counts(0, 0, 0, 0))
}

pub(super) const fn status(status: u16, body: &'static str) -> Outcome {
    with(status, &[], body)
}

pub(super) const fn with(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> Outcome {
    Outcome::Answer {
        status,
        headers,
        body: Body::Text(body),
    }
}

pub(super) const fn ok(body: &'static str) -> Outcome {
    status(200, body)
}

pub(super) const fn fault(kind: &'static str, says: &'static str) -> Outcome {
    Outcome::Fault { kind, says }
}

const fn row(
    name: &'static str,
    rule: &'static str,
    requests: &'static [Ask],
    server: &'static [Act],
    comes: Comes,
) -> Case {
    Case {
        name,
        rule,
        client: |_| Vec::new(),
        requests,
        server: Script::Bytes(server),
        comes,
        over: Over::Any,
        speaks: None,
        only: None,
        differs: &[],
    }
}

/// One request, one answer.
macro_rules! says {
    ($name:literal, $rule:literal, $answer:expr, $outcome:expr) => {
        row(
            $name,
            $rule,
            &[GET],
            &[Head, Say($answer)],
            one(&[$outcome]),
        )
    };
}

/// The same, and the server closes.
macro_rules! closes {
    ($name:literal, $rule:literal, $answer:expr, $outcome:expr) => {
        row(
            $name,
            $rule,
            &[GET],
            &[Head, Say($answer), Close],
            one(&[$outcome]),
        )
    };
}

/// What came is no HTTP/1.
macro_rules! no_http {
    ($name:literal, $rule:literal, $answer:expr) => {
        row(
            $name,
            $rule,
            &[GET],
            &[Head, Say($answer), Pause],
            cut(&[fault("protocol", "no answer from ADDRESS: ")]),
        )
    };
}

/// The same, and the server closes.
macro_rules! no_http_and_closes {
    ($name:literal, $rule:literal, $answer:expr) => {
        row(
            $name,
            $rule,
            &[GET],
            &[Head, Say($answer), Pause, Close],
            cut(&[fault("protocol", "no answer from ADDRESS: ")]),
        )
    };
}

/// An answer after which the connection serves the next request.
macro_rules! keeps {
    ($name:literal, $rule:literal, $ask:expr, $answer:expr, $outcome:expr) => {
        row(
            $name,
            $rule,
            &[$ask, GET],
            &[Head, Say($answer), Head, OK],
            kept(&[$outcome, ok("ok")]),
        )
    };
}

/// An answer after which the next request has a new connection.
macro_rules! ends {
    ($name:literal, $rule:literal, $ask:expr, $answer:expr, $outcome:expr) => {
        row(
            $name,
            $rule,
            &[$ask, GET],
            &[Head, Say($answer), Pause, Head, OK],
            renewed(&[$outcome, ok("ok")]),
        )
    };
}

/// The head came, and the body came to no right end.
macro_rules! broken {
    ($name:literal, $rule:literal, $answer:expr) => {
        row(
            $name,
            $rule,
            &[GET],
            &[Head, Say($answer), Close],
            one(&[fault("body", "the body from ADDRESS ")]),
        )
    };
}

/// A row of which reqwest makes another outcome.
pub(super) const fn but(case: Case, differs: &'static [(Via, &'static str, Comes)]) -> Case {
    Case { differs, ..case }
}

/// Fields of an answer, and one more with its length.
fn fields(count: usize, size: usize) -> Vec<u8> {
    let mut answer = String::from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n");
    for number in 0..count {
        answer.push_str(&format!("X-{number}: {}\r\n", "y".repeat(size)));
    }
    (answer + "\r\nok").into_bytes()
}

/// The longest value that one field may have beside the length.
const LARGEST: usize = (256 << 10) - "x-0content-length2".len();
const TOO_LARGE: &str = "its head has more than 1,000 fields or is larger than 256 KiB";

/// So many answers that are not the last one, and the last one.
fn informed(count: usize) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(count);
    answer.extend(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    answer
}

/// A chunked body with so many chunks of one byte.
fn chunks(count: usize) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    answer.extend(b"1\r\nx\r\n".repeat(count));
    answer.extend(b"0\r\n\r\n");
    answer
}

/// A body of so many bytes, with its length.
fn long(size: usize) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
    answer.extend(vec![b'x'; size]);
    answer
}

/// A chunked answer whose size line carries an extension of so many bytes.
fn extended(size: usize) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;".to_vec();
    answer.extend(vec![b'e'; size]);
    answer.extend(b"\r\nok\r\n0\r\n\r\n");
    answer
}

pub const ROWS: &[Case] = &[
    // What is sent.
    row(
        "a request without a body",
        "RFC 9112 3.2",
        &[Ask {
            url: "/a/b?c=d",
            sees: &[
                Sees::First("GET /a/b?c=d HTTP/1.1"),
                Sees::Field("host", "ADDRESS"),
                Sees::No("content-length"),
                Sees::No("transfer-encoding"),
                Sees::No("connection"),
            ],
            ..GET
        }],
        &[Head, OK],
        one(&[ok("ok")]),
    ),
    row(
        "a body has its length",
        "RFC 9112 6.2",
        &[Ask {
            sees: &[
                Sees::First("POST / HTTP/1.1"),
                Sees::Field("content-length", "2"),
                Sees::Body("hi"),
            ],
            ..POST
        }],
        &[Head, ReadBody(2), OK],
        one(&[ok("ok")]),
    ),
    row(
        "a method that has a body says that there is none",
        "RFC 9110 8.6",
        &[
            Ask { body: None, sees: &[Sees::Field("content-length", "0")], ..POST },
            Ask { method: "PUT", sees: &[Sees::Field("content-length", "0")], ..GET },
            Ask { method: "PATCH", sees: &[Sees::Field("content-length", "0")], ..GET },
            Ask { method: "DELETE", sees: &[Sees::No("content-length")], ..GET },
            Ask { method: "OPTIONS", sees: &[Sees::No("content-length")], ..GET },
        ],
        &[Head, OK, Head, OK, Head, OK, Head, OK, Head, OK],
        comes(
            &[ok("ok"), ok("ok"), ok("ok"), ok("ok"), ok("ok")],
            &[1, 1, 1, 1, 1],
            counts(5, 5, 0, 0),
        ),
    ),
    row(
        "a header of the grid stands in place of the client's and of those that are made",
        "README",
        &[Ask {
            headers: r#"{"HOST":"shop.test","user-AGENT":"x","Accept":"a/b"}"#,
            sees: &[
                Sees::Field("host", "shop.test"),
                Sees::Field("user-agent", "x"),
                Sees::Field("accept", "a/b"),
            ],
            ..GET
        }],
        &[Head, OK],
        one(&[ok("ok")]),
    ),
    Case {
        only: Some((
            Via::Own,
            "hyper writes all names in lower case",
        )),
        ..row(
            "names of headers are sent as they are written",
            "RFC 9110 5.1",
            &[Ask {
                headers: r#"{"X-Case":"1","x-lower":"2","SHOUT":"3"}"#,
                sees: &[
                    Sees::Line("X-Case: 1"),
                    Sees::Line("x-lower: 2"),
                    Sees::Line("SHOUT: 3"),
                ],
                ..GET
            }],
            &[Head, OK],
            one(&[ok("ok")]),
        )
    },
    Case {
        only: Some((
            Via::Own,
            "hyper writes all names in lower case",
        )),
        ..row(
            "names that are made are written as curl does",
            "RFC 9110 5.1",
            &[Ask {
                sees: &[Sees::Line("Content-Length: 2"), Sees::Body("hi")],
                ..POST
            }],
            &[Head, ReadBody(2), OK],
            one(&[ok("ok")]),
        )
    },
    row(
        "a header with a line break is not sent",
        "RFC 9112 11.1",
        &[Ask { headers: r#"{"a":"x\r\ny: z"}"#, ..GET }],
        &[],
        unsent(&[fault("request", "the header a holds what no header can")]),
    ),
    // Lines of the status.
    says!("no reason", "RFC 9112 4, llhttp", b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    says!("no reason and no space", "llhttp no-space", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    says!("a reason with any bytes", "RFC 9112 4", b"HTTP/1.1 200 d\xe9j\xe0 vu\t!\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    says!("a status that nobody knows", "RFC 9110 15", b"HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok", status(299, "ok")),
    says!("the largest status", "RFC 9112 4", b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok", status(999, "ok")),
    no_http!("another protocol", "llhttp", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    no_http!("ICY", "llhttp ICY", b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("RTSP", "llhttp RTSP", b"RTSP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("HTTPER", "llhttp invalid-version", b"HTTPER/1.1 200 OK\r\n\r\n"),
    no_http!("a line of HTTP/2", "RFC 9112 2.3", b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("HTTP/0.9", "RFC 9112 2.3", b"<html>hello</html>\r\n\r\n"),
    no_http!("a status of two digits", "RFC 9112 4", b"HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a status of four digits", "RFC 9112 4", b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a status of letters", "RFC 9112 4", b"HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("no status", "llhttp", b"HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"),
    Case { over: Over::Tcp, ..but(
        row("TLS where none is spoken", "wire: tls", &[GET], &[Head, Say(b"\x15\x03\x03\x00\x02\x02\x46\r\n\r\n"), Pause], cut(&[fault("tls", "no answer from ADDRESS: ")])),
        &[(Via::Reqwest, "hyper tells only that it is no HTTP", cut(&[fault("protocol", "no answer from ADDRESS: ")]))],
    ) },
    // Lines of the head.
    says!("lines that end by LF alone", "RFC 9112 2.2", b"HTTP/1.1 200 OK\nContent-Length: 2\nX-A: 1\n\nok", with(200, &[("x-a", "1")], "ok")),
    says!("lines of both kinds", "RFC 9112 2.2", b"HTTP/1.1 200 OK\r\nX-A: 1\nContent-Length: 2\r\n\nok", with(200, &[("x-a", "1")], "ok")),
    no_http!("a CR in a value", "RFC 9112 2.2", b"HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a NUL in a value", "RFC 9110 5.5", b"HTTP/1.1 200 OK\r\nX-A: 1\0\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a line without a colon", "RFC 9112 5", b"HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a field without a name", "RFC 9110 5.1", b"HTTP/1.1 200 OK\r\n: 1\r\nContent-Length: 2\r\n\r\nok"),
    no_http!("a name with a space", "RFC 9110 5.1", b"HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 2\r\n\r\nok"),
    says!("a space before the colon", "RFC 9112 5.1, as before", b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 2\r\n\r\nok", with(200, &[("x-a", "1")], "ok")),
    but(
        no_http!("a space before the colon of the length", "RFC 9112 5.1", b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"),
        &[(Via::Reqwest, "hyper takes the space out of every name", one(&[ok("ok")]))],
    ),
    but(
        no_http!("a space before the colon of the coding", "RFC 9112 5.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        &[(Via::Reqwest, "hyper takes the space out of every name", one(&[ok("ok")]))],
    ),
    says!("an empty value", "llhttp", b"HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 2\r\n\r\nok", with(200, &[("x-a", "")], "ok")),
    says!("space round a value", "RFC 9110 5.5", b"HTTP/1.1 200 OK\r\nX-A: \t 1 2 \t\r\nContent-Length:2  \r\n\r\nok", with(200, &[("x-a", "1 2")], "ok")),
    says!("a field that comes twice", "RFC 9110 5.3", b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok", with(200, &[("x-a", "1, 2")], "ok")),
    says!("odd names", "llhttp, RFC 9110 5.6.2", b"HTTP/1.1 200 OK\r\nx_a$!#%&'*+.^`|~9: 1\r\nContent-Length: 2\r\n\r\nok", with(200, &[("x_a$!#%&'*+.^`|~9", "1")], "ok")),
    says!("a folded line", "RFC 9112 5.2, case http_obs_fold", b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-B: 2\r\n\t3\r\nContent-Length: 2\r\n\r\nok", with(200, &[("x-a", "1")], "ok")),
    row(
        "an empty value before a redirect's place",
        "llhttp",
        &[GET],
        &[Head, Say(b"HTTP/1.1 301 Moved\r\nX-Empty:\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"), Head, OK],
        comes(&[ok("ok")], &[1, 1], counts(2, 2, 0, 0)),
    ),
    // Large heads.
    row("a thousand fields", "README", &[GET], &[Head, Make(|| fields(999, 1))], one(&[ok("ok")])),
    row("a thousand and one fields", "README", &[GET], &[Head, Make(|| fields(1_000, 1)), Pause], cut(&[fault("protocol", TOO_LARGE)])),
    but(row("a head of 256 KiB", "README", &[GET], &[Head, Make(|| fields(1, LARGEST))], one(&[ok("ok")])), &[(Via::Own, "its bound counts the ends of lines as well", cut(&[fault("protocol", TOO_LARGE)]))]),
    row("a head of 256 KiB and a byte", "README", &[GET], &[Head, Make(|| fields(1, LARGEST + 1)), Pause], cut(&[fault("protocol", TOO_LARGE)])),
    row("a head of a MiB", "README", &[GET], &[Head, Make(|| fields(1, 1 << 20)), Pause], cut(&[fault("protocol", TOO_LARGE)])),
    row("a head without an end", "README", &[GET], &[Head, Make(|| [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'y'; 1 << 20]].concat()), Pause], cut(&[fault("protocol", TOO_LARGE)])),
    row(
        "a value that never ends by a server that does not stop",
        "README",
        &[HASTY],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nX: y"), Stall],
        cut(&[fault("timeout", "no answer from ADDRESS within 300ms")]),
    ),
    row(
        "a head that comes byte by byte and never ends",
        "README",
        &[HASTY],
        &[Head, Say(b"HTTP/1.1 200 OK\r\n"), Drip(b"X-A: b\r\n")],
        cut(&[fault("timeout", "no answer from ADDRESS within 300ms")]),
    ),
    row(
        "a body that comes byte by byte and never ends",
        "README",
        &[Ask { more: || vec![In::Timeout(some(SHORT * 4))], ..GET }],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"), Drip(b"x")],
        one(&[fault("timeout", "no end of the body from ADDRESS within 1.2s")]),
    ),
    row(
        "chunks that come byte by byte and never end",
        "README",
        &[Ask { more: || vec![In::Timeout(some(SHORT * 4))], ..GET }],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Drip(b"1\r\nx\r\n")],
        one(&[fault("timeout", "no end of the body from ADDRESS within 1.2s")]),
    ),
    // Answers before the answer.
    keeps!("an answer of 100", "RFC 9110 15.2", GET, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    keeps!("early hints", "RFC 8297", GET, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    row("64 answers before the answer", "README", &[GET], &[Head, Make(|| informed(64))], one(&[ok("ok")])),
    but(
        row("65 answers before the answer", "README", &[GET], &[Head, Make(|| informed(65)), Pause], cut(&[fault("protocol", "no answer from ADDRESS: ")])),
        &[(Via::Reqwest, "hyper has no bound for answers before the answer", one(&[ok("ok")]))],
    ),
    row("an answer of 100 and no more", "RFC 9110 15.2", &[HASTY], &[Head, Say(b"HTTP/1.1 100 Continue\r\n\r\n"), Stall], cut(&[fault("timeout", "no answer from ADDRESS within 300ms")])),
    but(
        no_http!("an upgrade that nobody asked for", "RFC 9110 15.2.2", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes"),
        &[(Via::Reqwest, "hyper gives such an answer out as the last one", one(&[status(101, "")]))],
    ),
    // No body.
    keeps!("no content", "RFC 9112 6.3 1", GET, b"HTTP/1.1 204 No Content\r\n\r\n", status(204, "")),
    keeps!("no content with a length", "RFC 9112 6.3 1", GET, b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status(204, "")),
    keeps!("no content, chunked", "RFC 9112 6.3 1", GET, b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", status(204, "")),
    keeps!("not modified with a length", "RFC 9112 6.3 1", GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status(304, "")),
    keeps!("not modified without a length", "RFC 9112 6.3 1", GET, b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", status(304, "")),
    keeps!("the answer to HEAD with a length", "RFC 9112 6.3 1", HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", with(200, &[("content-length", "5")], "")),
    keeps!("the answer to HEAD, chunked", "RFC 9112 6.3 1", HEAD, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ok("")),
    keeps!("the answer to HEAD without a length", "RFC 9112 6.3 1", HEAD, b"HTTP/1.1 200 OK\r\n\r\n", ok("")),
    ends!("no content with a body", "RFC 9112 6.3", GET, b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", status(204, "")),
    ends!("the answer to HEAD with a body", "RFC 9112 6.3", HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ok("")),
    // A length.
    keeps!("a length", "RFC 9112 6.3 6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ok("hello")),
    keeps!("a length of nothing", "RFC 9112 6.3 6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ok("")),
    keeps!("a length with zeros before it", "RFC 9110 8.6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 0005\r\n\r\nhello", ok("hello")),
    keeps!("a status of failure with a length", "RFC 9110 15", GET, b"HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello", status(503, "hello")),
    keeps!("two equal lengths", "RFC 9110 8.6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ok("hello")),
    no_http!("two unlike lengths", "RFC 9112 6.3 5", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    no_http!("two unlike lengths in one field", "RFC 9112 6.3 5", b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nok"),
    no_http!("a length with a sign", "RFC 9110 8.6", b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello"),
    no_http!("a length below nothing", "RFC 9110 8.6", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello"),
    no_http!("a length in base 16", "RFC 9110 8.6", b"HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello"),
    no_http!("a length with a space in it", "RFC 9110 8.6, llhttp content-length", b"HTTP/1.1 200 OK\r\nContent-Length: 1 2\r\n\r\nhello"),
    no_http!("an empty length", "RFC 9110 8.6, llhttp content-length", b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello"),
    no_http!("a length of 2^64", "RFC 9110 8.6, llhttp content-length", b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nhello"),
    broken!("a body that is shorter than its length", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    broken!("no byte of the body", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
    // A body that is longer than its length is what it says, and its connection serves no more.
    ends!("a body that is longer than its length", "RFC 9112 6.3", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA", ok("ok")),
    ends!("a whole answer behind an answer", "RFC 9112 9.3", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", ok("ok")),
    ends!("bytes behind a chunked answer", "RFC 9112 7.1", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nEXTRA", ok("ok")),
    row(
        "an answer that nobody asked for on a connection that lies idle",
        "RFC 9110 15.5.9",
        &[GET, GET],
        &[Head, OK, Pause, Say(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), Close, Head, OK],
        renewed(&[ok("ok"), ok("ok")]),
    ),
    // Chunks.
    keeps!("chunks", "RFC 9112 7.1", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", ok("hello world")),
    keeps!("no chunk", "RFC 9112 7.1", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ok("")),
    keeps!("the coding's name in any case", "RFC 9112 7", GET, b"HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n2\r\nok\r\n0\r\n\r\n", ok("ok")),
    keeps!("sizes in any case and with zeros", "RFC 9112 7.1", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n", ok("01234567890123456789")),
    keeps!("extensions of chunks", "RFC 9112 7.1.1, llhttp", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d;e\"\r\nhello\r\n0;z\r\n\r\n", ok("hello")),
    keeps!("trailers", "RFC 9112 7.1.2", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n", ok("ok")),
    keeps!("a field that frames a message among the trailers", "RFC 9112 7.1.2", GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n", ok("ok")),
    row("many small chunks", "RFC 9112 7.1", &[GET], &[Head, Make(|| chunks(3_000))], one(&[Outcome::Answer { status: 200, headers: &[], body: Body::Size(3_000) }])),
    row("an extension of 3 KiB", "README", &[GET], &[Head, Make(|| extended(3 << 10))], one(&[ok("ok")])),
    row("an extension of 70 KiB", "README", &[GET], &[Head, Make(|| extended(70 << 10)), Pause], one(&[fault("body", "the body from ADDRESS ")])),
    broken!("no last chunk", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    broken!("no end behind the last chunk", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
    broken!("a chunk that ends early", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
    broken!("a size that ends early", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5"),
    broken!("trailers that end early", "RFC 9112 8", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: "),
    broken!("a size with 0x", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    broken!("a size below nothing", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n"),
    broken!("a size with a sign", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n"),
    broken!("an empty size", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n"),
    broken!("a size of 17 digits", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"),
    broken!("a chunk that is longer than its size", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n"),
    broken!("a size that ends by LF alone", "RFC 9112 7.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"),
    broken!("a CR in an extension", "RFC 9112 7.1.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\rb\r\nhello\r\n0\r\n\r\n"),
    // Two ways to say where the body ends.
    but(
        no_http!("a length beside chunks", "RFC 9112 6.3 3", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        &[(Via::Reqwest, "RFC 9112 6.3 lets chunks win, and hyper does", one(&[ok("ok")]))],
    ),
    but(
        no_http!("chunks beside a length", "RFC 9112 6.3 3", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        &[(Via::Reqwest, "RFC 9112 6.3 lets chunks win, and hyper does", one(&[ok("ok")]))],
    ),
    but(no_http_and_closes!("another coding behind chunks", "RFC 9112 6.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n"), &[(Via::Reqwest, "RFC 9112 6.3 4: it reads to the end of the connection", one(&[ok("2\r\nok\r\n0\r\n\r\n")]))]),
    but(no_http_and_closes!("another coding before chunks", "RFC 9112 6.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), &[(Via::Reqwest, "hyper reads the last coding alone", one(&[ok("ok")]))]),
    but(no_http_and_closes!("chunks twice", "RFC 9112 6.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), &[(Via::Reqwest, "hyper reads the last coding alone", one(&[ok("ok")]))]),
    but(no_http_and_closes!("a coding that nobody knows", "RFC 9112 6.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), &[(Via::Reqwest, "RFC 9112 6.3 4: it reads to the end of the connection", one(&[ok("2\r\nok\r\n0\r\n\r\n")]))]),
    but(no_http_and_closes!("an empty coding", "RFC 9112 6.1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n2\r\nok\r\n0\r\n\r\n"), &[(Via::Reqwest, "RFC 9112 6.3 4: it reads to the end of the connection", one(&[ok("2\r\nok\r\n0\r\n\r\n")]))]),
    no_http!("chunks in HTTP/1.0", "RFC 9112 6.1", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    // The end of the connection is the end of the body.
    closes!("a body without a length", "RFC 9112 6.3 8", b"HTTP/1.1 200 OK\r\n\r\nall there is", ok("all there is")),
    closes!("a body without a length and a byte", "RFC 9112 6.3 8", b"HTTP/1.1 200 OK\r\n\r\n", ok("")),
    closes!("a body without a length in HTTP/1.0", "RFC 9112 6.3 8", b"HTTP/1.0 200 OK\r\n\r\nall there is", ok("all there is")),
    row(
        "a body without a length, ended by a half-close",
        "RFC 9112 6.3 8",
        &[GET, GET],
        &[Head, Say(b"HTTP/1.1 200 OK\r\n\r\nall"), HalfClose, Head, OK],
        renewed(&[ok("all"), ok("ok")]),
    ),
    Case {
        over: Over::Tls,
        ..row(
            "a length, and TLS ends without a word",
            "RFC 9112 9.8",
            &[GET],
            &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Truncate],
            one(&[ok("ok")]),
        )
    },
    Case {
        over: Over::Tls,
        ..row(
            "a body without a length, and TLS ends without a word",
            "RFC 9112 9.8",
            &[GET],
            &[Head, Say(b"HTTP/1.1 200 OK\r\n\r\nall there is"), Truncate],
            one(&[fault("body", "the body from ADDRESS ")]),
        )
    },
    // Whether the connection serves on.
    ends!("the server says that it closes", "RFC 9112 9.6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", ok("ok")),
    ends!("it says so among other words", "RFC 9112 9.6", GET, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, CLOSE\r\n\r\nok", ok("ok")),
    ends!("HTTP/1.0", "RFC 9112 9.3", GET, b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ok("ok")),
    keeps!("HTTP/1.0 that keeps the connection", "RFC 9112 9.3", GET, b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", ok("ok")),
    row(
        "the request says that it closes",
        "RFC 9112 9.6",
        &[Ask { headers: r#"{"Connection":"close"}"#, sees: &[Sees::Field("connection", "close")], ..GET }, GET],
        &[Head, OK, Pause, Head, OK],
        renewed(&[ok("ok"), ok("ok")]),
    ),
    // The connection ends, and no answer came.
    row("closed without a word", "wire: closed", &[GET], &[Head, Close], cut(&[fault("closed", "no answer from ADDRESS: ")])),
    row("reset without a word", "wire: reset", &[GET], &[Head, Reset], cut(&[fault("reset", "no answer from ADDRESS: ")])),
    row("closed within the head", "wire: closed", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Le"), Close], cut(&[fault("closed", "no answer from ADDRESS: ")])),
    row("closed before the last byte of the head", "wire: closed", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r"), Close], cut(&[fault("closed", "no answer from ADDRESS: ")])),
    row("half-closed without a word", "wire: closed", &[GET], &[Head, HalfClose], cut(&[fault("closed", "no answer from ADDRESS: ")])),
    row("reset within the head", "wire: reset", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Le"), Pause, Reset], cut(&[fault("reset", "no answer from ADDRESS: ")])),
    row("reset within the body", "the head came", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), Pause, Reset], one(&[fault("body", "the body from ADDRESS ")])),
    row("reset within a chunk", "the head came", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"), Pause, Reset], one(&[fault("body", "the body from ADDRESS ")])),
    row("reset within a body without a length", "RFC 9112 8", &[GET], &[Head, Say(b"HTTP/1.1 200 OK\r\n\r\nhalf"), Pause, Reset], one(&[fault("body", "the body from ADDRESS ")])),
    row(
        "reset behind the answer",
        "RFC 9112 9.3.1",
        &[GET, GET],
        &[Head, OK, Pause, Reset, Head, OK],
        renewed(&[ok("ok"), ok("ok")]),
    ),
    row(
        "closed behind the answer",
        "RFC 9112 9.3.1, case http_pooled_close",
        &[POST, POST],
        &[Head, ReadBody(2), OK, Pause, Close, Head, ReadBody(2), OK],
        renewed(&[ok("ok"), ok("ok")]),
    ),
    // Sent once more.
    row(
        "closed before the second answer",
        "RFC 9112 9.3.1",
        &[GET, GET],
        &[Head, OK, Head, Close, Head, OK],
        comes(&[ok("ok"), ok("ok")], &[1, 1, 2], counts(3, 2, 1, 1)),
    ),
    row(
        "reset before the second answer",
        "RFC 9112 9.3.1",
        &[GET, Ask { method: "PUT", body: Some("hi"), ..GET }],
        &[Head, OK, Head, ReadBody(2), Reset, Head, ReadBody(2), OK],
        comes(&[ok("ok"), ok("ok")], &[1, 1, 2], counts(3, 2, 1, 1)),
    ),
    row(
            "the second time is the last",
            "RFC 9112 9.3.1",
            &[GET, GET],
            &[Head, OK, Head, Close, Head, Close],
            comes(&[ok("ok"), fault("closed", "no answer from ADDRESS: ")], &[1, 1, 2], counts(3, 1, 2, 1)),
        ),
    row(
            "what is not idempotent is not sent again",
            "RFC 9110 9.2.2",
            &[GET, POST],
            &[Head, OK, Head, ReadBody(2), Close],
            comes(&[ok("ok"), fault("closed", "no answer from ADDRESS: ")], &[1, 1], counts(2, 1, 1, 0)),
        ),
    but(
        row(
            "a byte of an answer means that the server had the request",
            "wire: reuse",
            &[GET, GET],
            &[Head, OK, Head, Say(b"HTTP/1.1 200 OK\r\nContent-Le"), Close],
            comes(&[ok("ok"), fault("closed", "no answer from ADDRESS: ")], &[1, 1], counts(2, 1, 1, 0)),
        ),
        &[(
            Via::Reqwest,
            "hyper does not tell how much of an answer came",
            // The server closes what comes once more as well.
            comes(&[ok("ok"), fault("closed", "no answer from ADDRESS: ")], &[1, 1, 2], counts(3, 1, 2, 1)),
        )],
    ),
    // An answer that comes while the request is sent.
    row(
        "an answer before the body of the request was read",
        "RFC 9110 15.5.14",
        &[Ask { method: "PUT", more: || vec![In::Body(some("x".repeat(8 << 20)))], ..GET }, GET],
        &[Head, Say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"), Pause, Head, OK],
        renewed(&[status(413, "no"), ok("ok")]),
    ),
    // Time.
    row("no answer in time", "README", &[HASTY], &[Head, Stall], cut(&[fault("timeout", "no answer from ADDRESS within 300ms")])),
    row("no end of the head in time", "README", &[HASTY], &[Head, Say(b"HTTP/1.1 200 OK\r\n"), Stall], cut(&[fault("timeout", "no answer from ADDRESS within 300ms")])),
    row("no end of the body in time", "README", &[Ask { more: || vec![In::Timeout(some(SHORT * 10))], ..GET }], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"), Stall], one(&[fault("timeout", "no end of the body from ADDRESS within 3s")])),
    row(
        "what was cut leaves nothing to the next request",
        "wire: loan",
        &[HASTY, GET],
        &[Head, Stall, Head, OK],
        comes(&[fault("timeout", ""), ok("ok")], &[1, 2], counts(2, 1, 1, 0)),
    ),
    // A request that waits for a word before it sends its body.
    row(
        "a final answer to a request that waits for a word",
        "RFC 9110 10.1.1",
        &[Ask { headers: r#"{"Expect":"100-continue"}"#, sees: &[Sees::Field("expect", "100-continue")], ..POST }, GET],
        &[Head, Say(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"), Pause, Head, OK],
        renewed(&[status(417, "no"), ok("ok")]),
    ),
    row(
        "a word to a request that waits for one, and then the end",
        "RFC 9110 10.1.1",
        &[Ask { headers: r#"{"Expect":"100-continue"}"#, ..POST }],
        &[Head, Say(b"HTTP/1.1 100 Continue\r\n\r\n"), ReadBody(2), Close],
        cut(&[fault("closed", "no answer from ADDRESS: ")]),
    ),
    // Bodies in codings, and large ones.
    row(
        "a body in gzip",
        "RFC 9110 8.4",
        &[GET],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\xcf\x06\x00\x47\xdd\xdc\x79\x02\x00\x00\x00")],
        one(&[Outcome::Answer { status: 200, headers: &[], body: Body::Decoded { text: "ok", size: 22 } }]),
    ),
    row(
        "a body that is not what its coding says",
        "RFC 9110 8.4",
        &[Ask { reads: true, ..GET }],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain")],
        one(&[fault("body", "it cannot be decompressed as gzip")]),
    ),
    row(
        "a body of 3 MiB",
        "RFC 9112 6.2",
        &[GET, GET],
        &[Head, Make(|| long(3 << 20)), Head, OK],
        kept(&[Outcome::Answer { status: 200, headers: &[], body: Body::Size(3 << 20) }, ok("ok")]),
    ),
    Case {
        client: |_| vec![http_client::In::MaxBodySize(some(Number::new(1_000)))],
        ..row(
            "a body that is longer than is kept",
            "README",
            &[Ask { reads: true, ..GET }],
            &[Head, Make(|| long(1 << 20))],
            one(&[fault("body", "the body is longer than the client's max_body_size, 1000 bytes")]),
        )
    },
    // Above the transport.
    row(
        "a redirect",
        "RFC 9110 15.4",
        &[Ask { url: "/old", ..GET }],
        &[Head, Say(b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 2\r\n\r\nno"), Head, OK],
        comes(&[ok("ok")], &[1, 1], counts(2, 2, 0, 0)),
    ),
    row(
        "a redirect whose body breaks",
        "case http_redirect_broken_body",
        &[GET],
        &[Head, Say(b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 20\r\n\r\nno"), Close, Head, OK],
        comes(&[ok("ok")], &[1, 2], counts(2, 2, 0, 0)),
    ),
    says!("a redirect to what is no url", "RFC 9110 10.2.2", b"HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n", fault("redirect", "")),
    row(
        "a redirect too many",
        "README",
        &[Ask { more: || vec![In::MaxRedirects(some(Number::new(1)))], ..GET }],
        &[
            Head, Say(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"),
            Head, Say(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"),
        ],
        comes(&[fault("redirect", "more than 1 redirects")], &[1, 1], counts(2, 2, 0, 0)),
    ),
    row(
        "another status than the grid expects",
        "README",
        &[Ask { more: || vec![In::ExpectStatus(some(bggo_runtime::contract::Value::from("2xx")))], ..GET }],
        &[Head, Say(b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")],
        one(&[fault("status", "status 503, expected 2xx")]),
    ),
    row(
        "a cookie comes back",
        "RFC 6265 5.4",
        &[GET, Ask { sees: &[Sees::Field("cookie", "a=1")], ..GET }],
        &[Head, Say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 2\r\n\r\nok"), Head, OK],
        kept(&[ok("ok"), ok("ok")]),
    ),
    // No connection.
    Case {
        over: Over::Tcp,
        ..row("nobody listens any more", "wire: refused", &[GET, GET], &[Head, Say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), Refuse, Pause], comes(&[ok("ok"), fault("refused", "no connection to ADDRESS: ")], &[1], counts(1, 1, 0, 0)))
    },
    row("a name without an address", "wire: dns", &[Ask { url: "http://nowhere.invalid/", ..GET }], &[], unsent(&[fault("dns", "nowhere.invalid has no address")])),
    Case {
        over: Over::Tcp,
        ..row(
            "no TLS where it is asked for",
            "wire: tls",
            &[Ask { url: "https://ADDRESS/", ..GET }],
            &[Meet, Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Pause, Close],
            Comes { connections: 1, ..unsent(&[fault("tls", "no secure connection to ADDRESS: ")]) },
        )
    },
    Case {
        over: Over::Tcp,
        client: |address| vec![http_client::In::Proxy(some(format!("http://{address}")))],
        ..row(
            "a proxy that refuses",
            "RFC 9110 9.3.6",
            &[Ask { url: "https://site.test/", ..GET }],
            &[Head, Say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")],
            comes(&[fault("connect", "the proxy would not connect")], &[1], counts(0, 0, 0, 0)),
        )
    },
    Case {
        over: Over::Tcp,
        client: |address| vec![http_client::In::Proxy(some(format!("http://{address}")))],
        ..row(
            "a proxy passes a request on",
            "RFC 9112 3.2.2",
            &[Ask { url: "http://site.test/p?q", sees: &[Sees::First("GET http://site.test/p?q HTTP/1.1"), Sees::Field("host", "site.test")], ..GET }],
            &[Head, OK],
            one(&[ok("ok")]),
        )
    },
];
