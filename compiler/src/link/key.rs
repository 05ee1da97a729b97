//! Everything that decides the bytes of a program, to one key: a program of the same key need not be built again.

use super::sources::{BUILD_ID, TARGET};
use super::{Options, Profile};
use bggo_values::{Fault, Value, functions};
use std::fs;
use std::io;
use std::path::Path;

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
        push_folder(&mut text, &module.folder)?;
    }
    hash(&text).map_err(|fault| io::Error::other(fault.to_string()))
}

/// A short name for a text: what a grid's workspace is called after its path.
pub fn hash(text: &str) -> Result<String, Fault> {
    Ok(functions::hash::sha256(&[Value::from(text.to_owned())])?.to_string())
}

/// With its length before it, so that no two lists of parts give the same text.
fn push(text: &mut String, part: &str) {
    text.push_str(&part.len().to_string());
    text.push(' ');
    text.push_str(part);
}

/// The sources of a module from elsewhere.
fn push_folder(text: &mut String, folder: &Path) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "target" || name.starts_with('.') {
            continue;
        }
        push(text, &name);
        if entry.file_type()?.is_dir() {
            push_folder(text, &entry.path())?;
        } else {
            push(text, &String::from_utf8_lossy(&fs::read(entry.path())?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Elsewhere;
    use super::*;

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
        let keys: std::collections::BTreeSet<String> =
            grids.iter().map(|grid| of(grid, Profile::Fast)).collect();
        assert_eq!(keys.len(), grids.len());
        assert_ne!(of(grids[0], Profile::Fast), of(grids[0], Profile::Max));
        assert_eq!(of(grids[0], Profile::Fast), of(grids[0], Profile::Fast));
    }

    #[test]
    fn a_key_depends_on_the_sources_of_a_module_from_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            profile: Profile::Fast,
            offline: false,
            keep_symbols: false,
            modules: vec![Elsewhere {
                folder: folder.path().to_owned(),
                crate_name: "x".to_owned(),
                manifest: String::new(),
            }],
        };
        let mut keys = std::collections::BTreeSet::new();
        for text in ["one", "two"] {
            fs::write(folder.path().join("lib.rs"), text).unwrap();
            keys.insert(key([], &options).unwrap());
        }
        assert_eq!(keys.len(), 2);
    }
}
