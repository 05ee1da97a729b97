//! `bggo completions`: what a shell needs to complete commands and flags.

use super::console::Console;
use super::{Arguments, Exit};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Arguments of `bggo completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "bggo", &mut script);
        console.result(&String::from_utf8_lossy(&script))
    }
}
