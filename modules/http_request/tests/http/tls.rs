//! TLS against nginx: which certificates are trusted, which the client shows, which name is asked for.

use crate::user::{ask, some, text, url};
use bggo_module_http_request::http_client::In;
use bggo_runtime::contract::{Fault, Text};
use bggo_tests::server::{Certificates, Nginx, SecureNginx, SelfSigned};

/// nginx 1.22 leaves 1.3 out unless it is asked for.
const BOTH: &str = "ssl_protocols TLSv1.2 TLSv1.3;";

/// What nginx knows of the connection.
const SAYS: &str = "$ssl_protocol $ssl_server_name $ssl_client_verify $ssl_client_s_dn $http_host";

/// nginx with a certificate for `names`, which its authority signed.
fn serving(names: &[&str], settings: &str) -> SecureNginx {
    with(Certificates::new(names), settings)
}

fn with(certificates: Certificates, settings: &str) -> SecureNginx {
    SecureNginx::start(certificates, settings, SAYS)
}

/// A request to nginx by one of its names.
fn asked(server: &SecureNginx, host: &str, client: Vec<In>) -> Result<String, Fault> {
    let address = format!("https://{host}:{}/", server.port);
    ask(client, vec![url(address)]).map(|output| text(&output.body))
}

fn ca(server: &SecureNginx) -> In {
    In::CaFile(some(server.certificates.path("ca.crt")))
}

fn version_1_1() -> In {
    In::HttpVersion(some(Text::Static("1.1")))
}

#[test]
fn a_ca_file_or_text_is_trusted() {
    let server = serving(&["localhost", "127.0.0.1"], BOTH);
    assert_eq!(
        asked(&server, "localhost", vec![ca(&server)]).unwrap(),
        format!("TLSv1.3 localhost NONE  localhost:{}", server.port)
    );
    assert_eq!(
        asked(
            &server,
            "127.0.0.1",
            vec![In::CaPem(some(server.certificates.text("ca.crt")))]
        )
        .unwrap(),
        format!("TLSv1.3  NONE  127.0.0.1:{}", server.port)
    );
}

#[test]
fn without_the_ca_the_server_is_refused() {
    let server = serving(&["localhost"], BOTH);
    let fault = asked(&server, "localhost", vec![]).unwrap_err();
    assert_eq!(fault.kind(), "tls");
    assert_eq!(
        fault.text(),
        format!(
            "no secure connection to localhost:{}: the server's certificate is not trusted; give its authority (with those between, where the server sends none), or the certificate itself, as the client's ca_file, or set insecure_skip_verify",
            server.port
        )
    );
    let other = Certificates::new(&["localhost"]);
    let fault = asked(
        &server,
        "localhost",
        vec![In::CaFile(some(other.path("ca.crt")))],
    )
    .unwrap_err();
    assert_eq!(fault.kind(), "tls");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = serving(&["other.test"], BOTH);
    let fault = asked(&server, "localhost", vec![ca(&server)]).unwrap_err();
    assert_eq!(fault.kind(), "tls");
    assert_eq!(
        fault.text(),
        format!(
            "no secure connection to localhost:{}: the server's certificate is not for localhost but for other.test; set the client's server_name to one of its names",
            server.port
        )
    );
}

#[test]
fn a_server_name_is_asked_for_and_checked_in_place_of_the_host() {
    let server = serving(&["other.test"], BOTH);
    for host in ["localhost", "127.0.0.1"] {
        let body = asked(
            &server,
            host,
            vec![
                ca(&server),
                In::ServerName(some("other.test".to_owned())),
                version_1_1(),
            ],
        )
        .unwrap();
        assert_eq!(
            body,
            format!("TLSv1.3 other.test NONE  {host}:{}", server.port)
        );
    }
    let fault = asked(
        &server,
        "localhost",
        vec![ca(&server), In::ServerName(some("third.test".to_owned()))],
    )
    .unwrap_err();
    assert_eq!(fault.kind(), "tls");
    for wrong in ["127.0.0.1", "[::1]", "::1", "a b", "a:1", ""] {
        let fault = asked(
            &server,
            "localhost",
            vec![In::ServerName(some(wrong.to_owned()))],
        )
        .unwrap_err();
        assert!(
            fault
                .text()
                .ends_with("server_name is a host's name, not an address"),
            "{wrong}: {}",
            fault.text()
        );
    }
}

/// What a client that was given the server's own certificate gets of the server.
fn given_itself(common: &str, names: &[&str], kind: SelfSigned) -> Result<String, String> {
    let server = with(Certificates::self_signed(common, names, kind), BOTH);
    let body = asked(&server, "localhost", vec![ca(&server)]);
    body.map_err(|fault| {
        assert_eq!(fault.kind(), "tls");
        let place = format!("no secure connection to localhost:{}: ", server.port);
        fault.text().strip_prefix(&place).unwrap().to_owned()
    })
}

#[test]
fn a_certificate_that_is_given_itself_is_accepted() {
    for kind in [SelfSigned::Authority, SelfSigned::Server] {
        for (common, names) in [
            ("test", &["localhost"][..]),
            ("localhost", &[]),
            ("*.test", &["x.test", "localhost"]),
        ] {
            let body = given_itself(common, names, kind).unwrap();
            assert!(body.starts_with("TLSv1.3"), "{common} {names:?}: {body}");
        }
    }
    let signed = serving(&["localhost"], BOTH);
    let own = In::CaFile(some(signed.certificates.path("server.crt")));
    assert!(asked(&signed, "localhost", vec![own]).is_ok());
}

#[test]
fn a_certificate_that_is_given_itself_is_still_for_its_names_and_its_time() {
    const OTHER: &str = "the server's certificate is not for localhost but for other.test; set the client's server_name to one of its names";
    for (common, names, kind, says) in [
        ("localhost", &["other.test"][..], SelfSigned::Server, OTHER),
        ("localhost", &["other.test"], SelfSigned::Authority, OTHER),
        (
            "other.test",
            &[],
            SelfSigned::Authority,
            "the server's certificate names no host; make one with a subjectAltName for localhost",
        ),
        (
            "localhost",
            &["localhost"],
            SelfSigned::Expired,
            "the server's certificate has expired; renew it, or set insecure_skip_verify",
        ),
        (
            "localhost",
            &["localhost"],
            SelfSigned::NotYet,
            "the server's certificate is not valid yet; look at the clocks of both machines",
        ),
    ] {
        assert_eq!(given_itself(common, names, kind), Err(says.to_owned()));
    }
}

#[test]
fn a_certificate_of_version_1_is_accepted_if_it_is_given_itself() {
    // As `openssl x509 -req -signkey` makes it: without extensions, so that localhost is its common name only.
    let certificate = include_str!("version_1/server.crt");
    let key = include_str!("version_1/server.key");
    for version in ["TLSv1.2", "TLSv1.3"] {
        let settings = format!("ssl_protocols {version};");
        let server = with(Certificates::of(certificate, key), &settings);
        for client in [ca(&server), In::InsecureSkipVerify(some(true))] {
            assert!(
                asked(&server, "localhost", vec![client])
                    .unwrap()
                    .starts_with(version)
            );
        }
        let fault = asked(&server, "127.0.0.1", vec![ca(&server)]).unwrap_err();
        assert_eq!(fault.kind(), "tls");
        let fault = asked(&server, "localhost", vec![]).unwrap_err();
        assert!(
            fault
                .text()
                .ends_with("give it as the client's ca_file, or set insecure_skip_verify"),
            "{}",
            fault.text()
        );
    }
}

#[test]
fn a_certificate_that_is_its_own_authority_is_refused_with_the_cure() {
    for kind in [SelfSigned::Authority, SelfSigned::Server] {
        let server = with(Certificates::self_signed("x", &["localhost"], kind), BOTH);
        let other = Certificates::self_signed("x", &["localhost"], kind);
        for client in [vec![], vec![In::CaFile(some(other.path("ca.crt")))]] {
            let fault = asked(&server, "localhost", client).unwrap_err();
            assert_eq!(fault.kind(), "tls");
            assert!(
                fault
                    .text()
                    .ends_with("as the client's ca_file, or set insecure_skip_verify"),
                "{}",
                fault.text()
            );
        }
        assert!(
            asked(
                &server,
                "localhost",
                vec![In::InsecureSkipVerify(some(true))]
            )
            .is_ok()
        );
    }
}

#[test]
fn http_and_https_on_the_wrong_port_are_told_apart() {
    let server = serving(&["localhost"], BOTH);
    let plain = Nginx::start("location / { return 200 ok; }");
    let port = plain.url().rsplit(':').next().unwrap().to_owned();
    let fault = ask(vec![], vec![url(format!("https://localhost:{port}/"))]).unwrap_err();
    assert_eq!(
        (fault.kind(), fault.text().to_owned()),
        (
            "tls",
            format!(
                "no secure connection to localhost:{port}: the server does not speak TLS here, but plain HTTP"
            )
        )
    );
    let output = ask(
        vec![],
        vec![url(format!("http://localhost:{}/", server.port))],
    )
    .unwrap();
    assert!(text(&output.body).contains("plain HTTP request was sent to HTTPS port"));
}

#[test]
fn an_insecure_client_trusts_every_certificate() {
    let server = serving(&["other.test"], BOTH);
    assert!(
        asked(
            &server,
            "localhost",
            vec![In::InsecureSkipVerify(some(true))]
        )
        .unwrap()
        .starts_with("TLSv1.3")
    );
}

#[test]
fn a_client_shows_its_certificate() {
    let server = serving(
        &["localhost"],
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on;",
    );
    let files = vec![
        ca(&server),
        In::ClientCertFile(some(server.certificates.path("client.crt"))),
        In::ClientKeyFile(some(server.certificates.path("client.key"))),
    ];
    assert_eq!(
        asked(&server, "localhost", files).unwrap(),
        format!("TLSv1.3 localhost SUCCESS CN=vu1 localhost:{}", server.port)
    );
    let texts = vec![
        ca(&server),
        In::ClientCertPem(some(server.certificates.text("client.crt"))),
        In::ClientKeyPem(some(server.certificates.text("client.key"))),
    ];
    assert_eq!(
        asked(&server, "localhost", texts).unwrap(),
        format!("TLSv1.3 localhost SUCCESS CN=vu1 localhost:{}", server.port)
    );
    assert!(
        asked(&server, "localhost", vec![ca(&server)])
            .unwrap()
            .contains("No required SSL certificate was sent")
    );
}

#[test]
fn the_oldest_version_is_kept_to() {
    let server = serving(&["localhost"], "ssl_protocols TLSv1.2;");
    assert!(
        asked(&server, "localhost", vec![ca(&server)])
            .unwrap()
            .starts_with("TLSv1.2")
    );
    let fault = asked(
        &server,
        "localhost",
        vec![ca(&server), In::MinTlsVersion(some(Text::Static("1.3")))],
    )
    .unwrap_err();
    assert_eq!(fault.kind(), "tls");
}

#[test]
fn a_file_of_certificates_may_begin_with_a_byte_order_mark() {
    let server = serving(&["localhost"], BOTH);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.crt");
    let lines = server.certificates.text("ca.crt").replace('\n', "\r\n");
    std::fs::write(&path, format!("\u{feff}{lines}")).unwrap();
    let client = In::CaFile(some(path.to_str().unwrap().to_owned()));
    asked(&server, "localhost", vec![client]).unwrap();
}

#[test]
fn certificates_that_cannot_be_used_fail_the_client() {
    let certificates = Certificates::new(&["localhost"]);
    let key = certificates.path("server.key");
    let of_ca = format!("the CA in {key} holds no PEM certificate, but a private key");
    let pair = certificates.path("client.crt");
    let mismatch =
        format!("the client's key in {key} does not belong to its certificate in {pair}");
    let cases = vec![
        (vec![In::CaFile(some(key.clone()))], of_ca.as_str()),
        (
            vec![
                In::ClientCertFile(some(pair.clone())),
                In::ClientKeyFile(some(key.clone())),
            ],
            mismatch.as_str(),
        ),
        (
            vec![In::CaFile(some("/nowhere/ca.crt".to_owned()))],
            "the ca_file /nowhere/ca.crt cannot be read: No such file or directory (os error 2)",
        ),
        (
            vec![In::CaPem(some("nothing".to_owned()))],
            "the CA holds no PEM certificate",
        ),
        (
            vec![In::ClientCertFile(some(certificates.path("client.crt")))],
            "a client's certificate needs its key: client_key_file or client_key_pem",
        ),
        (
            vec![
                In::CaFile(some(certificates.path("ca.crt"))),
                In::CaPem(some(certificates.text("ca.crt"))),
            ],
            "at most one of `ca_file`, `ca_pem` may be given",
        ),
    ];
    for (client, says) in cases {
        let fault = ask(client, vec![url("https://127.0.0.1:1/")]).unwrap_err();
        assert!(fault.text().ends_with(says), "{}", fault.text());
    }
}
