//! One test a fixture of `tests/fixtures/known`: what `bggo check -v` says of the grid, against the snapshot beside it.

use bggo::modules::Modules;
use bggo::source::Sources;
use std::path::Path;

datatest_stable::harness! {
    { test = fixture, root = "../tests/fixtures/known", pattern = r"\.hcl$" },
}

fn fixture(path: &Path, text: String) -> datatest_stable::Result<()> {
    let stem = path.file_stem().ok_or("no name")?.to_string_lossy();
    let sources = Sources::from_texts(vec![(format!("{stem}.hcl"), text.clone())]);
    let (compiled, problems) = bggo::compile(&sources, Modules::built_in());
    let compiled = compiled.ok_or_else(|| format!("{:?}", problems.list))?;
    let said = bggo::known::text(&compiled.plan, &compiled.package.crates);
    // A secret of a fixture is called so, and stands in the grid alone.
    if said.contains("s3cret") {
        return Err(said.into());
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(path.parent().ok_or("no folder")?.canonicalize()?);
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    let line = "=".repeat(100);
    let snapshot = format!("{text}\n{line}\n{said}");
    settings.bind(|| insta::assert_snapshot!(&*stem, snapshot));
    Ok(())
}
