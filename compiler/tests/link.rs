//! Emitted source to programs, with hand-written programs in place of the emitter's.
//!
//! All builds share the cache folder that the whole-program tests use, so the dependencies are compiled once.

use bggo::link::{Cache, Job, LinkFault, Options, Profile, Record, Whose, link};
use bggo::modules::Modules;
use bggo_values::{Value, functions};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Program {
    path: PathBuf,
    /// What cargo compiled for it, by crate.
    compiled: Vec<String>,
}

/// `TARGET/test-cache`, where this program is `TARGET/debug/deps/NAME`.
fn cache_folder() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    me.ancestors().nth(3).unwrap().join("test-cache")
}

/// Every module that ships with bggo.
fn modules() -> Vec<&'static str> {
    Modules::built_in()
        .list
        .iter()
        .map(|module| module.name.as_str())
        .collect()
}

fn crates(modules: &[&str]) -> Vec<String> {
    modules
        .iter()
        .map(|name| format!("bggo-module-{name}"))
        .collect()
}

/// Builds a program at a grid's path; no two builds of one test process share a key, so cargo is always asked.
fn build(grid: &str, main: &str, modules: &[&str]) -> Result<Program, LinkFault> {
    let cache = Cache::at(&cache_folder());
    let grid = format!("/{}/{grid}", std::process::id());
    let files: BTreeMap<String, String> = [("src/main.rs".to_owned(), main.to_owned())].into();
    let options = Options {
        profile: Profile::Fast,
        offline: false,
        keep_symbols: false,
        modules: Vec::new(),
    };
    let key = hash(&format!("{grid} {main} {modules:?}"));
    let job = Job {
        key: &key,
        grid: Path::new(&grid),
        files: &files,
        crates: &crates(modules),
        record: Record::default(),
    };
    let built = link(&cache, &job, &options, &mut |_| {})?;
    let log = cache
        .folder
        .join("grids")
        .join(&hash(&grid)[..16])
        .join("cargo.log");
    let log = std::fs::read_to_string(log).unwrap();
    let compiled = log.lines().filter_map(|line| {
        line.trim()
            .strip_prefix("Compiling ")?
            .split(' ')
            .next()
            .map(str::to_owned)
    });
    Ok(Program {
        path: built.path,
        compiled: compiled.collect(),
    })
}

fn hash(text: &str) -> String {
    functions::hash::sha256(&[Value::from(text.to_owned())])
        .unwrap()
        .to_string()
}

fn main_with(modules: &[&str], line: &str) -> String {
    let uses: String = crates(modules)
        .iter()
        .map(|name| format!("use {} as _;\n", name.replace('-', "_")))
        .collect();
    format!(
        "{uses}fn main() {{\n    println!(\"{{}} {{}}\", bggo_runtime::emitted::Value::from(\"{line}\"), ::std::panic::Location::caller());\n}}\n"
    )
}

#[test]
fn a_program_is_static_and_knows_no_path_of_this_machine() {
    let program = build("a/static.hcl", &main_with(&modules(), "static"), &modules()).unwrap();
    let said = Command::new("readelf")
        .args(["-l", "-d"])
        .arg(&program.path)
        .output()
        .unwrap();
    let segments = String::from_utf8_lossy(&said.stdout);
    assert!(
        segments.contains("LOAD") && !segments.contains("INTERP") && !segments.contains("NEEDED"),
        "{segments}"
    );
    let bytes = std::fs::read(&program.path).unwrap();
    let home = std::env::var("HOME").unwrap();
    for path in [
        cache_folder().to_str().unwrap(),
        &format!("{home}/.cargo"),
        &format!("{home}/.rustup"),
        env!("CARGO_MANIFEST_DIR"),
    ] {
        let found = bytes
            .windows(path.len())
            .position(|window| window == path.as_bytes());
        assert_eq!(found, None, "{path} is in the program");
    }
    let ran = Command::new(&program.path).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(said.starts_with("static src/main.rs:"), "{said}");
}

#[test]
fn the_same_source_at_two_paths_gives_the_same_bytes_in_files_of_their_own() {
    let main = main_with(&["noop"], "same");
    let (one, two) = (
        build("a/grid.hcl", &main, &["noop"]).unwrap(),
        build("b/other.hcl", &main, &["noop"]).unwrap(),
    );
    assert_ne!(one.path, two.path);
    assert_eq!(
        std::fs::read(&one.path).unwrap(),
        std::fs::read(&two.path).unwrap()
    );
    // A link into cargo's folder would change under the user's feet.
    assert_eq!(std::fs::metadata(&one.path).unwrap().nlink(), 1);
}

#[test]
fn after_a_program_with_all_modules_every_dependency_is_fresh_whatever_modules_a_grid_uses() {
    build("all.hcl", &main_with(&modules(), "all"), &modules()).unwrap();
    for module in modules() {
        let alone = build(
            &format!("{module}.hcl"),
            &main_with(&[module], module),
            &[module],
        )
        .unwrap();
        assert_eq!(alone.compiled, ["grid"], "a grid with {module} alone");
    }
}

#[test]
fn a_grid_that_is_built_after_another_one_gets_its_own_program() {
    for round in ["one", "two", "one again"] {
        let program = build(
            &format!("{round}.hcl"),
            &main_with(&["noop"], round),
            &["noop"],
        )
        .unwrap();
        let said = Command::new(&program.path).output().unwrap();
        assert!(String::from_utf8_lossy(&said.stdout).starts_with(round));
    }
}

#[test]
fn source_that_rustc_refuses_is_a_bug_of_bggo_and_is_kept() {
    let fault = build("broken.hcl", "fn main() { let x: u8 = \"\"; }\n", &["noop"])
        .err()
        .unwrap();
    assert_eq!(fault.whose, Whose::Bug);
    assert!(fault.text.contains("bug in bggo"), "{}", fault.text);
    assert!(
        fault.details.contains("E0308") && fault.details.contains("src/main.rs:1:25"),
        "{}",
        fault.details
    );
    let kept = fault.hint.split('`').nth(1).unwrap();
    assert!(
        std::fs::read_to_string(Path::new(kept).join("src/main.rs"))
            .unwrap()
            .contains("let x: u8")
    );
}
