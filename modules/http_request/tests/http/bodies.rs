//! The kinds of body, byte for byte.

use crate::peer::{OK, Seen};
use crate::user::{ask, fault, method, some, url, value};
use bggo_module_http_request::http_request::In;
use bggo_tests::server::RawPeer;
use std::io::Write;

fn seen(request: Vec<In>) -> Seen {
    let peer = RawPeer::start(Some(OK));
    let mut inputs = vec![url(peer.url()), method("POST")];
    inputs.extend(request);
    ask(vec![], inputs).unwrap();
    Seen::at(&peer)
}

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new()
        .prefix("sent")
        .suffix(".bin")
        .tempfile()
        .unwrap();
    file.write_all(content).unwrap();
    file
}

fn path(file: &tempfile::NamedTempFile) -> String {
    file.path().to_str().unwrap().to_owned()
}

#[test]
fn text_is_sent_as_it_is() {
    let sent = seen(vec![In::Body(some("a\r\nä".to_owned()))]);
    assert_eq!(sent.text(), "a\r\nä");
    assert_eq!(sent.header("content-length").as_deref(), Some("5"));
    assert_eq!(sent.header("content-type"), None);
}

#[test]
fn json_has_its_content_type_unless_the_grid_names_one() {
    let json = || In::Json(some(r#"{"a":1}"#.to_owned()));
    let sent = seen(vec![json()]);
    assert_eq!(
        (sent.text().as_str(), sent.header("content-type").as_deref()),
        (r#"{"a":1}"#, Some("application/json"))
    );
    let sent = seen(vec![
        json(),
        In::Headers(some(value(
            r#"{"Content-Type":"application/vnd.api+json"}"#,
        ))),
    ]);
    assert_eq!(
        sent.header("content-type").as_deref(),
        Some("application/vnd.api+json")
    );
}

#[test]
fn a_form_is_urlencoded() {
    let sent = seen(vec![In::FormData(some(value(
        r#"{"a":"x y","b":["1","&"],"none":null}"#,
    )))]);
    assert_eq!(sent.text(), "a=x+y&b=1&b=%26");
    assert_eq!(
        sent.header("content-type").as_deref(),
        Some("application/x-www-form-urlencoded")
    );
}

#[test]
fn multipart_streams_values_and_files_with_a_known_length() {
    let content: Vec<u8> = (0..200_000_u32).map(|byte| byte.to_le_bytes()[0]).collect();
    let file = file(&content);
    let parts = format!(
        r#"[{{"name":"a\"b","value":"one"}},{{"name":"f","file":"{0}"}},{{"name":"g","file":"{0}","filename":"x.png","content_type":"image/png"}}]"#,
        path(&file)
    );
    let sent = seen(vec![In::Multipart(some(value(&parts)))]);
    let kind = sent.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let name = file.path().file_name().unwrap().to_str().unwrap();
    let mut expected =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\none\r\n")
            .into_bytes();
    for (part, filename, kind) in [
        ("f", name, "application/octet-stream"),
        ("g", "x.png", "image/png"),
    ] {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{filename}\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&content);
        expected.extend_from_slice(b"\r\n");
    }
    expected.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    assert_eq!(
        sent.header("content-length").unwrap(),
        expected.len().to_string()
    );
    assert!(sent.body == expected);
}

#[test]
fn a_content_type_for_multipart_is_given_the_boundary() {
    let parts = || In::Multipart(some(value(r#"[{"name":"a","value":"x"}]"#)));
    let kind = |text: &str| In::Headers(some(value(&format!(r#"{{"Content-Type":"{text}"}}"#))));
    let sent = seen(vec![parts(), kind("multipart/mixed")]);
    let written = sent.header("content-type").unwrap();
    let boundary = written.strip_prefix("multipart/mixed; boundary=").unwrap();
    assert!(sent.text().starts_with(&format!("--{boundary}\r\n")));
    let other = vec![
        url("http://127.0.0.1:1/"),
        parts(),
        kind("multipart/form-data; boundary=mine"),
    ];
    assert_eq!(
        fault(vec![], other).text(),
        "Content-Type has a boundary, and multipart has another; leave the boundary out, the right one is sent"
    );
    let sent = seen(vec![parts(), kind("text/plain")]);
    assert_eq!(sent.header("content-type").as_deref(), Some("text/plain"));
}

#[test]
fn a_part_of_multipart_has_a_value_or_a_file() {
    for part in [
        r#"[{"name":"a"}]"#,
        r#"[{"name":"a","value":"x","file":"y"}]"#,
    ] {
        let fault = fault(
            vec![],
            vec![url("http://127.0.0.1:1/"), In::Multipart(some(value(part)))],
        );
        assert_eq!(
            (fault.kind(), fault.text()),
            (
                "request",
                "part a of multipart has a value or a file, one of them"
            )
        );
    }
}

#[test]
fn a_file_is_streamed() {
    let content = vec![7; 300_000];
    let sent = seen(vec![In::File(some(path(&file(&content))))]);
    assert_eq!(sent.header("content-length").as_deref(), Some("300000"));
    assert_eq!(
        sent.header("content-type").as_deref(),
        Some("application/octet-stream")
    );
    assert!(sent.body == content);
    assert_eq!(
        seen(vec![In::File(some(path(&file(b""))))])
            .header("content-length")
            .as_deref(),
        Some("0")
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let peer = RawPeer::start(Some(OK));
    for (path, says) in [
        (
            "/nowhere/x",
            "the file /nowhere/x cannot be read: No such file or directory (os error 2)",
        ),
        ("/tmp", "the file /tmp cannot be read: it is a folder"),
    ] {
        let fault = fault(
            vec![],
            vec![url(peer.url()), In::File(some(path.to_owned()))],
        );
        assert_eq!((fault.kind(), fault.text()), ("request", says));
    }
}

#[test]
fn methods_that_announce_a_body_say_when_there_is_none() {
    for name in ["POST", "PUT", "PATCH"] {
        let sent = seen(vec![method(name)]);
        assert_eq!(
            sent.header("content-length").as_deref(),
            Some("0"),
            "{name}"
        );
    }
    assert_eq!(seen(vec![method("DELETE")]).header("content-length"), None);
}

#[test]
fn two_bodies_are_refused() {
    let fault = fault(
        vec![],
        vec![
            url("http://127.0.0.1:1/"),
            In::Body(some("x".to_owned())),
            In::Json(some("1".to_owned())),
        ],
    );
    assert_eq!(
        (fault.kind(), fault.text()),
        (
            "value",
            "a request has one body: at most one of body, json, form_data, multipart and file may be given"
        )
    );
}
