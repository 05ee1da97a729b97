//! External modules (`--module DIR`): the files of them that bggo reads before cargo does.

use super::fault::LinkFault;
use super::package;
use std::collections::BTreeMap;
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

    /// Whether the `Cargo.toml` of one of its packages names this crate.
    pub fn names(&self, krate: &str) -> bool {
        let folders = package::sources_of(&self.folder).into_iter();
        let mut manifests = folders.filter_map(|folder| {
            // A source that is a file has no manifest in it.
            fs::read_to_string(folder.join("Cargo.toml")).ok()
        });
        manifests.any(|manifest| manifest.contains(krate))
    }

    /// Package and folder of each crate that values of its inputs link, as far as it is among `used`.
    pub fn linked_crates(&self, used: &[String]) -> BTreeMap<String, PathBuf> {
        // A manifest that cannot be read has been refused already.
        let Ok(manifest) = bggo_manifest::read(&self.manifest) else {
            return BTreeMap::new();
        };
        let linked = manifest.linked_crates();
        let linked = linked.filter(|link| used.contains(&link.crate_name));
        linked
            .map(|link| (link.crate_name.clone(), self.folder.join(&link.path)))
            .collect()
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
    linked_crates(given, &manifest)?;
    Ok(ExternalModule {
        folder,
        crate_name,
        manifest,
    })
}

/// That each crate which a value of an input links is where the manifest says.
fn linked_crates(given: &Path, manifest: &str) -> Result<(), LinkFault> {
    // The faults of a manifest that cannot be read are said with all others of it.
    let Ok(manifest) = bggo_manifest::read(manifest) else {
        return Ok(());
    };
    for link in manifest.linked_crates() {
        let path = given.join(&link.path).join("Cargo.toml");
        let named = fs::read_to_string(&path).map_err(|error| error.to_string());
        let wrong = match named.and_then(|text| package::name(&text)) {
            Ok(name) if name == link.crate_name => continue,
            Ok(name) => format!("it is the package `{name}`"),
            Err(wrong) => wrong,
        };
        let (krate, path) = (&link.crate_name, path.display());
        return Err(LinkFault::usage(
            format!("the manifest links a crate `{krate}`, but not that of `{path}`: {wrong}"),
            "in the block `link` of the manifest, `path` is the folder of the `crate`, relative to that of the module",
        ));
    }
    Ok(())
}
