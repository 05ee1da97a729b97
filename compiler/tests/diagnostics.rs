//! One test a fixture of `tests/fixtures/diagnostics/STAGE`: the grid, its problems as a picture and as JSON, against the
//! snapshot beside it. Grids called `ok_*` have no problems and no snapshot.
//!
//! A fixture of several files has a line `#### FILE name.hcl` before each; files of other names lie beside the grid. One that needs modules of `tests/modules`
//! begins with a line `#### MODULE name` for each.

use std::path::Path;

mod fixture_modules;

use bggo::diagnostics::render::{self, Colour};
use bggo::diagnostics::{Problems, json};
use bggo::modules::Modules;
use bggo::source::Sources;

datatest_stable::harness! {
    { test = fixture, root = "../tests/fixtures/diagnostics", pattern = r"\.hcl$" },
}

const FILE: &str = "#### FILE ";

fn fixture(path: &Path, text: String) -> datatest_stable::Result<()> {
    let name = path
        .file_stem()
        .ok_or("no name")?
        .to_string_lossy()
        .into_owned();
    let (modules, grid) = fixture_modules::of(&text)?;
    let (grids, beside): (Vec<_>, Vec<_>) = files(&name, grid)
        .into_iter()
        .partition(|(name, _)| name.ends_with(".hcl"));
    let beside = beside
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()));
    let mut sources = Sources::from_texts(grids).beside(beside);
    bggo::read_files(&mut sources, &modules);
    let problems = problems_of(path, &sources, &modules);
    let picture = picture(&problems, &sources);
    if name.starts_with("ok_") {
        return if problems.list.is_empty() {
            Ok(())
        } else {
            Err(picture.into())
        };
    }
    if problems.list.is_empty() {
        return Err("a grid without problems is to be called `ok_..`".into());
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(path.parent().ok_or("no folder")?.canonicalize()?);
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    let line = "=".repeat(100);
    let snapshot = format!(
        "{text}\n{line}\n{picture}\n{line}\n{}",
        report(&problems, &sources)?
    );
    settings.bind(|| insta::assert_snapshot!(name.as_str(), snapshot));
    Ok(())
}

/// Grids of `syntax` are only parsed: they show words and blocks that mean nothing.
fn problems_of(path: &Path, sources: &Sources, modules: &Modules) -> Problems {
    if path.components().any(|part| part.as_os_str() == "syntax") {
        return bggo::on_a_large_stack(|| bggo::syntax::parse(sources).1);
    }
    bggo::check(sources, modules).1
}

fn files(name: &str, text: &str) -> Vec<(String, String)> {
    if !text.starts_with(FILE) {
        return vec![(format!("{name}.hcl"), text.to_owned())];
    }
    let parts = text
        .split(FILE)
        .skip(1)
        .filter_map(|part| part.split_once('\n'));
    parts
        .map(|(name, text)| (name.trim().to_owned(), text.to_owned()))
        .collect()
}

fn picture(problems: &Problems, sources: &Sources) -> String {
    let count = render::count(problems);
    format!(
        "{}{count}\n",
        render::problems(problems, sources, Colour::Never)
    )
}

/// The JSON form, a line a problem.
fn report(problems: &Problems, sources: &Sources) -> Result<String, serde_json::Error> {
    let mut report: serde_json::Value = serde_json::from_str(&json::report(problems, sources))?;
    let list = report["diagnostics"].take();
    let list: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    Ok(format!("{report}\n{}\n", list.join("\n")))
}
