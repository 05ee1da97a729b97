//! Inputs that come with the run make the same request as inputs that are known early.

use crate::peer::{OK, Seen};
use crate::user::{User, known, run, some, url, value};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::{In, Late, Wanted};
use bggo_runtime::contract::{Early, Number};
use bggo_tests::server::RawPeer;
use std::time::Duration;

#[test]
fn late_inputs_make_the_same_request() {
    let peer = RawPeer::start(Some(OK));
    let headers = value(r#"{"X-A":"1"}"#);
    let query = value(r#"{"q":["1","2"]}"#);
    let basic = value(r#"{"username":"ann","password":"x"}"#);
    let key = value(r#"{"name":"key","value":"k","in":"query"}"#);
    let cookies = value(r#"{"c":"1"}"#);
    let status = value("[200]");
    let seen = run(async || {
        let user = User::new(vec![]);
        let early = vec![
            url(peer.url()),
            In::Method(some("PUT".to_owned())),
            In::Headers(some(headers.clone())),
            In::QueryParams(some(query.clone())),
            In::Json(some(r#"{"a":1}"#.to_owned())),
            In::BasicAuth(some(basic.clone())),
            In::ApiKey(some(key.clone())),
            In::Cookies(some(cookies.clone())),
            In::ExpectStatus(some(status.clone())),
        ];
        user.ask(early).await.unwrap();
        let later = vec![
            In::Url(Early::Later),
            In::Method(Early::Later),
            In::Headers(Early::Later),
            In::QueryParams(Early::Later),
            In::Json(Early::Later),
            In::BasicAuth(Early::Later),
            In::ApiKey(Early::Later),
            In::Cookies(Early::Later),
            In::ExpectStatus(Early::Later),
            In::Timeout(Early::Later),
            In::MaxRedirects(Early::Later),
        ];
        let number = 1;
        let address = peer.url();
        let late = [
            Late::Url(format_args!("{address}")),
            Late::Method(Some(format_args!("PUT"))),
            Late::Headers(Some(&headers)),
            Late::QueryParams(Some(&query)),
            Late::Json(Some(format_args!("{{\"a\":{number}}}"))),
            Late::BasicAuth(Some(&basic)),
            Late::ApiKey(Some(&key)),
            Late::Cookies(Some(&cookies)),
            Late::ExpectStatus(Some(&status)),
            Late::Timeout(Some(Duration::from_secs(5))),
            Late::MaxRedirects(Some(Number::new(1))),
        ];
        user.ask_late(later, &late, Wanted::NONE).await.unwrap();
        user.leave().await;
        [Seen::at(&peer), Seen::at(&peer)]
    });
    let [early, late] = seen;
    assert_eq!(early.line, "PUT /?q=1&q=2&key=k HTTP/1.1");
    assert_eq!(
        (early.line, early.headers, early.body),
        (late.line, late.headers, late.body)
    );
}

#[test]
fn a_late_null_is_an_absent_input() {
    let peer = RawPeer::start(Some(OK));
    let seen = run(async || {
        let early = vec![
            url(peer.url()),
            In::Body(Early::Later),
            In::Headers(Early::Later),
            In::Method(Early::Later),
        ];
        let late = [Late::Body(None), Late::Headers(None), Late::Method(None)];
        User::new(vec![])
            .ask_late(early, &late, Wanted::NONE)
            .await
            .unwrap();
        Seen::at(&peer)
    });
    assert_eq!(
        (seen.line.as_str(), seen.header("content-length")),
        ("GET / HTTP/1.1", None)
    );
}

#[test]
fn a_late_fault_is_the_same_fault() {
    let fault = run(async || {
        let early = vec![In::Url(Early::Later), In::Body(known(Some("x".into())))];
        User::new(vec![])
            .ask_late(early, &[Late::Url(format_args!("nowhere"))], Wanted::NONE)
            .await
            .unwrap_err()
    });
    assert_eq!(
        (fault.kind(), fault.text()),
        (
            "request",
            "a url begins with http:// or https://, this one does not: write for example http://127.0.0.1:8080/path"
        )
    );
}

#[test]
fn a_client_can_be_made_of_late_inputs() {
    let peer = RawPeer::start(Some(OK));
    let seen = run(async || {
        let early = vec![
            http_client::In::UserAgent(Early::Later),
            http_client::In::Headers(some(value(r#"{"X-Early":"1"}"#))),
        ];
        let late = vec![http_client::In::UserAgent(some("user 7".to_owned()))];
        let user = User::with_late(early, late);
        user.ask(vec![url(peer.url())]).await.unwrap();
        Seen::at(&peer)
    });
    assert_eq!(seen.header("user-agent").as_deref(), Some("user 7"));
    assert_eq!(seen.header("x-early").as_deref(), Some("1"));
}
