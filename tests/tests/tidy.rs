//! The walls of the code: which folder may name which, which crate is behind which door, and how a file begins and ends.

use bggo_tests::circles::{circles, names, paths};
use bggo_tests::repository;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The compiler's stages: each may name those before it, and `diagnostics`, which itself names only places in `source`.
/// `cli` stands after all of them.
const STAGES: &[&str] = &[
    "source", "syntax", "resolve", "check", "plan", "emit", "known", "link", "lsp", "cli",
];

/// The runtime's floors from the ground up: a room names only rooms below it. All other files of the runtime are values
/// and pure functions, and stand below the first.
const FLOORS: &[&str] = &[
    "context",
    "assets",
    "step",
    "judgement",
    "outputs",
    "engine",
    "command",
];

/// The runtime's faces: they look out, and nothing inside names them.
const FACES: &[&str] = &["contract", "glue", "emitted", "parts"];

/// Rust names of crates with a large face, and the only places that know them.
const DOORS: &[(&str, &str)] = &[
    ("fake::", "runtime/values/fakes/"),
    ("hcl_edit::", "compiler/src/syntax/tests/oracle.rs"),
    ("jsonschema::", "runtime/values/schema/"),
    ("petgraph::", "compiler/src/resolve/graph.rs"),
    ("prettyplease::", "compiler/src/emit/print.rs"),
    ("quinn::", "modules/http_request/http3/src/"),
    ("quote::", "compiler/src/emit/"),
    ("regex_automata::", "runtime/values/regex/"),
    ("regex_syntax::", "runtime/values/regex/"),
    ("saphyr_parser::", "runtime/values/yaml/"),
    ("scraper::", "runtime/values/css/"),
    ("serde_json_path::", "runtime/values/jsonpath/"),
    ("reqwest::", "modules/http_request/reqwest/src/clients.rs"),
];

/// Crates whose files are looked at for circles.
const CRATES: &[&str] = &[
    "compiler",
    "compiler/functions",
    "modules/grpc",
    "modules/http_request",
    "modules/http_request/http3",
    "modules/http_target",
    "modules/http_target/server",
    "modules/kafka",
    "modules/mongo",
    "modules/postgres",
    "modules/rabbitmq",
    "modules/redis",
    "modules/s3",
    "modules/socketio",
    "modules/websocket",
    "runtime",
    "runtime/data",
    "runtime/http1",
    "runtime/http2",
    "runtime/macros",
    "runtime/manifest",
    "runtime/metrics",
    "runtime/parts",
    "runtime/protobuf",
    "runtime/schedule",
    "runtime/scram",
    "runtime/values",
    "runtime/values/csv",
    "runtime/values/functions",
    "runtime/values/regex",
    "runtime/values/schema",
    "runtime/values/yaml",
    "runtime/wire",
];

/// Path within the repository and text of each of our sources; what is emitted or meant to fail is not ours.
fn sources() -> Vec<(String, String)> {
    let root = repository();
    let mut found = Vec::new();
    for folder in ["compiler", "runtime", "modules", "tests"] {
        collect(&root, &root.join(folder), &mut found);
    }
    assert!(found.len() > 200, "only {} files were found", found.len());
    found
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<(String, String)>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let foreign = ["/target", "/fixtures", "/ui"]
            .iter()
            .any(|end| name.ends_with(end));
        if path.is_dir() && !foreign {
            collect(root, &path, into);
        } else if name.ends_with(".rs") {
            into.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("tests.rs")
}

/// The lines of code: no comments, and no module of tests at the end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| *line != "mod tests {")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What a crate's files name of rooms of the same crate which stand above their own. `sources` are paths relative to its
/// `src` folder, and their texts; `floor` gives the floor of a room, `above` the rooms above a floor.
fn names_above(
    sources: &[(String, String)],
    floor: impl Fn(&str) -> Option<usize>,
    above: impl Fn(usize) -> Vec<&'static str>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, paths) in paths(sources) {
        let room = name.split('/').next().unwrap();
        let room = room.strip_suffix(".rs").unwrap_or(room);
        let Some(at) = floor(room) else {
            continue;
        };
        let above = above(at);
        let of_above =
            |path: &&Vec<String>| path.first().is_some_and(|one| above.contains(&&**one));
        for path in paths.iter().filter(of_above) {
            wrong.push(format!("{name}: {room} names crate::{}", path.join("::")));
        }
    }
    wrong
}

/// The sources of one crate that are no tests, with paths relative to its `src` folder.
fn sources_of(root: &str) -> Vec<(String, String)> {
    let all = sources().into_iter();
    all.filter(|(name, _)| !is_test(name))
        .filter_map(|(name, text)| Some((name.strip_prefix(root)?.to_owned(), text)))
        .collect()
}

#[test]
fn a_room_above_is_seen_in_whatever_form_it_is_named() {
    let floor = |room: &str| ["low", "high"].iter().position(|known| *known == room);
    let wrong = |code: &str| {
        let files = [("low/deep.rs", code), ("high.rs", "pub struct High;")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        names_above(&files, floor, |at| ["low", "high"][at + 1..].to_vec())
    };
    for code in [
        "use crate::high::High;",
        "use crate::{other, high};",
        "use crate::{other::Other, high::{High as Tall}};",
        "use crate::high::*;",
        "pub use crate::high::High;",
        "use super::super::high::High;",
        "use super::{super::high::High, Other};",
        "fn f(_: super::super::high::High) {}",
        "fn f() { g!(crate::high::f()) }",
        "mod inner { use super::super::super::high; }",
    ] {
        assert_eq!(wrong(code).len(), 1, "{code}: {:?}", wrong(code));
    }
    for code in [
        "use crate::{low::High, low};",
        "use crate::higher::High;",
        "use super::high::Sibling;",
        "// use crate::high::High;",
        "macro_rules! m { () => { $crate::high::f() } }",
        "#[cfg(test)]\nmod tests { use crate::high::High; }",
    ] {
        assert_eq!(wrong(code), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn no_stage_of_the_compiler_names_a_later_one() {
    let floor = |stage: &str| match STAGES.iter().position(|known| *known == stage) {
        None if stage == "diagnostics" => Some(0),
        at => at,
    };
    let wrong = names_above(&sources_of("compiler/src/"), floor, |at| {
        STAGES[at + 1..].to_vec()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_of_the_runtime_names_one_above_it() {
    let floor = |room: &str| match FLOORS.iter().position(|known| *known == room) {
        // What only the tests stand on is no room.
        None if FACES.contains(&room) || ["lib", "test_support"].contains(&room) => None,
        None => Some(0),
        Some(at) => Some(at + 1),
    };
    let wrong = names_above(&sources_of("runtime/src/"), floor, |at| {
        [&FLOORS[at..], FACES].concat()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_crate_with_a_large_face_is_known_in_one_room() {
    let mut wrong = Vec::new();
    let mut opened = vec![false; DOORS.len()];
    for (name, text) in sources() {
        for ((face, room), opened) in DOORS.iter().zip(&mut opened) {
            // Macros, and what the compiler's build script makes of manifests, are made by `quote` as well.
            let makes_rust = ["runtime/macros/", "compiler/build/"];
            let makes_rust = makes_rust.iter().any(|other| name.starts_with(other));
            let outside = !name.starts_with(room) && !makes_rust;
            let named = |line: &str| {
                let paths = line.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c)));
                paths.into_iter().any(|path| path.starts_with(face))
            };
            for (line, _) in code(&text).filter(|(_, line)| named(line)) {
                *opened |= !outside;
                // A bench may stand beside what a crate is measured against.
                if outside && !is_test(&name) && !name.starts_with("tests/benches/") {
                    wrong.push(format!("{name}:{}: {face} is behind {room}", line + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused = DOORS.iter().zip(opened).find(|(_, opened)| !opened);
    assert_eq!(unused, None, "nobody is behind this door");
}

#[test]
fn a_module_names_the_contract_alone() {
    let mut wrong = Vec::new();
    let mut seen = false;
    for (name, text) in sources() {
        // The server of tests is a program, and no module.
        if !name.starts_with("modules/") || name.starts_with("modules/http_target/server/") {
            continue;
        }
        for (line, text) in code(&text) {
            let open = text.replace("bggo_runtime::contract", "");
            seen |= open != text;
            if open.contains("bggo_runtime::") || open.contains("bggo_values") {
                wrong.push(format!("{name}:{}", line + 1));
            }
        }
    }
    assert!(seen && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_file_says_first_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.lines().any(|line| line.starts_with("//! ")))
        .map(|(name, _)| name)
        .collect();
    assert!(
        silent.is_empty(),
        "{} do not say what they are",
        silent.join(", ")
    );
}

#[test]
fn no_two_files_name_each_other_in_a_circle() {
    let sources = sources();
    let mut wrong = Vec::new();
    for krate in CRATES {
        let root = format!("{krate}/src/");
        let files: Vec<(String, String)> = sources
            .iter()
            .filter(|(name, _)| !is_test(name))
            .filter_map(|(name, text)| Some((name.strip_prefix(&root)?.to_owned(), text.clone())))
            .collect();
        assert!(!files.is_empty(), "{krate} has no sources");
        let names = names(&files);
        for circle in circles(&files) {
            wrong.push(told(&root, &circle, &names));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A circle with all that ties it: a line for each file, and the others that it names.
fn told(root: &str, circle: &[String], names: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut text = format!("{root}: {} files name each other in a circle", circle.len());
    for file in circle {
        let named = names.get(file).into_iter().flatten();
        let named: Vec<&str> = named
            .filter(|named| circle.contains(named))
            .map(String::as_str)
            .collect();
        text.push_str(&format!("\n  {file} names {}", named.join(", ")));
    }
    text
}
