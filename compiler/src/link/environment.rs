//! The environment of the programs of the toolchain: a few variables of the user, and nothing else.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// The variables of the user that cargo, rustc and build scripts may see. Everything else (wrappers, flags, a surrounding
/// cargo's own variables) could change what is built, or make cargo build again what has not changed.
const KEPT: [&str; 16] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "CARGO_HOME",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSH_COMMAND",
    "SSH_AUTH_SOCK",
];
/// The same, by the begin of the name.
const KEPT_PREFIXES: [&str; 6] = [
    "RUSTUP_",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRY_",
    "CARGO_REGISTRIES_",
    "CARGO_SOURCE_",
];

/// A command of the toolchain with a cleared environment.
pub fn cleared(program: &str) -> Command {
    let mut command = Command::new(program);
    let kept = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
    };
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| kept(name)))
        .stdin(Stdio::null());
    command
}
