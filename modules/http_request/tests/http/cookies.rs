//! Cookies that servers set and requests name.

use crate::peer::{OK, Seen};
use crate::user::{User, ask, fault, run, some, text, url, value};
use bggo_module_http_request::{http_client, http_request::In};
use bggo_tests::server::RawPeer;

const SET: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\n\r\n";

/// The Cookie header of a second request, and of a second user's first.
fn second(
    client: fn() -> Vec<http_client::In>,
    request: Vec<In>,
) -> (Option<String>, Option<String>) {
    run(async || {
        let peer = RawPeer::start(Some(SET));
        let (user, other) = (User::new(client()), User::new(client()));
        user.ask(vec![url(peer.url())]).await.unwrap();
        assert_eq!(Seen::at(&peer).header("cookie"), None);
        let mut inputs = vec![url(peer.url())];
        inputs.extend(request);
        user.ask(inputs).await.unwrap();
        let second = Seen::at(&peer).header("cookie");
        other.ask(vec![url(peer.url())]).await.unwrap();
        (second, Seen::at(&peer).header("cookie"))
    })
}

#[test]
fn a_client_keeps_its_cookies_for_itself() {
    assert_eq!(
        second(Vec::new, vec![]),
        (Some("a=1; b=2".to_owned()), None)
    );
}

#[test]
fn a_client_can_do_without_cookies() {
    assert_eq!(
        second(|| vec![http_client::In::Cookies(some(false))], vec![]).0,
        None
    );
}

#[test]
fn cookies_of_the_request_win() {
    let own = || In::Cookies(some(value(r#"{"b":"own","c":3}"#)));
    assert_eq!(
        second(Vec::new, vec![own()]).0.as_deref(),
        Some("a=1; b=own; c=3")
    );
    assert_eq!(
        second(|| vec![http_client::In::Cookies(some(false))], vec![own()])
            .0
            .as_deref(),
        Some("b=own; c=3")
    );
}

#[test]
fn a_cookie_header_of_the_grid_is_all_there_is() {
    let own = In::Headers(some(value(r#"{"Cookie":"x=y"}"#)));
    assert_eq!(second(Vec::new, vec![own]).0.as_deref(), Some("x=y"));
}

#[test]
fn a_cookie_that_cannot_be_sent_is_named() {
    for cookies in [r#"{"a":"x;y"}"#, r#"{"a":"x\ny"}"#] {
        let fault = fault(
            vec![],
            vec![
                url("http://127.0.0.1:1/"),
                In::Cookies(some(value(cookies))),
            ],
        );
        assert_eq!(
            (fault.kind(), fault.text()),
            (
                "request",
                "\"a\" in cookies cannot be sent: its name or value holds what ends it"
            )
        );
    }
}

#[test]
fn cookies_set_on_the_way_of_a_redirect_are_kept() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let output = ask(
        vec![],
        vec![url(format!("{}/cookies/set?session=abc", target.url()))],
    )
    .unwrap();
    assert_eq!(
        text(&output.json.get("cookies").unwrap().get("session").unwrap()),
        "abc"
    );
}

#[test]
fn an_answer_may_set_many() {
    let peer = RawPeer::start(Some(OK));
    let output = ask(vec![], vec![url(peer.url())]).unwrap();
    assert_eq!(output.headers.get("set-cookie"), None);
    let peer = RawPeer::start(Some(SET));
    let output = ask(vec![], vec![url(peer.url())]).unwrap();
    assert_eq!(
        text(&output.headers.get("set-cookie").unwrap()),
        "a=1, b=2; Path=/"
    );
}
