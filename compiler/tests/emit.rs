//! One test a fixture of `tests/fixtures/emit`: the emitted Rust, against the `.rs` beside it, which `cargo check` of that
//! folder's package compiles without a warning. `INSTA_UPDATE=always` writes what is emitted now.
//!
//! A fixture of several files has a line `#### FILE name.hcl` before each. One that needs modules of `tests/modules`
//! begins with a line `#### MODULE name` for each.

mod fixture_modules;

use bggo::modules::Modules;
use bggo::source::Sources;
use std::collections::BTreeMap;
use std::path::Path;

datatest_stable::harness! {
    { test = fixture, root = "../tests/fixtures/emit", pattern = r"\.hcl$" },
    { test = listed, root = "../tests/fixtures/emit", pattern = r"\.hcl$" },
}

const FILE: &str = "#### FILE ";

/// What emitted text never holds: tasks of its own, ways to end the program, anything that reads a grid.
const FORBIDDEN: &[&str] = &[
    "tokio::",
    "unwrap",
    "expect",
    "panic!",
    "unsafe",
    "hcl_edit",
    "dyn Expression",
];

fn fixture(path: &Path, text: String) -> datatest_stable::Result<()> {
    let stem = path.file_stem().ok_or("no name")?.to_string_lossy();
    let (modules, grid) = fixture_modules::of(&text)?;
    let mut files = files(&stem, grid);
    let (emitted, rows) = emit(files.clone(), &modules)?;
    files.reverse();
    if emit(files, &modules)?.0 != emitted {
        return Err("the order in which files are read changes what is emitted".into());
    }
    syn::parse_file(&emitted)?;
    let code: String = emitted
        .lines()
        .filter(|line| !line.contains('"'))
        .collect::<Vec<_>>()
        .join("\n");
    if let Some(word) = FORBIDDEN.iter().find(|word| code.contains(**word)) {
        return Err(format!("emitted text holds {word}").into());
    }
    let kept = path.with_extension("rs");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&kept, &emitted)?;
        for (file, bytes) in &rows {
            let kept = path.with_file_name(file.trim_start_matches("src/"));
            std::fs::create_dir_all(kept.parent().ok_or("no folder")?)?;
            std::fs::write(kept, bytes)?;
        }
    }
    let expected = std::fs::read_to_string(&kept).unwrap_or_default();
    if expected != emitted {
        let difference = first_difference(&expected, &emitted);
        return Err(format!("{} is not what is emitted: {difference}", kept.display()).into());
    }
    Ok(())
}

/// Each is a program of the package that compiles them.
fn listed(path: &Path, _: String) -> datatest_stable::Result<()> {
    let stem = path.file_stem().ok_or("no name")?.to_string_lossy();
    let manifest = path.with_file_name("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)?;
    let entry = format!("\n[[bin]]\nname = \"{stem}\"\npath = \"{stem}.rs\"\ntest = false\n");
    if text.contains(&entry) {
        Ok(())
    } else {
        Err(format!("{} has no entry\n{entry}", manifest.display()).into())
    }
}

/// The emitted source, and the files of rows.
type Emitted = (String, BTreeMap<String, Vec<u8>>);

fn emit(
    files: Vec<(String, String)>,
    modules: &Modules,
) -> Result<Emitted, Box<dyn std::error::Error>> {
    let (grids, beside): (Vec<_>, Vec<_>) = files
        .into_iter()
        .partition(|(name, _)| name.ends_with(".hcl"));
    let beside = beside
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()));
    let mut sources = Sources::from_texts(grids).beside(beside);
    bggo::read_files(&mut sources, modules);
    let (compiled, problems) = bggo::compile(&sources, modules);
    let compiled = compiled.ok_or_else(|| format!("{:?}", problems.list))?;
    let main = compiled.package.files.get("src/main.rs");
    let main = main.ok_or("no src/main.rs")?.clone();
    Ok((main, compiled.package.rows))
}

fn files(name: &str, text: &str) -> Vec<(String, String)> {
    if !text.starts_with(FILE) {
        return vec![(format!("{name}.hcl"), text.to_owned())];
    }
    let parts = text.split(FILE).skip(1);
    parts
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name.trim().to_owned(), text.to_owned()))
        .collect()
}

fn first_difference(expected: &str, found: &str) -> String {
    let pairs = expected.lines().zip(found.lines()).zip(1..);
    let mut different = pairs.filter(|((a, b), _)| a != b);
    match different.next() {
        Some(((a, b), line)) => format!("line {line}:\n  kept    {a}\n  emitted {b}"),
        None => format!(
            "{} lines kept, {} emitted",
            expected.lines().count(),
            found.lines().count()
        ),
    }
}
