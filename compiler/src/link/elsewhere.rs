//! Modules from elsewhere (`--module DIR`): what is read of them before cargo sees them.

use super::fault::LinkFault;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of a module, absolute, with a manifest and a crate in it.
pub fn folder(given: &Path) -> Result<PathBuf, LinkFault> {
    let absolute = given.canonicalize().map_err(|error| {
        LinkFault::usage(
            format!("the module `{}` cannot be read: {error}", given.display()),
            "give `--module` the folder of a module",
        )
    })?;
    for name in ["manifest.hcl", "Cargo.toml"] {
        if !absolute.join(name).is_file() {
            return Err(LinkFault::usage(
                format!("`{}` is no module: it holds no {name}", given.display()),
                "give `--module` the folder of a module",
            ));
        }
    }
    if crate_name(&absolute).is_none() {
        return Err(LinkFault::usage(
            format!(
                "`{}/Cargo.toml` has no line `name = \"..\"`",
                given.display()
            ),
            "name the crate of the module",
        ));
    }
    Ok(absolute)
}

/// The name of the crate in a folder.
pub fn crate_name(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let line = |line: &str| {
        Some(
            line.strip_prefix("name")?
                .trim_start()
                .strip_prefix('=')?
                .trim()
                .trim_matches('"')
                .to_owned(),
        )
    };
    text.lines().find_map(line)
}
