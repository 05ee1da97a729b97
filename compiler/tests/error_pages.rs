//! The pages of `docs/errors`: the wrong grid gives that code and no other, the right one gives nothing; and every code has
//! a fixture or, where the fault is of a file and not of a text, a page without grids. A block of another language with the
//! name of a file lies beside the grids of its page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bggo::diagnostics::{codes, render};
use bggo::modules::Modules;
use bggo::source::Sources;

/// The codes that a grid gives, and the picture of its problems.
fn codes_of(page: &str, grid: &str) -> (BTreeSet<&'static str>, String) {
    let modules = Modules::built_in();
    let texts = vec![("grid.hcl".to_owned(), grid.to_owned())];
    let mut sources = Sources::from_texts(texts).beside(beside(page));
    bggo::read_files(&mut sources, modules);
    let (_, problems) = bggo::check(&sources, modules);
    let found = problems.list.iter().map(|problem| problem.code.0).collect();
    (
        found,
        render::problems(&problems, &sources, render::Colour::Never),
    )
}

/// The grids of a page: the text of each block of HCL.
fn grids(page: &str) -> Vec<&str> {
    page.split("```hcl\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(grid, _)| grid)
        .collect()
}

/// The files of a page: blocks with a name.
fn beside(page: &str) -> Vec<(String, Vec<u8>)> {
    let blocks = page.split("```json ").skip(1);
    let blocks = blocks.chain(page.split("```proto ").skip(1));
    let blocks = blocks.filter_map(|rest| rest.split_once("\n```"));
    blocks
        .filter_map(|(block, _)| block.split_once('\n'))
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .collect()
}

#[test]
fn wrong_grid_gives_its_code_alone_and_the_right_one_nothing() {
    for entry in codes::ALL {
        let [wrong, right] = grids(entry.page)[..] else {
            assert!(
                grids(entry.page).is_empty(),
                "the page of {} has a wrong and a right grid, or none",
                entry.code.0
            );
            continue;
        };
        let (found, picture) = codes_of(entry.page, wrong);
        assert_eq!(
            found,
            BTreeSet::from([entry.code.0]),
            "the wrong grid of {}\n{picture}",
            entry.code.0
        );
        let (found, picture) = codes_of(entry.page, right);
        assert!(
            found.is_empty(),
            "the right grid of {}\n{picture}",
            entry.code.0
        );
    }
}

#[test]
fn every_code_has_a_fixture_or_is_about_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/diagnostics");
    let mut snapshots = String::new();
    for stage in fs::read_dir(root).expect("the fixtures") {
        for file in fs::read_dir(stage.expect("a stage").path()).expect("a folder") {
            let path = file.expect("a file").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "snap")
            {
                assert!(
                    path.with_extension("hcl").exists(),
                    "{} has no grid",
                    path.display()
                );
                snapshots.push_str(&fs::read_to_string(path).expect("a text"));
            }
        }
    }
    for entry in codes::ALL {
        let shown = ["error", "warning"]
            .iter()
            .any(|word| snapshots.contains(&format!("{word}[{}]", entry.code.0)));
        assert!(
            shown || grids(entry.page).is_empty(),
            "no fixture shows {}",
            entry.code.0
        );
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    for file in fs::read_dir(root).expect("the pages") {
        let name = file
            .expect("a page")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            codes::ALL
                .iter()
                .any(|entry| format!("{}.md", entry.code.0) == name),
            "{name} belongs to no code"
        );
    }
}
