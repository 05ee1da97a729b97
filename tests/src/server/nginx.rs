//! nginx with an access log that a test can count.

use super::free_port;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running nginx. Its log has one line a request: `MSEC CONNECTION STATUS METHOD URI`.
pub struct Nginx {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// How an nginx is set up.
pub struct Setup<'a> {
    /// The core that its worker may use; `None` is any.
    pub core: Option<u32>,
    /// How many workers share the connections.
    pub workers: u32,
    /// Most connections of a worker at a time: its own are among them.
    pub connections: u32,
    /// What goes into the block `http`, around the `server`.
    pub http: &'a str,
    /// What goes into the one block `server`.
    pub locations: &'a str,
}

impl Nginx {
    /// Starts nginx; `locations` goes into its one `server` block.
    pub fn start(locations: &str) -> Self {
        Self::start_with("", locations)
    }

    /// The same; `http` goes into the block `http`, around the `server`.
    pub fn start_with(http: &str, locations: &str) -> Self {
        Self::start_small(8192, http, locations)
    }

    /// The same, with that many connections at most: its own are among them.
    pub fn start_small(connections: u32, http: &str, locations: &str) -> Self {
        Self::start_as(&Setup {
            core: None,
            workers: 1,
            connections,
            http,
            locations,
        })
    }

    /// The same, with all that can be said of it.
    pub fn start_as(setup: &Setup<'_>) -> Self {
        let Setup {
            core,
            workers,
            connections,
            http,
            locations,
        } = setup;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let root = folder.path().display();
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("    {kind}_temp_path {root}/{kind};\n"))
            .collect();
        // A core is a place in a row of bits, the last of which is core 0.
        let affinity = core.map(|core| format!("worker_cpu_affinity {:b};\n", 1_u64 << core));
        let affinity = affinity.unwrap_or_default();
        let descriptors = connections.max(&8192) * 2;
        // nginx opens its ports in this order, so when the last one answers, those that `locations` asks for do as well.
        let text = format!(
            "daemon off;\npid {root}/nginx.pid;\nuser root;\nworker_processes {workers};\n{affinity}worker_rlimit_nofile {descriptors};\nevents {{ worker_connections {connections}; }}\nhttp {{\n{paths}    \
             log_format counted '$msec $connection $status $request_method $request_uri';\n    access_log {root}/access.log counted;\n    \
             keepalive_requests 100000000;\n    {http}\n    server {{\n        {locations}\n        listen 127.0.0.1:{port} backlog=4096;\n    }}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, text).expect("nginx.conf is written");
        let child = started(folder.path(), port);
        Self {
            child,
            folder,
            port,
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The access log's path.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    /// Stops nginx after all that it has accepted, so that the log is complete, and gives back the log's lines.
    pub fn stop(mut self) -> Vec<String> {
        self.leave();
        read(&self.log()).lines().map(str::to_owned).collect()
    }

    /// Ends nginx after all that it has accepted.
    pub fn leave(&mut self) {
        // A worker that is just being started does not hear its master's word, so it is said until all have.
        while matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "QUIT");
        }
    }

    /// Starts nginx again, at the same port and with the same log, once it has ended.
    pub fn start_again(&mut self) {
        self.child = started(self.folder.path(), self.port);
    }

    /// Kills nginx at once, as a server that dies half-way.
    pub fn die(&mut self) {
        signal(&self.child, "TERM");
        self.child.wait().expect("nginx can be waited for");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "TERM");
            let _ = self.child.wait();
        }
    }
}

/// nginx with the settings in a folder, once it answers at its port.
fn started(folder: &Path, port: u16) -> Child {
    let mut child = Command::new("nginx")
        .arg("-e")
        .arg(folder.join("error.log"))
        .arg("-p")
        .arg(folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("nginx is missing: run tests/install.sh");
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = child.try_wait().expect("nginx can be waited for") {
            panic!(
                "nginx ended with {status}:\n{}",
                read(&folder.join("error.log"))
            );
        }
        std::thread::yield_now();
    }
    child
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
