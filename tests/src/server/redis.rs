//! Redis, started by a test and asked by redis-cli. `BGGO_REDIS_SERVER` names the program of another server that speaks its protocol, such as
//! Valkey: what needs TLS is Redis none the less, for that one may have none.

use super::{Certificates, free_port};
use crate::repository;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running server.
pub struct Redis {
    child: Child,
    folder: TempDir,
    certificates: Option<Certificates>,
    port: u16,
    arguments: Vec<String>,
}

/// A server before it is started.
#[derive(Debug, Clone, Copy, Default)]
pub struct RedisSetup<'a> {
    /// Arguments as of a command line: `--requirepass secret`.
    pub arguments: &'a [&'a str],
    /// It speaks TLS, and wants a client's certificate.
    pub secure: bool,
    /// The core on which it runs.
    pub core: Option<u32>,
}

impl Redis {
    /// Starts a server that keeps nothing.
    pub fn start() -> Self {
        Self::start_with(RedisSetup::default())
    }

    /// The same with more said.
    pub fn start_with(setup: RedisSetup<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut arguments: Vec<String> = match setup.core {
            Some(core) => ["taskset", "-c", &core.to_string()]
                .map(str::to_owned)
                .into(),
            None => Vec::new(),
        };
        arguments.extend(
            [
                program(setup.secure).as_str(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ]
            .map(str::to_owned),
        );
        arguments.extend(["--dir".to_owned(), folder.path().display().to_string()]);
        arguments.extend([
            "--unixsocket".to_owned(),
            folder.path().join("socket").display().to_string(),
        ]);
        let certificates = setup
            .secure
            .then(|| Certificates::new(&["localhost", "127.0.0.1"]));
        let port_text = port.to_string();
        match &certificates {
            None => arguments.extend(["--port".to_owned(), port_text]),
            Some(made) => {
                for (name, value) in [
                    ("--port", "0".to_owned()),
                    ("--tls-port", port_text),
                    ("--tls-cert-file", made.path("server.crt")),
                    ("--tls-key-file", made.path("server.key")),
                    ("--tls-ca-cert-file", made.path("ca.crt")),
                ] {
                    arguments.extend([name.to_owned(), value]);
                }
            }
        }
        arguments.extend(setup.arguments.iter().map(|text| (*text).to_owned()));
        let child = spawn(&arguments, folder.path());
        let mut server = Self {
            child,
            folder,
            certificates,
            port,
            arguments,
        };
        server.wait();
        server
    }

    /// Waits until it answers.
    fn wait(&mut self) {
        while !matches!(
            self.try_ask(&["PING"]).as_deref(),
            Some("PONG" | "NOAUTH Authentication required.")
        ) {
            if let Some(status) = self.child.try_wait().expect("redis can be waited for") {
                let said =
                    std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
                panic!("redis ended with {status}:\n{said}");
            }
            std::thread::yield_now();
        }
    }

    /// `redis://127.0.0.1:PORT`, or with TLS `rediss://localhost:PORT`
    pub fn url(&self) -> String {
        match self.certificates {
            None => format!("redis://127.0.0.1:{}", self.port),
            Some(_) => format!("rediss://localhost:{}", self.port),
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path of its unix socket.
    pub fn socket(&self) -> String {
        self.folder.path().join("socket").display().to_string()
    }

    /// A file of its certificates: `ca.crt`, `client.crt`, `client.key`.
    pub fn file(&self, name: &str) -> String {
        let certificates = self.certificates.as_ref();
        certificates.expect("it speaks TLS").path(name)
    }

    /// What it says to a command of another client, as redis-cli shows it.
    pub fn ask(&self, words: &[&str]) -> String {
        self.try_ask(words).expect("the server answers")
    }

    fn try_ask(&self, words: &[&str]) -> Option<String> {
        let socket = self.socket();
        let output = Command::new("redis-cli")
            .args(["-s", &socket])
            .args(words)
            .output();
        let output = output.expect("redis-cli is missing: run tests/install.sh");
        let text = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        output.status.success().then_some(text)
    }

    /// How often it has executed a command since it began or was [reset](Self::reset).
    pub fn calls(&self, command: &str) -> u64 {
        let stats = self.ask(&["INFO", "commandstats"]);
        let begin = format!("cmdstat_{command}:calls=");
        let line = stats.lines().find_map(|line| line.strip_prefix(&begin));
        let digits = line.map(|line| {
            line.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        });
        digits.map_or(0, |digits| digits.parse().expect("a number"))
    }

    /// Forgets what it has counted.
    pub fn reset(&self) {
        self.ask(&["CONFIG", "RESETSTAT"]);
    }

    /// A number of a section of INFO, as `connected_clients`.
    pub fn info(&self, section: &str, name: &str) -> u64 {
        let text = self.ask(&["INFO", section]);
        let begin = format!("{name}:");
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(&begin));
        line.expect("it says so").parse().expect("a number")
    }

    /// Holds it up: it takes connections and answers nothing, until [`Self::resume`].
    pub fn freeze(&self) {
        signal(&self.child, "STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        signal(&self.child, "CONT");
    }

    /// Kills it at once.
    pub fn die(&mut self) {
        signal(&self.child, "KILL");
        self.child.wait().expect("redis can be waited for");
    }

    /// Starts it again on the same port, after it has died.
    pub fn restart(&mut self) {
        self.child = spawn(&self.arguments, self.folder.path());
        self.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "KILL");
            let _ = self.child.wait();
        }
    }
}

/// The server's program. A path from the repository's root is found from everywhere.
fn program(secure: bool) -> String {
    let other = std::env::var("BGGO_REDIS_SERVER").ok();
    match other.filter(|_| !secure) {
        Some(path) => repository().join(path).display().to_string(),
        None => "redis-server".to_owned(),
    }
}

fn spawn(arguments: &[String], folder: &Path) -> Child {
    let said = std::fs::File::create(folder.join("said")).expect("a file for what it says");
    let (program, rest) = arguments.split_first().expect("a program");
    Command::new(program)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(said)
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is missing: run tests/install.sh")
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
}
