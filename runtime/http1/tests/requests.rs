//! Heads of requests, as a server reads them.

use bggo_http1::{Bad, Framing, Limits, RequestHead, RequestProgress, read_request};

const LIMITS: Limits = Limits {
    fields: 100,
    bytes: 4_000,
};

fn request(text: &str) -> Result<Option<RequestHead<'_>>, Bad> {
    let bytes = text.as_bytes();
    let whole = read_request(bytes, &mut RequestProgress::new(), &LIMITS);
    let mut progress = RequestProgress::new();
    let mut lengths = 0..=bytes.len();
    let by_byte = lengths
        .find_map(|length| read_request(&bytes[..length], &mut progress, &LIMITS).transpose());
    assert_eq!(whole, by_byte.transpose(), "{text:?}");
    whole
}

#[test]
fn a_request_line_is_a_method_a_target_and_a_version() {
    for (line, method, target, minor) in [
        ("GET / HTTP/1.0", "GET", "/", 0),
        ("POST /a?b=c%20 HTTP/1.1", "POST", "/a?b=c%20", 1),
        ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*", 1),
        ("CONNECT a:1 HTTP/1.1", "CONNECT", "a:1", 1),
        ("GET /h\u{e9} HTTP/1.1", "GET", "/h\u{e9}", 1),
        ("GET http://a/ HTTP/1.9", "GET", "http://a/", 1),
    ] {
        for start in ["", "\r\n", "\n"] {
            let text = format!("{start}{line}\r\nHost: a\r\n\r\nrest");
            let head = request(&text).ok().flatten();
            let seen = head.map(|head| (head.method, head.target, head.minor, head.size));
            let size = text.len() - 4;
            assert_eq!(
                seen,
                Some((method.as_bytes(), target.as_bytes(), minor, size))
            );
        }
    }
    for (line, why) in [
        ("GET", Bad::RequestLine),
        ("GET /", Bad::RequestLine),
        ("GET / ", Bad::RequestLine),
        (" / HTTP/1.0", Bad::RequestLine),
        ("GET  HTTP/1.0", Bad::RequestLine),
        ("GET  / HTTP/1.1", Bad::RequestLine),
        ("GET / HTTP/1.1 ", Bad::RequestLine),
        ("GET / x HTTP/1.1", Bad::RequestLine),
        (":GET / HTTP/1.0", Bad::RequestLine),
        ("G\tT / HTTP/1.0", Bad::RequestLine),
        ("GET /\t HTTP/1.0", Bad::RequestLine),
        ("GET / FTP/1.1", Bad::RequestLine),
        ("GET /\u{7f}a HTTP/1.0", Bad::Control),
        ("G\0T / HTTP/1.0", Bad::Control),
        ("GET / HTTP/2.0", Bad::Version),
        ("GET / HTTP/1.", Bad::Version),
        ("GET / HTTP/1.10", Bad::Version),
    ] {
        assert_eq!(request(&format!("{line}\r\n\r\n")), Err(why), "{line:?}");
    }
    for text in [
        "",
        "GET",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n",
        "\r",
    ] {
        assert_eq!(request(text), Ok(None));
    }
}

#[test]
fn a_request_has_a_body_only_if_it_says_so() {
    for (lines, framing) in [
        ("", Framing::None),
        ("Content-Length: 0\r\n", Framing::Length(0)),
        ("Content-Length: 7\r\n", Framing::Length(7)),
        ("Transfer-Encoding: chunked\r\n", Framing::Chunked),
    ] {
        let text = format!("POST / HTTP/1.1\r\n{lines}\r\n");
        assert_eq!(
            request(&text).map(|head| head.map(|head| head.framing)),
            Ok(Some(framing))
        );
    }
    for (minor, lines, why) in [
        (
            1,
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            Bad::LengthBesideChunked,
        ),
        (1, "Transfer-Encoding: gzip\r\n", Bad::TransferEncoding),
        (
            0,
            "Transfer-Encoding: chunked\r\n",
            Bad::TransferEncodingInHttp10,
        ),
        (
            1,
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            Bad::LengthsDiffer,
        ),
    ] {
        let text = format!("POST / HTTP/1.{minor}\r\n{lines}\r\n");
        assert_eq!(request(&text), Err(why));
    }
}

#[test]
fn what_the_client_expects_is_seen() {
    for (minor, lines, keeps, expects) in [
        (1, "", true, false),
        (
            1,
            "Connection: close\r\nExpect: 100-Continue\r\n",
            false,
            true,
        ),
        (0, "Expect: 100-continue\r\n", false, false),
        (0, "Connection: keep-alive\r\n", true, false),
        (1, "Expect: x\r\n", true, false),
    ] {
        let text = format!("POST / HTTP/1.{minor}\r\n{lines}\r\n");
        let seen = request(&text).ok().flatten();
        let seen = seen.map(|head| (head.keeps, head.expects_continue));
        assert_eq!(seen, Some((keeps, expects)), "{lines:?}");
    }
}
