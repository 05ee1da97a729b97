//! `bggo lsp`: a language server on standard input and output.

use super::console::Console;
use super::exit::Exit;
use super::program;
use crate::lsp::{Connection, serve};
use clap::Args;

/// Arguments of `bggo lsp`.
#[derive(Debug, Args)]
pub struct Lsp {
    #[command(flatten)]
    modules: program::ModuleFolders,
    /// Speak over standard input and output, as is always so; some editors say it
    #[arg(long, hide = true)]
    stdio: bool,
}

impl Lsp {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let modules = match self.modules.load() {
            Ok(modules) => modules,
            Err(fault) => return console.link_fault(&fault),
        };
        let (connection, threads) = Connection::stdio();
        let served = serve(&connection, &modules.all);
        // The thread that writes ends when nobody has anything to say to it.
        drop(connection);
        let told = served.map_err(|error| error.to_string());
        let told = told.and_then(|()| threads.join().map_err(|error| error.to_string()));
        match told {
            Ok(()) => Exit::Done,
            Err(text) => {
                console.fault(
                    &format!("the editor did not keep to the protocol: {text}"),
                    "`bggo lsp` is started by an editor, not by hand",
                );
                Exit::Failed
            }
        }
    }
}
