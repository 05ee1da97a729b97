//! `bggo cache`: what bggo keeps between builds.

use super::console::{Console, size};
use super::exit::Exit;
use crate::link;
use clap::{Args, Subcommand};

/// Arguments of `bggo cache`.
#[derive(Debug, Args)]
pub struct Cache {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove everything that was compiled; the next build is a first one
    Clean,
}

impl Cache {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let Action::Clean = self.action;
        let cleaned = link::Cache::of_user().and_then(|cache| {
            Ok((
                cache.clean(&mut || console.progress(link::Event::Waiting))?,
                cache,
            ))
        });
        match cleaned {
            Ok((bytes, cache)) => {
                console.say(format_args!(
                    "removed {} from {}",
                    size(bytes),
                    cache.root.display()
                ));
                Exit::Done
            }
            Err(fault) => console.link_fault(&fault),
        }
    }
}
