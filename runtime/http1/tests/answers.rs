//! Heads of answers: what is read, and what is refused. Facts of RFC 9110 and 9112, and of the test lists of llhttp and
//! picohttpparser.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be read fails the test"
)]

use bggo_http1::Framing::{self, Chunked, Length, UntilClose};
use bggo_http1::{Asked, Bad, Head, Limits, Notable, Progress, fields, read};

const LIMITS: Limits = Limits {
    fields: 1_000,
    bytes: 256 << 10,
};
const GET: Asked = Asked {
    head: false,
    connect: false,
    upgrade: false,
};
const NO_BODY: Framing = Framing::None;

/// What the whole text is, and the same when it comes byte by byte.
fn asked(text: &[u8], asked: &Asked) -> Result<Option<Head>, Bad> {
    let whole = read(text, &mut Progress::new(), asked, &LIMITS);
    let mut progress = Progress::new();
    let mut lengths = 0..=text.len();
    let by_byte =
        lengths.find_map(|length| read(&text[..length], &mut progress, asked, &LIMITS).transpose());
    assert_eq!(whole, by_byte.transpose(), "{}", text.escape_ascii());
    whole
}

fn head(text: &str) -> Head {
    let head = asked(text.as_bytes(), &GET).unwrap();
    head.unwrap_or_else(|| panic!("it is not whole: {text:?}"))
}

fn bad(text: &str) -> Bad {
    asked(text.as_bytes(), &GET).unwrap_err()
}

/// The fields of a head as text.
fn list(text: &str) -> Vec<(String, String)> {
    let size = head(text).size;
    let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    fields(&text.as_bytes()[..size])
        .map(|(name, value)| (text_of(name), text_of(&value)))
        .collect()
}

#[test]
fn a_status_line_is_a_version_a_status_and_perhaps_a_reason() {
    for (line, status, minor) in [
        ("HTTP/1.1 200 OK", 200, 1),
        ("HTTP/1.0 500 Internal Server Error", 500, 0),
        ("HTTP/1.1 301", 301, 1),
        ("HTTP/1.1 200 ", 200, 1),
        ("HTTP/1.1 200  OK", 200, 1),
        ("HTTP/1.1 500 Oriëntatieprobleem", 500, 1),
        ("HTTP/1.1 999 x\ty", 999, 1),
        ("HTTP/1.7 200 OK", 200, 1),
    ] {
        for end in ["\r\n\r\n", "\n\n", "\r\n\n", "\n\r\n"] {
            let text = format!("{line}{end}");
            let head = head(&text);
            assert_eq!((head.status, head.minor), (status, minor), "{line}");
            assert_eq!((head.framing, head.size), (UntilClose, text.len()));
        }
    }
    for (line, why) in [
        ("HTP/1.1 200 OK", Bad::NotHttp),
        ("HTTPER/1.1 200 OK", Bad::NotHttp),
        ("RTSP/1.1 200 OK", Bad::NotHttp),
        ("ICY 200 OK", Bad::NotHttp),
        ("ICE/1.1 200 OK", Bad::NotHttp),
        ("http/1.1 200 OK", Bad::NotHttp),
        (" HTTP/1.1 200 OK", Bad::NotHttp),
        ("\u{15}\u{3}\u{1}", Bad::NotHttp),
        ("HTTP/2.0 200 OK", Bad::Version),
        ("HTTP/2 200 OK", Bad::Version),
        ("HTTP/0.9 200 OK", Bad::Version),
        ("HTTP/5.6 200 OK", Bad::Version),
        ("HTTP/01.1 200 OK", Bad::Version),
        ("HTTP/11.1 200 OK", Bad::Version),
        ("HTTP/1.01 200 OK", Bad::Version),
        ("HTTP/1. 200 OK", Bad::Version),
        ("HTTP/1.2z 200 OK", Bad::Version),
        ("HTTP/1.1\t200 OK", Bad::Version),
        ("HTTP/1.1", Bad::Version),
        ("HTTP/", Bad::Version),
        ("HTTP/1.1 ", Bad::Status),
        ("HTTP/1.1  200 OK", Bad::Status),
        ("HTTP/1.1  OK", Bad::Status),
        ("HTTP/1.1 2 OK", Bad::Status),
        ("HTTP/1.1 20 OK", Bad::Status),
        ("HTTP/1.1 099 OK", Bad::Status),
        ("HTTP/1.1 -20 OK", Bad::Status),
        ("HTTP/1.1 2000 OK", Bad::Status),
        ("HTTP/1.1 200X", Bad::Status),
        ("HTTP/1.1 200X OK", Bad::Status),
        ("HTTP/1.1 200\tOK", Bad::Status),
    ] {
        assert_eq!(bad(&format!("{line}\r\n\r\n")), why, "{line}");
    }
}

#[test]
fn what_is_no_http_is_told_before_its_line_ends() {
    for (text, why) in [
        ("SSH-2.0-OpenSSH", Bad::NotHttp),
        ("{", Bad::NotHttp),
        ("HTTQ", Bad::NotHttp),
    ] {
        assert_eq!(bad(text), why);
    }
    for text in [
        "",
        "H",
        "HTTP/",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\n\r",
        "HTTP/1.1 200 OK\r\nA: 1\r\n",
        "\r",
        "\r\n",
    ] {
        assert_eq!(asked(text.as_bytes(), &GET), Ok(None), "{text:?}");
    }
}

#[test]
fn empty_lines_before_the_head_are_left_out() {
    let text = "\r\n\n\r\nHTTP/1.1 204 No Content\r\nA: 1\r\n\r\n";
    assert_eq!(head(text).size, text.len());
    assert_eq!(list(text), [("A".to_owned(), "1".to_owned())]);
    for text in [
        "\r\rHTTP/1.1 204 x\r\n\r\n",
        "\rHTTP/1.1 204 x\r\n\r\n",
        "\rHTTP/1.1\t204 x\r\n\r\n",
    ] {
        assert_eq!(bad(text), Bad::NotHttp, "{text:?}");
    }
}

#[test]
fn fields_are_given_as_written_and_in_order() {
    let text = "HTTP/1.1 200 OK\r\nServer: a  b\r\nX-$Proto.1_y|~:\t v \t\r\nPragma: \r\nLocation:http://x/\r\nx: h\u{e9}\r\nA :1\r\n\r\nB: no";
    let expected = [
        ("Server", "a  b"),
        ("X-$Proto.1_y|~", "v"),
        ("Pragma", ""),
        ("Location", "http://x/"),
        ("x", "h\u{e9}"),
        ("A", "1"),
    ];
    assert_eq!(
        list(text),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_folded_value_is_joined_by_spaces() {
    let text = "HTTP/1.1 200 OK\r\nA: one \r\n\ttwo\r\n  \r\n three\r\nB:\r\n late\nC: x\n\r\n";
    let expected = [("A", "one two three"), ("B", "late"), ("C", "x")];
    assert_eq!(
        list(text),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(
        bad("HTTP/1.1 200 OK\r\n Host: foo\r\n\r\n"),
        Bad::SpaceAfterFirstLine
    );
}

#[test]
fn what_no_head_may_hold_is_refused() {
    for (lines, why) in [
        ("Foo: 1\rBar: 2", Bad::BareCarriageReturn),
        ("Foo: 1\r\r\nBar: 2", Bad::BareCarriageReturn),
        ("Foo: 1\r\n\rBar: 2", Bad::BareCarriageReturn),
        ("Foo: 1\r\n\r\r\n", Bad::BareCarriageReturn),
        ("A: c\0d", Bad::Control),
        ("a\0b: c", Bad::Control),
        ("ab: c\u{1b}", Bad::Control),
        ("ab: c\u{7f}", Bad::Control),
        ("a\u{1b}b: c", Bad::Control),
        ("no colon here", Bad::NoColon),
        ("en-US Content-Type: text/xml", Bad::Name),
        (":a", Bad::Name),
        ("/: 1", Bad::Name),
        ("{: 1", Bad::Name),
        ("A\tb: 1", Bad::Name),
        ("h\u{e9}: 1", Bad::Name),
        ("\"a\": 1", Bad::Name),
    ] {
        // At each place of a block of bytes.
        for before in 0..20 {
            let text = format!(
                "HTTP/1.1 200 OK\r\nX: {}\r\n{lines}\r\n\r\n",
                "y".repeat(before)
            );
            assert_eq!(bad(&text), why, "{lines:?}");
        }
    }
    assert_eq!(
        bad("HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n"),
        Bad::BareCarriageReturn
    );
    assert_eq!(
        bad("HTTP/1.1 200 OK\r\rContent-Length: 4\r\n\r\n"),
        Bad::BareCarriageReturn
    );
    assert_eq!(bad("HTTP/1.1 200 O\0K\r\n\r\n"), Bad::Control);
}

#[test]
fn a_body_is_framed_by_length_chunks_or_the_end() {
    for (lines, framing) in [
        ("", UntilClose),
        ("Content-Length: 0", Length(0)),
        ("content-LENGTH: 11", Length(11)),
        ("Content-Length:\t42\t", Length(42)),
        ("Content-Length:  219  ", Length(219)),
        ("Content-Length: 00007", Length(7)),
        ("Content-Length: 18446744073709551615", Length(u64::MAX)),
        ("Content-Length: 5\r\nContent-Length: 5", Length(5)),
        ("Content-Length: 5, 5", Length(5)),
        ("Content-Length:\r\n 5", Length(5)),
        ("Transfer-Encoding: chunked", Chunked),
        ("transfer-encoding:CHUNKED ", Chunked),
        ("Transfer-Encoding:\r\n\tchunked", Chunked),
        ("Content-Length-X: 0\r\nTransfer-Encoding: chunked", Chunked),
        ("XContent-Length: 9", UntilClose),
        ("Transfer-Encodin: chunked", UntilClose),
        ("Transfer_Encoding: chunked", UntilClose),
    ] {
        let text =
            format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n").replace("OK\r\n\r\n\r\n", "OK\r\n\r\n");
        assert_eq!(head(&text).framing, framing, "{lines:?}");
    }
}

#[test]
fn what_could_be_framed_differently_is_refused() {
    for (lines, why) in [
        ("Content-Length: 1\r\nContent-Length: 2", Bad::LengthsDiffer),
        ("Content-Length: 1, 2", Bad::LengthsDiffer),
        (
            "Content-Length: 5, 5\r\nContent-Length: 6",
            Bad::LengthsDiffer,
        ),
        ("Content-Length: +5", Bad::Length),
        ("Content-Length: -5", Bad::Length),
        ("Content-Length: 0x5", Bad::Length),
        ("Content-Length: 5 5", Bad::Length),
        ("Content-Length: 5,", Bad::Length),
        ("Content-Length: 4 2", Bad::Length),
        ("Content-Length: 1\r\n 2", Bad::Length),
        ("Content-Length:", Bad::Length),
        ("Content-Length: 1.0", Bad::Length),
        ("Content-Length: \u{661}", Bad::Length),
        ("Content-Length: 18446744073709551616", Bad::LengthTooLarge),
        (
            "Content-Length: 99999999999999999999999",
            Bad::LengthTooLarge,
        ),
        ("Content-Length : 5", Bad::SpaceBeforeColon),
        ("Content-Length\t: 5", Bad::SpaceBeforeColon),
        ("Transfer-Encoding : chunked", Bad::SpaceBeforeColon),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            Bad::LengthBesideChunked,
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            Bad::LengthBesideChunked,
        ),
        (
            "Transfer-Encoding: chunked, identity",
            Bad::TransferEncoding,
        ),
        ("Transfer-Encoding: chunked, deflate", Bad::TransferEncoding),
        ("Transfer-Encoding: gzip, chunked", Bad::TransferEncoding),
        ("Transfer-Encoding: identity", Bad::TransferEncoding),
        ("Transfer-Encoding: chunkedchunked", Bad::TransferEncoding),
        ("Transfer-Encoding: \"chunked\"", Bad::TransferEncoding),
        ("Transfer-Encoding: chunked;q=1", Bad::TransferEncoding),
        ("Transfer-Encoding:", Bad::TransferEncoding),
        ("Transfer-Encoding: chunked\r\n  abc", Bad::TransferEncoding),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            Bad::TransferEncoding,
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            Bad::TransferEncoding,
        ),
    ] {
        let text = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n");
        assert_eq!(bad(&text), why, "{lines:?}");
    }
    assert_eq!(
        bad("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Bad::TransferEncodingInHttp10
    );
}

#[test]
fn some_answers_have_no_body_whatever_they_say() {
    let head_method = Asked { head: true, ..GET };
    let connect = Asked {
        connect: true,
        ..GET
    };
    let upgrade = Asked {
        upgrade: true,
        ..GET
    };
    for (status, of, framing) in [
        (100, GET, NO_BODY),
        (103, GET, NO_BODY),
        (204, GET, NO_BODY),
        (304, GET, NO_BODY),
        (200, head_method, NO_BODY),
        (404, head_method, NO_BODY),
        (200, connect, NO_BODY),
        (299, connect, NO_BODY),
        (407, connect, Length(10)),
        (101, upgrade, NO_BODY),
        (200, upgrade, Length(10)),
        (205, GET, Length(10)),
        (426, GET, Length(10)),
    ] {
        let text = format!("HTTP/1.1 {status} x\r\nContent-Length: 10\r\n\r\n");
        let head = asked(text.as_bytes(), &of).unwrap().unwrap();
        assert_eq!(
            (head.framing, head.keeps),
            (framing, true),
            "{status} {of:?}"
        );
    }
    for (status, of, framing) in [
        (304, GET, NO_BODY),
        (200, head_method, NO_BODY),
        (101, upgrade, NO_BODY),
        (200, upgrade, Chunked),
        (200, GET, Chunked),
    ] {
        let text = format!(
            "HTTP/1.1 {status} x\r\nConnection: upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let head = asked(text.as_bytes(), &of).unwrap().unwrap();
        assert_eq!(head.framing, framing, "{status} {of:?}");
    }
    assert_eq!(
        bad("HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"),
        Bad::UnaskedUpgrade
    );
    // A tunnel begins, whatever frames a body that does not come.
    let tunnel = b"HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\nContent-Length: x\r\n\r\n";
    assert_eq!(asked(tunnel, &connect).unwrap().unwrap().framing, NO_BODY);
    assert_eq!(asked(tunnel, &head_method), Err(Bad::TransferEncoding));
}

#[test]
fn a_connection_is_kept_as_its_version_and_tokens_say() {
    for (minor, lines, keeps) in [
        (1, "", true),
        (1, "Connection: close\r\n", false),
        (1, "connection: x , CLOSE\r\n", false),
        (1, "Connection: x\r\nConnection: close\r\n", false),
        (1, "Connection: keep-alive, close\r\n", false),
        (1, "Connection: x,\r\n close\r\n", false),
        (1, "Connection: closed, clo se\r\n", true),
        (1, "Proxy-Connection: close\r\n", true),
        (0, "", false),
        (0, "Connection: Keep-Alive\r\n", true),
        (0, "Connection: x, keep-alive\r\n", true),
        (0, "Connection: keep-alive\r\nConnection: close\r\n", false),
    ] {
        let text = format!("HTTP/1.{minor} 200 OK\r\nContent-Length: 0\r\n{lines}\r\n");
        assert_eq!(head(&text).keeps, keeps, "{minor} {lines:?}");
    }
    assert!(!head("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n").keeps);
    assert!(head("HTTP/1.0 204 No content\r\nConnection: keep-alive\r\n\r\n").keeps);
}

#[test]
fn notable_fields_are_seen_in_any_case_and_no_others() {
    for (name, notable) in [
        ("Location", Notable::LOCATION),
        ("Set-Cookie", Notable::SET_COOKIE),
        ("Content-Encoding", Notable::CONTENT_ENCODING),
        ("Content-Type", Notable::CONTENT_TYPE),
        ("Connection", Notable::CONNECTION),
        ("Upgrade", Notable::UPGRADE),
        ("Retry-After", Notable::RETRY_AFTER),
        ("Keep-Alive", Notable::KEEP_ALIVE),
        ("WWW-Authenticate", Notable::WWW_AUTHENTICATE),
        ("Alt-Svc", Notable::ALT_SVC),
        ("Expect", Notable::EXPECT),
    ] {
        for name in [
            name.to_owned(),
            name.to_lowercase(),
            name.to_uppercase(),
            format!("{name} "),
        ] {
            let text = format!("HTTP/1.1 200 OK\r\nServer: x\r\n{name}: 1\r\nDate: x\r\n\r\n");
            assert_eq!(head(&text).notable, notable, "{name}");
        }
        for other in [
            format!("x{name}"),
            format!("{name}x"),
            name[1..].to_owned(),
            format!("{}0", &name[..name.len() - 1]),
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{other}: 1\r\n\r\n");
            assert_eq!(head(&text).notable, Notable::NONE, "{other}");
        }
    }
}

#[test]
fn a_head_may_be_as_large_as_the_limits_and_no_larger() {
    let with_fields = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
    assert_eq!(list(&with_fields(1_000)).len(), 1_000);
    assert_eq!(bad(&with_fields(1_001)), Bad::TooManyFields);
    // The lines that continue a field are no fields.
    let folded = format!("HTTP/1.1 200 OK\r\na: b\r\n{}\r\n", " c\r\n".repeat(2_000));
    assert_eq!(list(&folded).len(), 1);

    let with_bytes = |count: usize| {
        let around = "HTTP/1.1 200 OK\r\na: \r\n\r\n".len();
        format!(
            "HTTP/1.1 200 OK\r\na: {}\r\n\r\n",
            "b".repeat(count - around)
        )
    };
    let largest = with_bytes(LIMITS.bytes);
    assert_eq!(head(&largest).size, LIMITS.bytes);
    assert_eq!(head(&format!("{largest}the body")).size, LIMITS.bytes);
    assert_eq!(bad(&with_bytes(LIMITS.bytes + 1)), Bad::HeadTooLarge);
    // It never ends.
    assert_eq!(
        bad(&format!("HTTP/1.1 200 {}", "x".repeat(LIMITS.bytes))),
        Bad::HeadTooLarge
    );
    assert_eq!(bad(&"\r\n".repeat(LIMITS.bytes)), Bad::HeadTooLarge);
}

#[test]
fn one_progress_reads_head_after_head() {
    let text = b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nAAA";
    let mut progress = Progress::new();
    let first = read(text, &mut progress, &GET, &LIMITS).unwrap().unwrap();
    assert_eq!((first.status, first.keeps), (100, false));
    let second = read(&text[first.size..], &mut progress, &GET, &LIMITS)
        .unwrap()
        .unwrap();
    assert_eq!((second.status, second.keeps), (200, true));
    assert_eq!(&text[first.size + second.size..], b"AAA");
}

#[test]
fn each_fault_has_words_of_its_own() {
    let all = [
        bad("x"),
        bad("HTTP/2.0 200 OK\r\n\r\n"),
        bad("HTTP/1.1 x\r\n\r\n"),
        bad("HTTP/1.1 101 x\r\n\r\n"),
        bad("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    ];
    let mut words: Vec<&str> = all.iter().map(|bad| bad.words()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all.len());
    assert!(words.iter().all(|words| !words.ends_with('.')));
}
