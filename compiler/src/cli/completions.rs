//! `bggo completions`: what a shell needs to complete commands and flags.

use super::console::Console;
use super::exit::Exit;
use clap::{Args, Command};
use clap_complete::Shell;

/// Arguments of `bggo completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Runs the command; `bggo` is the whole command line.
    pub fn run(self, mut bggo: Command, console: &mut Console) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut bggo, "bggo", &mut script);
        console.result(&String::from_utf8_lossy(&script))
    }
}
