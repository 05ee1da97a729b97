//! A grid's emitted source to a workspace of one package that cargo can build.
//!
//! The package is called `grid` in every workspace and reaches the embedded sources through a link called `bggo` beside
//! its `Cargo.toml`. So cargo and rustc see the same names and the same relative paths for every grid, wherever the grid and
//! the cache are: everything but the grid itself is compiled once, and the bytes of the program depend only on the grid.

use super::cache::{Cache, ProgramRecord, replace};
use super::fault::LinkFault;
use super::job::{Job, Options, Profile};
use super::{key, sources};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use toml::Value;

static MANIFEST: &str = include_str!("../../../templates/package/Cargo.toml");

/// Name and folder of the crates beside the runtime that an external module may name by version.
const BESIDE_RUNTIME: [(&str, &str); 7] = [
    ("bggo-functions", "runtime/values/functions"),
    ("bggo-hashes", "runtime/values/hashes"),
    ("bggo-wire", "runtime/wire"),
    ("bggo-http1", "runtime/http1"),
    ("bggo-http2", "runtime/http2"),
    ("bggo-protobuf", "runtime/protobuf"),
    ("bggo-scram", "runtime/scram"),
];

/// Writes the workspace of a grid and gives back its folder.
pub fn write(cache: &Cache, job: &Job<'_>, options: &Options) -> Result<PathBuf, LinkFault> {
    let id = key::hash(&job.grid.to_string_lossy())
        .map_err(|fault| LinkFault::bug(fault.to_string(), ""))?;
    let folder = cache.grid(&id[..16]);
    let write = || {
        fs::create_dir_all(&folder)?;
        link_sources(&folder)?;
        let whole: String = job
            .files
            .iter()
            .flat_map(|(path, text)| [path.as_str(), "\n", text, "\n"])
            .collect();
        let content = key::hash(&whole).map_err(|fault| io::Error::other(fault.to_string()))?;
        put(
            &folder.join("Cargo.toml"),
            &manifest(job, options, &content),
        )?;
        // An external module brings dependencies that the embedded lock file cannot know; cargo adds them to it.
        put(&folder.join("Cargo.lock"), sources::lock_file())?;
        if folder.join("src").exists() {
            fs::remove_dir_all(folder.join("src"))?;
        }
        for (path, text) in job.files {
            put(&folder.join(path), text)?;
        }
        for (path, bytes) in job.rows {
            let path = folder.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(())
    };
    write().map_err(|error: io::Error| LinkFault::cache(&folder, &error))?;
    Ok(folder)
}

/// A workspace without a grid that needs every crate but those that few grids link: for downloading before the first build.
pub fn write_all(cache: &Cache) -> Result<PathBuf, LinkFault> {
    let crates: Vec<String> = sources::optional()
        .map(|(name, _)| name.to_owned())
        .collect();
    let files = std::iter::once(("src/main.rs".to_owned(), "fn main() {}\n".to_owned())).collect();
    let options = Options {
        profile: Profile::Fast,
        offline: false,
        keep_symbols: false,
        modules: Vec::new(),
    };
    write(
        cache,
        &Job {
            key: "",
            since: SystemTime::UNIX_EPOCH,
            grid: Path::new(""),
            files: &files,
            rows: &BTreeMap::new(),
            crates: &crates,
            record: ProgramRecord::default(),
        },
        &options,
    )
}

fn manifest(job: &Job<'_>, options: &Options, content: &str) -> String {
    let mut crates = String::new();
    for (name, folder) in sources::optional().chain(sources::rare()) {
        let optional = if job.crates.iter().any(|used| used == name) {
            ""
        } else {
            ", optional = true"
        };
        let _ = writeln!(crates, "{name} = {{ path = \"bggo/{folder}\"{optional} }}");
    }
    for module in &options.modules {
        let name = Value::from(module.crate_name.as_str());
        let path = Value::from(module.folder.to_string_lossy().as_ref());
        // With `package` the grid's source names the module by its package, whatever its `[lib]` is called.
        let _ = writeln!(crates, "{name} = {{ package = {name}, path = {path} }}");
        for (name, folder) in module.linked_crates(job.crates) {
            let name = Value::from(name);
            let path = Value::from(folder.to_string_lossy().as_ref());
            let _ = writeln!(crates, "{name} = {{ package = {name}, path = {path} }}");
        }
    }
    if !options.modules.is_empty() {
        crates.push_str("\n[patch.crates-io]\nbggo-runtime = { path = \"bggo/runtime\" }\n");
        for (name, folder) in BESIDE_RUNTIME {
            if options.modules.iter().any(|module| module.names(name)) {
                let _ = writeln!(crates, "{name} = {{ path = \"bggo/{folder}\" }}");
            }
        }
        for (name, path) in used_modules(options) {
            let _ = writeln!(crates, "{name} = {{ path = {} }}", Value::from(path));
        }
    }
    let strip = if options.keep_symbols {
        "none"
    } else {
        "symbols"
    };
    MANIFEST
        .replace("{{content}}", content)
        .replace("{{strip}}", strip)
        .replace("{{optional}}", &crates)
}

/// Crate and folder of each module whose assets an external module uses. That one names the crate by version, as it does
/// the runtime.
fn used_modules(options: &Options) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let manifests = options.modules.iter();
    // A manifest that cannot be read has been refused already.
    let manifests = manifests.filter_map(|module| bggo_manifest::read(&module.manifest).ok());
    for manifest in manifests {
        let of_runners = manifest.runners.iter().flat_map(|runner| &runner.uses);
        let of_assets = manifest.assets.iter().flat_map(|asset| &asset.uses);
        for name in of_runners
            .chain(of_assets)
            .filter_map(|part| part.module.as_ref())
        {
            let of_ours = format!("bggo-module-{name}");
            if let Some((krate, folder)) = sources::optional().find(|(krate, _)| *krate == of_ours)
            {
                found.insert(krate.to_owned(), format!("bggo/{folder}"));
            } else if let Some(module) =
                options.modules.iter().find(|module| module.name() == *name)
            {
                let folder = module.folder.to_string_lossy().into_owned();
                found.insert(module.crate_name.clone(), folder);
            }
        }
    }
    found
}

fn link_sources(folder: &Path) -> io::Result<()> {
    match symlink("../../src", folder.join("bggo")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    replace(path, 0o666, |file| file.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::environment::cleared;
    use super::super::external_module::ExternalModule;
    use super::super::sources::TARGET;
    use super::*;
    use std::collections::BTreeSet;

    /// Name with version, and features, of each package that is compiled for a workspace.
    type Packages = BTreeMap<String, BTreeSet<String>>;

    /// What cargo would compile; the network is not used, and the lock file stays as it is.
    fn packages(folder: &Path) -> Packages {
        let said = cleared("cargo")
            .args(["tree", "--offline", "--locked", "--edges", "normal,build"])
            .args(["--target", TARGET, "--prefix", "none"])
            .args(["--format", "{p}|{f}"])
            .current_dir(folder)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        let why = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{why}");
        let mut found = Packages::new();
        for line in text.lines() {
            let line = line.trim_end_matches(" (*)");
            let (package, features) = line.split_once('|').unwrap();
            // Two versions are two packages.
            let version: Vec<&str> = package.split(' ').take(2).collect();
            let of = found.entry(version.join(" ")).or_default();
            of.insert(features.to_owned());
        }
        found
    }

    /// Whether some version of a package is among them.
    fn has(packages: &Packages, name: &str) -> bool {
        let name = format!("{name} ");
        packages.keys().any(|package| package.starts_with(&name))
    }

    fn of_grid(cache: &Cache, crates: &[&str]) -> Packages {
        let crates: Vec<String> = crates.iter().map(|name| (*name).to_owned()).collect();
        let job = Job {
            key: "",
            since: SystemTime::UNIX_EPOCH,
            grid: Path::new("/grid.hcl"),
            files: &[("src/main.rs".to_owned(), "fn main() {}\n".to_owned())].into(),
            rows: &BTreeMap::new(),
            crates: &crates,
            record: ProgramRecord::default(),
        };
        let options = Options {
            profile: Profile::Fast,
            offline: true,
            keep_symbols: false,
            modules: Vec::new(),
        };
        packages(&write(cache, &job, &options).unwrap())
    }

    /// Crates that values of inputs link, each with the crate of its module.
    fn linked() -> Vec<(&'static str, String)> {
        let all = sources::optional().chain(sources::rare());
        let linked = all.filter_map(|(name, folder)| {
            let (module, _) = folder.strip_prefix("modules/")?.split_once('/')?;
            Some((name, format!("bggo-module-{module}")))
        });
        linked.collect()
    }

    #[test]
    fn a_crate_of_a_value_comes_with_its_value_alone_and_changes_no_features_of_other_crates() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let _locked = cache.open(&mut || {}).unwrap();
        let linked = linked();
        assert!(!linked.is_empty());
        let modules: Vec<&str> = sources::optional()
            .filter(|(name, _)| linked.iter().all(|(linked, _)| linked != name))
            .map(|(name, _)| name)
            .collect();
        for (name, module) in &linked {
            for without in [&[module.as_str()][..], &modules] {
                let with = of_grid(&cache, &[without, &[name]].concat());
                let without = of_grid(&cache, without);
                assert!(!has(&without, name) && has(&with, name));
                let differing: Vec<_> = without
                    .iter()
                    .map(|(package, features)| (package, Some(features), with.get(package)))
                    .filter(|(_, features, with)| features != with)
                    .collect();
                assert!(differing.is_empty(), "with {name}: {differing:#?}");
            }
        }
    }

    #[test]
    fn a_crate_of_functions_comes_with_a_call_alone_and_changes_no_features_of_other_crates() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let _locked = cache.open(&mut || {}).unwrap();
        let all: Vec<(&str, &str)> = sources::optional().chain(sources::rare()).collect();
        let is_of_functions = |folder: &str| folder.starts_with("runtime/values/");
        // What few grids link may be compiled again beside a function that few grids call.
        let modules: Vec<&str> = sources::optional()
            .filter(|(_, folder)| !is_of_functions(folder))
            .map(|(name, _)| name)
            .collect();
        let without = of_grid(&cache, &modules);
        let mut count = 0;
        for (name, _) in all.iter().filter(|(_, folder)| is_of_functions(folder)) {
            count += 1;
            let with = of_grid(&cache, &[&modules[..], &[*name]].concat());
            assert!(!has(&without, name) && has(&with, name), "{name}");
            let differing: Vec<_> = without
                .iter()
                .map(|(package, features)| (package, Some(features), with.get(package)))
                .filter(|(_, features, with)| features != with)
                .collect();
            assert!(differing.is_empty(), "with {name}: {differing:#?}");
        }
        assert!(count >= 10, "{count}");
    }

    #[test]
    fn a_module_that_names_a_crate_beside_the_runtime_gets_the_one_that_travels() {
        let of = |dependency: &str| {
            let folder = tempfile::tempdir().unwrap();
            let manifest = format!("[package]\nname = \"x\"\n[dependencies]\n{dependency}\n");
            fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
            let options = Options {
                profile: Profile::Fast,
                offline: true,
                keep_symbols: false,
                modules: vec![ExternalModule {
                    folder: folder.path().to_owned(),
                    crate_name: "x".to_owned(),
                    manifest: String::new(),
                }],
            };
            let job = Job {
                key: "",
                since: SystemTime::UNIX_EPOCH,
                grid: Path::new(""),
                files: &BTreeMap::new(),
                rows: &BTreeMap::new(),
                crates: &[],
                record: ProgramRecord::default(),
            };
            super::manifest(&job, &options, "")
        };
        for (name, folder) in super::BESIDE_RUNTIME {
            let line = format!("{name} = {{ path = \"bggo/{folder}\" }}");
            assert!(of(&format!("{name} = \"0.1\"")).contains(&line), "{name}");
            assert!(!of("bggo-runtime = \"0.1\"").contains(&line), "{name}");
        }
    }

    #[test]
    fn before_the_first_build_nothing_is_downloaded_that_only_a_value_or_a_rare_function_needs() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let _locked = cache.open(&mut || {}).unwrap();
        let downloaded = packages(&write_all(&cache).unwrap());
        for (name, _) in sources::optional() {
            assert!(has(&downloaded, name), "{name}");
        }
        for (name, _) in sources::rare() {
            assert!(!has(&downloaded, name), "{name}");
        }
    }
}
