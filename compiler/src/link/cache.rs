//! The user's cache: sources laid out once, one target folder for all grids, and finished programs by key.
//!
//! ```text
//! $XDG_CACHE_HOME/bggo/VERSION-SOURCES/
//!   src/            the embedded sources: written to another name, renamed once, never changed again
//!   grids/ID/       a workspace for each grid: its emitted source, the output of cargo
//!   target/         what cargo compiled, shared by all grids
//!   lines/ID        the command of rustc for grids with the same `Cargo.toml`
//!   included/ID    the files that modules read from outside of their packages
//!   built/KEY       finished programs; KEY.hcl has their properties
//!   lock            held from writing a workspace to copying the program
//! ```

use super::fault::LinkFault;
use super::sources;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many workspaces are kept, each with the incremental data of rustc: two megabytes for a small grid.
const GRIDS: usize = 32;
/// Extension of the file with the properties of a program: a few HCL attributes.
const RECORD: &str = "hcl";
/// How many finished programs are kept. The oldest are removed first.
const KEPT: usize = 48;

/// The cache of bggo.
#[derive(Debug, Clone)]
pub struct Cache {
    /// The folder of all versions.
    pub root: PathBuf,
    /// The folder of this version.
    pub folder: PathBuf,
}

/// The properties of a finished program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramRecord {
    /// How many steps the grid has.
    pub steps: usize,
    /// The modules that are linked.
    pub modules: Vec<String>,
    /// How many warnings the grid has. They are shown again when the program comes from the cache.
    pub warnings: usize,
    /// Bytes of one virtual user's future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_bytes: Option<u64>,
}

/// A finished program in the cache.
#[derive(Debug, Clone)]
pub struct BuiltProgram {
    /// The program.
    pub path: PathBuf,
    /// What is inside.
    pub record: ProgramRecord,
}

/// Holds the lock; other builds wait until it is dropped.
#[derive(Debug)]
pub struct CacheLock(#[expect(dead_code, reason = "an open file is what a lock is held by")] File);

impl Cache {
    /// The cache of the user that this process belongs to.
    pub fn of_user() -> Result<Self, LinkFault> {
        let of_variable = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let base =
            of_variable("XDG_CACHE_HOME").or_else(|| Some(of_variable("HOME")?.join(".cache")));
        let base = base.ok_or_else(|| {
            LinkFault::machine(
                "there is no folder for the cache: neither XDG_CACHE_HOME nor HOME is set",
                "set XDG_CACHE_HOME to a folder that can be written",
            )
        })?;
        Ok(Self::at(&base))
    }

    /// The cache below a folder.
    pub fn at(base: &Path) -> Self {
        let root = base.join("bggo");
        let folder = root.join(format!(
            "{}-{}",
            env!("CARGO_PKG_VERSION"),
            sources::SOURCES_ID
        ));
        Self { root, folder }
    }

    /// The program of a key, if it was built before. This needs no right to write.
    pub fn answer(&self, key: &str) -> Option<BuiltProgram> {
        let path = self.built(key);
        let record = hcl::from_str(&fs::read_to_string(path.with_extension(RECORD)).ok()?).ok()?;
        path.is_file().then_some(BuiltProgram { path, record })
    }

    /// Takes the lock and lays out the sources. `waiting` is called when another build holds it.
    pub fn open(&self, waiting: &mut dyn FnMut()) -> Result<CacheLock, LinkFault> {
        self.prepare(waiting)
            .map_err(|error| LinkFault::cache(&self.folder, &error))
    }

    /// Puts a program into the cache.
    pub fn keep(
        &self,
        key: &str,
        program: &Path,
        record: &ProgramRecord,
    ) -> Result<BuiltProgram, LinkFault> {
        let path = self.built(key);
        let keep = || {
            self.forget_oldest()?;
            copy_program(program, &path)?;
            let text = hcl::to_string(record).map_err(io::Error::other)?;
            replace(&path.with_extension(RECORD), 0o666, |file| {
                file.write_all(text.as_bytes())
            })
        };
        keep().map_err(|error: io::Error| LinkFault::cache(&path, &error))?;
        Ok(BuiltProgram {
            path,
            record: record.clone(),
        })
    }

    /// Removes everything, of every version, and returns how many bytes that were. Waits for a running build of this version.
    pub fn clean(&self, waiting: &mut dyn FnMut()) -> Result<u64, LinkFault> {
        if !self.root.exists() {
            return Ok(0);
        }
        let mut clean = || {
            let _held = if self.folder.exists() {
                Some(lock(&self.folder, waiting)?)
            } else {
                None
            };
            let size = size_of(&self.root, &mut BTreeSet::new())?;
            fs::remove_dir_all(&self.root).map(|()| size)
        };
        clean().map_err(|error| LinkFault::cache(&self.root, &error))
    }

    /// How many bytes it holds, of every version.
    pub fn size(&self) -> Result<u64, LinkFault> {
        match size_of(&self.root, &mut BTreeSet::new()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            size => size.map_err(|error| LinkFault::cache(&self.root, &error)),
        }
    }

    /// The workspace of a grid.
    pub fn grid(&self, id: &str) -> PathBuf {
        self.folder.join("grids").join(id)
    }

    /// What cargo compiles into.
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Lines by which rustc compiled grids.
    pub fn lines(&self) -> PathBuf {
        self.folder.join("lines")
    }

    /// The files that modules read from outside of their packages.
    pub fn included(&self) -> PathBuf {
        self.folder.join("included")
    }

    /// The file which says that the toolchain was found, for which host, and that all crates are on disk.
    pub fn ready(&self) -> PathBuf {
        self.folder.join("ready")
    }

    fn built(&self, key: &str) -> PathBuf {
        self.folder.join("built").join(key)
    }

    fn prepare(&self, waiting: &mut dyn FnMut()) -> io::Result<CacheLock> {
        fs::create_dir_all(self.folder.join("built"))?;
        fs::create_dir_all(self.folder.join("grids"))?;
        let lock = lock(&self.folder, waiting)?;
        let sources = self.folder.join("src");
        if !sources.exists() {
            let aside = tempfile::Builder::new()
                .prefix("src-")
                .tempdir_in(&self.folder)?;
            sources::unpack(aside.path())?;
            fs::rename(aside.path(), &sources)?;
        }
        if !self.target().exists() {
            self.take_over()?;
        }
        Ok(lock)
    }

    /// Crates of crates.io that an earlier version compiled are still right, so its target folder is used again.
    fn take_over(&self) -> io::Result<()> {
        let others = fs::read_dir(&self.root)?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| *path != self.folder);
        let with_target = others.filter(|path| path.join("target").is_dir());
        let age = |path: &PathBuf| {
            fs::metadata(path.join("lock"))
                .and_then(|found| found.modified())
                .unwrap_or(SystemTime::UNIX_EPOCH)
        };
        let Some(newest) = with_target.max_by_key(age) else {
            return Ok(());
        };
        let Some(_held) = try_lock(&newest)? else {
            return Ok(());
        };
        // Commands that were recorded before would link crates that another version has compiled since.
        if self.lines().exists() {
            fs::remove_dir_all(self.lines())?;
        }
        fs::rename(newest.join("target"), self.target())?;
        forget_own_crates(&self.target(), 4)
    }

    /// Removes old programs and old workspaces, to make room for one more.
    fn forget_oldest(&self) -> io::Result<()> {
        let records = oldest(&self.folder.join("built"), KEPT - 1, |path| {
            path.extension() == Some(OsStr::new(RECORD))
        })?;
        for record in records {
            fs::remove_file(&record)?;
            // A program without its record is never used, so it is fine if the record is gone already.
            let _ = fs::remove_file(record.with_extension(""));
        }
        for grid in oldest(&self.folder.join("grids"), GRIDS, Path::is_dir)? {
            fs::remove_dir_all(grid)?;
        }
        Ok(())
    }
}

/// What is in a folder beside the `kept` entries that changed last.
fn oldest(folder: &Path, kept: usize, counts: fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if counts(&entry.path()) {
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    found.sort();
    found.truncate(found.len().saturating_sub(kept));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// Copies a program so that the path has all of it or what it had before. It is no hard link, because cargo writes into its file.
pub fn copy_program(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    replace(to, 0o777, |file| io::copy(&mut source, file).map(drop))
}

/// Writes a file under another name and renames it. The user's file mask applies to `mode`.
pub fn replace(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut aside = tempfile::Builder::new()
        .prefix(".bggo-")
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
        // Without the name that only this function knows.
        .map_err(|error| io::Error::from(error.kind()))?;
    write(aside.as_file_mut())?;
    aside.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn lock(folder: &Path, waiting: &mut dyn FnMut()) -> io::Result<CacheLock> {
    if let Some(lock) = try_lock(folder)? {
        return Ok(lock);
    }
    waiting();
    let file = lock_file(folder)?;
    file.lock()?;
    Ok(CacheLock(file))
}

fn try_lock(folder: &Path) -> io::Result<Option<CacheLock>> {
    let file = lock_file(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(CacheLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn lock_file(folder: &Path) -> io::Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))
}

/// Makes cargo compile our own crates again. Cargo compares modification times, and clocks may be wrong.
fn forget_own_crates(folder: &Path, depth: usize) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || depth == 0 {
            continue;
        }
        if entry.file_name() != ".fingerprint" {
            forget_own_crates(&entry.path(), depth - 1)?;
            continue;
        }
        for unit in fs::read_dir(entry.path())? {
            let unit = unit?;
            if unit
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with("bggo-") || name.starts_with("grid-"))
            {
                fs::remove_dir_all(unit.path())?;
            }
        }
    }
    Ok(())
}

/// Bytes of all files below a folder. A file with two names counts once, and a file that a running build has
/// just removed does not count.
fn size_of(folder: &Path, seen: &mut BTreeSet<(u64, u64)>) -> io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found?,
        };
        if found.is_dir() {
            size += match size_of(&path, seen) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
                size => size?,
            };
        } else if seen.insert((found.dev(), found.ino())) {
            size += found.len();
        }
    }
    Ok(size)
}
