//! Caddy, which speaks HTTP/3, with an access log that a test can count.

use super::{Certificates, free_port};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running Caddy. It speaks HTTP/3 over UDP, and HTTP/1.1 and 2 over TCP, on one port.
pub struct Caddy {
    child: Child,
    folder: TempDir,
    certificates: Certificates,
    port: u16,
}

impl Caddy {
    /// Starts Caddy for `localhost` and `127.0.0.1`; `site` goes into its one site, a directive on each line.
    pub fn start(site: &str) -> Self {
        Self::start_by(Command::new("caddy"), site)
    }

    /// The same on one core.
    pub fn start_on(core: u32, site: &str) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string(), "caddy"]);
        Self::start_by(command, site)
    }

    fn start_by(mut command: Command, site: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
        let (port, plain_port) = (free_port(), free_port());
        let root = folder.path().display();
        let text = format!(
            "{{\n    admin off\n    auto_https off\n    grace_period 200ms\n    http_port {plain_port}\n    https_port {port}\n    \
             default_bind 127.0.0.1\n    servers :{port} {{\n        protocols h1 h2 h3\n    }}\n}}\n\
             https://localhost:{port}, https://127.0.0.1:{port} {{\n    tls {} {}\n    \
             log {{\n        output file {root}/access.log {{\n            roll_disabled\n        }}\n        format json\n    }}\n    {site}\n}}\n",
            certificates.path("server.crt"),
            certificates.path("server.key"),
        );
        let file = folder.path().join("Caddyfile");
        std::fs::write(&file, text).expect("the Caddyfile is written");
        let said = folder.path().join("said");
        let into = std::fs::File::create(&said).expect("a file for what it says");
        let mut child = command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(into)
            .spawn()
            .expect("caddy is missing: run tests/install.sh");
        // It says so when all its ports are open, that of HTTP/3 included.
        while !read(&said).contains("serving initial configuration") {
            if let Some(status) = child.try_wait().expect("caddy can be waited for") {
                panic!("caddy ended with {status}:\n{}", read(&said));
            }
            std::thread::yield_now();
        }
        Self {
            child,
            folder,
            certificates,
            port,
        }
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The file with the certificate that its own is signed by.
    pub fn ca_file(&self) -> String {
        self.certificates.path("ca.crt")
    }

    /// The access log's path.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// Stops Caddy after all that it has accepted, and gives back the lines of its access log, each a JSON object.
    pub fn stop(mut self) -> Vec<String> {
        signal(&self.child, "TERM");
        self.child.wait().expect("caddy can be waited for");
        read(&self.log()).lines().map(str::to_owned).collect()
    }

    /// Kills Caddy at once, as a server that dies half-way.
    pub fn die(&mut self) {
        signal(&self.child, "KILL");
        self.child.wait().expect("caddy can be waited for");
    }
}

impl Drop for Caddy {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "KILL");
            let _ = self.child.wait();
        }
    }
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
