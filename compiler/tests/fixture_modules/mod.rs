//! The modules that a fixture names at its beginning, beside those that ship with the compiler.

use bggo::modules::Modules;
use std::path::Path;

/// Begins a line with the name of a folder of `tests/modules`.
const MODULE: &str = "#### MODULE ";

/// All modules of a fixture, and what follows the lines that name them.
///
/// # Errors
/// A module is not there, or its manifest has faults.
pub fn of(fixture: &str) -> Result<(Modules, &str), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/modules");
    let mut manifests = Vec::new();
    let mut rest = fixture;
    while let Some((name, after)) = rest
        .strip_prefix(MODULE)
        .and_then(|line| line.split_once('\n'))
    {
        let manifest = folder.join(name).join("manifest.hcl");
        manifests.push((name, std::fs::read_to_string(manifest)?));
        rest = after;
    }
    let more: Vec<_> = manifests
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let modules = Modules::built_in().clone().with(&more);
    let faults = [modules.faults.clone(), modules.contradictions()].concat();
    match faults.is_empty() {
        true => Ok((modules, rest)),
        false => Err(faults.join("\n").into()),
    }
}
