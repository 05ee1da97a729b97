//! Everything that decides the bytes of a program -> one key. A program with the same key need not be built again.

use super::job::{Options, Profile};
use super::package::sources_of;
use super::sources::{BUILD_ID, TARGET};
use bggo_values::{Fault, Value};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The key of a grid. `inputs` are pairs of name and text: its files, and whatever else the compiler read.
pub fn key<'a>(
    inputs: impl IntoIterator<Item = (&'a str, &'a str)>,
    options: &Options,
) -> io::Result<String> {
    let mut text = String::new();
    let profile = match options.profile {
        Profile::Fast => "fast",
        Profile::Max => "max",
    };
    let symbols = if options.keep_symbols {
        "symbols"
    } else {
        "stripped"
    };
    for part in [BUILD_ID, TARGET, profile, symbols] {
        push(&mut text, part);
    }
    for (name, content) in inputs {
        push(&mut text, name);
        push(&mut text, content);
    }
    for module in &options.modules {
        for source in sources_of(&module.folder) {
            push_source(&mut text, &source, &mut Vec::new())?;
        }
    }
    hash(&text).map_err(|fault| io::Error::other(fault.to_string()))
}

/// A key, and the content of some files.
pub fn with_files(key: &str, files: &[PathBuf]) -> io::Result<String> {
    let mut text = String::new();
    push(&mut text, key);
    for file in files {
        push(&mut text, &file.to_string_lossy());
        push_source(&mut text, file, &mut Vec::new())?;
    }
    hash(&text).map_err(|fault| io::Error::other(fault.to_string()))
}

/// A short name for a text: a grid's workspace gets one from the grid's path.
pub fn hash(text: &str) -> Result<String, Fault> {
    Ok(bggo_hashes::sha256(&[Value::from(text.to_owned())])?.to_string())
}

/// A part with its length before it, so that no two lists of parts give the same text.
fn push(text: &mut String, part: &str) {
    text.push_str(&part.len().to_string());
    text.push(' ');
    text.push_str(part);
}

/// A file, or all files of a folder but hidden ones and what cargo built. Links are followed; `above` are the folders that
/// this one was reached through, so that a link to one of them ends the walk.
fn push_source(text: &mut String, path: &Path, above: &mut Vec<PathBuf>) -> io::Result<()> {
    let found = match fs::metadata(path) {
        // A link that leads nowhere.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if found.is_file() {
        push_bytes(text, &fs::read(path)?);
        return Ok(());
    }
    let folder = path.canonicalize()?;
    if !found.is_dir() || above.contains(&folder) {
        return Ok(());
    }
    above.push(folder);
    let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "target" && !name.starts_with('.') {
            push(text, &name);
            push_source(text, &entry.path(), above)?;
        }
    }
    above.pop();
    Ok(())
}

/// Texts as they are; other bytes escaped, so that no two files give the same text.
fn push_bytes(text: &mut String, bytes: &[u8]) {
    match str::from_utf8(bytes) {
        Ok(content) => push(text, content),
        Err(_) => {
            push(text, "bytes");
            push(text, &bytes.escape_ascii().to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::external_module::ExternalModule;
    use super::*;
    use std::collections::BTreeSet;

    fn of(inputs: &[(&str, &str)], profile: Profile) -> String {
        key(
            inputs.iter().copied(),
            &Options {
                profile,
                offline: false,
                keep_symbols: false,
                modules: Vec::new(),
            },
        )
        .unwrap()
    }

    #[test]
    fn a_key_depends_on_names_texts_their_borders_and_the_profile() {
        let grids: [&[(&str, &str)]; 5] = [
            &[("a.hcl", "x")],
            &[("b.hcl", "x")],
            &[("a.hcl", "y")],
            &[("a.hclx", "")],
            &[("a.hcl", ""), ("x", "")],
        ];
        let keys: BTreeSet<String> = grids.iter().map(|grid| of(grid, Profile::Fast)).collect();
        assert_eq!(keys.len(), grids.len());
        assert_ne!(of(grids[0], Profile::Fast), of(grids[0], Profile::Max));
        assert_eq!(of(grids[0], Profile::Fast), of(grids[0], Profile::Fast));
    }

    /// The key of a grid with the module in a folder.
    fn with_module(folder: &Path) -> String {
        let options = Options {
            profile: Profile::Fast,
            offline: false,
            keep_symbols: false,
            modules: vec![ExternalModule {
                folder: folder.to_owned(),
                crate_name: "x".to_owned(),
                manifest: String::new(),
            }],
        };
        key([], &options).unwrap()
    }

    #[test]
    fn a_key_depends_on_the_sources_of_an_external_module_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = BTreeSet::new();
        for text in [&b"one"[..], b"two", b"\xfe", b"\xff", b"\\xff"] {
            fs::write(folder.path().join("lib.rs"), text).unwrap();
            keys.insert(with_module(folder.path()));
        }
        assert_eq!(keys.len(), 5);
    }

    #[test]
    fn a_key_depends_on_path_dependencies_beside_the_module_and_on_those_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\n[workspace.dependencies]\nshared = { path = \"shared\" }\n",
        );
        write(
            "mine/Cargo.toml",
            "[dependencies]\nnear = { path = \"../near\" }\n",
        );
        write(
            "near/Cargo.toml",
            "[dependencies]\nshared.workspace = true\n",
        );
        write("shared/Cargo.toml", "");
        let mine = folder.path().join("mine");
        let mut keys = BTreeSet::from([with_module(&mine)]);
        for (round, path) in ["near/src/lib.rs", "shared/src/lib.rs", "shared/data/a.txt"]
            .iter()
            .enumerate()
        {
            for text in ["one", "two"] {
                write(path, text);
                keys.insert(with_module(&mine));
            }
            assert_eq!(keys.len(), 3 + 2 * round, "{path}");
        }
        write(
            "Cargo.toml",
            "[workspace]\n[workspace.dependencies]\nshared = { path = \"shared\", features = [] }\n",
        );
        assert!(keys.insert(with_module(&mine)), "the workspace's manifest");
        write("elsewhere/src/lib.rs", "nobody names it");
        assert!(!keys.insert(with_module(&mine)));
    }

    #[test]
    fn a_link_among_the_sources_is_followed_once_and_one_that_leads_nowhere_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("outside")).unwrap();
        std::os::unix::fs::symlink(folder.path(), outside.path().join("back")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join("broken")).unwrap();
        let mut keys = BTreeSet::new();
        for text in ["one", "two"] {
            fs::write(outside.path().join("lib.rs"), text).unwrap();
            keys.insert(with_module(folder.path()));
        }
        assert_eq!(keys.len(), 2);
    }
}
