//! Method, url, query and headers as a peer sees them.

use crate::peer::{OK, Seen};
use crate::user::{ask, fault, method, some, url, value};
use bggo_module_http_request::{http_client, http_request::In};
use bggo_tests::server::RawPeer;

/// What a peer sees of a request to `path`.
fn seen(client: Vec<http_client::In>, path: &str, request: Vec<In>) -> Seen {
    let peer = RawPeer::start(Some(OK));
    let mut inputs = vec![url(format!("{}{path}", peer.url()))];
    inputs.extend(request);
    ask(client, inputs).unwrap();
    Seen::at(&peer)
}

#[test]
fn each_method_is_sent() {
    for name in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
        assert_eq!(
            seen(vec![], "/x", vec![method(name)]).line,
            format!("{name} /x HTTP/1.1")
        );
    }
}

#[test]
fn the_least_request_has_these_headers_and_no_others() {
    let seen = seen(vec![], "/", vec![]);
    let mut names: Vec<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    assert_eq!(
        seen.header("user-agent").unwrap(),
        format!("bggo/{}", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        seen.header("accept-encoding").as_deref(),
        Some("gzip, br, zstd")
    );
    assert!(seen.body.is_empty());
}

#[test]
fn query_params_are_encoded_and_added() {
    let params = In::QueryParams(some(value(
        r#"{"a":"x y&z=ä","n":1.50,"b":true,"list":[1,"two",null],"none":null}"#,
    )));
    assert_eq!(
        seen(vec![], "/p?q=1#fragment", vec![params]).line,
        "GET /p?q=1&a=x+y%26z%3D%C3%A4&n=1.5&b=true&list=1&list=two HTTP/1.1"
    );
    let nested = In::QueryParams(some(value(r#"{"a":{"b":1}}"#)));
    let fault = fault(vec![], vec![url("http://127.0.0.1:1/"), nested]);
    assert_eq!(
        (fault.kind(), fault.text()),
        (
            "request",
            "a in query_params is a scalar or a list of scalars, found an object"
        )
    );
}

#[test]
fn headers_of_the_request_win_over_those_of_the_client() {
    let client = || {
        vec![
            http_client::In::Headers(some(value(r#"{"X-One":"client","X-Two":"client"}"#))),
            http_client::In::UserAgent(some("agent/1".to_owned())),
        ]
    };
    let own = In::Headers(some(value(
        r#"{"x-two":"request","User-Agent":"own","Host":"other.test"}"#,
    )));
    let sent = seen(client(), "/", vec![own]);
    assert_eq!(sent.header("x-one").as_deref(), Some("client"));
    assert_eq!(sent.header("x-two").as_deref(), Some("request"));
    assert_eq!(sent.header("user-agent").as_deref(), Some("own"));
    assert_eq!(sent.header("host").as_deref(), Some("other.test"));
    assert_eq!(
        seen(client(), "/", vec![]).header("user-agent").as_deref(),
        Some("agent/1")
    );
}

#[test]
fn a_header_that_cannot_be_sent_is_named() {
    for (headers, text) in [
        (r#"{"a b":"x"}"#, "\"a b\" is no header's name"),
        (
            r#"{"a":"x\r\ny: z"}"#,
            "the header a holds what no header can, such as a line break",
        ),
    ] {
        let fault = fault(
            vec![],
            vec![
                url("http://127.0.0.1:1/"),
                In::Headers(some(value(headers))),
            ],
        );
        assert_eq!((fault.kind(), fault.text()), ("request", text));
    }
}

#[test]
fn a_malformed_url_is_a_fault_of_the_request() {
    const WITHOUT_SCHEME: &str = "a url begins with http:// or https://, this one does not: write for example http://127.0.0.1:8080/path";
    for (text, says) in [
        ("", WITHOUT_SCHEME),
        ("/path", WITHOUT_SCHEME),
        ("127.0.0.1:80/path", WITHOUT_SCHEME),
        ("localhost:80/path", WITHOUT_SCHEME),
        ("http://", "the url is malformed: it has no host"),
        (
            "http://a:99999/",
            "the url is malformed: its port is no number from 0 to 65535",
        ),
        (
            "ftp://a/",
            "a url begins with http:// or https://, this one with ftp://",
        ),
    ] {
        let fault = fault(vec![], vec![url(text)]);
        assert_eq!((fault.kind(), fault.text()), ("request", says), "{text}");
    }
}

#[test]
fn without_compression_none_is_accepted() {
    assert_eq!(
        seen(vec![http_client::In::Compression(some(false))], "/", vec![])
            .header("accept-encoding"),
        None
    );
}
