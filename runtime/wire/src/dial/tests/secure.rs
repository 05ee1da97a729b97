//! Dials to targets that want TLS.

use super::*;
use crate::tls::TlsSettings;
use bggo_tests::server::{Certificates, Nginx, free_port};

/// nginx with TLS that tells whether a session was resumed, and rules of a client that trusts it.
fn server() -> (Nginx, u16, Rules) {
    let certificates = Certificates::new(&["localhost"]);
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; ssl_certificate {}; ssl_certificate_key {};
         location / {{ return 200 '$ssl_session_reused'; }}",
        certificates.path("server.crt"),
        certificates.path("server.key"),
    ));
    let settings = TlsSettings {
        ca: Some(certificates.text("ca.crt").into()),
        ..TlsSettings::default()
    };
    let rules = Rules {
        tls: Some(Tls::new(&settings).unwrap()),
        ..Rules::default()
    };
    (nginx, port, rules)
}

/// A target that wants TLS with the server of this name.
fn secure(name: &str, port: u16) -> Target<'_> {
    Target {
        address: host("127.0.0.1", port),
        secure: Some(name),
        named: Named::Open,
    }
}

/// The last byte of the answer to a request, which is its body.
async fn ask(wire: &mut Wire) -> u8 {
    wire.out()
        .put(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    wire.flush().await.unwrap();
    while wire.fill(1 << 16).await.unwrap() > 0 {}
    assert!(wire.ended_cleanly());
    *wire.peek().last().unwrap()
}

#[tokio::test]
async fn a_target_that_wants_tls_has_it_and_the_next_connection_of_the_asset_resumes() {
    let (_nginx, port, rules) = server();
    let dialling = async {
        let dialer = dialer(rules);
        for reused in [b'.', b'r'] {
            let (mut wire, times) = dialer.dial(&secure("localhost", port)).await.unwrap();
            assert!(!times.tls.is_zero());
            assert_eq!(ask(&mut wire).await, reused);
        }
    };
    LocalSet::new().run_until(dialling).await;
}

#[tokio::test]
async fn a_target_without_tls_as_it_was_wanted_is_named() {
    let (_nginx, port, rules) = server();
    let dialling = async {
        let dialer = dialer(rules);
        let made = dialer.dial(&secure("other.test", port)).await;
        let (kind, text) = told(made);
        assert_eq!(kind, Kind::Tls);
        assert_eq!(
            text,
            format!(
                "no secure connection to 127.0.0.1:{port}: the server's certificate is not for other.test but for localhost; set the client's server_name to one of its names"
            )
        );
    };
    LocalSet::new().run_until(dialling).await;
    let dialling = async {
        let dialer = dialer(Rules::default());
        let (_, text) = told(dialer.dial(&secure("localhost", port)).await);
        assert!(
            text.ends_with("the client has no settings for TLS"),
            "{text}"
        );
    };
    LocalSet::new().run_until(dialling).await;
}

#[tokio::test]
async fn a_server_that_never_answers_in_the_handshake_is_waited_for_as_long_as_the_limit_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_nginx, _, rules) = server();
    let rules = Rules {
        connect_limit: Some(Duration::from_millis(50)),
        ..rules
    };
    let dialling = async { told(dialer(rules).dial(&secure("localhost", port)).await) };
    let (kind, text) = LocalSet::new().run_until(dialling).await;
    assert_eq!(kind, Kind::Connect);
    assert_eq!(
        text,
        format!("connecting to 127.0.0.1:{port} took longer than 50ms")
    );
}
