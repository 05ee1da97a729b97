//! PostgreSQL as Debian has it, with a folder of its own, which a test asks what it has seen.

use super::{Certificates, free_port};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running PostgreSQL. Roles: `postgres`, who needs no password; `scram`, `md5` and `plain`, whose passwords, each proven in the way
/// of its name, are `secret`; and `nobody`, who is let in nowhere.
pub struct Postgres {
    child: Child,
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    core: Option<u32>,
}

/// Who may come in, and how.
const ACCESS: &str = "\
local all all trust
host all scram 127.0.0.1/32 scram-sha-256
host all md5 127.0.0.1/32 md5
host all plain 127.0.0.1/32 password
host all nobody 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
";

const ROLES: &str = "\
SET password_encryption = 'scram-sha-256'; CREATE ROLE scram LOGIN PASSWORD 'secret'; CREATE ROLE plain LOGIN PASSWORD 'secret';
SET password_encryption = 'md5'; CREATE ROLE md5 LOGIN PASSWORD 'secret'; CREATE ROLE nobody LOGIN;
";

impl Postgres {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings, such as `max_connections=10`.
    pub fn start_with(settings: &[&str]) -> Self {
        let settings = settings.iter().map(|setting| (*setting).to_owned());
        Self::begin(settings.collect(), None, None)
    }

    /// The same that speaks TLS with this certificate.
    pub fn start_secure(certificates: &Certificates) -> Self {
        Self::begin(Vec::new(), Some(certificates), None)
    }

    /// The same on one core, with the tables of pgbench.
    pub fn start_for_bench(core: u32) -> Self {
        let settings = [
            "synchronous_commit=off",
            "autovacuum=off",
            "shared_buffers=64MB",
        ];
        let settings = settings.map(str::to_owned).to_vec();
        let server = Self::begin(settings, None, Some(core));
        let made = tool("pgbench", None)
            .args(["-i", "-q", "-h", "127.0.0.1", "-U", "postgres"])
            .args(["-p", &server.port.to_string(), "postgres"])
            .output()
            .expect("pgbench is missing: run tests/benches/rates/peers.sh");
        let error = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{error}");
        server
    }

    fn begin(
        mut settings: Vec<String>,
        certificates: Option<&Certificates>,
        core: Option<u32>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let owner = owner();
        if let Some((user, group)) = owner {
            chown(folder.path(), Some(user), Some(group)).expect("the folder is given away");
        }
        let data = folder.path().join("data");
        let mut initdb = tool("initdb", owner);
        let initdb = initdb
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8"])
            .args(["--no-locale", "--no-sync"])
            .current_dir("/")
            .output()
            .expect("PostgreSQL is missing: run tests/install.sh");
        assert!(
            initdb.status.success(),
            "{}",
            String::from_utf8_lossy(&initdb.stderr)
        );
        std::fs::write(data.join("pg_hba.conf"), ACCESS).expect("pg_hba.conf is written");
        if let Some(certificates) = certificates {
            for name in ["server.crt", "server.key"] {
                let path = data.join(name);
                std::fs::write(&path, certificates.text(name)).expect("a certificate is written");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
                std::fs::set_permissions(&path, mode).expect("a key is kept from others");
                if let Some((user, group)) = owner {
                    chown(&path, Some(user), Some(group)).expect("the key is given away");
                }
            }
            settings.push("ssl=on".to_owned());
        }
        let port = free_port();
        let child = started(&folder, (port, core), &settings);
        let server = Self {
            child,
            folder,
            port,
            settings,
            core,
        };
        server.wait_until_ready();
        server.ask(ROLES);
        server
    }

    fn wait_until_ready(&self) {
        let mut isready = tool("pg_isready", None);
        let port = self.port.to_string();
        isready.args(["-q", "-h", "127.0.0.1", "-p", &port]);
        while !isready.status().expect("pg_isready runs").success() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(!log.contains("FATAL:  could not"), "{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The port at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A url for a role.
    pub fn url(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres", self.port)
    }

    /// What psql says of statements: a line a row, columns between bars.
    pub fn ask(&self, sql: &str) -> String {
        let output = tool("psql", None)
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres"])
            .args(["-p", &self.port.to_string(), "-c", sql])
            .output()
            .expect("psql runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {error}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Asks until the answer is this one.
    pub fn wait_for(&self, sql: &str, expected: &str) {
        while self.ask(sql) != expected {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends at once, without a word to who is connected.
    pub fn die(&mut self) {
        self.signal("QUIT");
        self.child.wait().expect("the server can be waited for");
    }

    /// Starts again at the same port with the same data.
    pub fn start_again(&mut self) {
        self.child = started(&self.folder, (self.port, self.core), &self.settings);
        self.wait_until_ready();
    }

    /// Stops or goes on with all of its processes: `STOP` or `CONT`.
    pub fn signal_all(&self, signal: &str) {
        let parent = self.child.id().to_string();
        let children = Command::new("pgrep")
            .args(["-P", &parent])
            .output()
            .expect("pgrep runs");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let status = Command::new("kill")
            .args(["-s", signal, &parent])
            .args(children.split_whitespace())
            .status();
        assert!(status.expect("kill runs").success());
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // One that was stopped hears nothing else.
            let pid = self.child.id().to_string();
            for signal in ["CONT", "QUIT"] {
                let _ = Command::new("kill").args(["-s", signal, &pid]).status();
            }
            let _ = self.child.wait();
        }
    }
}

fn started(folder: &TempDir, (port, core): (u16, Option<u32>), settings: &[String]) -> Child {
    let log = std::fs::File::create(folder.path().join("log")).expect("a log");
    let mut postgres = match core {
        None => tool("postgres", owner()),
        Some(core) => {
            let mut taskset = as_owner(Command::new("taskset"), owner());
            taskset
                .args(["-c", &core.to_string()])
                .arg(program("postgres"));
            taskset
        }
    };
    postgres
        .arg("-D")
        .arg(folder.path().join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string()])
        .arg("-k")
        .arg(folder.path());
    let own = ["fsync=off", "max_connections=100", "shared_buffers=16MB"];
    for setting in own.into_iter().chain(settings.iter().map(String::as_str)) {
        postgres.args(["-c", setting]);
    }
    postgres
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("PostgreSQL is missing: run tests/install.sh")
}

/// A program of PostgreSQL, run by its own user.
fn tool(name: &str, owner: Option<(u32, u32)>) -> Command {
    as_owner(Command::new(program(name)), owner)
}

/// The path of a program of PostgreSQL, of the newest version that is there. `BGGO_POSTGRES` is a folder that comes before it.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::var_os("BGGO_POSTGRES").map(|folder| PathBuf::from(folder).join(name));
    if let Some(own) = own.filter(|own| own.exists()) {
        return own;
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql");
    let mut versions: Vec<PathBuf> = versions
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort();
    match versions.last() {
        Some(version) => version.join("bin").join(name),
        None => PathBuf::from(name),
    }
}

pub(super) fn as_owner(mut command: Command, owner: Option<(u32, u32)>) -> Command {
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// The user that the server runs as, where the tests run as root, which it refuses to be: its number and that of its group.
pub(super) fn owner() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}:")))?;
        let mut parts = line.split(':').skip(1);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let is_root = rustix::process::geteuid().is_root();
    is_root.then(|| of("postgres").expect("PostgreSQL is missing: run tests/install.sh"))
}
