//! External modules (`--module DIR`): the files of them that bggo reads before cargo does.

use super::fault::LinkFault;
use super::package;
use std::fs;
use std::path::{Path, PathBuf};

/// A module that does not ship with bggo. Its crate names the runtime by version (`bggo-runtime = "0.1"`); the workspace
/// of the grid replaces it by the embedded runtime, so that module and grid link the same one.
#[derive(Debug, Clone)]
pub struct ExternalModule {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// The package of its crate.
    pub crate_name: String,
    /// The text of its manifest.
    pub manifest: String,
}

impl ExternalModule {
    /// Its name for other modules: the name of its folder.
    pub fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// Reads the module in a folder.
pub fn module(given: &Path) -> Result<ExternalModule, LinkFault> {
    let hint = "give `--module` the folder of a module: `docs/modules.md` says what it holds";
    let read = |name: &str| {
        fs::read_to_string(given.join(name)).map_err(|error| {
            LinkFault::usage(
                format!("`{}` is no module: {name}: {error}", given.display()),
                hint,
            )
        })
    };
    let manifest = read("manifest.hcl")?;
    let crate_name = package::name(&read("Cargo.toml")?).map_err(|wrong| {
        LinkFault::usage(
            format!(
                "`{}` does not name a package: {wrong}",
                given.join("Cargo.toml").display()
            ),
            "give the crate of the module a name: `[package]` with `name = \"..\"`",
        )
    })?;
    let folder = given.canonicalize().map_err(|error| {
        LinkFault::usage(
            format!("`{}` cannot be read: {error}", given.display()),
            hint,
        )
    })?;
    Ok(ExternalModule {
        folder,
        crate_name,
        manifest,
    })
}
