//! Headers that frame a message, where the grid writes them: sent once and right, or refused before anything is sent.

use crate::peer::{OK, Script, Seen, Then};
use crate::user::{User, ask, fault, method, run, some, url, value};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::{In, Late, Wanted};
use bggo_runtime::contract::Early;
use bggo_tests::server::RawPeer;

fn headers(json: &str) -> In {
    In::Headers(some(value(json)))
}

fn body(text: &str) -> In {
    In::Body(some(text.to_owned()))
}

const POST: &str = "POST";

#[test]
fn a_content_length_is_sent_once_if_it_is_the_body_s() {
    for (name, length, text) in [
        (POST, "5", Some("hello")),
        (POST, "0", None),
        ("GET", "0", None),
    ] {
        let peer = RawPeer::start(Some(OK));
        let mut inputs = vec![
            url(peer.url()),
            method(name),
            headers(&format!(r#"{{"CONTENT-length":"{length}"}}"#)),
        ];
        inputs.extend(text.map(body));
        ask(vec![], inputs).unwrap();
        let seen = Seen::at(&peer);
        assert_eq!(seen.header("content-length").as_deref(), Some(length));
        assert_eq!(seen.text(), text.unwrap_or(""));
    }
}

#[test]
fn a_content_length_that_is_not_the_body_s_is_refused_before_anything_is_sent() {
    let peer = Script::start(|_, _| Then::Close);
    for (length, more, says) in [
        (
            "5",
            vec![body("hello world")],
            "Content-Length is 5 and the body has 11 bytes",
        ),
        (
            "50",
            vec![body("hello")],
            "Content-Length is 50 and the body has 5 bytes",
        ),
        ("7", vec![], "Content-Length is 7 and the body has 0 bytes"),
        (
            "+5",
            vec![body("hello")],
            "Content-Length is no number of bytes",
        ),
        (
            "5, 5",
            vec![body("hello")],
            "Content-Length is no number of bytes",
        ),
        ("", vec![], "Content-Length is no number of bytes"),
        (
            "99999999999999999999999",
            vec![],
            "Content-Length is no number of bytes",
        ),
    ] {
        let mut inputs = vec![
            url(peer.url()),
            method(POST),
            headers(&format!(r#"{{"Content-Length":"{length}"}}"#)),
        ];
        inputs.extend(more);
        let fault = fault(vec![], inputs);
        assert_eq!(
            (fault.kind(), fault.text().to_owned()),
            (
                "request",
                format!("{says}; leave the header out, the right one is sent")
            )
        );
    }
    assert_eq!(peer.seen(), []);
}

#[test]
fn a_length_is_compared_with_what_comes_late_and_with_files() {
    let peer = Script::start(|_, _| Then::Close);
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let wrong = value(r#"{"Content-Length":"3"}"#);
    let cases: [(Vec<In>, Vec<Late<'_>>); 3] = [
        (
            vec![In::Headers(Early::Later), body("hello")],
            vec![Late::Headers(Some(&wrong))],
        ),
        (
            vec![In::Headers(some(wrong.clone())), In::Body(Early::Later)],
            vec![Late::Body(Some(format_args!("hello")))],
        ),
        (
            vec![In::Headers(some(wrong.clone())), In::File(some(path))],
            vec![],
        ),
    ];
    for (mut early, late) in cases {
        early.extend([url(peer.url()), method(POST)]);
        let fault = run(async || {
            User::new(vec![])
                .ask_late(early, &late, Wanted::NONE)
                .await
                .unwrap_err()
        });
        assert_eq!(fault.kind(), "request", "{}", fault.text());
        assert!(fault.text().starts_with("Content-Length is 3 and"));
    }
    assert_eq!(peer.seen(), []);
}

#[test]
fn a_transfer_encoding_is_refused() {
    const SAYS: &str =
        "Transfer-Encoding cannot be set: a body is sent with its length; leave the header out";
    let at_nobody = || url("http://127.0.0.1:1/");
    for more in [
        headers(r#"{"transfer-ENCODING":"chunked"}"#),
        In::ApiKey(some(value(
            r#"{"name":"Transfer-Encoding","value":"chunked","in":"header"}"#,
        ))),
    ] {
        let fault = fault(vec![], vec![at_nobody(), more]);
        assert_eq!((fault.kind(), fault.text()), ("request", SAYS));
    }
    for (name, says) in [
        ("Transfer-Encoding", SAYS),
        (
            "Content-Length",
            "Content-Length cannot be the same for all requests; leave the header out, the right one is sent",
        ),
    ] {
        let client = http_client::In::Headers(some(value(&format!(r#"{{"{name}":"0"}}"#))));
        let fault = fault(vec![client], vec![at_nobody()]);
        assert!(fault.text().ends_with(says), "{}", fault.text());
    }
}

#[test]
fn host_and_connection_are_sent_once_as_they_are_written() {
    let peer = RawPeer::start(Some(OK));
    let own = headers(r#"{"HOST":"shop.test","connection":"close","Cookie":"raw=1"}"#);
    let cookies = In::Cookies(some(value(r#"{"c":"2"}"#)));
    ask(vec![], vec![url(peer.url()), own, cookies]).unwrap();
    let seen = Seen::at(&peer);
    assert_eq!(seen.header("host").as_deref(), Some("shop.test"));
    assert_eq!(seen.header("connection").as_deref(), Some("close"));
    assert_eq!(seen.header("cookie").as_deref(), Some("raw=1"));
}

#[test]
fn a_connection_that_the_request_closes_is_not_used_again() {
    let peer = Script::start(|_, _| {
        Then::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())
    });
    run(async || {
        let user = User::new(vec![]);
        for _ in 0..2 {
            let inputs = vec![url(peer.url()), headers(r#"{"Connection":"close"}"#)];
            user.ask(inputs).await.unwrap();
        }
        user.leave().await;
    });
    let connections: Vec<usize> = peer.seen().iter().map(|(number, _)| *number).collect();
    assert_eq!(connections, [1, 2]);
}

#[test]
fn what_can_be_known_when_a_step_is_prepared_is_refused_then() {
    let late_url = || In::Url(Early::Later);
    let cases = vec![
        (
            vec![late_url(), body("x"), In::Json(some("1".to_owned()))],
            "value",
            "a request has one body: at most one of body, json, form_data, multipart and file may be given",
        ),
        (
            vec![
                late_url(),
                In::BearerToken(some("t".to_owned())),
                In::BasicAuth(some(value(r#"{"username":"u","password":"p"}"#))),
            ],
            "value",
            "both make the Authorization header: at most one of bearer_token and basic_auth may be given",
        ),
        (
            vec![late_url(), In::Timeout(some(std::time::Duration::ZERO))],
            "value",
            "`timeout` must be more than 0s",
        ),
        (
            vec![late_url(), In::ExpectStatus(some(value(r#""2xy""#)))],
            "request",
            "2xy in expect_status is neither a status nor a pattern as \"2xx\"",
        ),
        (
            vec![late_url(), headers(r#"{"Content-Length":"3"}"#)],
            "request",
            "Content-Length is 3 and the body has 0 bytes; leave the header out, the right one is sent",
        ),
        (
            vec![url("ftp://a/")],
            "request",
            "a url begins with http:// or https://, this one with ftp://",
        ),
    ];
    for (inputs, kind, says) in cases {
        let is_late = matches!(inputs[0], In::Url(Early::Later));
        // A fault of its own, which comes too late to be the first.
        let late = [Late::Url(format_args!("nowhere"))];
        let late = &late[..usize::from(is_late)];
        let fault = run(async || {
            User::new(vec![])
                .ask_late(inputs, late, Wanted::NONE)
                .await
                .unwrap_err()
        });
        assert_eq!((fault.kind(), fault.text()), (kind, says));
    }
}
