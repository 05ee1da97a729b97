//! The rows of both versions of HTTP: which parts of an answer a server sends, where it breaks off, and what comes of it.

use super::bytes::{
    GET, HASTY, HEAD, POST, but, comes, counts, cut, fault, kept, ok, one, renewed, status, with,
};
use super::server::Act;
use super::{Ask, Body, Case, Outcome, Over, SHORT, Script, Sees, Speaks, Via};
use crate::user::some;
use Do::{
    Answer, Bare, Close, End, Fill, GiveUp, GoAway, Head, Interim, Large, Pause, Piece, Reset,
    Stall, Trailers,
};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::In;
use bggo_runtime::contract::{Number, Value};

/// Fields of an answer: names in lower case and values.
pub type Fields = &'static [(&'static str, &'static str)];

/// What the server does next.
#[derive(Debug, Clone, Copy)]
pub enum Do {
    /// Waits for the head of a request, on the connection that is open or on a new one.
    Head,
    /// Waits for so many bytes of the request's body.
    Body(usize),
    /// Sends a head before the answer.
    Interim(u16, Fields),
    /// Sends the head of an answer, whose body follows.
    Answer(u16, Fields),
    /// Sends the head of an answer that has no body.
    Bare(u16, Fields),
    /// The same, with a field of so many bytes.
    Large(usize),
    /// Sends bytes of the body.
    Piece(&'static [u8]),
    /// Sends so many bytes of the body.
    Fill(usize),
    /// Ends the body.
    End,
    /// Ends the body, with fields behind it.
    Trailers(Fields),
    /// Lets the user have its turns, until it has read what was sent.
    Pause,
    /// Gives the answer up: in HTTP/2 by the reason's code, which leaves the connection as it is; in HTTP/1 by a reset.
    GiveUp(u32),
    /// Says that the connection serves no more requests; in HTTP/1 it closes.
    GoAway,
    /// Closes.
    Close,
    /// Closes by a reset.
    Reset,
    /// Does nothing more with this connection, which stays open.
    Stall,
}

/// Reasons of RFC 9113, section 7.
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const TOO_LARGE: &str = "its head has more than 1,000 fields or is larger than 256 KiB";

/// A value of so many bytes.
pub fn large(size: usize) -> String {
    "y".repeat(size)
}

/// The same script in bytes of HTTP/1. A body without a length goes out in chunks.
pub fn over_http_1(script: &[Do]) -> &'static [Act] {
    let mut is_chunked = false;
    let mut acts = Vec::new();
    for part in script {
        acts.extend(match part {
            Do::Head => [Act::Head],
            Do::Body(size) => [Act::Body(*size)],
            Do::Interim(status, fields) => [say(head(*status, fields) + "\r\n")],
            Do::Answer(status, fields) => {
                is_chunked = !fields.iter().any(|(name, _)| *name == "content-length");
                let coding = if is_chunked {
                    "transfer-encoding: chunked\r\n"
                } else {
                    ""
                };
                [say(head(*status, fields) + coding + "\r\n")]
            }
            Do::Bare(status, fields) => {
                let has_length = matches!(status, 204 | 304)
                    || fields.iter().any(|(name, _)| *name == "content-length");
                let length = if has_length {
                    ""
                } else {
                    "content-length: 0\r\n"
                };
                [say(head(*status, fields) + length + "\r\n")]
            }
            Do::Large(size) => {
                let value = large(*size);
                [say(format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-large: {value}\r\n\r\n"
                ))]
            }
            Do::Piece(bytes) => [piece(bytes, is_chunked)],
            Do::Fill(size) => [piece(&vec![b'x'; *size], is_chunked)],
            Do::End => [say(if is_chunked {
                "0\r\n\r\n".to_owned()
            } else {
                String::new()
            })],
            Do::Trailers(fields) => [say(format!("0\r\n{}\r\n", lines(fields)))],
            Do::Pause => [Act::Pause],
            Do::GiveUp(_) | Do::Reset => [Act::Reset],
            Do::GoAway | Do::Close => [Act::Close],
            Do::Stall => [Act::Stall],
        });
    }
    // It lives as long as the test that runs it.
    acts.leak()
}

fn say(text: String) -> Act {
    Act::Say(text.into_bytes().leak())
}

fn piece(bytes: &[u8], is_chunked: bool) -> Act {
    let mut sent = bytes.to_vec();
    if is_chunked {
        sent.splice(..0, format!("{:x}\r\n", bytes.len()).into_bytes());
        sent.extend(b"\r\n");
    }
    Act::Say(sent.leak())
}

fn head(status: u16, fields: Fields) -> String {
    format!("HTTP/1.1 {status} Some\r\n{}", lines(fields))
}

fn lines(fields: Fields) -> String {
    let lines = fields.iter();
    lines
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect()
}

const fn row(
    name: &'static str,
    rule: &'static str,
    requests: &'static [Ask],
    server: &'static [Do],
    comes: super::Comes,
) -> Case {
    Case {
        name,
        rule,
        client: |_| Vec::new(),
        requests,
        server: Script::Answers(server),
        comes,
        over: Over::Any,
        speaks: None,
        only: None,
        differs: &[],
    }
}

/// A row that HTTP/2 alone has.
const fn in_http_2(case: Case) -> Case {
    Case {
        speaks: Some(Speaks::Two),
        ..case
    }
}

/// A head that is too large over HTTP/2, where reqwest takes it. Rows of raw bytes say the same of HTTP/1.
const fn large_for_reqwest(case: Case) -> Case {
    const WHY: &str = "its bound of a head over HTTP/2 is 16 MiB";
    Case {
        differs: const { &[(Via::Reqwest, WHY, one(const { &[ok("")] }))] },
        ..in_http_2(case)
    }
}

const fn size(status: u16, size: usize) -> Outcome {
    Outcome::Answer {
        status,
        headers: &[],
        body: Body::Size(size),
    }
}

const OK: Do = Bare(200, &[]);
const NO_ANSWER: &str = "no answer from ADDRESS: ";
const BROKEN: &str = "the body from ADDRESS ended early: ";

pub const ROWS: &[Case] = &[
    // Requests.
    row(
        "both: a request without a body",
        "RFC 9113 8.3.1",
        &[Ask {
            url: "/a/b?c=d",
            headers: r#"{"X-Case":"1"}"#,
            sees: &[
                Sees::First("GET /a/b?c=d HTTP/1.1"),
                Sees::Field("host", "ADDRESS"),
                Sees::Field("x-case", "1"),
                Sees::Field("accept", "*/*"),
                Sees::No("content-length"),
                Sees::No("transfer-encoding"),
            ],
            ..GET
        }],
        &[Head, OK],
        one(&[ok("")]),
    ),
    row(
        "both: a body has its length",
        "RFC 9110 8.6",
        &[Ask { sees: &[Sees::First("POST / HTTP/1.1"), Sees::Field("content-length", "2"), Sees::Body("hi")], ..POST }],
        &[Head, Do::Body(2), OK],
        one(&[ok("")]),
    ),
    row(
        "both: fields of the connection",
        "RFC 9113 8.2.2",
        &[Ask { headers: r#"{"Keep-Alive":"5","X-A":"1"}"#, sees: &[Sees::Field("x-a", "1"), Sees::No("transfer-encoding")], ..GET }],
        &[Head, OK],
        one(&[ok("")]),
    ),
    row(
        "both: a body larger than every window",
        "RFC 9113 5.2",
        &[Ask { method: "PUT", more: || vec![In::Body(some("x".repeat(3 << 20)))], ..GET }, GET],
        &[Head, Do::Body(3 << 20), OK, Head, OK],
        kept(&[ok(""), ok("")]),
    ),
    // Answers.
    row(
        "both: status, fields and body",
        "RFC 9113 8.3.2",
        &[GET, GET],
        &[Head, Answer(201, &[("x-a", "1"), ("x-empty", "")]), Piece(b"hello"), Piece(b" world"), End, Head, OK],
        kept(&[with(201, &[("x-a", "1"), ("x-empty", "")], "hello world"), ok("")]),
    ),
    row(
        "both: a field that comes twice",
        "RFC 9110 5.3",
        &[GET],
        &[Head, Bare(200, &[("x-a", "1"), ("x-b", "0"), ("x-a", "2")])],
        one(&[with(200, &[("x-a", "1, 2"), ("x-b", "0")], "")]),
    ),
    row(
        "both: a length",
        "RFC 9113 8.1.1",
        &[GET, GET],
        &[Head, Answer(200, &[("content-length", "5")]), Piece(b"he"), Pause, Piece(b"llo"), End, Head, OK],
        kept(&[with(200, &[("content-length", "5")], "hello"), ok("")]),
    ),
    row("both: no body", "RFC 9113 8.1", &[GET, GET], &[Head, OK, Head, OK], kept(&[ok(""), ok("")])),
    row("both: no piece of a body", "RFC 9113 8.1", &[GET, GET], &[Head, Answer(200, &[]), Pause, End, Head, OK], kept(&[ok(""), ok("")])),
    row("both: no content", "RFC 9110 15.3.5", &[GET, GET], &[Head, Bare(204, &[]), Head, OK], kept(&[status(204, ""), ok("")])),
    row("both: not modified with a length", "RFC 9110 15.4.5", &[GET, GET], &[Head, Bare(304, &[("content-length", "5")]), Head, OK], kept(&[status(304, ""), ok("")])),
    row("both: the answer to HEAD with a length", "RFC 9110 9.3.2", &[HEAD, GET], &[Head, Bare(200, &[("content-length", "5")]), Head, OK], kept(&[with(200, &[("content-length", "5")], ""), ok("")])),
    row("both: a status that nobody knows", "RFC 9110 15", &[GET], &[Head, Bare(299, &[])], one(&[status(299, "")])),
    row("both: early hints", "RFC 8297", &[GET, GET], &[Head, Interim(103, &[("link", "</a>")]), Answer(200, &[]), Piece(b"ok"), End, Head, OK], kept(&[ok("ok"), ok("")])),
    row("both: an answer of 100", "RFC 9110 15.2.1", &[POST, GET], &[Head, Interim(100, &[]), Do::Body(2), Answer(200, &[]), Piece(b"ok"), End, Head, OK], kept(&[ok("ok"), ok("")])),
    row("both: trailers", "RFC 9113 8.1", &[GET, GET], &[Head, Answer(200, &[]), Piece(b"ok"), Trailers(&[("x-t", "1")]), Head, OK], kept(&[ok("ok"), ok("")])),
    row("both: a body of 3 MiB", "RFC 9113 5.2", &[GET, GET], &[Head, Answer(200, &[]), Fill(3 << 20), End, Head, OK], kept(&[size(200, 3 << 20), ok("")])),
    row("both: a field of 200 KiB", "README", &[GET, GET], &[Head, Large(200 << 10), Head, OK], kept(&[ok(""), ok("")])),
    large_for_reqwest(row("two: a field of 256 KiB and a byte", "README", &[GET], &[Head, Large((256 << 10) + 1), Pause], cut(&[fault("protocol", TOO_LARGE)]))),
    large_for_reqwest(row("two: a thousand and one fields", "README", &[GET], &[Head, Bare(200, &[("x-a", "1"); 1_001]), Pause], cut(&[fault("protocol", TOO_LARGE)]))),
    row("both: 999 fields", "README", &[GET, GET], &[Head, Bare(200, &[("x-a", "1"); 999]), Head, OK], kept(&[ok(""), ok("")])),
    row(
        "both: a body in gzip",
        "RFC 9110 8.4",
        &[GET],
        &[Head, Answer(200, &[("content-encoding", "gzip")]), Piece(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\xcf\x06\x00\x47\xdd\xdc\x79\x02\x00\x00\x00"), End],
        one(&[Outcome::Answer { status: 200, headers: &[], body: Body::Decoded { text: "ok", size: 22 } }]),
    ),
    // Answers that come before their requests are sent.
    row(
        "both: an answer before the body of the request was read",
        "RFC 9110 15.5.14",
        &[Ask { method: "PUT", more: || vec![In::Body(some("x".repeat(8 << 20)))], ..GET }],
        &[Head, Answer(413, &[("content-length", "2")]), Piece(b"no"), End, Pause],
        one(&[status(413, "no")]),
    ),
    row(
        "both: a final answer to a request that waits for a word",
        "RFC 9110 10.1.1",
        &[Ask { headers: r#"{"Expect":"100-continue"}"#, sees: &[Sees::Field("expect", "100-continue")], ..POST }],
        &[Head, Answer(417, &[("content-length", "2"), ("x-a", "1")]), Piece(b"no"), End, Pause],
        one(&[with(417, &[("x-a", "1")], "no")]),
    ),
    row(
        "both: a word to a request that waits for one",
        "RFC 9110 10.1.1",
        &[Ask { headers: r#"{"Expect":"100-continue"}"#, sees: &[Sees::Body("hi")], ..POST }, GET],
        &[Head, Interim(100, &[]), Do::Body(2), Answer(200, &[]), Piece(b"ok"), End, Head, OK],
        kept(&[ok("ok"), ok("")]),
    ),
    // Bodies that do not come to their end.
    row("both: the connection closes within the body", "RFC 9113 8.1.1", &[GET], &[Head, Answer(200, &[("content-length", "10")]), Piece(b"half"), Pause, Close], one(&[fault("body", BROKEN)])),
    row("both: the connection closes within a body without a length", "RFC 9113 8.1.1", &[GET], &[Head, Answer(200, &[]), Piece(b"half"), Pause, Close], one(&[fault("body", BROKEN)])),
    row("both: the connection is reset within the body", "RFC 9113 8.1.1", &[GET], &[Head, Answer(200, &[]), Piece(b"half"), Pause, Reset], one(&[fault("body", BROKEN)])),
    row("both: the answer is given up within the body", "RFC 9113 5.4.2", &[GET], &[Head, Answer(200, &[]), Piece(b"half"), Pause, GiveUp(INTERNAL_ERROR)], one(&[fault("body", BROKEN)])),
    row("both: a body that is shorter than its length", "RFC 9113 8.1.1", &[GET], &[Head, Answer(200, &[("content-length", "10")]), Piece(b"half"), End, Pause, Close], one(&[fault("body", BROKEN)])),
    in_http_2(row("two: a body that is longer than its length", "RFC 9113 8.1.1", &[GET], &[Head, Answer(200, &[("content-length", "2")]), Piece(b"more"), End, Pause], one(&[fault("body", BROKEN)]))),
    in_http_2(row(
        "two: an answer that is given up leaves its connection as it was",
        "RFC 9113 5.4.2",
        &[GET, GET],
        &[Head, Answer(200, &[]), Piece(b"half"), Pause, GiveUp(INTERNAL_ERROR), Head, OK],
        kept(&[fault("body", "the body from ADDRESS ended early: the other end gave the HTTP/2 stream up (INTERNAL_ERROR)"), ok("")]),
    )),
    // No answer.
    row("both: closed without a word", "wire: closed", &[GET], &[Head, Close], cut(&[fault("closed", NO_ANSWER)])),
    row("both: reset without a word", "wire: reset", &[GET], &[Head, Reset], cut(&[fault("reset", NO_ANSWER)])),
    row("both: an answer that is given up before its head", "RFC 9113 5.4.2", &[GET], &[Head, GiveUp(INTERNAL_ERROR)], cut(&[fault("reset", NO_ANSWER)])),
    in_http_2(row(
        "two: what is not idempotent and was given up is not sent again",
        "RFC 9110 9.2.2",
        &[GET, POST],
        &[Head, OK, Head, GiveUp(INTERNAL_ERROR)],
        comes(&[ok(""), fault("reset", NO_ANSWER)], &[1, 1], counts(2, 1, 1, 0)),
    )),
    in_http_2(but(
        row(
            "two: a stream that was refused is asked for once more",
            "RFC 9113 8.7",
            &[GET],
            &[Head, GiveUp(REFUSED_STREAM), Head, OK],
            comes(&[ok("")], &[1, 2], counts(2, 1, 1, 1)),
        ),
        &[(Via::Reqwest, "reqwest asks by itself, and on the same connection", comes(&[ok("")], &[1, 1], counts(1, 1, 0, 0)))],
    )),
    in_http_2(but(
        row(
            "two: what was refused is asked for again, whatever its method",
            "RFC 9113 8.7",
            &[POST],
            &[Head, Do::Body(2), GiveUp(REFUSED_STREAM), Head, Do::Body(2), GiveUp(REFUSED_STREAM), Head, Do::Body(2), OK],
            comes(&[ok("")], &[1, 2, 3], counts(3, 1, 2, 2)),
        ),
        &[(Via::Reqwest, "reqwest asks by itself, and on the same connection", comes(&[ok("")], &[1, 1, 1], counts(1, 1, 0, 0)))],
    )),
    in_http_2(but(
        row(
            "two: what is always refused is asked for three times",
            "RFC 9113 8.7",
            &[POST],
            &[Head, Do::Body(2), GiveUp(REFUSED_STREAM), Head, Do::Body(2), GiveUp(REFUSED_STREAM), Head, Do::Body(2), GiveUp(REFUSED_STREAM)],
            comes(&[fault("reset", NO_ANSWER)], &[1, 2, 3], counts(3, 0, 3, 2)),
        ),
        &[(Via::Reqwest, "reqwest asks by itself, and on the same connection", comes(&[fault("reset", NO_ANSWER)], &[1, 1, 1], counts(1, 0, 1, 0)))],
    )),
    row("both: no answer in time", "README", &[HASTY], &[Head, Stall], cut(&[fault("timeout", "no answer from ADDRESS within 300ms")])),
    row(
        "both: no end of the body in time",
        "README",
        &[Ask { more: || vec![In::Timeout(some(SHORT * 4))], ..GET }],
        &[Head, Answer(200, &[("content-length", "3")]), Piece(b"ok"), Pause, Stall],
        one(&[fault("timeout", "no end of the body from ADDRESS within 1.2s")]),
    ),
    // The connection ends between requests.
    row(
        "both: closed behind the answer",
        "RFC 9112 9.3.1, case http_pooled_close",
        &[POST, POST],
        &[Head, Do::Body(2), OK, Pause, Close, Head, Do::Body(2), OK],
        renewed(&[ok(""), ok("")]),
    ),
    row("both: reset behind the answer", "RFC 9112 9.3.1", &[GET, GET], &[Head, OK, Pause, Reset, Head, OK], renewed(&[ok(""), ok("")])),
    row(
        "both: the server serves no more requests on this connection",
        "RFC 9113 6.8",
        &[POST, POST],
        &[Head, Do::Body(2), OK, Pause, GoAway, Head, Do::Body(2), OK],
        renewed(&[ok(""), ok("")]),
    ),
    in_http_2(row(
        "two: an answer that came before the end of its connection was announced is read to its end",
        "RFC 9113 6.8",
        &[GET, GET],
        &[Head, Answer(200, &[]), Piece(b"half"), GoAway, Pause, Piece(b" and half"), End, Head, OK],
        renewed(&[ok("half and half"), ok("")]),
    )),
    row(
        "both: closed before the second answer",
        "RFC 9112 9.3.1",
        &[GET, GET],
        &[Head, OK, Head, Close, Head, OK],
        comes(&[ok(""), ok("")], &[1, 1, 2], counts(3, 2, 1, 1)),
    ),
    row(
        "both: what is not idempotent is not sent again",
        "RFC 9110 9.2.2",
        &[GET, POST],
        &[Head, OK, Head, Do::Body(2), Close],
        comes(&[ok(""), fault("closed", NO_ANSWER)], &[1, 1], counts(2, 1, 1, 0)),
    ),
    // Above the transport.
    row(
        "both: a redirect",
        "RFC 9110 15.4",
        &[Ask { url: "/old", ..GET }],
        &[Head, Answer(302, &[("location", "/new")]), Piece(b"no"), End, Head, OK],
        comes(&[ok("")], &[1, 1], counts(2, 2, 0, 0)),
    ),
    row(
        "both: a cookie comes back",
        "RFC 6265 5.4",
        &[GET, Ask { sees: &[Sees::Field("cookie", "a=1")], ..GET }],
        &[Head, Bare(200, &[("set-cookie", "a=1; Path=/")]), Head, OK],
        kept(&[ok(""), ok("")]),
    ),
    row(
        "both: another status than the grid expects",
        "README",
        &[Ask { more: || vec![In::ExpectStatus(some(Value::from("2xx")))], ..GET }],
        &[Head, Answer(503, &[]), Piece(b"no"), End],
        one(&[fault("status", "status 503, expected 2xx")]),
    ),
    Case {
        client: |_| vec![http_client::In::MaxBodySize(some(Number::new(1_000)))],
        ..row(
            "both: a body that is longer than is kept",
            "README",
            &[Ask { reads: true, ..GET }],
            &[Head, Answer(200, &[]), Fill(1 << 20), End],
            one(&[fault("body", "the body is longer than the client's max_body_size, 1000 bytes")]),
        )
    },
];
