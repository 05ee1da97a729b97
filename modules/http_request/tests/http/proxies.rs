//! Proxies: a raw peer as HTTP proxy, and a SOCKS 5 peer that says where it was asked to connect.

use crate::peer::{OK, Seen};
use crate::user::{ask, fault, some, text, url};
use bggo_module_http_request::http_client::In;
use bggo_runtime::contract::Value;
use bggo_tests::server::{Certificates, Nginx, RawPeer, free_port};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
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

/// A proxy for one connection: says what it was asked, then passes bytes on to `port`, whatever place was asked for.
fn tunnel(port: u16) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        sender.send(head(&mut client)).unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || pass(&mut up, &mut down));
        pass(&mut server, &mut client);
    });
    (address.to_string(), asked)
}

fn pass(from: &mut TcpStream, to: &mut TcpStream) {
    // Either end may go as it likes; the other one is told.
    let _ = std::io::copy(from, to);
    let _ = to.shutdown(Shutdown::Write);
}

/// Reads to the empty line and not a byte further.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// nginx with a certificate for `shop.test`, which no resolver knows.
fn shop() -> (Certificates, Nginx, u16) {
    let certificates = Certificates::new(&["shop.test"]);
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};
         location / {{ return 200 '$ssl_server_name $http_host $http_proxy_authorization $request'; }}",
        certificates.path("server.crt"),
        certificates.path("server.key"),
    ));
    (certificates, nginx, port)
}

#[test]
fn a_secure_request_goes_to_its_server_through_the_proxys_tunnel() {
    let (certificates, nginx, port) = shop();
    let (address, asked) = tunnel(port);
    let client = vec![
        proxy(format!("http://ann:s3cret@{address}")),
        In::CaFile(some(certificates.path("ca.crt"))),
    ];
    let output = ask(client, vec![url("https://shop.test/a?b=1")]).unwrap();
    // The proxy's password stays with the proxy.
    assert_eq!(
        text(&output.body),
        "shop.test shop.test  GET /a?b=1 HTTP/1.1"
    );
    let asked = asked.recv().unwrap();
    assert!(
        asked.starts_with("CONNECT shop.test:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    let asked = asked.to_ascii_lowercase();
    assert!(
        asked.contains("proxy-authorization: basic yw5uonmzy3jlda=="),
        "{asked}"
    );
    assert!(asked.contains("host: shop.test:443"), "{asked}");
    assert_eq!(nginx.stop().len(), 1);
}

#[test]
fn a_servers_certificate_is_checked_through_the_tunnel() {
    let (certificates, nginx, port) = shop();
    for (client, address) in [
        (vec![], "https://shop.test/"),
        (
            vec![In::CaFile(some(certificates.path("ca.crt")))],
            "https://other.test/",
        ),
    ] {
        let (through, _asked) = tunnel(port);
        let client = [vec![proxy(format!("http://{through}"))], client].concat();
        let fault = fault(client, vec![url(address)]);
        assert_eq!(fault.kind(), "tls", "{address}: {}", fault.text());
    }
    assert_eq!(nginx.stop(), [""; 0]);
}

#[test]
fn a_proxy_is_itself_reached_by_tls() {
    let certificates = Certificates::new(&["localhost"]);
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200 '$request'; }}",
        certificates.path("server.crt"),
        certificates.path("server.key"),
    ));
    let through = || proxy(format!("https://localhost:{port}"));
    let asked = || vec![url("http://nowhere.test/path?a=1")];
    let trusted = In::CaFile(some(certificates.path("ca.crt")));
    let output = ask(vec![through(), trusted], asked()).unwrap();
    assert_eq!(
        text(&output.body),
        "GET http://nowhere.test/path?a=1 HTTP/1.1"
    );
    fault(vec![through()], asked());
    assert_eq!(
        nginx.stop().len(),
        1,
        "no request to a proxy that is not trusted"
    );
}

#[test]
fn hosts_of_no_proxy_are_reached_directly() {
    let (through, direct) = (RawPeer::start(Some(OK)), RawPeer::start(Some(OK)));
    let except = In::NoProxy(some(Value::from(vec![
        Value::from("127.0.0.0/8"),
        Value::from("localhost"),
    ])));
    let ask =
        |place: String| ask(vec![proxy(through.url()), except.clone()], vec![url(place)]).unwrap();
    ask(direct.url());
    assert_eq!(Seen::at(&direct).line, "GET / HTTP/1.1");
    ask("http://nowhere.test/".to_owned());
    assert_eq!(Seen::at(&through).line, "GET http://nowhere.test/ HTTP/1.1");
    // A host's name is compared as it stands in the url, not its address.
    ask(direct.url().replace("127.0.0.1", "localhost"));
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
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).unwrap();
        let place = if asked[3] == 3 {
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
        head(&mut stream);
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
