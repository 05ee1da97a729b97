//! `bggo grpc describe`: what a server says of its services, as a descriptor set that stands beside the grid from then on.
//!
//! bggo opens no connection itself: it builds a grid, which asks the server by reflection, and writes down what that prints.

use super::console::Console;
use super::describing::{absolute, lay_out};
use super::exit::Exit;
use super::program::Compile;
use crate::link;
use bggo_values::base64::from_base64;
use clap::{Args, Subcommand};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

/// The grid and the files that it reads.
static FILES: [(&str, &str); 3] = [
    (
        "describe.hcl",
        include_str!("../../../templates/describe/grpc.hcl"),
    ),
    (
        "reflection_v1.proto",
        include_str!("../../../templates/describe/reflection_v1.proto"),
    ),
    (
        "reflection_v1alpha.proto",
        include_str!("../../../templates/describe/reflection_v1alpha.proto"),
    ),
];

/// Arguments of `bggo grpc`.
#[derive(Debug, Args)]
pub struct Grpc {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write the services of a server, which has to know reflection, into a descriptor set
    Describe(Describe),
}

/// Arguments of `bggo grpc describe`.
#[derive(Debug, Args)]
struct Describe {
    /// Host and port of the server, as in localhost:50051
    #[arg(value_name = "TARGET")]
    target: String,
    /// Write the descriptor set to this file
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Speak TLS
    #[arg(long)]
    tls: bool,
    /// The host that the server is asked for, and that TLS checks
    #[arg(long, value_name = "HOST")]
    authority: Option<OsString>,
    /// File of PEM certificates to trust instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// File of the client's certificate chain
    #[arg(long, value_name = "FILE")]
    client_cert_file: Option<PathBuf>,
    /// File of the key of that certificate
    #[arg(long, value_name = "FILE")]
    client_key_file: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long)]
    insecure_skip_verify: bool,
    /// Use no network to build: take crates that are on this disk already
    #[arg(long)]
    offline: bool,
}

impl Grpc {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let Action::Describe(describe) = self.action;
        describe.run(console).unwrap_or_else(|exit| exit)
    }
}

impl Describe {
    fn run(&self, console: &mut Console) -> Result<Exit, Exit> {
        let cache = link::Cache::of_user().map_err(|fault| console.link_fault(&fault))?;
        let folder = cache.folder.join("describe");
        lay_out(&folder, &FILES).map_err(|error| {
            console.fault(&format!("cannot write to the cache: {error}"), "");
            Exit::Failed
        })?;
        let compile = Compile::of(folder.join("describe.hcl"), self.offline);
        let built = compile.program(console)?;
        let mut command = compile.command(&built.path, &self.flags());
        let ended = command.stderr(Stdio::inherit()).output().map_err(|error| {
            console.fault(&format!("the program does not start: {error}"), "");
            Exit::Failed
        })?;
        if !ended.status.success() {
            // It has said why.
            return Err(Exit::Failed);
        }
        let (set, files) = descriptor_set(&String::from_utf8_lossy(&ended.stdout));
        if files == 0 {
            console.fault("the server names no file of a service", "");
            return Err(Exit::Failed);
        }
        fs::write(&self.output, set).map_err(|error| {
            let path = self.output.display();
            console.fault(&format!("cannot write `{path}`: {error}"), "");
            Exit::Failed
        })?;
        console.say(format_args!(
            "wrote {}: {files} files of {}",
            self.output.display(),
            self.target
        ));
        Ok(Exit::Done)
    }

    /// The flags of the program.
    fn flags(&self) -> Vec<OsString> {
        let mut flags: Vec<OsString> = vec!["--server".into(), self.target.clone().into()];
        for (flag, is_set) in [
            ("--tls", self.tls),
            ("--insecure-skip-verify", self.insecure_skip_verify),
        ] {
            if is_set {
                flags.extend([flag.into(), "true".into()]);
            }
        }
        let texts = [
            ("--authority", self.authority.clone()),
            ("--ca-file", absolute(self.ca_file.as_deref())),
            (
                "--client-cert-file",
                absolute(self.client_cert_file.as_deref()),
            ),
            (
                "--client-key-file",
                absolute(self.client_key_file.as_deref()),
            ),
        ];
        for (flag, text) in texts {
            if let Some(text) = text {
                flags.extend([flag.into(), text]);
            }
        }
        flags
    }
}

/// A descriptor set of files that come in Base64, each in a line behind the word `file`, and how many it holds. Each is written once, in the order of its bytes,
/// which is that of names mostly: so the same services are the same set.
fn descriptor_set(lines: &str) -> (Vec<u8>, usize) {
    let files = lines.lines().filter_map(|line| line.strip_prefix("file "));
    let files: BTreeSet<Vec<u8>> = files.filter_map(from_base64).collect();
    let mut set = Vec::new();
    let files = files.into_iter().filter(|file| !file.is_empty());
    let mut count = 0;
    for file in files {
        // FileDescriptorSet has one field: `repeated FileDescriptorProto file = 1`.
        set.push(0x0a);
        let mut length = file.len();
        while length >= 0x80 {
            set.push(length as u8 | 0x80);
            length >>= 7;
        }
        set.push(length as u8);
        set.extend(file);
        count += 1;
    }
    (set, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_stands_once_in_a_set() {
        let (set, count) = descriptor_set("file AgE=\nfile AAE=\n\nfile AgE=\ndone\nfile no!\n");
        assert_eq!(count, 2);
        assert_eq!(set, [0x0a, 2, 0, 1, 0x0a, 2, 2, 1]);
        let long = bggo_values::base64::to_base64(&[7; 300]);
        let (set, _) = descriptor_set(&format!("file {long}"));
        assert_eq!(set[..3], [0x0a, 0xac, 0x02]);
        assert_eq!(set.len(), 303);
        assert_eq!(descriptor_set(""), (vec![], 0));
    }
}
