//! `bggo repair`: cuts off what a kill left at the end of a result file, so that viewers of HdrHistogram can open it.

use super::console::Console;
use super::exit::Exit;
use super::result_file::{lock, open, unreadable};
use bggo_metrics::file::{Ending, Unreadable};
use clap::Args;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Arguments of `bggo repair`.
#[derive(Debug, Args)]
pub struct Repair {
    /// Result files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Repair {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        for file in &self.files {
            if let Err(exit) = repair(file, console) {
                return exit;
            }
        }
        Exit::Done
    }
}

fn repair(path: &PathBuf, console: &mut Console) -> Result<(), Exit> {
    let cannot = |error, console: &mut Console| unreadable(path, &Unreadable::Io(error), console);
    let writable = OpenOptions::new().read(true).write(true).open(path);
    let writable = writable
        .map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => Unreadable::NoResult,
            _ => Unreadable::Io(error),
        })
        .map_err(|error| unreadable(path, &error, console))?;
    let writable = Ok(writable)
        .and_then(|file| lock(&file).map(|()| file))
        .map_err(|error| cannot(error, console))?;
    let mut recording = open(path, console)?;
    let mut seconds = 0u64;
    let damage = loop {
        match recording.second() {
            Ok(Some(_)) => seconds += 1,
            Ok(None) => break None,
            Err(error @ Unreadable::Io(_)) => return Err(unreadable(path, &error, console)),
            Err(error) => break Some(error),
        }
    };
    let name = path.display();
    if let (None, Some(Ending::Whole(_))) = (&damage, recording.ending()) {
        console.say(format_args!("`{name}` is whole"));
        return Ok(());
    }
    let size = writable
        .metadata()
        .map_err(|error| cannot(error, console))?;
    let sound = recording.sound_bytes();
    let cut = size.len().saturating_sub(sound);
    if cut == 0 {
        console.say(format_args!(
            "`{name}` has no end, but nothing in it is torn: {seconds} seconds"
        ));
        return Ok(());
    }
    writable
        .set_len(sound)
        .map_err(|error| cannot(error, console))?;
    let why = match damage {
        Some(Unreadable::Damaged { line, what }) => format!(" (line {line}: {what})"),
        _ => String::new(),
    };
    console.say(format_args!(
        "cut {cut} bytes off `{name}`: {seconds} seconds are left{why}"
    ));
    Ok(())
}
