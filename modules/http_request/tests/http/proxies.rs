//! Proxies: a raw peer as HTTP proxy, and a SOCKS 5 peer that says where it was asked to connect.

use crate::peer::{OK, Seen};
use crate::user::{ask, fault, some, url};
use bggo_module_http_request::http_client::In;
use bggo_runtime::contract::Value;
use bggo_tests::server::RawPeer;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

fn proxy(text: impl Into<String>) -> In {
    In::Proxy(some(text.into()))
}

#[test]
fn a_plain_request_goes_whole_to_the_proxy() {
    let peer = RawPeer::start(Some(OK));
    ask(
        vec![proxy(peer.url().replace("http://", "http://ann:s3cret@"))],
        vec![url("http://nowhere.test/path?a=1")],
    )
    .unwrap();
    let seen = Seen::at(&peer);
    assert_eq!(seen.line, "GET http://nowhere.test/path?a=1 HTTP/1.1");
    assert_eq!(seen.header("host").as_deref(), Some("nowhere.test"));
    assert_eq!(
        seen.header("proxy-authorization").as_deref(),
        Some("Basic YW5uOnMzY3JldA==")
    );
}

#[test]
fn a_secure_request_asks_the_proxy_to_connect() {
    let peer = RawPeer::start(Some(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    let fault = fault(vec![proxy(peer.url())], vec![url("https://nowhere.test/")]);
    assert_eq!(fault.kind(), "connect");
    assert_eq!(Seen::at(&peer).line, "CONNECT nowhere.test:443 HTTP/1.1");
}

#[test]
fn hosts_of_no_proxy_are_reached_directly() {
    let (through, direct) = (RawPeer::start(Some(OK)), RawPeer::start(Some(OK)));
    let except = In::NoProxy(some(Value::from(vec![
        Value::from("127.0.0.0/8"),
        Value::from(".direct.test"),
    ])));
    ask(vec![proxy(through.url()), except], vec![url(direct.url())]).unwrap();
    assert_eq!(Seen::at(&direct).line, "GET / HTTP/1.1");
}

/// A SOCKS 5 server for one connection: says which place was asked for, then answers the request itself.
fn socks() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting).unwrap();
        stream.read_exact(&mut vec![0; greeting[1].into()]).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut head = [0; 4];
        stream.read_exact(&mut head).unwrap();
        let place = if head[3] == 3 {
            let mut length = [0];
            stream.read_exact(&mut length).unwrap();
            let mut name = vec![0; length[0].into()];
            stream.read_exact(&mut name).unwrap();
            String::from_utf8(name).unwrap()
        } else {
            let mut address = [0; 4];
            stream.read_exact(&mut address).unwrap();
            std::net::Ipv4Addr::from(address).to_string()
        };
        stream.read_exact(&mut [0; 2]).unwrap();
        stream
            .write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
            .unwrap();
        sender.send(place).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(OK).unwrap();
    });
    (address.to_string(), asked)
}

#[test]
fn socks5_gets_an_address_and_socks5h_the_name() {
    let (address, asked) = socks();
    ask(
        vec![proxy(format!("socks5h://{address}"))],
        vec![url("http://nowhere.test/")],
    )
    .unwrap();
    assert_eq!(asked.recv().unwrap(), "nowhere.test");
    let (address, asked) = socks();
    ask(
        vec![proxy(format!("socks5://{address}"))],
        vec![url("http://127.0.0.1:9/")],
    )
    .unwrap();
    assert_eq!(asked.recv().unwrap(), "127.0.0.1");
}

#[test]
fn a_proxy_that_is_none_fails_the_client_without_showing_its_password() {
    for text in [
        "ftp://ann:s3cret@a/",
        "127.0.0.1:8080",
        "http://ann:s3cret@",
    ] {
        let fault = fault(vec![proxy(text)], vec![url("http://127.0.0.1:1/")]);
        assert!(fault.text().contains("prox"), "{}", fault.text());
        assert!(!fault.text().contains("s3cret"), "{}", fault.text());
    }
}
