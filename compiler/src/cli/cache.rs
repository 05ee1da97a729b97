//! `bggo cache`: where bggo keeps what it compiled, how large that is, and its removal.

use super::console::{Console, size};
use super::exit::Exit;
use crate::link;
use clap::{Args, Subcommand};

/// Arguments of `bggo cache`.
#[derive(Debug, Args)]
pub struct Cache {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove everything that was compiled; the next build is a first build again
    Clean,
}

impl Cache {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let done = link::Cache::of_user().and_then(|cache| match self.action {
            None => show(&cache, console),
            Some(Action::Clean) => clean(&cache, console),
        });
        done.unwrap_or_else(|fault| console.link_fault(&fault))
    }
}

fn show(cache: &link::Cache, console: &mut Console) -> Result<Exit, link::LinkFault> {
    let bytes = cache.size()?;
    let root = cache.root.display();
    let shown = console.result(&format!("{root}: {}\n", size(bytes)));
    if bytes > 0 {
        console.say("`bggo cache clean` removes it; XDG_CACHE_HOME chooses another place");
    }
    Ok(shown)
}

fn clean(cache: &link::Cache, console: &mut Console) -> Result<Exit, link::LinkFault> {
    let bytes = cache.clean(&mut || console.progress(link::Event::Waiting))?;
    console.say(format_args!(
        "removed {} from {}",
        size(bytes),
        cache.root.display()
    ));
    Ok(Exit::Done)
}
