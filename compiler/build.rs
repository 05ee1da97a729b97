//! Turns the sources that every grid links (`runtime/`, `modules/`) and a lock file for them into one archive, which
//! travels inside the `bggo` executable; makes Rust of the manifests of `modules/`; and gives every build of bggo an id.
//!
//! The archive holds no absolute path and no time: the same sources give the same bytes. Its lock file is made by cargo
//! from the workspace's own, so a grid is built with the versions that the workspace was tested with.

#[path = "src/emit/constant.rs"]
mod constant;
#[path = "build/manifests.rs"]
mod manifests;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Folders whose crates a grid may link.
const LINKED: [&str; 2] = ["runtime", "modules"];
/// Crates of functions, and of parts of steps, that only grids which have such link, as only grids that use a module link it.
const OF_GRIDS: [&str; 4] = [
    "runtime/parts",
    "runtime/values/functions",
    "runtime/values/hashes",
    "runtime/values/regex",
];
/// The same of functions that few grids call, and of files of rows: what these crates need is not even downloaded before a grid
/// needs one.
const OF_RARE_FUNCTIONS: [&str; 10] = [
    "runtime/data",
    "runtime/values/bcrypt",
    "runtime/values/charsets",
    "runtime/values/css",
    "runtime/values/fakes",
    "runtime/values/gzip",
    "runtime/values/jsonpath",
    "runtime/values/powers",
    "runtime/values/schema",
    "runtime/values/yaml",
];

fn main() -> Outcome<()> {
    let repository = PathBuf::from(variable("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let out = PathBuf::from(variable("OUT_DIR")?);
    for name in [
        "runtime",
        "modules",
        "templates",
        "compiler/src",
        "compiler/build.rs",
        "compiler/build",
        "compiler/functions",
        "compiler/Cargo.toml",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!(
            "cargo::rerun-if-changed={}",
            repository.join(name).display()
        );
    }

    let mut sources = BTreeMap::new();
    for folder in LINKED {
        collect(&repository, Path::new(folder), &mut sources)?;
    }
    let crates = Crates::of(&sources)?;
    sources.insert("Cargo.toml".into(), workspace(&repository, &crates)?);
    sources.insert(
        "Cargo.lock".into(),
        lock(&repository, &out.join("lock"), &sources, &crates)?,
    );

    let archive = archive(&sources)?;
    fs::write(out.join("sources.bin"), &archive)?;
    let lines = |crates: Vec<(&str, &str)>| -> String {
        let lines = crates
            .iter()
            .map(|(name, folder)| format!("{name} {folder}\n"));
        lines.collect()
    };
    fs::write(out.join("optional.txt"), lines(crates.optional()))?;
    fs::write(out.join("rare.txt"), lines(crates.rare()))?;
    fs::write(out.join("manifests.rs"), manifests(&sources)?)?;
    println!("cargo::rustc-env=BGGO_SOURCES_ID={}", id(&archive));

    // A program that an earlier compiler made may not be given out by a later one: the compiler is part of its own id.
    let mut whole = sources;
    whole.insert(
        "lock of the compiler".into(),
        fs::read_to_string(repository.join("Cargo.lock"))?,
    );
    for folder in [
        "compiler/build",
        "compiler/functions/src",
        "compiler/src",
        "templates",
    ] {
        collect_all(&repository, Path::new(folder), &mut whole)?;
    }
    println!(
        "cargo::rustc-env=BGGO_BUILD_ID={}",
        id(&self::archive(&whole)?)
    );
    println!("cargo::rustc-env=BGGO_TARGET={}", variable("TARGET")?);
    Ok(())
}

fn variable(name: &str) -> Outcome<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}

/// The files of all crates below a folder that are needed to compile them: manifests and what lies in `src`.
fn collect(repository: &Path, folder: &Path, into: &mut BTreeMap<String, String>) -> Outcome<()> {
    for (name, path, is_folder) in entries(repository, folder)? {
        if name == "src" {
            collect_all(repository, &path, into)?;
        } else if is_folder && !["tests", "benches", "examples"].contains(&name.as_str()) {
            collect(repository, &path, into)?;
        } else if ["Cargo.toml", "build.rs", "manifest.hcl"].contains(&name.as_str()) {
            into.insert(text(&path)?, fs::read_to_string(repository.join(&path))?);
        }
    }
    Ok(())
}

/// Every file below a folder.
fn collect_all(
    repository: &Path,
    folder: &Path,
    into: &mut BTreeMap<String, String>,
) -> Outcome<()> {
    for (_, path, is_folder) in entries(repository, folder)? {
        if is_folder {
            collect_all(repository, &path, into)?;
        } else {
            into.insert(text(&path)?, fs::read_to_string(repository.join(&path))?);
        }
    }
    Ok(())
}

/// Name, path and whether it is a folder; hidden files (of editors) and folders of builds are left out.
fn entries(repository: &Path, folder: &Path) -> Outcome<Vec<(String, PathBuf, bool)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository.join(folder))? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| format!("{name:?} is not UTF-8"))?;
        let kind = entry.file_type()?;
        if !name.starts_with('.') && name != "target" && (kind.is_dir() || kind.is_file()) {
            found.push((name.clone(), folder.join(name), kind.is_dir()));
        }
    }
    Ok(found)
}

fn text(path: &Path) -> Outcome<String> {
    Ok(path
        .to_str()
        .ok_or("a path is not UTF-8")?
        .replace('\\', "/"))
}

/// The crates that travel.
struct Crates {
    /// Folder -> name.
    names: BTreeMap<String, String>,
    /// Folders of those that a value of an input links, as the manifests of modules say, but that is not its default.
    of_values: BTreeSet<String>,
    /// The same of values that an input has by default: most grids that use the module link these.
    by_defaults: BTreeSet<String>,
}

impl Crates {
    fn of(sources: &BTreeMap<String, String>) -> Outcome<Self> {
        let mut names = BTreeMap::new();
        let (mut of_values, mut by_defaults) = (BTreeSet::new(), BTreeSet::new());
        for (path, text) in sources {
            let Some(folder) = path.strip_suffix("/Cargo.toml") else {
                continue;
            };
            let name = text
                .lines()
                .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
            let name = name.ok_or(format!("{folder}/Cargo.toml has no name"))?;
            names.insert(folder.to_owned(), name.to_owned());
        }
        for (path, text) in sources {
            let Some(folder) = path.strip_suffix("/manifest.hcl") else {
                continue;
            };
            // A manifest with faults is refused with all of them where it becomes Rust.
            let Ok(manifest) = bggo_manifest::read(text) else {
                continue;
            };
            let by_default: BTreeSet<&str> = manifest
                .inputs()
                .filter_map(|input| Some(input.default_link()?.path.as_str()))
                .collect();
            for link in manifest.linked_crates() {
                let (linked, name) = (format!("{folder}/{}", link.path), &link.crate_name);
                if names.get(&linked) != Some(name) {
                    return Err(format!("{path} links `{name}`, which is not in {linked}").into());
                }
                if by_default.contains(link.path.as_str()) {
                    by_defaults.insert(linked);
                } else {
                    of_values.insert(linked);
                }
            }
        }
        Ok(Self {
            names,
            of_values,
            by_defaults,
        })
    }

    /// Name and folder of each crate that a grid links only if it uses it: those of some functions and of parts of steps, the modules, which
    /// stand right below `modules/`, and those that defaults of inputs link.
    fn optional(&self) -> Vec<(&str, &str)> {
        self.pairs(|folder| {
            let module = folder.strip_prefix("modules/");
            OF_GRIDS.contains(&folder)
                || self.by_defaults.contains(folder)
                || module.is_some_and(|rest| !rest.contains('/'))
        })
    }

    /// Name and folder of each crate that few grids link: those that give an input a certain value or call a rare function.
    fn rare(&self) -> Vec<(&str, &str)> {
        self.pairs(|folder| self.of_values.contains(folder) || OF_RARE_FUNCTIONS.contains(&folder))
    }

    fn pairs(&self, kept: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
        let pairs = self.names.iter();
        let kept = pairs.filter(|(folder, _)| kept(folder));
        kept.map(|(folder, name)| (name.as_str(), folder.as_str()))
            .collect()
    }
}

/// The manifests of all modules, as Rust: made of the same texts as what `module!` makes of them.
fn manifests(sources: &BTreeMap<String, String>) -> Outcome<String> {
    let found = sources.iter().filter_map(|(path, text)| {
        let name = path.strip_prefix("modules/")?;
        Some((name.strip_suffix("/manifest.hcl")?, text.as_str()))
    });
    Ok(manifests::source(found)?)
}

/// The workspace's manifest without the members that do not travel and without profiles (those of a grid are its own).
fn workspace(repository: &Path, crates: &Crates) -> Outcome<String> {
    let text = fs::read_to_string(repository.join("Cargo.toml"))?;
    let members: Vec<String> = crates
        .names
        .keys()
        .map(|folder| format!("{folder:?}"))
        .collect();
    let mut kept = String::new();
    let mut keeping = true;
    for line in text.lines() {
        if line.starts_with('[') {
            keeping = line.starts_with("[workspace");
        }
        if line.starts_with("members = ") {
            kept.push_str(&format!("members = [{}]\n", members.join(", ")));
        } else if keeping {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Ok(kept)
}

/// The lock file of a grid: the workspace's, cut by cargo to what a grid that uses everything needs.
fn lock(
    repository: &Path,
    scratch: &Path,
    sources: &BTreeMap<String, String>,
    crates: &Crates,
) -> Outcome<String> {
    let template = fs::read_to_string(repository.join("templates/package/Cargo.toml"))?;
    let optional = crates.optional().into_iter().chain(crates.rare());
    let optional: String = optional
        .map(|(name, folder)| format!("{name} = {{ path = \"bggo/{folder}\" }}\n"))
        .collect();
    let manifest = template
        .replace("{{content}}", "")
        .replace("{{strip}}", "symbols")
        .replace("{{optional}}", &optional);
    if scratch.exists() {
        fs::remove_dir_all(scratch)?;
    }
    for (path, text) in sources {
        let path = scratch.join("bggo").join(path);
        fs::create_dir_all(path.parent().ok_or("a source has no folder")?)?;
        fs::write(path, text)?;
    }
    fs::create_dir_all(scratch.join("src"))?;
    fs::write(scratch.join("src/main.rs"), "fn main() {}\n")?;
    fs::write(scratch.join("Cargo.toml"), manifest)?;
    fs::copy(repository.join("Cargo.lock"), scratch.join("Cargo.lock"))?;
    // Everything that it needs is in the workspace's lock file, so the network is asked only where cargo's index is gone.
    let mut said = String::new();
    for flags in [&["--offline"][..], &[]] {
        let cut = Command::new(variable("CARGO")?)
            .args(["update", "--workspace", "--quiet"])
            .args(flags)
            .current_dir(scratch)
            .output()?;
        if cut.status.success() {
            return Ok(fs::read_to_string(scratch.join("Cargo.lock"))?);
        }
        said = String::from_utf8_lossy(&cut.stderr).into_owned();
    }
    Err(format!("cargo could not make the lock file of a grid: {said}").into())
}

/// Each file as the length of its path, its path, the length of its text, its text.
fn archive(sources: &BTreeMap<String, String>) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in sources.iter().flat_map(|(path, text)| [path, text]) {
        bytes.extend_from_slice(&u32::try_from(part.len())?.to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Ok(bytes)
}

/// 128 bits of FNV-1a in hexadecimal: enough to tell builds apart, and no crate is needed for it.
fn id(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128,
        |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        },
    );
    format!("{hash:032x}")[..16].to_owned()
}
