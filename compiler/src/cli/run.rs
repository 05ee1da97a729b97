//! `bggo run`: builds a grid, then replaces its own process by the program.

use super::console::Console;
use super::exit::Exit;
use super::program::Compile;
use super::program_flags::wants_json;
use super::watch;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;

/// Arguments of `bggo run`.
#[derive(Debug, Args)]
#[command(override_usage = "bggo run [OPTIONS] <GRID> [FLAGS]...")]
pub struct Run {
    #[command(flatten)]
    compile: Compile,
    /// Build and run again when the grid, a file of variables or a file of a `--module` is saved
    #[arg(long)]
    watch: bool,
    /// Flags of the program, such as `--vus 50 --duration 10s`; all words after `--` are flags of the program
    #[arg(last = true, value_name = "FLAGS")]
    pub(super) flags: Vec<OsString>,
}

impl Run {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        if wants_json(&self.flags) {
            console.use_json_lines();
        }
        if self.watch {
            return watch::watch(&self.compile, &self.flags, console);
        }
        let built = match self.compile.program(console) {
            Ok(built) => built,
            Err(exit) => return exit,
        };
        let error = self.compile.command(&built.path, &self.flags).exec();
        console.fault(&format!("the program does not start: {error}"), "a cache on a disk that is mounted `noexec` cannot be run from: set XDG_CACHE_HOME to another");
        Exit::Failed
    }
}
