//! RabbitMQ with its management plugin, which says over HTTP what the server counts.
//!
//! A start takes seconds, so there is one server for all tests of a binary, each with a vhost of its own; a test that harms its server
//! starts another one. Whatever becomes of a test, its server ends: a shell waits for the end of the test's process and kills it.

use super::{Certificates, free_port};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Where Debian has the programs that can be run by every user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// Runs a server until its standard input ends.
const KEEPER: &str = r#"
setsid sh -c 'epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" & exec "$PROGRAMS/rabbitmq-server"' >"$FOLDER/said" 2>&1 </dev/null &
group=$!
read -r _
kill -s KILL -- "-$group"
wait
rm -rf "$FOLDER"
"#;

/// A running server.
pub struct Rabbitmq {
    keeper: Child,
    folder: PathBuf,
    port: u16,
    management: u16,
    distribution: u16,
    epmd: u16,
    core: Option<u32>,
    certificates: Option<Certificates>,
}

/// A vhost of a server, which is deleted when this is dropped.
pub struct Vhost<'s> {
    server: &'s Rabbitmq,
    name: String,
}

impl Rabbitmq {
    /// The server of this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Rabbitmq> = OnceLock::new();
        SHARED.get_or_init(|| Self::start_with(None, None))
    }

    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(None, None)
    }

    /// The same that speaks TLS.
    pub fn start_secure() -> Self {
        let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
        Self::start_with(None, Some(certificates))
    }

    /// The same on a core of its own.
    pub fn start_on(core: u32) -> Self {
        Self::start_with(Some(core), None)
    }

    fn start_with(core: Option<u32>, certificates: Option<Certificates>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("bggo-rabbitmq-")
            .tempdir()
            .expect("a temporary folder");
        // The shell removes it, since nothing is dropped of what lives as long as the process.
        let folder = folder.keep();
        let [port, management, distribution, epmd] = [(); 4].map(|()| free_port());
        let mut settings = String::new();
        let lines = [
            format!("management.tcp.port = {management}"),
            "management.tcp.ip = 127.0.0.1".to_owned(),
            "collect_statistics_interval = 500".to_owned(),
            "log.console = true".to_owned(),
            "log.console.level = warning".to_owned(),
            "log.file = false".to_owned(),
        ];
        for line in lines {
            let _ = writeln!(settings, "{line}");
        }
        let _ = match &certificates {
            None => writeln!(settings, "listeners.tcp.1 = 127.0.0.1:{port}"),
            Some(made) => writeln!(
                settings,
                "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {}\n\
                 ssl_options.certfile = {}\nssl_options.keyfile = {}\nssl_options.verify = verify_none",
                made.path("ca.crt"),
                made.path("server.crt"),
                made.path("server.key"),
            ),
        };
        std::fs::write(folder.join("rabbitmq.conf"), settings).expect("settings are written");
        std::fs::write(folder.join("enabled_plugins"), "[rabbitmq_management].\n")
            .expect("plugins are written");
        let mut server = Self {
            keeper: Command::new("true").spawn().expect("a process"),
            folder,
            port,
            management,
            distribution,
            epmd,
            core,
            certificates,
        };
        let _ = server.keeper.wait();
        server.spawn();
        server
    }

    /// What its programs need to know.
    fn environment(&self, command: &mut Command) {
        let file = |name: &str| self.folder.join(name);
        command
            .env("HOME", &self.folder)
            .env("ERL_EPMD_PORT", self.epmd.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("t{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", file("mnesia"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_PID_FILE", file("pid"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            .env("FOLDER", &self.folder)
            .env("PROGRAMS", PROGRAMS);
    }

    fn spawn(&mut self) {
        assert!(
            Path::new(PROGRAMS).join("rabbitmq-server").exists(),
            "rabbitmq-server is missing: run tests/install.sh"
        );
        let mut command = match self.core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string(), "sh"]);
                command
            }
            None => Command::new("sh"),
        };
        command.args(["-c", KEEPER]);
        self.environment(&mut command);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        self.keeper = command.spawn().expect("a shell");
        self.wait();
    }

    /// Waits until it answers.
    fn wait(&mut self) {
        let path = format!("/api/health/checks/port-listener/{}", self.port);
        for _ in 0..1200 {
            if let Some((200, _)) = self.try_http("GET", &path, "") {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let said = std::fs::read_to_string(self.folder.join("said")).unwrap_or_default();
        panic!("RabbitMQ does not answer:\n{said}");
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file of its certificates: `ca.crt`, `client.crt`, `client.key`.
    pub fn file(&self, name: &str) -> String {
        let certificates = self.certificates.as_ref();
        certificates.expect("it speaks TLS").path(name)
    }

    /// A new vhost, in which guest may do everything.
    pub fn vhost(&self, name: &str) -> Vhost<'_> {
        self.http("PUT", &format!("/api/vhosts/{name}"), "");
        self.http(
            "PUT",
            &format!("/api/permissions/{name}/guest"),
            r#"{"configure":".*","write":".*","read":".*"}"#,
        );
        Vhost {
            server: self,
            name: name.to_owned(),
        }
    }

    /// What its management answers.
    ///
    /// # Panics
    /// It refuses.
    pub fn http(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, text) = self
            .try_http(method, path, body)
            .expect("the management answers");
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {text}"
        );
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The same with its status, whatever it is.
    pub fn try_http(&self, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.management)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .ok()?;
        // `guest:guest` in base64. HTTP/1.0 has no chunks.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        Some((status, body.to_owned()))
    }

    /// Asks until something holds.
    pub fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..300 {
            last = self.http("GET", path, "");
            if holds(&last) {
                return last;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it never holds of {path}: {last}");
    }

    /// Messages of a queue, those that were not acknowledged as well, as the queue itself says.
    pub fn depth(&self, vhost: &str, queue: &str) -> u64 {
        let words = ["list_queues", "-q", "-s", "-p", vhost, "name", "messages"];
        let text = self.control(&words);
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix(queue)?.trim().parse().ok());
        count.unwrap_or_else(|| panic!("no queue {queue} in:\n{text}"))
    }

    /// Runs `rabbitmqctl`: what it says.
    pub fn control(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(Path::new(PROGRAMS).join("rabbitmqctl"));
        self.environment(&mut command);
        let output = command.args(arguments).output().expect("rabbitmqctl");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Says that there is no memory, or that there is again.
    pub fn alarm(&self, is_on: bool) {
        let level = if is_on { "0.00001" } else { "0.8" };
        self.control(&["set_vm_memory_high_watermark", level]);
    }

    /// Holds it up: it takes connections and answers nothing, until [`Self::resume`].
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).expect("its number");
        let _ = Command::new("kill")
            .args([&format!("-{name}"), pid.trim()])
            .status();
    }

    /// Kills it at once.
    pub fn die(&mut self) {
        self.signal("KILL");
    }

    /// Starts it again on the same ports with what it has on disk, after it has died.
    pub fn restart(&mut self) {
        // The keeper of the old one goes, and leaves the folder.
        let kept = self.folder.with_extension("kept");
        std::fs::rename(&self.folder, &kept).expect("the folder is put aside");
        self.end_keeper();
        let _ = std::fs::remove_dir_all(&self.folder);
        std::fs::rename(&kept, &self.folder).expect("the folder is put back");
        self.spawn();
    }

    fn end_keeper(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Drop for Rabbitmq {
    fn drop(&mut self) {
        self.end_keeper();
    }
}

impl Vhost<'_> {
    /// `amqp://127.0.0.1:PORT/VHOST`, or with TLS `amqps://localhost:PORT/VHOST`.
    pub fn url(&self) -> String {
        self.url_at(self.server.port)
    }

    /// The same of something before it, such as a proxy.
    pub fn url_at(&self, port: u16) -> String {
        match self.server.certificates {
            None => format!("amqp://127.0.0.1:{port}/{}", self.name),
            Some(_) => format!("amqps://localhost:{port}/{}", self.name),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a queue, with settings as JSON.
    pub fn queue(&self, name: &str, settings: &str) {
        let path = format!("/api/queues/{}/{name}", self.name);
        self.server.http("PUT", &path, settings);
    }

    /// Deletes a queue.
    pub fn delete_queue(&self, name: &str) {
        let path = format!("/api/queues/{}/{name}", self.name);
        self.server.http("DELETE", &path, "");
    }

    /// Waits until a queue holds so many messages of which so many were not acknowledged.
    pub fn holds(&self, queue: &str, ready: u64, unacknowledged: u64) {
        let path = format!("/api/queues/{}/{queue}", self.name);
        self.server.until(&path, |queue| {
            queue["messages_ready"] == ready && queue["messages_unacknowledged"] == unacknowledged
        });
    }

    /// Messages of a queue with their properties. They stay there.
    pub fn messages(&self, queue: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/queues/{}/{queue}/get", self.name);
        let asked =
            format!(r#"{{"count":{count},"ackmode":"ack_requeue_true","encoding":"auto"}}"#);
        match self.server.http("POST", &path, &asked) {
            Value::Array(messages) => messages,
            other => panic!("no messages: {other}"),
        }
    }

    /// What is said of something of it: `connections`, `channels`.
    pub fn list(&self, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let path = format!("/api/vhosts/{}/{what}", self.name);
        let list = self.server.until(&path, |list| {
            holds(list.as_array().map_or(&[], Vec::as_slice))
        });
        list.as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Vhost<'_> {
    fn drop(&mut self) {
        let path = format!("/api/vhosts/{}", self.name);
        let _ = self.server.try_http("DELETE", &path, "");
    }
}
