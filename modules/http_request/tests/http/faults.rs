//! What goes wrong on the way: each with its kind.

use crate::user::{User, ask, fault, method, run, some, text, url};
use bggo_module_http_request::{http_client, http_request::In, http_request::Wanted};
use bggo_runtime::contract::{Number, Value};
use bggo_tests::server::{RawPeer, free_port};
use std::time::Duration;

/// The kind and text of the fault of a request that gets this answer.
fn answered(answer: &'static [u8]) -> (&'static str, String) {
    let peer = RawPeer::start(Some(answer));
    let fault = fault(vec![], vec![url(peer.url())]);
    (
        fault.kind(),
        fault
            .text()
            .replace(peer.url().strip_prefix("http://").unwrap(), "PEER"),
    )
}

#[test]
fn a_closed_port_is_a_fault_of_the_connection() {
    let port = free_port();
    let fault = fault(
        vec![],
        vec![url(format!("http://127.0.0.1:{port}/secret?token=x"))],
    );
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "refused",
            format!("no connection to 127.0.0.1:{port}: Connection refused (os error 111)")
        )
    );
}

#[test]
fn a_name_without_an_address_is_a_fault_of_dns() {
    let fault = fault(vec![], vec![url("http://nowhere.invalid/")]);
    assert_eq!(fault.kind(), "dns");
    assert!(
        fault.text().starts_with("nowhere.invalid has no address: ")
            && !fault.text().contains("lookup"),
        "{}",
        fault.text()
    );
}

#[test]
fn a_peer_that_never_answers_ends_by_the_request_s_or_the_client_s_timeout() {
    let peer = RawPeer::start(None);
    let short = || Duration::from_millis(30);
    let of_request = fault(vec![], vec![url(peer.url()), In::Timeout(some(short()))]);
    let of_client = fault(
        vec![http_client::In::Timeout(some(short()))],
        vec![url(peer.url())],
    );
    for fault in [of_request, of_client] {
        let place = peer.url().replace("http://", "");
        assert_eq!(
            (fault.kind(), fault.text().to_owned()),
            ("timeout", format!("no answer from {place} within 30ms"))
        );
    }
}

#[test]
fn a_body_that_never_ends_is_cut_off_by_the_timeout() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let slow = format!("{}/drip?numbytes=2&duration=3600", target.url());
    // Long enough for the head of the answer, on whatever machine.
    let fault = fault(
        vec![],
        vec![url(slow), In::Timeout(some(Duration::from_secs(2)))],
    );
    let place = target.url().replace("http://", "");
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "timeout",
            format!("no end of the body from {place} within 2s")
        )
    );
}

#[test]
fn connecting_has_a_limit_of_its_own() {
    // A listener that takes no connection beyond its backlog leaves the next one waiting.
    let listener = full_queue();
    let address = listener.0.local_addr().unwrap();
    let client = vec![http_client::In::ConnectTimeout(some(
        Duration::from_millis(50),
    ))];
    let fault = fault(client, vec![url(format!("http://{address}/"))]);
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "connect",
            format!("connecting to {address} took longer than connect_timeout")
        )
    );
}

/// A port whose queue of connections is full.
fn full_queue() -> (std::net::TcpListener, Vec<std::net::TcpStream>) {
    run(async || {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap().into_std().unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        // Linux queues one more than the backlog says; a connection that does not come is the sign that it is full.
        while let Ok(stream) =
            std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100))
        {
            waiting.push(stream);
        }
        (listener, waiting)
    })
}

#[test]
fn what_is_no_http_is_a_fault_of_the_protocol() {
    assert_eq!(
        answered(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        (
            "protocol",
            "no answer from PEER: it does not begin as an HTTP/1 answer does".to_owned()
        )
    );
    assert_eq!(
        answered(b""),
        (
            "closed",
            "no answer from PEER: the other end closed the connection".to_owned()
        )
    );
    assert_eq!(answered(b"HTTP/1.1 200 OK\r\nContent-Le").0, "closed");
}

#[test]
fn a_body_that_ends_early_is_a_fault_of_the_body_even_if_nobody_reads_it() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(
        answered(HALF),
        (
            "body",
            "the body from PEER ended early: the other end closed the connection".to_owned()
        )
    );
    assert_eq!(
        answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel").0,
        "body"
    );
    let peer = RawPeer::start(Some(HALF));
    let fault = run(async || {
        User::new(vec![])
            .ask_late(vec![url(peer.url())], &[], Wanted::NONE)
            .await
            .unwrap_err()
    });
    assert_eq!(fault.kind(), "body");
}

#[test]
fn a_body_that_is_not_what_it_says_is_a_fault_of_the_body() {
    assert_eq!(
        answered(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"),
        (
            "body",
            "the body is not what its Content-Encoding says: it cannot be decompressed as gzip"
                .to_owned()
        )
    );
}

#[test]
fn an_error_status_is_a_result_unless_the_grid_expects_another() {
    let target = bggo_target::serve("127.0.0.1:0").unwrap();
    let at = |status: &str| url(format!("{}/status/{status}", target.url()));
    assert_eq!(
        text(&ask(vec![], vec![at("500")]).unwrap().status_code),
        "500"
    );
    assert_eq!(
        text(&ask(vec![], vec![at("404")]).unwrap().status_code),
        "404"
    );
    let expect = |value: Value| In::ExpectStatus(some(value));
    assert!(ask(vec![], vec![at("204"), expect("2xx".into())]).is_ok());
    assert!(ask(vec![], vec![at("404"), expect(Number::new(404).into())]).is_ok());
    let refused = fault(
        vec![],
        vec![
            at("503"),
            expect(vec![Value::from(Number::new(200)), Value::from("3xx")].into()),
        ],
    );
    assert_eq!(
        (refused.kind(), refused.text()),
        ("status", "status 503, expected 200, 3xx")
    );
    let peer = RawPeer::start(Some(b"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\n\r\n"));
    let odd = || url(peer.url());
    assert!(ask(vec![], vec![odd(), expect("2xx".into())]).is_ok());
    assert_eq!(
        fault(vec![], vec![odd(), expect(Number::new(200).into())]).text(),
        "status 299, expected 200"
    );
    let wrong = fault(vec![], vec![at("200"), expect("ok".into())]);
    assert_eq!(
        (wrong.kind(), wrong.text()),
        (
            "request",
            "ok in expect_status is neither a status nor a pattern as \"2xx\""
        )
    );
}

#[test]
fn a_connection_that_the_server_closed_is_replaced_for_every_method() {
    let peer = RawPeer::start(Some(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    run(async || {
        let user = User::new(vec![]);
        for name in ["GET", "POST", "PATCH", "POST", "GET"] {
            let output = user.ask(vec![url(peer.url()), method(name)]).await.unwrap();
            assert_eq!(text(&output.body), "ok");
            // The peer closes after each answer without a word. The system knows by now, and nobody has asked it.
            peer.wait_for_close();
            // From a millisecond of rest on it is asked for what must not be sent twice.
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}
