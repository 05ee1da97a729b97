//! `bggo run --watch`: saves, signals and ends of the program to builds and runs, one after the other.

use super::console::Console;
use super::exit::Exit;
use super::program::Compile;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// An editor writes a file in several steps; they count as one save when they are no further apart.
const ONE_SAVE: Duration = Duration::from_millis(50);

enum Happened {
    Saved,
    Signal(i32),
}

impl Happened {
    /// Whether bggo is to end.
    fn ends(&self) -> bool {
        matches!(self, Self::Signal(SIGINT | SIGTERM))
    }
}

/// Builds and runs until a signal ends it.
pub fn watch(compile: &Compile, flags: &[OsString], console: &mut Console) -> Exit {
    let (sender, happened) = channel();
    let _watching = match listen(&compile.path, &sender) {
        Ok(watching) => watching,
        Err(error) => {
            console.fault(
                &format!("cannot watch `{}`: {error}", compile.path.display()),
                "",
            );
            return Exit::Failed;
        }
    };
    loop {
        let mut child = start(compile, flags, console);
        let mut over = wait(&mut child, &happened, console);
        // Whatever happened, the program of before is over before anything else begins.
        if let Some(child) = &mut child {
            over = finish(child, &happened) || over;
        }
        while let Ok(next) = happened.recv_timeout(ONE_SAVE) {
            over = over || next.ends();
        }
        if over {
            return Exit::Done;
        }
        console.say(format_args!("\n{} was saved", compile.path.display()));
    }
}

/// Builds and starts the program; problems are shown, and then there is none.
fn start(compile: &Compile, flags: &[OsString], console: &mut Console) -> Option<Child> {
    let Ok(built) = compile.program(console) else {
        console.say("waiting for the next save");
        return None;
    };
    // A group of its own: Ctrl-C reaches bggo, which passes it on once.
    match compile.command(&built.path, flags).process_group(0).spawn() {
        Ok(child) => Some(child),
        Err(error) => {
            console.fault(&format!("the program does not start: {error}"), "");
            None
        }
    }
}

/// Waits for a save (false) or for a signal that ends bggo (true), and tells the program that it is to end.
fn wait(child: &mut Option<Child>, happened: &Receiver<Happened>, console: &mut Console) -> bool {
    loop {
        // The senders live as long as this process.
        let Ok(next) = happened.recv() else {
            return true;
        };
        match next {
            Happened::Saved => {
                child.iter().for_each(|child| tell(child, Signal::TERM));
                return false;
            }
            Happened::Signal(SIGCHLD) => {
                let ended = child
                    .as_mut()
                    .and_then(|child| child.try_wait().ok().flatten());
                if let Some(status) = ended {
                    *child = None;
                    console.say(format_args!(
                        "the program ended ({status}); waiting for the next save"
                    ));
                }
            }
            Happened::Signal(signal) => {
                child.iter().for_each(|child| pass_on(child, signal));
                return true;
            }
        }
    }
}

/// Waits for the end of a program that was told to end; says whether bggo was told so as well.
fn finish(child: &mut Child, happened: &Receiver<Happened>) -> bool {
    let mut over = false;
    while matches!(child.try_wait(), Ok(None)) {
        let Ok(next) = happened.recv() else {
            return true;
        };
        over = over || next.ends();
        if let Happened::Signal(signal @ (SIGINT | SIGTERM)) = next {
            pass_on(child, signal);
        }
    }
    over
}

fn pass_on(child: &Child, signal: i32) {
    tell(
        child,
        if signal == SIGINT {
            Signal::INT
        } else {
            Signal::TERM
        },
    );
}

/// A child that is over already needs no signal.
fn tell(child: &Child, signal: Signal) {
    let _ = kill_process(Pid::from_child(child), signal);
}

/// Sends saves and signals.
fn listen(grid: &Path, sender: &Sender<Happened>) -> io::Result<impl Watcher + use<>> {
    let signals = sender.clone();
    let mut incoming = Signals::new([SIGINT, SIGTERM, SIGCHLD])?;
    thread::spawn(move || {
        for signal in incoming.forever() {
            if signals.send(Happened::Signal(signal)).is_err() {
                return;
            }
        }
    });
    let saves = sender.clone();
    let file = grid.file_name().filter(|_| !grid.is_dir());
    let file = file.map(OsStr::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| is_save(&event, file.as_deref())) {
            // The receiver is gone when bggo ends.
            let _ = saves.send(Happened::Saved);
        }
    })
    .map_err(io::Error::other)?;
    // Editors replace files, so the folder is watched and not the file.
    let folder = if grid.is_dir() {
        grid
    } else {
        grid.parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    };
    watcher
        .watch(folder, RecursiveMode::NonRecursive)
        .map_err(io::Error::other)?;
    Ok(watcher)
}

/// The grid or a file of variables was written; that it was read is no save. Beside a grid that is one file there may be
/// others, which are none of its business.
fn is_save(event: &Event, grid: Option<&OsStr>) -> bool {
    !matches!(event.kind, EventKind::Access(_))
        && event.paths.iter().any(|path| {
            let name = path.file_name().unwrap_or_default();
            let counts = grid.is_none_or(|grid| grid == name)
                || name.to_string_lossy().ends_with(".vars.hcl");
            counts && path.extension() == Some(OsStr::new("hcl"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, ModifyKind};

    #[test]
    fn the_grid_and_files_of_variables_count_as_saved_and_its_neighbours_do_not() {
        let saved = |name: &str, grid: Option<&str>| {
            let event = Event::new(EventKind::Modify(ModifyKind::Any)).add_path(name.into());
            is_save(&event, grid.map(OsStr::new))
        };
        assert!(saved("grids/shop.hcl", Some("shop.hcl")));
        assert!(saved("grids/bggo.vars.hcl", Some("shop.hcl")));
        assert!(!saved("grids/other.hcl", Some("shop.hcl")));
        assert!(saved("grids/other.hcl", None));
        assert!(!saved("grids/.shop.hcl.swp", None));
        let read = Event::new(EventKind::Access(AccessKind::Any)).add_path("shop.hcl".into());
        assert!(!is_save(&read, None));
    }
}
