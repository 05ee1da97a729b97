//! Redirects as nginx and raw peers send them.

use crate::peer::{OK, Script, Seen, Then};
use crate::user::{ask, fault, method, some, text, url, value};
use bggo_module_http_request::{http_client, http_request::In};
use bggo_runtime::contract::Number;
use bggo_tests::server::{Nginx, RawPeer};

fn nginx() -> Nginx {
    Nginx::start(
        "location /to { return 302 /end; }
         location /see { return 303 /end; }
         location /again { return 307 /end; }
         location /loop { return 302 /loop; }
         location /end { return 200 $request_method:$content_length:$http_authorization; }",
    )
}

fn asked(
    path: &str,
    client: Vec<http_client::In>,
    request: Vec<In>,
) -> Result<(String, String, String), bggo_runtime::contract::Fault> {
    let nginx = nginx();
    let mut inputs = vec![url(format!("{}{path}", nginx.url()))];
    inputs.extend(request);
    let output = ask(client, inputs)?;
    Ok((
        text(&output.status_code),
        text(&output.url).replace(&nginx.url(), ""),
        text(&output.body),
    ))
}

fn triple(status: &str, path: &str, body: &str) -> (String, String, String) {
    (status.to_owned(), path.to_owned(), body.to_owned())
}

#[test]
fn a_redirect_is_followed_with_method_and_body_as_browsers_do() {
    let post = || {
        vec![
            method("POST"),
            In::Body(some("abc".to_owned())),
            In::BearerToken(some("t".to_owned())),
        ]
    };
    assert_eq!(
        asked("/to", vec![], vec![]).unwrap(),
        triple("200", "/end", "GET::")
    );
    assert_eq!(
        asked("/to", vec![], post()).unwrap(),
        triple("200", "/end", "GET::Bearer t")
    );
    assert_eq!(
        asked("/see", vec![], post()).unwrap(),
        triple("200", "/end", "GET::Bearer t")
    );
    assert_eq!(
        asked("/again", vec![], post()).unwrap(),
        triple("200", "/end", "POST:3:Bearer t")
    );
}

#[test]
fn a_client_or_a_request_can_stay() {
    let stays = || vec![http_client::In::FollowRedirects(some(false))];
    assert_eq!(asked("/to", stays(), vec![]).unwrap().0, "302");
    assert_eq!(
        asked("/to", vec![], vec![In::FollowRedirects(some(false))])
            .unwrap()
            .1,
        "/to"
    );
    assert_eq!(
        asked("/to", stays(), vec![In::FollowRedirects(some(true))])
            .unwrap()
            .0,
        "200"
    );
}

#[test]
fn redirects_are_counted() {
    let fault = asked("/loop", vec![], vec![]).unwrap_err();
    assert_eq!(
        (fault.kind(), fault.text()),
        ("redirect", "more than 10 redirects")
    );
    let most = |most: i64| vec![In::MaxRedirects(some(Number::new(most)))];
    assert_eq!(asked("/to", vec![], most(1)).unwrap().0, "200");
    assert_eq!(
        asked("/to", vec![], most(0)).unwrap_err().text(),
        "more than 0 redirects"
    );
    let client = vec![http_client::In::MaxRedirects(some(Number::new(2)))];
    assert_eq!(
        asked("/loop", client, vec![]).unwrap_err().text(),
        "more than 2 redirects"
    );
    assert_eq!(
        asked("/to", vec![], most(-1)).unwrap_err().text(),
        "`max_redirects` must be at least 0"
    );
}

#[test]
fn a_redirect_to_no_http_is_a_fault() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let away = format!("{}/redirect-to?url=ftp://a/", target.url());
    let fault = fault(vec![], vec![url(away)]);
    assert_eq!(
        (fault.kind(), fault.text()),
        (
            "redirect",
            "status 302 Found leads to ftp:, which is not http"
        )
    );
}

#[test]
fn all_hops_use_one_connection() {
    let nginx = nginx();
    ask(vec![], vec![url(format!("{}/to", nginx.url()))]).unwrap();
    let connections: Vec<String> = nginx
        .stop()
        .iter()
        .map(|line| line.split(' ').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(connections.len(), 2);
    assert_eq!(connections[0], connections[1]);
}

#[test]
fn secrets_do_not_go_along_to_another_host() {
    let end = RawPeer::start(Some(OK));
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let away = format!(
        "{}/redirect-to?status_code=307&url={}",
        target.url(),
        end.url()
    );
    let request = vec![
        url(away),
        In::BearerToken(some("t".to_owned())),
        In::ApiKey(some(value(r#"{"name":"X-Key","value":"k"}"#))),
        In::Cookies(some(value(r#"{"c":"1"}"#))),
        In::Headers(some(value(r#"{"X-Other":"stays"}"#))),
    ];
    ask(vec![], request).unwrap();
    let seen = Seen::at(&end);
    assert_eq!(
        [
            seen.header("authorization"),
            seen.header("x-key"),
            seen.header("cookie")
        ],
        [None, None, None]
    );
    assert_eq!(seen.header("x-other").as_deref(), Some("stays"));
    assert_eq!(
        seen.header("host").as_deref(),
        end.url().strip_prefix("http://")
    );
}

#[test]
fn a_redirect_to_a_closed_port_names_that_port() {
    let port = bggo_tests::server::free_port();
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let away = format!(
        "{}/redirect-to?url=http%3A%2F%2F127.0.0.1%3A{port}%2F",
        target.url()
    );
    let fault = fault(vec![], vec![url(away)]);
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "refused",
            format!("no connection to 127.0.0.1:{port}: Connection refused (os error 111)")
        )
    );
}

#[test]
fn a_redirect_is_followed_whatever_its_own_body_is() {
    let bodies: [(&str, Vec<u8>); 7] = [
        ("cut", b"Content-Length: 100\r\n\r\nmoved".to_vec()),
        (
            "chunks",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nmoved\r\nzz\r\n".to_vec(),
        ),
        (
            "gzip",
            b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nmoved".to_vec(),
        ),
        ("no length", b"\r\nmoved".to_vec()),
        ("nothing", b"Content-Length: 5\r\n\r\n".to_vec()),
        (
            "large",
            [
                b"Content-Length: 1000000\r\n\r\n".to_vec(),
                vec![b'x'; 1_000_000],
            ]
            .concat(),
        ),
        (
            "larger than it says",
            b"Content-Length: 5\r\n\r\nmoved and more".to_vec(),
        ),
    ];
    for (name, body) in bodies {
        // One that closes after what it has, and one that keeps the client waiting for the rest.
        for closes in [true, false] {
            let body = body.clone();
            let peer = Script::start(move |line, _| match line {
                "GET /" => {
                    let head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\n";
                    let answer = [&head[..], &body].concat();
                    if closes {
                        Then::AnswerAndClose(answer)
                    } else {
                        Then::Answer(answer)
                    }
                }
                _ => Then::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere".to_vec()),
            });
            let output = ask(vec![], vec![url(peer.url())]).unwrap();
            assert_eq!(text(&output.body), "there", "{name}, closes: {closes}");
        }
    }
}

#[test]
fn a_redirect_with_a_small_body_keeps_its_connection() {
    let peer = Script::start(|line, _| {
        Then::Answer(match line {
            "GET /" => {
                b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmoved".to_vec()
            }
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
        })
    });
    ask(vec![], vec![url(peer.url())]).unwrap();
    let seen = peer.seen();
    assert_eq!(
        seen,
        [(1, "GET /".to_owned()), (1, "GET /there".to_owned())]
    );
}

#[test]
fn a_body_that_ends_early_is_a_fault_where_the_redirect_is_the_answer() {
    let peer = Script::start(|_, _| {
        Then::AnswerAndClose(
            b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmo".to_vec(),
        )
    });
    let inputs = vec![url(peer.url()), In::FollowRedirects(some(false))];
    assert_eq!(fault(vec![], inputs).kind(), "body");
}
