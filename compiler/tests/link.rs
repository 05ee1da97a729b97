//! Emitted source to programs: first with hand-written programs in place of the emitter's, then through `bggo` itself.
//!
//! All builds but one share the cache folder that the whole-program tests use, so the dependencies are compiled once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod desk;

use bggo::link::{Cache, FaultCause, Job, LinkFault, Options, Profile, ProgramRecord, link};
use bggo::modules::Modules;
use bggo_values::Value;
use desk::{Desk, cache_folder, succeeded};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Program {
    path: PathBuf,
    /// What cargo compiled for it, by crate.
    compiled: Vec<String>,
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
        since: std::time::SystemTime::UNIX_EPOCH,
        grid: Path::new(&grid),
        files: &files,
        rows: &std::collections::BTreeMap::new(),
        crates: &crates(modules),
        record: ProgramRecord::default(),
    };
    let built = link(&cache, &job, &options, &mut |_| {})?;
    Ok(Program {
        path: built.path,
        compiled: compiled(&cache, &grid),
    })
}

/// Makes the next build ask cargo, which looks at every crate, and not rustc alone.
fn forget_lines() {
    let lines = Cache::at(&cache_folder()).lines();
    // Nothing was recorded yet, or another test has just forgotten it.
    let _ = std::fs::remove_dir_all(lines);
}

/// The crates that cargo compiled for the last program of a grid, the grid's own left out.
fn compiled(cache: &Cache, grid: &str) -> Vec<String> {
    let log = cache.grid(&hash(grid)[..16]).join("cargo.log");
    // There is none when rustc was run by the line that cargo had run: then nothing else was compiled.
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let name = |line: &str| {
        line.trim()
            .strip_prefix("Compiling ")?
            .split(' ')
            .next()
            .map(str::to_owned)
    };
    log.lines()
        .filter_map(name)
        .filter(|name| name != "grid")
        .collect()
}

fn hash(text: &str) -> String {
    bggo_hashes::sha256(&[Value::from(text.to_owned())])
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
        forget_lines();
        let alone = build(
            &format!("{module}.hcl"),
            &main_with(&[module], module),
            &[module],
        )
        .unwrap();
        assert_eq!(alone.compiled, [""; 0], "a grid with {module} alone");
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
    assert_eq!(fault.cause, FaultCause::Bug);
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

const GRID: &str = "step \"noop\" \"first\" {}\n";

/// With the modules that have the most dependencies.
const REQUESTS: &str = include_str!("../../examples/http_request.hcl");

/// A grid that no other test and no earlier run has built.
fn unique(name: &str) -> Desk {
    Desk::new(&format!("# {name} {}\n{GRID}", std::process::id()))
}

/// What cargo compiled for the grid of a desk.
fn compiled_at(desk: &Desk) -> Vec<String> {
    let path = desk.folder.path().canonicalize().unwrap().join("grid.hcl");
    compiled(&Cache::at(&cache_folder()), path.to_str().unwrap())
}

#[test]
fn a_build_says_size_time_and_what_is_inside() {
    let desk = unique("summary");
    let said = succeeded(&desk.build().output().unwrap());
    assert!(
        said.contains("built out: ") && said.contains(" MB in "),
        "{said}"
    );
    let inside = said.split_once("1 step; module noop; ");
    let bytes = inside.and_then(|(_, rest)| rest.split_once(" bytes a virtual user"));
    let bytes = bytes.and_then(|(bytes, _)| bytes.parse::<u32>().ok());
    // One more byte takes 128 more of each user: the allocator puts each user before its task, which is aligned to so many.
    assert!(bytes.is_some_and(|bytes| bytes <= 232), "{said}");
    let ran = Command::new(desk.program()).output().unwrap();
    assert!(succeeded(&ran).contains("noop.first"));
}

#[test]
fn an_unchanged_grid_is_answered_where_there_is_no_toolchain() {
    let desk = unique("unchanged");
    succeeded(&desk.build().output().unwrap());
    let first = std::fs::read(desk.program()).unwrap();
    std::fs::remove_file(desk.program()).unwrap();
    let said = succeeded(&desk.build().env("PATH", "/nowhere").output().unwrap());
    assert!(said.contains("1 step; module noop; "), "{said}");
    assert_eq!(std::fs::read(desk.program()).unwrap(), first);
}

#[test]
fn a_program_that_runs_is_replaced_without_disturbing_it() {
    let desk = Desk::new("step \"noop\" \"wait\" {\n  arguments {\n    delay = \"1h\"\n  }\n}\n");
    succeeded(&desk.build().output().unwrap());
    let mut running = Command::new(desk.program())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    succeeded(&desk.build().output().unwrap());
    assert!(running.try_wait().unwrap().is_none(), "it still runs");
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn nothing_is_compiled_again_whatever_the_environment_says() {
    // This process runs inside cargo, whose variables build scripts watch; a shell has none of them.
    let (inside, shell) = (unique("inside"), unique("shell"));
    let mut hostile = inside.build();
    hostile.envs([
        ("RUSTFLAGS", "-C debuginfo=2"),
        ("CARGO_PKG_NAME", "x"),
        ("RUSTC_WRAPPER", "/nowhere"),
        ("MAKEFLAGS", "-j1"),
        ("CARGO_TARGET_DIR", "/nowhere"),
        ("CC", "/nowhere"),
    ]);
    forget_lines();
    succeeded(&hostile.output().unwrap());
    forget_lines();
    let mut clean = shell.build();
    clean.env_clear().env("XDG_CACHE_HOME", cache_folder());
    for kept in ["PATH", "HOME"] {
        clean.env(kept, std::env::var_os(kept).unwrap());
    }
    succeeded(&clean.output().unwrap());
    assert_eq!(compiled_at(&shell), [""; 0]);
    let again = unique("inside again");
    forget_lines();
    succeeded(&again.build().output().unwrap());
    assert_eq!(compiled_at(&again), [""; 0]);
}

#[test]
fn warnings_are_shown_again_when_the_cache_answers() {
    let desk = Desk::new(&format!("{GRID}resource \"http_target\" \"idle\" {{}}\n"));
    for round in ["first", "second"] {
        let said = succeeded(&desk.build().output().unwrap());
        assert!(said.contains("1 warning"), "{round}: {said}");
    }
}

#[test]
fn emitted_text_goes_to_standard_output_or_to_a_file() {
    let desk = Desk::new(GRID);
    let rust = desk
        .bggo(&["build", "grid.hcl", "--emit", "rust"])
        .output()
        .unwrap();
    succeeded(&rust);
    assert!(String::from_utf8_lossy(&rust.stdout).contains("fn main()"));
    succeeded(
        &desk
            .bggo(&["build", "grid.hcl", "--emit", "rust", "-o", "kept.rs"])
            .output()
            .unwrap(),
    );
    assert_eq!(
        std::fs::read(desk.folder.path().join("kept.rs")).unwrap(),
        rust.stdout
    );
    let plan = desk
        .bggo(&["build", "grid.hcl", "--emit", "plan"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&plan.stdout).contains("first"));
    assert!(!desk.program().exists());
}

#[test]
fn run_passes_flags_on_and_exits_as_the_program_does() {
    let desk = Desk::new(GRID);
    let passed = desk
        .bggo(&["run", "grid.hcl", "--", "--iterations", "3"])
        .output()
        .unwrap();
    succeeded(&passed);
    let without_dashes = desk
        .bggo(&[
            "run",
            "grid.hcl",
            "--iterations",
            "3",
            "--log-format",
            "json",
        ])
        .output()
        .unwrap();
    assert!(succeeded(&without_dashes).contains("\"iterations\":3"));
    let refused = desk
        .bggo(&["run", "grid.hcl", "--nonsense"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(104));
    let help = desk
        .bggo(&["run", "grid.hcl", "--", "--help"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&help.stdout).contains("grid"),
        "it is called by the grid's name"
    );
}

/// The same command, which does not ignore SIGHUP where the tests run under nohup.
fn that_hears_hang_ups(command: &Command) -> Command {
    let mut wrapped = Command::new("env");
    wrapped
        .arg("--default-signal=HUP")
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

#[test]
fn watching_runs_again_on_each_save_shows_what_is_wrong_and_ends_the_run_of_before() {
    let waits = "step \"noop\" \"wait\" {\n  arguments {\n    delay = \"1h\"\n  }\n}\n";
    let desk = Desk::new(GRID);
    let mut child = that_hears_hang_ups(&desk.bggo(&["run", "grid.hcl", "--watch"]))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(|line| line.unwrap());
    let mut wait_for = |text: &str| {
        let mut seen = Vec::new();
        for line in lines.by_ref() {
            if line.contains(text) {
                return;
            }
            seen.push(line);
        }
        panic!("no {text:?} in {seen:#?}");
    };
    wait_for("noop.first");
    wait_for("the program ended");
    desk.write("step \"nope\" \"first\" {}\n");
    wait_for("was saved");
    wait_for("nope");
    wait_for("waiting for the next save");
    desk.write(waits);
    wait_for("1 step");
    // The run happens in the folder of the grid, so the program reads these variables.
    std::fs::write(desk.folder.path().join("bggo.vars.hcl"), "").unwrap();
    wait_for("interrupted");
    wait_for("bggo.vars.hcl was saved");
    wait_for("1 step");
    desk.write(GRID);
    wait_for("interrupted");
    wait_for("noop.first");
    wait_for("the program ended");
    desk.write(waits);
    wait_for("1 step");
    // The terminal was closed: the run, which has a group of its own, is told as well.
    assert!(
        Command::new("kill")
            .args(["-HUP", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    wait_for("interrupted");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_save_of_what_a_module_is_compiled_from_builds_again_wherever_it_lies() {
    let desk = Desk::new(
        "step \"say\" \"a\" {}\nstep \"print\" \"b\" {\n  arguments {\n    input = step.say.a.output.text\n  }\n}\n",
    );
    let write = |path: &str, text: &str| {
        let path = desk.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let module = |text: &str| SAY.replace("TEXT", text);
    write(
        "say/Cargo.toml",
        "[package]\nname = \"bggo-module-say\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nbggo-runtime = \"0.1\"\n",
    );
    write(
        "say/manifest.hcl",
        "description = \"Says.\"\n\nrunner \"say\" {\n  description = \"Says.\"\n\n  output \"text\" {\n    type = string\n  }\n}\n",
    );
    write(
        "say/src/lib.rs",
        &module("include_str!(\"../../texts/one.txt\").trim()"),
    );
    write("texts/one.txt", "the first text\n");
    let mut child = desk
        .bggo(&["run", "grid.hcl", "--watch", "--quiet", "--module", "say"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut runs = |text: &str| {
        assert_eq!(said.next().unwrap().unwrap(), text);
        // From here on all saves are seen.
        assert!(told.any(|line| line.unwrap().contains("the program ended")));
    };
    runs("the first text");
    write("texts/one.txt", "the second text\n");
    runs("the second text");
    write("say/src/lib.rs", &module("\"of its own\""));
    runs("of its own");
    let stopped = Command::new("kill").arg(child.id().to_string()).status();
    assert!(stopped.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A module that says a text.
const SAY: &str = r#"//! Says a text.

use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value, module};

module!("manifest.hcl");

/// A step that says.
pub struct Say;

impl Runner for Say {
    type Inputs = say::Inputs;
    type Late<'a> = say::Late;
    type Uses<'a> = say::Uses;
    type Wanted = say::Wanted;
    type Output = say::Output;

    fn prepare(_: &Prepare<'_>, _: say::Inputs, _: say::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(&'a self, _: &'a Step<'_>, _: say::Uses, _: &'a [say::Late]) -> Result<say::Output, Fault> {
        Ok(say::Output { text: Value::text(TEXT) })
    }
}
"#;

#[test]
fn offline_without_crates_on_disk_says_how_to_get_them() {
    let desk = unique("offline");
    let (cache, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = desk.build();
    command
        .arg("--offline")
        .env("XDG_CACHE_HOME", cache.path())
        .env("CARGO_HOME", home.path());
    let said = command.output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{text}");
    assert!(
        text.contains("run the command once without `--offline`"),
        "{text}"
    );
}

/// One cold build, and what may befall it: cargo is killed half-way, then two builds come at once; in the end there is
/// the program that the shared cache gives.
#[test]
fn a_cold_cache_survives_a_killed_cargo_and_two_builds_at_once_and_gives_the_same_bytes() {
    let desk = Desk::new(&format!("# cold {}\n{REQUESTS}", std::process::id()));
    let cold = tempfile::tempdir().unwrap();
    let start = |output: &str| {
        let mut command = desk.bggo(&["build", "grid.hcl", "-o", output]);
        let mut child = command
            .env("XDG_CACHE_HOME", cold.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(|line| line.unwrap());
        (child, lines)
    };

    let (mut child, mut lines) = start("killed");
    assert!(lines.any(|line| line.starts_with("compiled ")), "half-way");
    let id = child.id();
    let cargo = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    assert!(
        Command::new("kill")
            .args(["-9", cargo.trim()])
            .status()
            .unwrap()
            .success()
    );
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said:?}");
    let said = said.join("\n");
    assert!(
        said.contains("cargo was ended by signal 9") && said.contains("run the command again"),
        "{said}"
    );

    let (mut one, mut first) = start("one");
    assert!(
        first.any(|line| line.starts_with("compiled ")),
        "the first one builds"
    );
    let (mut two, second) = start("two");
    let waited: Vec<String> = second.collect();
    assert!(
        waited
            .iter()
            .any(|line| line.contains("another build is running")),
        "{waited:?}"
    );
    assert!(two.wait().unwrap().success(), "{waited:?}");
    let rest: Vec<String> = first.collect();
    assert!(one.wait().unwrap().success(), "{rest:?}");

    succeeded(&desk.build().output().unwrap());
    let bytes = |name: &str| std::fs::read(desk.folder.path().join(name)).unwrap();
    assert_eq!(bytes("one"), bytes("two"));
    assert!(
        bytes("one") == bytes("out"),
        "two caches give the same bytes"
    );
}

#[test]
fn two_folders_of_the_same_files_get_programs_that_say_their_own_names() {
    let desk = Desk::new("");
    for name in ["shop", "bank"] {
        let folder = desk.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        for (file, text) in [("locals.hcl", "locals {}\n"), ("main.hcl", GRID)] {
            std::fs::write(folder.join(file), text).unwrap();
        }
        succeeded(&desk.bggo(&["build", name, "-o", "out"]).output().unwrap());
        let help = Command::new(desk.program()).arg("--help").output().unwrap();
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.contains(&format!("The grid {name}.")), "{help}");
        let mut run = desk.bggo(&["run", ".", "--", "--help"]);
        let help = run.current_dir(&folder).output().unwrap();
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.contains(&format!("Usage: {name} ")), "{help}");
    }
}
