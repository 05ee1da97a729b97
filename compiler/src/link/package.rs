//! The package of an external module: its name, and every folder that it is compiled from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The name of the package that a `Cargo.toml` describes. `[lib]` may have another one, which is no name for cargo.
///
/// # Errors
/// What is wrong with the text, for people.
pub fn name(manifest: &str) -> Result<String, String> {
    let table: Table = manifest.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| manifest.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line}: {}", error.message().replace('\n', ", "))
    })?;
    let package = table.get("package").and_then(Value::as_table);
    let name = package
        .and_then(|package| package.get("name"))
        .and_then(Value::as_str);
    name.map(str::to_owned)
        .ok_or_else(|| "there is no `name = \"..\"` below `[package]`".to_owned())
}

/// The package in a folder, every package that it reaches by path dependencies or, as a module, links for the value of an
/// input, and the manifest of each workspace that
/// one of them belongs to: folders and files, the package's own folder first.
///
/// A path that leads nowhere is left out, and so is a manifest that is no TOML: cargo says what is wrong with it.
pub fn sources_of(folder: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        if !seen.insert(folder.clone()) {
            continue;
        }
        sources.push(folder.clone());
        let Some(manifest) = read(&folder) else {
            continue;
        };
        open.extend(linked_crates(&folder));
        let workspace = workspace(&folder, &manifest);
        if let Some((root, _)) = &workspace
            && *root != folder
        {
            let manifest = root.join("Cargo.toml");
            if seen.insert(manifest.clone()) {
                sources.push(manifest);
            }
        }
        let inherited = workspace.as_ref().and_then(|(root, manifest)| {
            Some((
                root.as_path(),
                at(manifest, &["workspace", "dependencies"])?,
            ))
        });
        open.extend(path_dependencies(&folder, &manifest, inherited));
        sources.extend(targets_outside(&folder, &manifest));
    }
    sources
}

/// The folders of the crates that values of inputs link, if the package is a module.
fn linked_crates(folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(folder.join("manifest.hcl")).unwrap_or_default();
    let Ok(manifest) = bggo_manifest::read(&text) else {
        return Vec::new();
    };
    let linked = manifest.linked_crates();
    linked.map(|link| folder.join(&link.path)).collect()
}

fn read(folder: &Path) -> Option<Table> {
    fs::read_to_string(folder.join("Cargo.toml"))
        .ok()?
        .parse()
        .ok()
}

/// The workspace that a package belongs to, as cargo finds it: the one that it names, or the nearest folder above.
fn workspace(folder: &Path, manifest: &Table) -> Option<(PathBuf, Table)> {
    let named = at(manifest, &["package"]).and_then(|package| package.get("workspace")?.as_str());
    if let Some(named) = named {
        let root = folder.join(named).canonicalize().ok()?;
        let manifest = read(&root)?;
        return Some((root, manifest));
    }
    folder.ancestors().find_map(|root| {
        let manifest = read(root)?;
        manifest
            .contains_key("workspace")
            .then(|| (root.to_owned(), manifest))
    })
}

/// The folders of the path dependencies of one package. `inherited` is the folder of its workspace and what a dependency
/// with `workspace = true` is looked up in.
fn path_dependencies(
    folder: &Path,
    manifest: &Table,
    inherited: Option<(&Path, &Table)>,
) -> Vec<PathBuf> {
    let platforms = manifest.get("target").and_then(Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values);
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(platforms.filter_map(Value::as_table)) {
        for kind in ["dependencies", "build-dependencies"] {
            for (name, dependency) in table
                .get(kind)
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                let path = |dependency: &Value| {
                    let path = dependency.get("path")?.as_str()?;
                    Some(path.to_owned())
                };
                found.extend(path(dependency).map(|path| folder.join(path)));
                let inherits = dependency.get("workspace").and_then(Value::as_bool);
                if let (Some(true), Some((root, dependencies))) = (inherits, inherited) {
                    let path = dependencies.get(name).and_then(path);
                    found.extend(path.map(|path| root.join(path)));
                }
            }
        }
    }
    found
}

/// Sources that a package names by a path that leads out of its folder.
fn targets_outside(folder: &Path, manifest: &Table) -> Vec<PathBuf> {
    let named = |keys: [&str; 2]| at(manifest, &keys[..1])?.get(keys[1])?.as_str();
    let library =
        named(["lib", "path"]).and_then(|path| folder.join(path).parent()?.canonicalize().ok());
    let script = named(["package", "build"]).and_then(|path| folder.join(path).canonicalize().ok());
    [library, script]
        .into_iter()
        .flatten()
        .filter(|path| !path.starts_with(folder))
        .collect()
}

/// The table at the end of some keys.
fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Table> {
    keys.iter()
        .try_fold(table, |table, key| table.get(*key)?.as_table())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_package_wherever_it_stands_and_however_it_is_written() {
        for manifest in [
            "[lib]\nname = \"library\"\n\n[package]\nname = \"mine\"\n",
            "[[bin]]\nname = \"tool\"\n[package]\nname = 'mine' # a note\n",
            "package = { name = \"mine\" }\n",
            "package.name = \"mine\"\n",
        ] {
            assert_eq!(name(manifest).as_deref(), Ok("mine"), "{manifest}");
        }
    }

    #[test]
    fn a_manifest_without_a_name_and_one_that_is_no_toml_say_so() {
        let missing = name("[lib]\nname = \"library\"\n").unwrap_err();
        assert!(missing.contains("[package]"), "{missing}");
        let broken = name("[package\nname = \"x\"\n").unwrap_err();
        assert!(broken.contains("line 1"), "{broken}");
    }

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn every_path_dependency_is_reached_and_a_circle_ends() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write(
            &root,
            "Cargo.toml",
            "[workspace]\n[workspace.dependencies]\ninherited = { path = \"shared\" }\n",
        );
        write(
            &root,
            "mine/Cargo.toml",
            "[package]\nname = \"mine\"\nbuild = \"../build.rs\"\n[dependencies]\nserde = \"1\"\nnear = { path = \"../near\" }\ninherited.workspace = true\ngone = { path = \"../gone\", optional = true }\n[build-dependencies]\nmaker = { path = \"../maker\" }\n[target.'cfg(unix)'.dependencies]\nunix = { path = \"../unix\" }\n[dev-dependencies]\ntests = { path = \"../tests\" }\n",
        );
        write(&root, "build.rs", "fn main() {}");
        write(
            &root,
            "near/Cargo.toml",
            "[dependencies]\nfar = { path = \"../far\" }\n",
        );
        write(
            &root,
            "far/Cargo.toml",
            "[dependencies]\nnear = { path = \"../near\" }\n",
        );
        for name in ["shared", "maker", "unix", "tests"] {
            write(&root, &format!("{name}/Cargo.toml"), "");
        }
        let mut found: Vec<String> = sources_of(&root.join("mine"))
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
            .collect();
        assert_eq!(found[0], "mine");
        found.sort();
        assert_eq!(
            found,
            [
                "Cargo.toml",
                "build.rs",
                "far",
                "maker",
                "mine",
                "near",
                "shared",
                "unix"
            ]
        );
    }
}
