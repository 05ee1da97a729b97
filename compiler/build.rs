//! Lists the manifests of `../modules` for `modules.rs`, so that adding a module's folder is all there is to adding it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let modules = root.parent().unwrap_or(&root).join("modules");
    println!("cargo::rerun-if-changed={}", modules.display());
    let mut list = String::from("&[\n");
    for (name, manifest) in manifests(&modules)? {
        println!("cargo::rerun-if-changed={}", manifest.display());
        // `{:?}` of a text is a Rust literal.
        let _ = writeln!(
            list,
            "    ({name:?}, include_str!({:?})),",
            manifest.display().to_string()
        );
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("manifests.rs"), list)
}

/// Names of the module folders that have a manifest, with its path, in order of name.
fn manifests(modules: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    if !modules.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(modules)? {
        let folder = entry?.path();
        let manifest = folder.join("manifest.hcl");
        if let (Some(name), true) = (folder.file_name(), manifest.is_file()) {
            found.push((name.to_string_lossy().into_owned(), manifest));
        }
    }
    found.sort();
    Ok(found)
}
