//! `bggo completions`: what a shell needs to complete commands and flags.

use super::console::Console;
use super::exit::Exit;
use clap::{Args, Command};
use clap_complete::Shell;

/// How completions are installed; the README says the same.
const INSTALL: &str = "Install it once, and open a new shell:
  bggo completions bash > ~/.local/share/bash-completion/completions/bggo
  bggo completions zsh > ~/.zfunc/_bggo    (~/.zshrc needs `fpath+=~/.zfunc` before `compinit`)
  bggo completions fish > ~/.config/fish/completions/bggo.fish";

/// Arguments of `bggo completions`.
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
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
