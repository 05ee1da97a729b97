//! What of an answer becomes outputs.

use crate::user::{User, ask, run, text, url};
use bggo_module_http_request::http_request::{Output, Wanted};
use bggo_module_http_request::{http_client, http_request::In};
use bggo_runtime::contract::Value;
use bggo_tests::server::RawPeer;
use std::io::Write;

fn answered(answer: Vec<u8>) -> Output {
    let peer = RawPeer::start(Some(answer.leak()));
    ask(vec![], vec![url(peer.url())]).unwrap()
}

fn body(kind: &str, body: &[u8]) -> Output {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answered(answer)
}

#[test]
fn the_head_of_an_answer() {
    let peer = RawPeer::start(Some(
        b"HTTP/1.1 418 I'm a teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabc",
    ));
    let output = ask(vec![], vec![url(format!("{}/p#f", peer.url()))]).unwrap();
    assert_eq!(text(&output.status_code), "418");
    assert_eq!(text(&output.headers.get("x-a").unwrap()), "1, 2");
    assert_eq!(text(&output.url), format!("{}/p#f", peer.url()));
    assert_eq!(text(&output.http_version), "1.1");
    assert_eq!(text(&output.size), "3");
    assert_eq!(
        format!("http://{}", text(&output.remote_address)),
        peer.url()
    );
    assert_eq!(text(&output.reused), "false");
    assert_eq!(
        text(&answered(b"HTTP/1.0 200 OK\r\n\r\nold".to_vec()).http_version),
        "1.0"
    );
}

#[test]
fn json_is_read_and_null_where_there_is_none() {
    let output = body(
        "application/json",
        br#"{"b":{"c":[1,2.50]},"a":12345678901234567890123456789012345}"#,
    );
    assert_eq!(
        text(
            &output
                .json
                .get("b")
                .unwrap()
                .get("c")
                .unwrap()
                .at(1)
                .unwrap()
        ),
        "2.5"
    );
    assert!(matches!(output.json, Value::Raw(_)));
    for none in [&b"plain"[..], b"", b"{\"a\":"] {
        assert!(body("application/json", none).json.is_null());
    }
    assert_eq!(text(&body("text/plain", b"7").json), "7");
}

#[test]
fn a_body_is_text_in_its_charset() {
    assert_eq!(text(&body("text/plain", "ä".as_bytes()).body), "ä");
    assert_eq!(
        text(&body("text/plain; charset=ISO-8859-1", b"\xe4").body),
        "ä"
    );
    assert_eq!(
        text(&body("text/plain; charset=utf-8", b"a\xffb").body),
        "a\u{fffd}b"
    );
    for (kind, bytes) in [
        (
            "text/plain; charset=\"windows-1252\"; x=y",
            &b"caf\xe9 \x80"[..],
        ),
        (
            "text/html;format=flowed;Charset=ISO-8859-15",
            b"caf\xe9 \xa4",
        ),
        (
            "application/json; charset=utf-16le",
            b"c\0a\0f\0\xe9\0 \0\xac\x20",
        ),
        (
            "text/plain; charset=klingon",
            "caf\u{e9} \u{20ac}".as_bytes(),
        ),
    ] {
        assert_eq!(
            text(&body(kind, bytes).body),
            "caf\u{e9} \u{20ac}",
            "{kind}"
        );
    }
}

#[test]
fn a_header_is_text_whatever_its_bytes_are() {
    let output = answered(
        b"HTTP/1.1 200 OK\r\nX-A: caf\xc3\xa9\r\nX-B: caf\xe9\r\nX-C : 1\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    );
    for (name, says) in [("x-a", "caf\u{e9}"), ("x-b", "caf\u{e9}"), ("x-c", "1")] {
        assert_eq!(text(&output.headers.get(name).unwrap()), says, "{name}");
    }
}

#[test]
fn json_is_read_in_its_charset_without_its_mark() {
    for (kind, bytes) in [
        (
            "application/json",
            &b"\xef\xbb\xbf {\"a\":\"\xc3\xa9\"}\r\n"[..],
        ),
        (
            "application/json",
            b"\xff\xfe{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}\0",
        ),
        (
            "application/json; charset=iso-8859-1; x=y",
            b" {\"a\":\"\xe9\"} ",
        ),
        ("text/html", b"\n{\"a\":\"\xc3\xa9\"}\n"),
    ] {
        let json = body(kind, bytes).json;
        assert_eq!(text(&json.get("a").unwrap()), "\u{e9}", "{kind}");
    }
}

#[test]
fn a_body_of_chunks_or_without_a_length_is_read_to_its_end() {
    let chunked = answered(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
            .to_vec(),
    );
    assert_eq!(
        (text(&chunked.body), text(&chunked.size)),
        ("abcdefg".to_owned(), "7".to_owned())
    );
    assert_eq!(
        text(&answered(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end".to_vec()).body),
        "to the end"
    );
}

#[test]
fn a_long_body_is_whole() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let output = ask(vec![], vec![url(format!("{}/stream/2000", target.url()))]).unwrap();
    let body = text(&output.body);
    assert_eq!(body.lines().count(), 2000);
    assert_eq!(text(&output.size), body.len().to_string());
}

fn compressed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_body_is_decompressed_and_its_size_is_what_came() {
    let packed = gzip(br#"{"a":1}"#);
    let output = answered(compressed("gzip", &packed));
    assert_eq!(text(&output.body), r#"{"a":1}"#);
    assert_eq!(text(&output.json.get("a").unwrap()), "1");
    assert_eq!(text(&output.size), packed.len().to_string());
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 5, 20)
        .write_all(b"brotli")
        .unwrap();
    assert_eq!(text(&answered(compressed("br", &packed)).body), "brotli");
    let packed = ruzstd::encoding::compress_to_vec(
        &b"zstd"[..],
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    assert_eq!(text(&answered(compressed("zstd", &packed)).body), "zstd");
}

#[test]
fn a_client_without_compression_leaves_a_body_as_it_is() {
    let packed = gzip(b"plain");
    let peer = RawPeer::start(Some(compressed("gzip", &packed).leak()));
    let output = ask(
        vec![http_client::In::Compression(crate::user::some(false))],
        vec![url(peer.url())],
    )
    .unwrap();
    assert_ne!(text(&output.body), "plain");
}

#[test]
fn what_nobody_wants_is_not_made() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let address = format!("{}/get", target.url());
    let asked = |wanted| {
        run(async || {
            User::new(vec![])
                .ask_late(vec![url(address.clone())], &[], wanted)
                .await
                .unwrap()
        })
    };
    let none = asked(Wanted::NONE);
    let all = [
        &none.status_code,
        &none.headers,
        &none.body,
        &none.json,
        &none.url,
        &none.http_version,
        &none.size,
        &none.remote_address,
        &none.timings,
        &none.reused,
    ];
    assert!(all.iter().all(|value| value.is_null()));
    let one = asked(Wanted::NONE.json());
    assert!(!one.json.is_null() && one.body.is_null());
}

#[test]
fn a_head_answer_has_no_body() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let head: In = crate::user::method("HEAD");
    let output = ask(vec![], vec![url(format!("{}/get", target.url())), head]).unwrap();
    assert_eq!(
        (text(&output.size), text(&output.body)),
        ("0".to_owned(), String::new())
    );
    assert!(output.json.is_null());
}
