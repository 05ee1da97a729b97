//! Runs cargo with an environment of our own, turns its output into progress, and its failures into messages with a hint.

use super::cache::Cache;
use super::cargo_output::CargoOutput;
use super::diagnose::diagnose;
use super::environment::cleared;
use super::external_module::ExternalModule;
use super::fault::LinkFault;
use super::job::Event;
use super::recorded_rustc;
use super::toolchain::Machine;
use std::fs;
use std::io::{self, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Where cargo (1.85 and later) unpacks crates of crates.io, in its home. A crate of elsewhere keeps its longer path.
const CRATES: &str = "registry/src/index.crates.io-1949cf8c6b5b557f";

/// One call of cargo.
#[derive(Debug, Clone, Copy)]
pub struct Cargo<'a> {
    /// The target folder.
    pub cache: &'a Cache,
    /// The workspace.
    pub folder: &'a Path,
    /// The host, and what its linker can do.
    pub machine: &'a Machine,
    /// Whether the network must not be used.
    pub offline: bool,
    /// External modules. Their dependencies are not in the embedded lock file, and their errors are not ours.
    pub modules: &'a [ExternalModule],
}

impl Cargo<'_> {
    /// Downloads every crate that the workspace needs. (`cargo fetch` would also download what only optional crates need.)
    pub fn fetch(self, progress: &mut dyn FnMut(Event<'_>)) -> Result<(), LinkFault> {
        self.run(&["tree", "--depth", "0"], progress).map(drop)
    }

    /// Builds the program and returns its path. The command of rustc that compiled the grid itself is recorded.
    pub fn build(
        self,
        profile: &str,
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, LinkFault> {
        let words = ["build", "--verbose", "--message-format", "json"];
        let output = self.run(&[&words[..], &["--profile", profile]].concat(), progress)?;
        if self.modules.is_empty() {
            recorded_rustc::record(self.cache, self.folder, profile, &output.lines);
        }
        output
            .program
            .ok_or_else(|| LinkFault::bug("cargo built no program", "please report it"))
    }

    fn run(
        self,
        words: &[&str],
        progress: &mut dyn FnMut(Event<'_>),
    ) -> Result<CargoOutput, LinkFault> {
        let mut command = cleared("cargo");
        command
            .args(words)
            .args(["--target", &self.machine.host])
            .current_dir(self.folder);
        command
            .args(self.offline.then_some("--offline"))
            .args(self.modules.is_empty().then_some("--locked"));
        command
            .env("CARGO_TARGET_DIR", self.cache.target())
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags().join("\u{1f}"))
            // Switches off a wrapper of the user's configuration: an empty one counts as none.
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
        // A program at a fixed address needs no table of relocations, which saves 0.4 MB.
        let mut flags: Vec<String> = [
            "-C",
            "target-feature=+crt-static",
            "-C",
            "relocation-model=static",
        ]
        .map(str::to_owned)
        .into();
        let linking = self.machine.linking.flags().iter();
        flags.extend(linking.map(|flag| (*flag).to_owned()));
        if let Some(home) = home {
            let home = home.display();
            flags.push(format!("--remap-path-prefix={home}=cargo"));
            // Each file that can panic has its path in the program, so the long folder of all crates is cut. The last that fits wins.
            flags.push(format!("--remap-path-prefix={home}/{CRATES}=cargo"));
        }
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
    ) -> Result<CargoOutput, LinkFault> {
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
        let mut output = CargoOutput::default();
        for said in receiver {
            match said {
                Said::Out(line) => output.message(&line),
                Said::Err(line) => output.line(line, progress),
            }
        }
        for reader in readers.into_iter().flatten() {
            // If a reader panicked, its lines up to then are used, and the exit status decides.
            let _ = reader.join();
        }
        let status = child.wait().map_err(|error| {
            LinkFault::machine(
                format!("cargo could not be waited for: {error}"),
                "run the command again",
            )
        })?;
        // Kept for people who look into a failure. If it cannot be kept, the failure is still shown.
        let _ = fs::write(self.folder.join("cargo.log"), output.lines.join("\n"));
        if status.success() {
            return Ok(output);
        }
        if let Some(signal) = status.signal() {
            return Err(LinkFault::machine(
                format!("cargo was ended by signal {signal} before it was done"),
                "run the command again: what is compiled by now is kept (signal 9 may mean that the machine ran out of memory)",
            ));
        }
        Err(diagnose(
            &output,
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
