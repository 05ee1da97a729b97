//! The input of a build, and its progress events.

use super::cache::ProgramRecord;
use super::external_module::ExternalModule;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

/// How the dependencies and the grid are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Dependencies are optimised; the grid's own code is not (opt-level 0), since nothing in it is hot.
    Fast,
    /// Everything at opt-level 3 with thin LTO; compiles the dependencies a second time.
    Max,
}

/// How a program is built.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it is compiled.
    pub profile: Profile,
    /// Whether the network must not be used.
    pub offline: bool,
    /// Whether the names of functions stay in the program.
    pub keep_symbols: bool,
    /// External modules.
    pub modules: Vec<ExternalModule>,
}

/// What is built.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// From [`super::key()`].
    pub key: &'a str,
    /// When the key was begun to be made: what is saved later may be compiled and is not in it.
    pub since: SystemTime,
    /// The grid's absolute path: its workspace is named after it.
    pub grid: &'a Path,
    /// Path and text of each emitted file.
    pub files: &'a BTreeMap<String, String>,
    /// Path and bytes of each emitted file of rows.
    pub rows: &'a BTreeMap<String, Vec<u8>>,
    /// Crates of the modules that it uses.
    pub crates: &'a [String],
    /// The properties of the program.
    pub record: ProgramRecord,
}

/// What happens while a program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Another build holds the lock.
    Waiting,
    /// Nothing is compiled yet: this takes about a minute, once.
    First,
    /// The same, for the slow profile.
    FirstMax,
    /// Crates are downloaded.
    Fetching,
    /// `done` of `total` crates are compiled, `name` is one that is being compiled.
    Compiling {
        /// Finished.
        done: u32,
        /// In all.
        total: u32,
        /// Being compiled now.
        name: &'a str,
    },
}
