//! One test a fixture of `tests/fixtures/plan`: the plan as text, against the snapshot beside it. One that
//! needs modules of `tests/modules` begins with a line `#### MODULE name` for each.

mod fixture_modules;

use bggo::source::Sources;
use std::path::Path;

datatest_stable::harness! {
    { test = fixture, root = "../tests/fixtures/plan", pattern = r"\.hcl$" },
}

fn fixture(path: &Path, text: String) -> datatest_stable::Result<()> {
    let stem = path.file_stem().ok_or("no name")?.to_string_lossy();
    let (modules, grid) = fixture_modules::of(&text)?;
    let sources = Sources::from_texts(vec![(format!("{stem}.hcl"), grid.to_owned())]);
    let (compiled, problems) = bggo::compile(&sources, &modules);
    let compiled = compiled.ok_or_else(|| format!("{:?}", problems.list))?;
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(path.parent().ok_or("no folder")?.canonicalize()?);
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    let line = "=".repeat(100);
    let snapshot = format!("{text}\n{line}\n{}", bggo::plan::print(&compiled.plan));
    settings.bind(|| insta::assert_snapshot!(&*stem, snapshot));
    Ok(())
}
