//! Runs cargo with an environment of our own, turns what it says into progress, and its failures into what to do.

use super::Event;
use super::cache::Cache;
use super::diagnose::diagnose;
use super::direct;
use super::elsewhere::Elsewhere;
use super::fault::LinkFault;
use serde::Deserialize;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// What of the user's environment cargo, rustc and build scripts may see. Everything else (wrappers, flags, a surrounding
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
/// The same, by how names begin.
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

/// One call of cargo.
#[derive(Debug, Clone, Copy)]
pub struct Cargo<'a> {
    /// Where it compiles into.
    pub cache: &'a Cache,
    /// The workspace.
    pub folder: &'a Path,
    /// The host's triple.
    pub host: &'a str,
    /// Whether the network stays untouched.
    pub offline: bool,
    /// Modules from elsewhere: what they bring is not in the embedded lock file, and their faults are not ours.
    pub modules: &'a [Elsewhere],
}

impl Cargo<'_> {
    /// Brings every crate onto this disk.
    pub fn fetch(self, progress: &mut dyn FnMut(Event<'_>)) -> Result<(), LinkFault> {
        self.run(&["fetch"], progress).map(drop)
    }

    /// Builds the program and gives back where it is. The line that compiled the grid itself is kept.
    pub fn build(
        self,
        profile: &str,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, LinkFault> {
        let words = ["build", "--verbose", "--message-format", "json"];
        let heard = self.run(&[&words[..], &["--profile", profile]].concat(), progress)?;
        if self.modules.is_empty() {
            direct::record(self.cache, self.folder, profile, &heard.lines);
        }
        heard
            .program
            .ok_or_else(|| LinkFault::bug("cargo built no program", "please report it"))
    }

    fn run(self, words: &[&str], progress: &mut dyn FnMut(Event<'_>)) -> Result<Heard, LinkFault> {
        let mut command = cleared("cargo");
        command
            .args(words)
            .args(["--target", self.host])
            .current_dir(self.folder);
        command
            .args(self.offline.then_some("--offline"))
            .args(self.modules.is_empty().then_some("--locked"));
        command
            .env("CARGO_TARGET_DIR", self.cache.target())
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags().join("\u{1f}"))
            // A wrapper of the user's own configuration: an empty one is none.
            .env("CARGO_BUILD_RUSTC_WRAPPER", "")
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", "120")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LinkFault::machine(
                "`cargo` is not installed, or not on PATH",
                "install Rust: https://rustup.rs",
            ),
            _ => LinkFault::machine(
                format!("`cargo` does not start: {error}"),
                "look whether `cargo --version` works",
            ),
        })?;
        self.follow(child, progress)
    }

    /// Static, and without a path of this machine in it.
    fn flags(self) -> Vec<String> {
        let home = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        // A program that stands at a fixed place needs no table of relocations: 0.4 MB less.
        let mut flags: Vec<String> = [
            "-C",
            "target-feature=+crt-static",
            "-C",
            "relocation-model=static",
        ]
        .map(str::to_owned)
        .into();
        flags.extend(home.map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
        flags.push(format!(
            "--remap-path-prefix={}=bggo",
            self.cache.root.display()
        ));
        flags
    }

    fn follow(
        self,
        mut child: Child,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<Heard, LinkFault> {
        let (sender, receiver) = channel();
        let readers = [
            child
                .stdout
                .take()
                .map(|stream| reader(stream, Said::Out, sender.clone())),
            child
                .stderr
                .take()
                .map(|stream| reader(stream, Said::Err, sender)),
        ];
        let mut heard = Heard::default();
        for said in receiver {
            match said {
                Said::Out(line) => heard.message(&line),
                Said::Err(line) => heard.line(line, progress),
            }
        }
        for reader in readers.into_iter().flatten() {
            // A reader that panicked has said what it had read; the exit status decides.
            let _ = reader.join();
        }
        let status = child.wait().map_err(|error| {
            LinkFault::machine(
                format!("cargo could not be waited for: {error}"),
                "run the command again",
            )
        })?;
        // For whoever looks into a failure; that it cannot be kept hides no failure.
        let _ = fs::write(self.folder.join("cargo.log"), heard.lines.join("\n"));
        if status.success() {
            return Ok(heard);
        }
        if let Some(signal) = status.signal() {
            return Err(LinkFault::machine(
                format!("cargo was ended by signal {signal} before it was done"),
                "run the command again: what is compiled by now is kept (signal 9 may mean that the machine ran out of memory)",
            ));
        }
        Err(diagnose(
            &heard,
            self.modules,
            self.folder,
            &self.cache.root,
        ))
    }
}

enum Said {
    Out(String),
    Err(String),
}

/// Sends the lines of a stream as they come; cargo ends the states of its progress bar by `\r`.
fn reader(
    stream: impl Read + Send + 'static,
    say: fn(String) -> Said,
    to: Sender<Said>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut line = Vec::new();
        for byte in BufReader::new(stream).bytes() {
            match byte {
                Ok(b'\r' | b'\n') => {}
                Ok(byte) => {
                    line.push(byte);
                    continue;
                }
                Err(_) => return,
            }
            if !line.is_empty()
                && to
                    .send(say(
                        String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned()
                    ))
                    .is_err()
            {
                return;
            }
        }
    })
}

/// What cargo has said so far.
#[derive(Debug, Default)]
pub struct Heard {
    program: Option<PathBuf>,
    /// Errors of rustc: the manifest of the crate, and the words.
    pub errors: Vec<(PathBuf, String)>,
    /// Lines of stderr but the progress bar.
    pub lines: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    message: Option<Rendered>,
}

#[derive(Deserialize)]
struct Rendered {
    level: String,
    #[serde(default)]
    rendered: Option<String>,
}

impl Heard {
    fn message(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Message>(line) else {
            return;
        };
        if message.reason == "compiler-artifact" && message.executable.is_some() {
            self.program = message.executable;
        }
        let error = message
            .message
            .filter(|said| said.level.starts_with("error"));
        if let Some(words) = error.and_then(|said| said.rendered) {
            self.errors.push((message.manifest_path, words));
        }
    }

    fn line(&mut self, line: String, progress: &mut dyn FnMut(Event<'_>)) {
        let words = line.trim();
        if let Some((done, total, name)) = bar(words) {
            progress(Event::Compiling { done, total, name });
        } else if words.starts_with("Blocking waiting for file lock") {
            progress(Event::Waiting);
        } else if words.starts_with("Downloading")
            || words.starts_with("Downloaded")
            || words.starts_with("Updating")
        {
            progress(Event::Fetching);
        } else if !words.is_empty() {
            self.lines.push(line);
        }
    }
}

/// Reads a state of cargo's bar: `Building [====>   ] 12/215: tokio, hyper(build)`.
fn bar(line: &str) -> Option<(u32, u32, &str)> {
    let (_, rest) = line.strip_prefix("Building [")?.split_once("] ")?;
    let (count, names) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = count.split_once('/')?;
    let name = names
        .split([',', '('])
        .next()
        .unwrap_or_default()
        .trim_end_matches("...");
    Some((
        done.trim().parse().ok()?,
        total.trim().parse().ok()?,
        name.trim(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_cargos_bar_is_count_and_first_crate() {
        assert_eq!(
            bar("Building [====>     ] 12/215: tokio, hyper(build)"),
            Some((12, 215, "tokio"))
        );
        assert_eq!(
            bar("Building [=======>  ] 200/215: ring(build)..."),
            Some((200, 215, "ring"))
        );
        assert_eq!(bar("Building [>         ] 0/3"), Some((0, 3, "")));
        assert_eq!(bar("Compiling tokio v1.54.0"), None);
        assert_eq!(bar("Building [broken"), None);
    }
}
