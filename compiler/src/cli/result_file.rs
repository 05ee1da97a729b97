//! Result files on disk: opened for reading with one clear message, and written as a whole or not at all.

use super::console::Console;
use super::exit::Exit;
use bggo_metrics::file::{Recording, Unreadable};
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// A result file that is read.
pub type ResultFile = Recording<BufReader<File>>;

/// Bytes that are read at once.
const AT_ONCE: usize = 1 << 20;

/// Opens a result file. Tells of one that cannot be read.
pub fn open(path: &Path, console: &mut Console) -> Result<ResultFile, Exit> {
    let opened = File::open(path).map_err(Unreadable::Io).and_then(|file| {
        // A folder can be opened, and its reading fails in other words on each system.
        if file.metadata()?.is_dir() {
            return Err(Unreadable::NoResult);
        }
        Recording::open(BufReader::with_capacity(AT_ONCE, file))
    });
    opened.map_err(|error| unreadable(path, &error, console))
}

/// Tells that a file cannot be read.
pub fn unreadable(path: &Path, error: &Unreadable, console: &mut Console) -> Exit {
    console.fault(&format!("cannot read `{}`: {error}", path.display()), "");
    Exit::Unreadable
}

/// Tells how much of a file was cut, and why that happens.
pub fn cut(path: &Path, bytes: u64, console: &mut Console) {
    // A kill between two seconds leaves nothing torn.
    let torn = match bytes {
        0 => String::new(),
        1 => " (1 byte of a second was cut off)".to_owned(),
        many => format!(" ({many} bytes of a second were cut off)"),
    };
    console.warn(format_args!(
        "`{}` was not written to its end{torn}: the run goes on, was killed, or its disk was full; what stands before counts",
        path.display()
    ));
}

/// A run that writes the file has a lock on it. Whoever changes it must have it as well.
pub fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => {
            io::Error::other("a run writes it now: wait until it has ended")
        }
        TryLockError::Error(error) => error,
    })
}

/// Whether a file may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// It may (`--force`).
    Yes,
    /// It must not be there.
    No,
}

/// A file in the making, which takes its name when it is whole.
#[derive(Debug)]
pub struct NewFile<'a> {
    path: &'a Path,
    replace: Replace,
    file: BufWriter<NamedTempFile>,
}

impl<'a> NewFile<'a> {
    /// Begins the file. Tells of one that is there already or cannot be made.
    pub fn create(path: &'a Path, replace: Replace, console: &mut Console) -> Result<Self, Exit> {
        if replace == Replace::No && path.symlink_metadata().is_ok() {
            return Err(refuse_existing(path, console));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        match file {
            Ok(file) => Ok(Self {
                path,
                replace,
                file: BufWriter::with_capacity(AT_ONCE, file),
            }),
            Err(error) => Err(unwritable(path, &error, console)),
        }
    }

    /// Appends a text.
    pub fn put(&mut self, text: &str, console: &mut Console) -> Result<(), Exit> {
        let put = self.file.write_all(text.as_bytes());
        put.map_err(|error| unwritable(self.path, &error, console))
    }

    /// Gives it its name.
    pub fn done(self, console: &mut Console) -> Result<(), Exit> {
        let (path, replace) = (self.path, self.replace);
        let named = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| {
                // Files of this sort are made for the user alone; a result is a file like others.
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                file.as_file().set_permissions(mode)?;
                match replace {
                    Replace::Yes => file.persist(path),
                    Replace::No => file.persist_noclobber(path),
                }
                .map_err(|error| error.error)
            });
        match named {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(refuse_existing(path, console))
            }
            Err(error) => Err(unwritable(path, &error, console)),
        }
    }
}

fn refuse_existing(path: &Path, console: &mut Console) -> Exit {
    console.fault(
        &format!("`{}` is there already", path.display()),
        "choose another name, or add --force",
    );
    Exit::Usage
}

fn unwritable(path: &Path, error: &io::Error, console: &mut Console) -> Exit {
    console.fault(&format!("cannot write `{}`: {error}", path.display()), "");
    Exit::Failed
}
