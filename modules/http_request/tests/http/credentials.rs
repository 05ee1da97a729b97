//! Bearer, Basic and API keys as a peer sees them.

use crate::peer::{OK, Seen};
use crate::user::{ask, fault, some, url, value};
use bggo_module_http_request::http_request::In;
use bggo_tests::server::RawPeer;

fn seen(request: Vec<In>) -> Seen {
    let peer = RawPeer::start(Some(OK));
    let mut inputs = vec![url(format!("{}/?a=1", peer.url()))];
    inputs.extend(request);
    ask(vec![], inputs).unwrap();
    Seen::at(&peer)
}

#[test]
fn a_bearer_token_is_sent() {
    assert_eq!(
        seen(vec![In::BearerToken(some("t0ken".to_owned()))])
            .header("authorization")
            .as_deref(),
        Some("Bearer t0ken")
    );
}

#[test]
fn basic_credentials_are_encoded() {
    let sent = seen(vec![In::BasicAuth(some(value(
        r#"{"username":"ann","password":"s3:cret"}"#,
    )))]);
    assert_eq!(
        sent.header("authorization").as_deref(),
        Some("Basic YW5uOnMzOmNyZXQ=")
    );
}

#[test]
fn credentials_in_the_url_are_sent_as_basic() {
    let peer = RawPeer::start(Some(OK));
    let with_user = peer.url().replace("http://", "http://ann:p%40+ss@");
    let output = ask(vec![], vec![url(with_user)]).unwrap();
    let sent = Seen::at(&peer);
    assert_eq!(
        sent.header("authorization").as_deref(),
        Some("Basic YW5uOnBAK3Nz")
    );
    assert_eq!(
        sent.header("host").as_deref(),
        peer.url().strip_prefix("http://")
    );
    assert_eq!(output.url.to_string(), format!("{}/", peer.url()));
}

#[test]
fn an_api_key_goes_in_a_header_or_in_the_query() {
    let sent = seen(vec![In::ApiKey(some(value(
        r#"{"name":"X-Key","value":"k","in":"header"}"#,
    )))]);
    assert_eq!(
        (sent.header("x-key").as_deref(), sent.line.as_str()),
        (Some("k"), "GET /?a=1 HTTP/1.1")
    );
    let sent = seen(vec![In::ApiKey(some(value(
        r#"{"name":"key","value":"k&","in":"query"}"#,
    )))]);
    assert_eq!(
        (sent.header("key"), sent.line.as_str()),
        (None, "GET /?a=1&key=k%26 HTTP/1.1")
    );
}

#[test]
fn a_header_of_the_grid_wins() {
    let own = In::Headers(some(value(r#"{"Authorization":"own"}"#)));
    assert_eq!(
        seen(vec![In::BearerToken(some("t".to_owned())), own])
            .header("authorization")
            .as_deref(),
        Some("own")
    );
}

#[test]
fn credentials_that_cannot_be_sent_are_refused_without_showing_them() {
    let asked = |input| fault(vec![], vec![url("http://127.0.0.1:1/"), input]);
    for (input, says) in [
        (
            In::BearerToken(some("a\nb".to_owned())),
            "bearer_token holds what no header can, such as a line break",
        ),
        (
            In::BasicAuth(some(value(r#"{"username":"a:b"}"#))),
            "the username of basic_auth holds a colon, which ends it",
        ),
        (
            In::ApiKey(some(value(r#"{"name":"k","value":"v","in":"cookie"}"#))),
            "api_key goes in = \"header\" or \"query\"",
        ),
    ] {
        let fault = asked(input);
        assert_eq!((fault.kind(), fault.text()), ("request", says));
    }
    let both = fault(
        vec![],
        vec![
            url("http://127.0.0.1:1/"),
            In::BearerToken(some("t".to_owned())),
            In::BasicAuth(some(value(r#"{"username":"a"}"#))),
        ],
    );
    assert_eq!(
        both.text(),
        "both make the Authorization header: at most one of bearer_token and basic_auth may be given"
    );
}
