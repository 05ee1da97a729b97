//! `bggo target`: the HTTP target of the module `http_target` as a server, until Ctrl-C.

use super::console::Console;
use super::ending_signals::ending_signals;
use super::exit::Exit;
use clap::Args;
use signal_hook::iterator::Signals;

/// Arguments of `bggo target`.
#[derive(Debug, Args)]
pub struct Target {
    /// The address to listen on; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
}

impl Target {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        // Before anybody can know that it serves: a signal that comes at once must find its handler.
        let mut signals = match Signals::new(ending_signals()) {
            Ok(signals) => signals,
            Err(error) => {
                console.fault(&format!("cannot wait for Ctrl-C: {error}"), "");
                return Exit::Failed;
            }
        };
        let server = match bggo_target::serve(self.listen.as_str()) {
            Ok(server) => server,
            Err(error) => {
                console.fault(
                    &format!("cannot listen on `{}`: {error}", self.listen),
                    "give `--listen` an address and a free port, as in 127.0.0.1:8080; port 0 is any free one",
                );
                return Exit::Failed;
            }
        };
        if console.result(&format!("{}\n", server.url())) == Exit::Failed {
            return Exit::Failed;
        }
        console.say("serving until Ctrl-C; GET /counts tells what came");
        signals.forever().next();
        let counts = server.counts();
        server.stop();
        console.say(format_args!(
            "served {} requests on {} connections",
            counts.requests, counts.connections
        ));
        Exit::Done
    }
}
