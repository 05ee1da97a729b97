//! PgBouncer as Debian has it, in transaction mode before a PostgreSQL.

use super::postgres::{as_owner, owner};
use super::{Postgres, free_port};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A running PgBouncer. Everybody comes in as `postgres`.
pub struct Pgbouncer {
    child: Child,
    _folder: TempDir,
    port: u16,
}

impl Pgbouncer {
    /// Starts one that has so many connections to a server, lent for a transaction each.
    pub fn start(server: &Postgres, connections: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (port, to) = (free_port(), server.port());
        let users = folder.path().join("users.txt");
        let settings = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]
postgres = host=127.0.0.1 port={to} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {}
pool_mode = transaction
default_pool_size = {connections}
",
            users.display()
        );
        std::fs::write(&users, "\"postgres\" \"\"\n").expect("users are written");
        std::fs::write(&settings, text).expect("settings are written");
        let owner = owner();
        if let Some((user, group)) = owner {
            for path in [folder.path(), &users, &settings] {
                chown(path, Some(user), Some(group)).expect("the folder is given away");
            }
        }
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let path = match std::path::Path::new("/usr/sbin/pgbouncer") {
            path if path.exists() => path,
            _ => std::path::Path::new("pgbouncer"),
        };
        let child = as_owner(Command::new(path), owner)
            .arg(&settings)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("PgBouncer is missing: run tests/install.sh");
        let mut started = Self {
            child,
            _folder: folder,
            port,
        };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                matches!(started.child.try_wait(), Ok(None)),
                "PgBouncer ended"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        started
    }

    /// A url for the role `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
