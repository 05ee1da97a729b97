//! Which certificates a program trusts: a file's, the built-in ones, and the host's.

use bggo_tests::server::{Certificates, Nginx, free_port};
use bggo_tests::{Grid, Run};
use std::path::Path;
use std::process::Command;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "ca_file" {
  type    = string
  default = null
}

resource "http_client" "client" {
  arguments {
    ca_file = var.ca_file
  }
}

step "http_request" "get" {
  arguments {
    url           = var.url
    expect_status = 200
  }
  uses {
    client = resource.http_client.client
  }
}
"#;

/// nginx with a certificate for `localhost` by a CA that nobody knows.
struct Secure {
    certificates: Certificates,
    nginx: Nginx,
    port: u16,
}

impl Secure {
    fn start() -> Self {
        let certificates = Certificates::new(&["localhost"]);
        let port = free_port();
        let nginx = Nginx::start(&format!(
            "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; location / {{ return 200 ok; }}",
            certificates.path("server.crt"),
            certificates.path("server.key"),
        ));
        Self {
            certificates,
            nginx,
            port,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/", self.port)
    }
}

#[test]
fn a_bare_root_trusts_a_server_by_a_ca_file_and_refuses_it_by_the_built_in_roots() {
    let server = Secure::start();
    let grid = Grid::new(GRID).build();
    let hosts = ("etc/hosts", "127.0.0.1 localhost\n");
    let authority = server.certificates.text("ca.crt");
    let other = Certificates::new(&["localhost"]).text("ca.crt");
    let files = [hosts, ("ca.crt", authority.as_str()), ("other.crt", &other)];
    let url = server.url();
    let asked = |flags: &[&str]| {
        let flags = [&["--url", url.as_str()], flags].concat();
        grid.bare_root(&flags, &files).finish()
    };
    asked(&["--ca-file", "/ca.crt"]).expect_code(0);
    // The other CA has the same name, so its key decides.
    for (flags, why) in [
        (&[][..], "the server's certificate is not trusted"),
        (
            &["--ca-file", "/other.crt"],
            "is signed by another key than that of its authority",
        ),
    ] {
        let refused = asked(flags).expect_code(1);
        assert!(
            refused
                .stderr
                .contains("tls: no secure connection to localhost")
                && refused.stderr.contains(why),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(
        server.nginx.stop().len(),
        1,
        "only the first one sent its request"
    );
}

#[test]
fn the_hosts_roots_are_those_of_the_environment_and_read_only_for_a_certificate() {
    let server = Secure::start();
    let grid = Grid::new(GRID).build();
    let authorities = grid.folder().join("authorities");
    std::fs::create_dir(&authorities).unwrap();
    let file = authorities.join("test-ca.pem");
    std::fs::write(&file, server.certificates.text("ca.crt")).unwrap();
    let asked = |url: &str, name: &str, path: &Path| {
        let mut command = grid.command();
        command.args(["--url", url]).env(name, path);
        Run::start(command).finish()
    };
    asked(&server.url(), "SSL_CERT_FILE", &file).expect_code(0);
    asked(&server.url(), "SSL_CERT_DIR", &authorities).expect_code(0);
    // What cannot be read adds nothing, and fails nothing that needs no certificate.
    for (name, broken) in [
        ("SSL_CERT_FILE", Path::new("/nowhere/ca.pem")),
        ("SSL_CERT_FILE", grid.path()),
        ("SSL_CERT_DIR", Path::new("/nowhere")),
    ] {
        let refused = asked(&server.url(), name, broken).expect_code(1);
        assert!(
            refused
                .stderr
                .contains("the server's certificate is not trusted"),
            "{}",
            refused.stderr
        );
        asked(&server.nginx.url(), name, broken).expect_code(0);
    }
    // A pipe that nobody writes into: whoever read it would wait for ever.
    let pipe = grid.folder().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    asked(&server.nginx.url(), "SSL_CERT_FILE", &pipe).expect_code(0);
}
