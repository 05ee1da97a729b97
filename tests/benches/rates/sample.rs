//! A command -> what it said, the CPU time that it used, and the most memory that it had.

use bggo_tests::bench::memory;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// How often the memory of a running command is read.
const READING: Duration = Duration::from_millis(20);

/// A command that has ended.
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// CPU time in its own code.
    pub user: Duration,
    /// CPU time in the kernel for it.
    pub system: Duration,
    /// The most memory that it had, in KiB.
    pub peak: f64,
}

/// Runs a command to its end. No other child of this process may end meanwhile: their CPU times would be added.
pub fn run(mut command: Command) -> Ended {
    let (mut stdout, mut stderr) = (file(), file());
    let before = usage();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().expect("a second descriptor"))
        .stderr(stderr.try_clone().expect("a second descriptor"))
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut peak = 0.0;
    let status = loop {
        if let Some(kib) = memory(child.id(), "VmHWM") {
            peak = kib;
        }
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        std::thread::sleep(READING);
    };
    let after = usage();
    Ended {
        status,
        stdout: text(&mut stdout),
        stderr: text(&mut stderr),
        user: time(after.user_time()).saturating_sub(time(before.user_time())),
        system: time(after.system_time()).saturating_sub(time(before.system_time())),
        peak,
    }
}

/// What all children that have ended used.
fn usage() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel keeps it")
}

fn time(value: nix::sys::time::TimeVal) -> Duration {
    let seconds = u64::try_from(value.tv_sec()).expect("a time is not negative");
    let micros = u64::try_from(value.tv_usec()).expect("a time is not negative");
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

fn file() -> File {
    tempfile::tempfile().expect("a temporary file")
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("a file");
    file.read_to_end(&mut bytes).expect("a file");
    String::from_utf8_lossy(&bytes).into_owned()
}
