//! nginx without a log, on a core of its own: it answers the rows' requests and counts them. For HTTP/3 that is Caddy.

use bggo_tests::server::{Caddy, Certificates, Nginx, Setup, free_port};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The core of the server; clients have core 0.
pub const CORE: u32 = 1;

/// Files that are served, with their sizes in bytes.
pub const FILES: [(&str, usize); 3] = [("1k", 1 << 10), ("64k", 64 << 10), ("1m", 1 << 20)];

/// What nginx has counted.
#[derive(Clone, Copy)]
pub struct Counted {
    /// Requests, read in part at least.
    pub requests: u64,
    /// Connections.
    pub connections: u64,
}

/// A running nginx.
pub struct Target {
    nginx: Nginx,
    tls: u16,
    http2: u16,
    wide: u16,
    certificates: Certificates,
    _files: tempfile::TempDir,
}

impl Target {
    /// Starts it for so many connections at a time.
    pub fn start(connections: u32) -> Self {
        Self::start_as(Some(CORE), 1, connections)
    }

    /// Starts it with several workers, on any core, each for so many connections.
    pub fn start_wide(workers: u32, connections: u32) -> Self {
        Self::start_as(None, workers, connections)
    }

    fn start_as(core: Option<u32>, workers: u32, connections: u32) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        for (name, size) in FILES {
            std::fs::write(files.path().join(name), vec![b'x'; size]).expect("a file is written");
        }
        let certificates = Certificates::new(&["localhost"]);
        let [certificate, key] = ["server.crt", "server.key"].map(|name| certificates.path(name));
        let (tls, http2, wide) = (free_port(), free_port(), free_port());
        let answers: String = ["log_in", "items", "cart", "orders"].map(answer).concat();
        let locations = format!(
            "listen 127.0.0.1:{tls} ssl backlog=4096; listen 127.0.0.1:{http2} http2 backlog=4096;
             listen 127.0.0.1:{wide} reuseport backlog=4096;
             ssl_certificate {certificate}; ssl_certificate_key {key};
             access_log off; keepalive_timeout 1h; sendfile on; root {files};
             location = /status {{ stub_status; }}
             location = /hit {{ return 200 ok; }}
             {answers}",
            files = files.path().display(),
        );
        let nginx = Nginx::start_as(&Setup {
            core,
            workers,
            connections,
            http: "",
            locations: &locations,
        });
        Self {
            nginx,
            tls,
            http2,
            wide,
            certificates,
            _files: files,
        }
    }

    /// Where it speaks HTTP/1.1.
    pub fn plain(&self) -> String {
        self.nginx.url()
    }

    /// The same, where the system deals connections out to the workers.
    pub fn wide(&self) -> String {
        format!("http://127.0.0.1:{}", self.wide)
    }

    /// Where it speaks HTTP/1.1 over TLS.
    pub fn tls(&self) -> String {
        format!("https://localhost:{}", self.tls)
    }

    /// Where it speaks HTTP/2 without TLS.
    pub fn http2(&self) -> String {
        format!("http://127.0.0.1:{}", self.http2)
    }

    /// The certificate of who signed its own.
    pub fn authority(&self) -> String {
        self.certificates.path("ca.crt")
    }

    /// What `clients` gave back, and what they sent.
    pub fn counted<T>(&self, clients: impl FnOnce() -> T) -> (T, Counted) {
        let (before, _) = self.counts();
        let done = clients();
        let (after, asked) = self.counts();
        let counted = Counted {
            requests: after.requests - before.requests - asked,
            connections: after.connections - before.connections - asked,
        };
        (done, counted)
    }

    /// All that it has had, once every client has left: what they sent has been read by then. Beside it, with how many
    /// requests, each on a connection of its own, that was asked.
    fn counts(&self) -> (Counted, u64) {
        let mut asked = 0;
        loop {
            asked += 1;
            let text = self.status();
            let words = text.split_ascii_whitespace();
            let numbers: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
            // `Active connections: A`, then how many were accepted, handled and asked for.
            if let [1, connections, _, requests, ..] = numbers[..] {
                let counts = Counted {
                    requests,
                    connections,
                };
                return (counts, asked);
            }
            std::thread::yield_now();
        }
    }

    fn status(&self) -> String {
        let url = self.nginx.url();
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("nginx runs");
        stream
            .write_all(b"GET /status HTTP/1.0\r\n\r\n")
            .expect("nginx reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("nginx answers");
        let (_, body) = text.split_once("\r\n\r\n").expect("an answer");
        body.to_owned()
    }

    /// Ends it.
    pub fn stop(self) {
        self.nginx.stop();
    }
}

/// A running Caddy on the core of the server, which speaks HTTP/3. nginx of Debian does not.
pub struct Http3Target(Caddy);

impl Http3Target {
    /// Starts it.
    pub fn start() -> Self {
        Self(Caddy::start_on(CORE, "respond /hit ok"))
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The certificate of who signed its own.
    pub fn authority(&self) -> String {
        self.0.ca_file()
    }

    /// Lines of its log, once no more come. It writes one when an answer is over, which may be after its client has left.
    pub fn requests(&self) -> u64 {
        let mut last = None;
        loop {
            let log = std::fs::read(self.0.log()).unwrap_or_default();
            let lines = log.iter().filter(|byte| **byte == b'\n').count();
            if last == Some(lines) {
                return lines as u64;
            }
            last = Some(lines);
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// A path of the journey: a JSON object with a word that is never the same twice. Only the first one needs no token.
fn answer(name: &str) -> String {
    let (field, guard) = match name {
        "log_in" => ("token", ""),
        _ => (
            "id",
            "if ($http_authorization !~ \"^Bearer [0-9a-f]+$\") { return 401; }",
        ),
    };
    format!(
        "location /{name} {{ {guard} default_type application/json; return 200 '{{\"{field}\":\"$request_id\"}}'; }}\n"
    )
}
