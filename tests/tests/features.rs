//! Which crates a program links, and with which features: a crate whose features differ from grid to grid would be built again for
//! each.

use bggo_tests::repository;
use std::collections::BTreeSet;
use std::process::Command;

/// What a grid may link beside the runtime: modules, and crates that the value of an input links.
const OPTIONAL: [&str; 18] = [
    "bggo-http-3",
    "bggo-http-reqwest",
    "bggo-module-cmd",
    "bggo-module-env_vars",
    "bggo-module-grpc",
    "bggo-module-http_request",
    "bggo-module-http_target",
    "bggo-module-kafka",
    "bggo-module-mongo",
    "bggo-module-noop",
    "bggo-module-postgres",
    "bggo-module-print",
    "bggo-module-rabbitmq",
    "bggo-module-redis",
    "bggo-module-s3",
    "bggo-module-slack",
    "bggo-module-socketio",
    "bggo-module-websocket",
];

/// `name version [features]` of each crate of a program that links these.
fn linked(packages: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(repository())
        .args(["tree", "--offline", "--locked", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p} [{f}]"])
        .args(["--package", "bggo-runtime"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn names(linked: &BTreeSet<String>) -> BTreeSet<&str> {
    linked
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect()
}

#[test]
fn a_crate_has_the_same_features_in_every_program() {
    let all = linked(&OPTIONAL);
    assert!(all.len() > 50, "{all:?}");
    let none = linked(&[]);
    let alone = OPTIONAL.iter().map(|package| linked(&[package]));
    for some in alone.chain([none]) {
        let others: Vec<&String> = some.difference(&all).collect();
        assert_eq!(others, [] as [&String; 0]);
    }
}

#[test]
fn what_validates_bodies_has_no_other_crate_built_again() {
    let all: Vec<&str> = OPTIONAL.into_iter().chain(["bggo-schema"]).collect();
    let all = linked(&all);
    assert!(names(&all).contains("jsonschema"), "{all:?}");
    for some in OPTIONAL.iter().map(|module| linked(&[module])) {
        let others: Vec<&String> = some.difference(&all).collect();
        assert_eq!(others, [] as [&String; 0]);
    }
}

#[test]
fn a_target_brings_no_second_reader_of_http() {
    let none = linked(&[]);
    let target = linked(&["bggo-module-http_target"]);
    let brought: Vec<&str> = names(&target).difference(&names(&none)).copied().collect();
    assert_eq!(
        brought,
        [
            "adler2",
            "bggo-http1",
            "bggo-module-http_target",
            "bggo-target",
            "crc32fast",
            "flate2",
            "miniz_oxide",
            "simd-adler32"
        ]
    );
}
