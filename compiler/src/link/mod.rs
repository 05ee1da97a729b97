//! Emitted source to one executable: the user's cache, cargo, and their failures.
//!
//! ```text
//! key -> is it in the cache? -> lock -> workspace -> cargo -> program stored by its key -> copied to the output path
//! ```

mod cache;
mod cargo;
mod cargo_output;
mod diagnose;
mod environment;
mod external_module;
mod fault;
mod included;
mod job;
mod key;
mod output;
mod package;
mod recorded_rustc;
mod sources;
mod toolchain;
mod workspace;

pub use cache::{BuiltProgram, Cache, ProgramRecord};
pub use external_module::{ExternalModule, module};
pub use fault::{FaultCause, LinkFault};
pub use job::{Event, Job, Options, Profile};
pub use key::key;
pub use output::{check as check_output, check_text, copy_to_output};
pub use sources::{BUILD_ID, SOURCES_ID};

use cargo::Cargo;
use environment::cleared;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use toolchain::{Linking, Machine};

/// The program of a key, if it was built before.
pub fn answer(cache: &Cache, key: &str, options: &Options) -> Option<BuiltProgram> {
    // A file that cannot be read is named by whoever builds with it.
    cache.answer(&included::whole_key(cache, key, &options.modules).ok()?)
}

/// Everything that the modules in these folders are compiled from, as far as it is known: folders and files.
pub fn sources_of_modules(cache: &Cache, folders: &[PathBuf]) -> Vec<PathBuf> {
    included::sources(cache, folders)
}

/// Builds a program and keeps it in the cache by its key.
pub fn link(
    cache: &Cache,
    job: &Job<'_>,
    options: &Options,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<BuiltProgram, LinkFault> {
    let _locked = cache.open(&mut || progress(Event::Waiting))?;
    // The build that held the lock may have been one of the same grid.
    if let Some(built) = answer(cache, job.key, options) {
        return Ok(built);
    }
    let known = fs::read_to_string(cache.ready());
    let machine = match known.ok().and_then(|text| Machine::of_text(&text)) {
        Some(machine) => machine,
        None => first(cache, options, progress)?,
    };
    let folder = workspace::write(cache, job, options)?;
    let profile = match options.profile {
        Profile::Fast => "release",
        Profile::Max => "max",
    };
    // Only cargo can tell whether an external module has changed.
    let direct = options
        .modules
        .is_empty()
        .then(|| recorded_rustc::compile(cache, &folder, profile));
    let program = match direct.flatten() {
        Some(program) => program,
        None => {
            let max = cache.target().join(&machine.host).join("max");
            if options.profile == Profile::Max && !max.exists() {
                progress(Event::FirstMax);
            }
            let cargo = Cargo {
                cache,
                folder: &folder,
                machine: &machine,
                offline: options.offline,
                modules: &options.modules,
            };
            cargo.build(profile, progress).map_err(|fault| {
                // Another linker than the one that was tried: the next build tries again.
                if machine.linking == Linking::Folded && fault.details.contains("icf") {
                    let _ = fs::remove_file(cache.ready());
                }
                missing_or(fault)
            })?
        }
    };
    let record = ProgramRecord {
        user_bytes: user_bytes(&program),
        ..job.record.clone()
    };
    let built = cache.keep(&final_key(cache, job, options, &program), &program, &record)?;
    recorded_rustc::clear(&folder);
    Ok(built)
}

/// The key by which a program is kept that was just built.
fn final_key(cache: &Cache, job: &Job<'_>, options: &Options, program: &Path) -> String {
    let modules = &options.modules;
    if modules.is_empty() {
        return job.key.to_owned();
    }
    match included::record(cache, modules, program, job.since) {
        Ok(true) => {
            included::whole_key(cache, job.key, modules).unwrap_or_else(|_| job.key.to_owned())
        }
        // By the plain key nobody will find it: the next build asks cargo again.
        Ok(false) | Err(_) => job.key.to_owned(),
    }
}

/// Before the first build: checks the machine and downloads every crate, so that `--offline` works afterwards.
fn first(
    cache: &Cache,
    options: &Options,
    progress: &mut dyn FnMut(Event<'_>),
) -> Result<Machine, LinkFault> {
    let host = toolchain::check()?;
    progress(Event::First);
    let folder = workspace::write_all(cache)?;
    let machine = Machine {
        host,
        linking: toolchain::linking(&folder),
    };
    Cargo {
        cache,
        folder: &folder,
        machine: &machine,
        offline: options.offline,
        modules: &[],
    }
    .fetch(progress)?;
    fs::write(cache.ready(), machine.text())
        .map_err(|error| LinkFault::cache(&cache.ready(), &error))?;
    Ok(machine)
}

/// If a build failed because a part of the toolchain was removed since the first build, the fault says so.
fn missing_or(fault: LinkFault) -> LinkFault {
    match toolchain::check() {
        Err(missing) => missing.details(fault.details),
        Ok(_) => fault,
    }
}

/// Asks the program how large one of its users is.
fn user_bytes(program: &Path) -> Option<u64> {
    #[derive(Deserialize)]
    struct Info {
        user_bytes: u64,
    }
    let said = cleared(program.to_str()?)
        .arg("--bggo-info")
        .output()
        .ok()?;
    serde_json::from_slice::<Info>(&said.stdout)
        .ok()
        .map(|info| info.user_bytes)
}
