//! Modules from elsewhere (`--module DIR`): what is read of them before cargo sees them.

use super::fault::LinkFault;
use std::fs;
use std::path::{Path, PathBuf};

/// A module that does not ship with bggo. Its crate names the runtime by version (`bggo-runtime = "0.1"`); the workspace
/// of the grid puts the embedded runtime in that place, so that module and grid link the same one.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// Its crate.
    pub crate_name: String,
    /// The text of its manifest.
    pub manifest: String,
}

/// Reads the module in a folder.
pub fn module(given: &Path) -> Result<Elsewhere, LinkFault> {
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
    let crate_name = crate_name(&read("Cargo.toml")?).ok_or_else(|| {
        LinkFault::usage(
            format!(
                "`{}` has no line `name = \"..\"`",
                given.join("Cargo.toml").display()
            ),
            "name the crate of the module",
        )
    })?;
    let folder = given.canonicalize().map_err(|error| {
        LinkFault::usage(
            format!("`{}` cannot be read: {error}", given.display()),
            hint,
        )
    })?;
    Ok(Elsewhere {
        folder,
        crate_name,
        manifest,
    })
}

fn crate_name(text: &str) -> Option<String> {
    let line = |line: &str| {
        let value = line
            .strip_prefix("name")?
            .trim_start()
            .strip_prefix('=')?
            .trim();
        Some(value.trim_matches('"').to_owned())
    };
    text.lines().find_map(line)
}
